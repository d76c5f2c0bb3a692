from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    meddev_order_paper_policy = fields.Selection(
        related="company_id.meddev_order_paper_policy", readonly=False, required=True
    )
    meddev_receipt_paper_policy = fields.Selection(
        related="company_id.meddev_receipt_paper_policy", readonly=False, required=True
    )
    meddev_inspection_policy = fields.Selection(
        related="company_id.meddev_inspection_policy", readonly=False, required=True
    )
    meddev_quarantine_location_id = fields.Many2one(
        related="company_id.meddev_quarantine_location_id", readonly=False
    )
