from odoo import fields, models

from odoo.addons.meddev_device.models.argument import ensure_single

from ..models.meddev_incoming_inspection_line import DECISIONS


class MeddevQuarantineDecide(models.TransientModel):
    """Asks quality for its decision on quarantined or refused goods, and for the reason."""

    _name = "meddev.quarantine.decide"
    _description = "Decide on Quarantined Goods"

    line_ids = fields.Many2many("meddev.incoming.inspection.line", required=True, readonly=True)
    decision = fields.Selection(DECISIONS, required=True)
    reason = fields.Char(required=True)

    def action_decide(self):
        """Take the decision for all lines shown."""
        ensure_single(self)
        self.line_ids.decide(self.decision, self.reason)
        return {"type": "ir.actions.act_window_close"}
