from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.meddev_base.fields import FreshBoolean


class HelpdeskTicket(models.Model):
    """Whether a ticket is of what the reader's dealer serves; the rule of dealers asks it.

    One set of ids for the reason told in ``stock_lot_served.py`` of ``meddev_device``.
    """

    _inherit = "helpdesk.ticket"

    is_served_by_reader = FreshBoolean(
        "Served by the Reader's Dealer",
        compute="_compute_is_served_by_reader",
        compute_sudo=True,
        search="_search_is_served_by_reader",
        groups=".",
    )

    @api.depends_context("uid", "tz")
    def _compute_is_served_by_reader(self):
        tickets = self.with_context(active_test=False)
        served = tickets.search([("id", "in", self.ids), ("is_served_by_reader", "=", True)])
        for ticket in self:
            ticket.is_served_by_reader = ticket._origin in served

    @api.model
    def _search_is_served_by_reader(self, operator, _value):
        if operator != "in":
            return NotImplemented

        def to_sql(tickets, alias, _query):
            assignments = tickets.env["meddev.dealer.assignment"]
            direct = assignments._query_of_reader()
            # sudo: the dealer's own tickets, which are of no facility.
            above = tickets.env["res.partner"].sudo().with_context(active_test=False)
            above = above._search([("id", "parent_of", tickets.env.user.partner_id.ids)])
            above.order = None
            return SQL(
                """
                %s IN (
                    SELECT id FROM helpdesk_ticket WHERE place_id IN (%s)
                     UNION
                    SELECT id FROM helpdesk_ticket WHERE lot_id IN %s
                     UNION
                    SELECT id FROM helpdesk_ticket WHERE place_id IS NULL AND partner_id IN %s
                )
                """,
                SQL.identifier(alias, "id"),
                assignments._select_served_places(),
                direct.subselect(SQL.identifier(direct.table, "lot_id")),
                above.subselect(),
            )

        return Domain.custom(to_sql=to_sql)
