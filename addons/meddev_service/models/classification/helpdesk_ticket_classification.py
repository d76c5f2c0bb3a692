from odoo import fields, models


class HelpdeskTicket(models.Model):
    """The dimensions by which a ticket is classified, independent of each other."""

    _inherit = "helpdesk.ticket"

    nature_id = fields.Many2one(
        "meddev.request.nature",
        "Nature of Request",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
    )
    priority = fields.Selection(
        selection=[("0", "Low"), ("1", "Normal"), ("2", "Important"), ("3", "Urgent")],
        string="Urgency",
        tracking=True,
    )
