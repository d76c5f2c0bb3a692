from odoo import fields, models

from ..models.argument import ensure_single
from ..models.device_state import ORIGINS


class MeddevDeviceOrigin(models.TransientModel):
    """Asks how a device came to us, and why it was entered otherwise."""

    _name = "meddev.device.origin"
    _description = "Correct Device Origin"

    lot_id = fields.Many2one("stock.lot", string="Device", required=True, readonly=True)
    origin = fields.Selection(ORIGINS, string="Right Origin", required=True)
    reason = fields.Char(required=True)

    def action_correct(self):
        """Correct the origin with the reason given."""
        ensure_single(self)
        self.lot_id.correct_origin(self.origin, self.reason)
        return {"type": "ir.actions.act_window_close"}
