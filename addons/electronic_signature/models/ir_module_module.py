from odoo import models


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def _get_evidence_addons(self):
        return super()._get_evidence_addons() | {"electronic_signature"}
