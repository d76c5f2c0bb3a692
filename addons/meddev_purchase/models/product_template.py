from odoo import models

RETENTION_FIELDS = {"is_implant", "service_life_months"}


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def write(self, vals):
        result = super().write(vals)
        if RETENTION_FIELDS & vals.keys():
            self.env["stock.lot"]._fill_retention(self)
            self.env["meddev.incoming.inspection.line"]._fill_retention(self)
        return result
