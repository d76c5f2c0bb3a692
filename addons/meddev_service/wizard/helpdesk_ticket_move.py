from odoo import api, fields, models

from odoo.addons.meddev_device.models.argument import ensure_single

from ..models.ticket_state import STATE_WAITING, TICKET_STATES


class HelpdeskTicketMove(models.TransientModel):
    """Asks why a ticket is sent back, finished early, reopened or waits; it does the rest."""

    _name = "helpdesk.ticket.move"
    _description = "Move a Ticket with a Reason"

    ticket_ids = fields.Many2many("helpdesk.ticket", string="Tickets", required=True)
    state = fields.Selection(TICKET_STATES, "To", required=True, readonly=True)
    pause_reason_id = fields.Many2one("meddev.pause.reason", "Waiting for")
    reason = fields.Char(compute="_compute_reason", store=True, readonly=False, required=True)
    evidence = fields.Char(help="Whom you told, and when: the clocks stand still from now on.")

    @api.depends("pause_reason_id")
    def _compute_reason(self):
        for move in self:
            move.reason = move.pause_reason_id.name or move.reason

    def action_confirm(self):
        ensure_single(self)
        if self.state == STATE_WAITING:
            self.ticket_ids.check_access("read")
            pause = {"evidence": self.evidence, "pause_reason_id": self.pause_reason_id.id}
            waiting = self.ticket_ids.filtered(lambda ticket: ticket.service_state == self.state)
            waiting._ensure_may_wait()
            waiting._pause_clocks(self.reason, pause)
            if others := self.ticket_ids - waiting:
                others._move(self.state, self.reason, pause=pause)
        else:
            self.ticket_ids.move_to(self.state, self.reason)
        return {"type": "ir.actions.act_window_close"}
