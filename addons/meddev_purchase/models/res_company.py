from odoo import fields, models

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
