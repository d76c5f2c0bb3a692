from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class HelpdeskTicket(models.Model):
    """Whether the reader follows a ticket, asked ticket by ticket; the rule of employees asks it.

    Core's fields of followers search by the list of all records that somebody follows. An
    engineer follows every ticket that was ever theirs, so that each reading of a single ticket
    would collect tens of thousands of ids first.
    """

    _inherit = "helpdesk.ticket"

    is_followed = fields.Boolean(
        "Followed by the Reader", compute="_compute_is_followed", search="_search_is_followed"
    )

    @api.depends("message_is_follower")
    @api.depends_context("uid")
    def _compute_is_followed(self):
        for ticket in self:
            ticket.is_followed = ticket.message_is_follower

    @api.model
    def _search_is_followed(self, operator, _value):
        if operator != "in":
            return NotImplemented
        partner = self.env.user.partner_id

        def to_sql(tickets, alias, _query):
            # sudo: whether the reader follows; who else does stays unsaid.
            followers = tickets.env["mail.followers"].sudo()
            own = followers._search(
                [("res_model", "=", tickets._name), ("partner_id", "=", partner.id)],
                limit=1,
            )
            own.order = None
            followed = followers._field_to_sql(own.table, "res_id", own)
            own.add_where(SQL("%s = %s", followed, SQL.identifier(alias, "id")))
            # A scalar query: PostgreSQL would collect all ids for an EXISTS in an OR.
            return SQL("(%s) IS NOT NULL", own.select(SQL("TRUE")))

        return Domain.custom(to_sql=to_sql, predicate=lambda ticket: ticket.is_followed)
