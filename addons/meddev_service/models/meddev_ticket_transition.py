from odoo import api, fields, models
from odoo.exceptions import UserError

from .ticket_permission import is_recording, recording
from .ticket_state import TICKET_STATES, GuardedState


class MeddevTicketTransition(models.Model):
    """One move of a ticket: from, to, when, who, why. Written by the move, never changed."""

    _name = "meddev.ticket.transition"
    _description = "Move of a Ticket"
    _order = "moved_at desc, id desc"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, readonly=True, index=True, ondelete="restrict"
    )
    state_from = fields.Selection(TICKET_STATES, "From", required=True, readonly=True)
    state_to = fields.Selection(TICKET_STATES, "To", required=True, readonly=True)
    moved_at = fields.Datetime("Moved at", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "By", required=True, readonly=True, ondelete="restrict")
    is_by_customer = fields.Boolean("By the Customer", readonly=True)
    reason = fields.Char(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)

    @api.model_create_multi
    def create(self, vals_list):
        if not all(isinstance(vals.get("state_to"), GuardedState) for vals in vals_list):
            raise UserError(self.env._("Moves are recorded by moving a ticket, in no other way."))
        vals_list = [vals | {"state_to": str(vals["state_to"])} for vals in vals_list]
        with recording():
            return super().create(vals_list)

    def _create(self, data_list):
        """Refuse it below ``create`` as well, where the code of a server action also reaches."""
        if not is_recording():
            raise UserError(self.env._("Moves are recorded by moving a ticket, in no other way."))
        return super()._create(data_list)

    def write(self, vals):
        raise UserError(self.env._("The moves of a ticket are never changed."))

    def _write_multi(self, vals_list):
        # Addons that are installed or upgraded fill their own columns.
        if self.pool.ready:
            raise UserError(self.env._("The moves of a ticket are never changed."))
        return super()._write_multi(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("The moves of a ticket are never deleted."))
