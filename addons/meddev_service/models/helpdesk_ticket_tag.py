from odoo import api, models
from odoo.exceptions import UserError

from .ticket_state import STATE_ARCHIVED


class HelpdeskTicketTag(models.Model):
    _inherit = "helpdesk.ticket.tag"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_on_archived_ticket(self):
        # sudo: tickets that the reader may not see keep their tags as well.
        tickets = self.env["helpdesk.ticket"].sudo().with_context(active_test=False)
        for tag in self:
            domain = [("tag_ids", "in", tag.ids), ("service_state", "=", STATE_ARCHIVED)]
            if tickets.search_count(domain, limit=1):
                raise UserError(
                    self.env._(
                        "The tag %s is on archived tickets: it cannot be deleted. Archive the tag"
                        " instead.",
                        tag.name,
                    )
                )
