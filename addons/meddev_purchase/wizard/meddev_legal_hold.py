from odoo import fields, models

from odoo.addons.meddev_device.models.argument import ensure_single


class MeddevLegalHold(models.TransientModel):
    """Asks why records go on legal hold, or why the hold ends."""

    _name = "meddev.legal.hold"
    _description = "Legal Hold"

    lot_ids = fields.Many2many(
        "stock.lot", string="Devices and Batches", required=True, readonly=True
    )
    ends = fields.Boolean(readonly=True)
    reason = fields.Char(required=True)

    def action_apply(self):
        """Begin or end the hold of all devices and batches shown."""
        ensure_single(self)
        if self.ends:
            self.lot_ids.release_records(self.reason)
        else:
            self.lot_ids.hold_records(self.reason)
        return {"type": "ir.actions.act_window_close"}
