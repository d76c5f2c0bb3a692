from odoo import fields, models

from .ticket_state import TICKET_STATES

EVENT_TICKET = "ticket"

#: What an event says of a ticket whose device was found or corrected after it was opened.
TICKET_ASSIGNED = "assigned"
TICKET_WITHDRAWN = "withdrawn"


class MeddevDeviceEvent(models.Model):
    _inherit = "meddev.device.event"

    kind = fields.Selection(
        selection_add=[(EVENT_TICKET, "Ticket")], ondelete={EVENT_TICKET: "cascade"}
    )

    def _get_title(self, kinds, states):
        """Name the ticket and what it did: "Ticket · HT00001 · Received → Dispatched"."""
        title = super()._get_title(kinds, states)
        data = self.data or {}
        if self.kind != EVENT_TICKET or not data.get("number"):
            return title
        tickets = self.env["helpdesk.ticket"]
        labels = dict(TICKET_STATES) | dict(
            tickets._fields["service_state"]._description_selection(self.env)
        )
        move = " → ".join(
            labels[data[key]] for key in ("state_from", "state_to") if data.get(key) in labels
        )
        changes = {
            TICKET_ASSIGNED: self.env._("Assigned to this device"),
            TICKET_WITHDRAWN: self.env._("Recorded here by mistake"),
        }
        change = changes.get(data.get("change"))
        return " · ".join(filter(None, (title, data["number"], change, move)))
