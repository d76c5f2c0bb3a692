from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .ticket_state import OPEN_STATES, STATE_ARCHIVED


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _compute_helpdesk_ticket_count(self):
        """Count the tickets of each partner and everyone below in two queries.

        helpdesk_mgmt loads every ticket of every partner, one search per partner.
        """
        below = self.with_context(active_test=False).search_fetch(
            [("id", "child_of", self.ids)], ["parent_id"]
        )
        totals = dict.fromkeys(self.ids, 0)
        open_ones = dict.fromkeys(self.ids, 0)
        groups = self.env["helpdesk.ticket"]._read_group(
            [("partner_id", "in", below.ids)], ["partner_id", "service_state"], ["__count"]
        )
        for partner, state, count in groups:
            while partner:
                if partner.id in totals:
                    totals[partner.id] += count
                    open_ones[partner.id] += count if state in OPEN_STATES else 0
                partner = partner.parent_id
        for partner in self:
            total, still_open = totals.get(partner.id, 0), open_ones.get(partner.id, 0)
            partner.helpdesk_ticket_count = total
            partner.helpdesk_ticket_active_count = still_open
            partner.helpdesk_ticket_count_string = f"{still_open} / {total}"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_author_on_archived_ticket(self):
        """Who wrote the messages of an archived ticket is evidence; PostgreSQL would empty it."""
        self.env["mail.message"].flush_model(["author_id", "model", "res_id"])
        self.env["helpdesk.ticket"].flush_model(["service_state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT message.author_id, ticket.number
                  FROM mail_message message
                  JOIN helpdesk_ticket ticket ON ticket.id = message.res_id
                 WHERE message.author_id IN %s AND message.model = 'helpdesk.ticket'
                   AND ticket.service_state = %s
                 LIMIT 1
                """,
                tuple(self.ids),
                STATE_ARCHIVED,
            )
        )
        for partner_id, number in rows:
            raise UserError(
                self.env._(
                    "%(contact)s wrote on the archived ticket %(ticket)s and cannot be deleted."
                    " Archive the contact instead.",
                    contact=self.browse(partner_id).display_name,
                    ticket=number,
                )
            )
