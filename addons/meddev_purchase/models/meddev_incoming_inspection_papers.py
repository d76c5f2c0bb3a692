from odoo import api, fields, models

from odoo.addons.meddev_device.models.argument import ensure_single

from .meddev_incoming_inspection import STATE_DRAFT
from .paper_kind import POLICY_WARN


class MeddevIncomingInspection(models.Model):
    """Missing papers of the receipt, as the person sees them who inspects it."""

    _inherit = "meddev.incoming.inspection"

    missing_papers = fields.Text(compute="_compute_missing_papers")
    paper_policy = fields.Selection(related="company_id.meddev_receipt_paper_policy")
    paper_reason = fields.Char(
        "Reason for Going On", help="Kept when the receipt goes on in spite of missing papers."
    )
    needs_paper_reason = fields.Boolean(compute="_compute_missing_papers")

    @api.depends("state", "picking_id", "line_ids.product_id", "paper_reason")
    @api.depends_context("lang", "tz")
    def _compute_missing_papers(self):
        for inspection in self:
            is_open = inspection.state == STATE_DRAFT and inspection.picking_id
            gaps = inspection.picking_id._get_open_paper_gaps() if is_open else []
            inspection.missing_papers = "\n".join(gap.message for gap in gaps) or False
            inspection.needs_paper_reason = bool(gaps) and inspection._is_paper_reason_due()

    def action_request_waiver(self):
        """Ask quality to look at the missing papers."""
        ensure_single(self)
        return self.picking_id.action_request_paper_waiver()

    def action_allow_papers(self):
        """Open the dialogue in which the receipt is allowed in spite of missing papers."""
        ensure_single(self)
        return self.picking_id.action_allow_papers()

    def action_ask_paper_reason(self):
        """Ask why the receipt goes on without papers, then finish; at once where not needed."""
        ensure_single(self)
        self._ensure_can_be_confirmed()
        # Nobody should give a reason for a receipt that cannot be finished anyway.
        self._ensure_goods_right()
        if not self._is_paper_reason_due():
            return self.action_confirm()
        self.picking_id._ensure_may_allow_papers()
        return self.picking_id._get_paper_dialogue(
            self.env._("Why Go On in Spite of Missing Papers?"),
            default_goes_on=True,
            default_inspection_id=self.id,
        )

    def _is_paper_reason_due(self):
        self.ensure_one()
        return (
            self.paper_policy == POLICY_WARN
            and not (self.paper_reason or "").strip()
            and bool(self.picking_id._get_unexplained_gaps())
        )

    def _go_on_with_papers(self):
        return self.action_confirm()
