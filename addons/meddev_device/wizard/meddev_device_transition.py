from odoo import fields, models

from ..models.argument import ensure_single
from ..models.device_state import DEVICE_STATES


class MeddevDeviceTransition(models.TransientModel):
    """Asks why a device is moved, then moves it."""

    _name = "meddev.device.transition"
    _description = "Move Device"

    lot_ids = fields.Many2many("stock.lot", string="Devices", required=True)
    state = fields.Selection(DEVICE_STATES, string="New State", required=True, readonly=True)
    reason = fields.Char(required=True)

    def action_move(self):
        """Move the devices with the reason given."""
        ensure_single(self)
        self.lot_ids.move_device_state(self.state, reason=self.reason)
        return {"type": "ir.actions.act_window_close"}
