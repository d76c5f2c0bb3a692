from odoo import models


class HelpdeskTicketTeam(models.Model):
    """helpdesk_mgmt's overview of teams; its labels are said again here, so that they translate."""

    _inherit = "helpdesk.ticket.team"

    def _retrieve_dashboard(self):
        labels = {
            "helpdesk_mgmt.helpdesk_ticket_action_unassigned": self.env._(
                "Open Tickets without team"
            ),
            "helpdesk_mgmt.helpdesk_ticket_action_opened": self.env._("Open Tickets"),
        }
        return [
            card | {"name": labels.get(card.get("action"), card.get("name"))}
            for card in super()._retrieve_dashboard()
        ]
