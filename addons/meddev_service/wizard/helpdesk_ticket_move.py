from odoo import fields, models

from odoo.addons.meddev_device.models.argument import ensure_single

from ..models.ticket_state import TICKET_STATES


class HelpdeskTicketMove(models.TransientModel):
    """Asks why a ticket is sent back, finished early or reopened; the ticket does the rest."""

    _name = "helpdesk.ticket.move"
    _description = "Move a Ticket with a Reason"

    ticket_ids = fields.Many2many("helpdesk.ticket", string="Tickets", required=True)
    state = fields.Selection(TICKET_STATES, "To", required=True, readonly=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        ensure_single(self)
        self.ticket_ids.move_to(self.state, self.reason)
        return {"type": "ir.actions.act_window_close"}
