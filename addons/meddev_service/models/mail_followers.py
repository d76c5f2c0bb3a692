from odoo import models


class MailFollowers(models.Model):
    """Followers, asked for at every reading of a ticket: following lets an employee read it."""

    _inherit = "mail.followers"

    # Covering: an engineer follows thousands of tickets, and every list asks for all of them.
    _followed_records_index = models.Index("(partner_id, res_model, res_id)")
