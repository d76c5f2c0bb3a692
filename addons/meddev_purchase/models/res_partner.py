from odoo import api, fields, models

from odoo.addons.meddev_device.models.argument import ensure_single

from .paper_kind import (
    PAPER_STATES,
    STATE_EXPIRED,
    STATE_EXPIRING,
    STATE_NOT_YET_VALID,
    STATE_VALID,
)

#: Worst first: what the supplier's file as a whole looks like.
STATE_ORDER = (STATE_EXPIRED, STATE_EXPIRING, STATE_NOT_YET_VALID, STATE_VALID)


class ResPartner(models.Model):
    _inherit = "res.partner"

    supplier_paper_ids = fields.One2many(
        "meddev.supplier.paper", "partner_id", "Supplier Papers", groups="meddev_base.group_staff"
    )
    supplier_paper_count = fields.Integer(
        compute="_compute_supplier_papers", groups="meddev_base.group_staff"
    )
    supplier_paper_state = fields.Selection(
        PAPER_STATES,
        "Papers",
        compute="_compute_supplier_papers",
        groups="meddev_base.group_staff",
        help="The worst state among the papers that were not renewed.",
    )

    @api.depends("supplier_paper_ids.valid_to", "supplier_paper_ids.valid_from")
    def _compute_supplier_papers(self):
        papers_by_partner = (
            # sudo: how a supplier's file looks may be known to all staff, its papers not.
            self.env["meddev.supplier.paper"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", self.ids),
                    ("company_id", "in", [False, *self.env.companies.ids]),
                ]
            )
            .grouped("partner_id")
        )
        for partner in self:
            papers = papers_by_partner.get(partner._origin.sudo())
            partner.supplier_paper_count = len(papers or ())
            states = {paper.state for paper in papers or () if not paper.replaced_by_id}
            partner.supplier_paper_state = next(
                (state for state in STATE_ORDER if state in states), False
            )

    def action_view_supplier_papers(self):
        """Open the supplier's file."""
        ensure_single(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "meddev_purchase.meddev_supplier_paper_action"
        )
        return action | {
            "domain": [("partner_id", "=", self.id)],
            "context": {"default_partner_id": self.id},
        }
