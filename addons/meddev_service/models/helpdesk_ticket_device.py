from odoo import models

from .meddev_device_event import TICKET_ASSIGNED, TICKET_WITHDRAWN


class HelpdeskTicket(models.Model):
    """The device of a ticket, when it is found or corrected later: both timelines tell it."""

    _inherit = "helpdesk.ticket"

    def write(self, vals):
        if "lot_id" not in vals:
            return super().write(vals)
        # sudo: the devices before, whoever corrects them; only their timelines are written.
        before = {ticket.id: ticket.lot_id for ticket in self.sudo()}
        result = super().write(vals)
        self._log_device_changes(before)
        return result

    def _log_device_changes(self, before):
        """:param before: device by ticket id; nothing is deleted from its timeline."""
        # sudo: as above.
        changed = self.sudo().filtered(lambda ticket: ticket.lot_id != before[ticket.id])
        withdrawn = {ticket.id: {"change": TICKET_WITHDRAWN} for ticket in changed}
        changed._log_on_devices(withdrawn, before)
        changed._log_on_devices(
            {
                ticket.id: {"change": TICKET_ASSIGNED, "state_to": ticket.service_state}
                for ticket in changed
            }
        )
