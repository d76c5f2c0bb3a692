from odoo import models

from .ticket_state import OPEN_STATES


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
