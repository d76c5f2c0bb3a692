from odoo import fields, models


class SensitiveErase(models.TransientModel):
    """Asks why sensitive values are erased for good."""

    _name = "sensitive.erase"
    _description = "Erase Sensitive Values"

    key_ids = fields.Many2many("sensitive.key", string="Records", required=True)
    reason = fields.Text(required=True)

    def action_erase(self):
        """Destroy the keys; there is no way back."""
        self.ensure_one()
        self.key_ids._destroy(self.reason)
        return {"type": "ir.actions.act_window_close"}
