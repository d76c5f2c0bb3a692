from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    # Whoever takes in a request is not the engineer who solves it.
    helpdesk_mgmt_ticket_auto_assign = fields.Boolean(default=False)
