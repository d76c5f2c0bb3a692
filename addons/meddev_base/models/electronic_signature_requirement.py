from odoo import api, models


class ElectronicSignatureRequirement(models.Model):
    """Who signs needs a second factor, from the moment on that it is asked of them."""

    _inherit = "electronic.signature.requirement"

    @api.model_create_multi
    def create(self, vals_list):
        requirements = super().create(vals_list)
        self.env["meddev.role"]._apply_strict_sign_in()
        return requirements

    def write(self, vals):
        result = super().write(vals)
        if {"group_ids", "active"} & vals.keys():
            self.env["meddev.role"]._apply_strict_sign_in()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["meddev.role"]._apply_strict_sign_in()
        return result
