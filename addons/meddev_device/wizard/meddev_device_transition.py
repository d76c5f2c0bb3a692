from odoo import fields, models

from ..models.argument import ensure_single
from ..models.device_state import DEVICE_STATES
from ..models.meddev_device_event import RECALL_ENDED, RECALL_STARTED


class MeddevDeviceTransition(models.TransientModel):
    """Asks why devices are moved, or batches recalled, then does it."""

    _name = "meddev.device.transition"
    _description = "Move Device"

    lot_ids = fields.Many2many("stock.lot", string="Devices or Batches", required=True)
    state = fields.Selection(DEVICE_STATES, string="New State", readonly=True)
    recall_step = fields.Selection(
        [(RECALL_STARTED, "Recall"), (RECALL_ENDED, "End the Recall")],
        string="Step",
        readonly=True,
    )
    reason = fields.Char(required=True)

    def action_move(self):
        """Move the devices, or recall the batches, with the reason given."""
        ensure_single(self)
        if self.recall_step == RECALL_STARTED:
            self.lot_ids.recall_batch(self.reason)
        elif self.recall_step == RECALL_ENDED:
            self.lot_ids.end_batch_recall(self.reason)
        else:
            self.lot_ids.move_device_state(self.state, reason=self.reason)
        return {"type": "ir.actions.act_window_close"}
