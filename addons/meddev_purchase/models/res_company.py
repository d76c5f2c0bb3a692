from odoo import api, fields, models

from .paper_kind import PAPER_POLICIES, POLICY_BLOCK, POLICY_WARN

INSPECTION_REQUIRED = "required"
INSPECTION_OPTIONAL = "optional"


class ResCompany(models.Model):
    _inherit = "res.company"

    meddev_order_paper_policy = fields.Selection(
        PAPER_POLICIES, "Ordering Without Papers", default=POLICY_WARN, required=True
    )
    meddev_receipt_paper_policy = fields.Selection(
        PAPER_POLICIES, "Receiving Without Papers", default=POLICY_BLOCK, required=True
    )
    meddev_inspection_policy = fields.Selection(
        [
            (INSPECTION_REQUIRED, "Required for Medical Products"),
            (INSPECTION_OPTIONAL, "Optional"),
        ],
        "Incoming Inspection",
        default=INSPECTION_REQUIRED,
        required=True,
    )
    meddev_quarantine_location_id = fields.Many2one(
        "stock.location",
        "Quarantine Location",
        domain="[('usage', '=', 'internal'), ('company_id', 'in', [False, id])]",
        ondelete="restrict",
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._create_inspection_sequences()
        return companies

    def _create_inspection_sequences(self):
        """Numbers of inspections run per company; asked on install and for new companies."""
        # sudo: who may create companies need not have the right to create sequences.
        pattern = self.env.ref("meddev_purchase.sequence_incoming_inspection").sudo()
        taken = pattern.search(
            [("code", "=", pattern.code), ("company_id", "in", self.ids)]
        ).company_id
        for company in self - taken:
            pattern.copy({"name": pattern.name, "company_id": company.id, "number_next": 1})
