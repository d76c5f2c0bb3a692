from odoo import models
from odoo.exceptions import UserError

from odoo.addons.meddev_device.models.argument import ensure_single


class HelpdeskTicketDuplicateWizard(models.TransientModel):
    _inherit = "helpdesk.ticket.duplicate.wizard"

    def action_confirm(self):
        """Mark as duplicate and move through the guard, with the reason that this is."""
        ensure_single(self)
        original = self.duplicate_of_id
        if not original or original == self.ticket_id or original.duplicate_id:
            raise UserError(
                self.env._(
                    "Ticket %(ticket)s cannot be a duplicate of this ticket. Choose another one,"
                    " which is no duplicate itself.",
                    ticket=self.ticket_id.number,
                )
            )
        self.ticket_id.duplicate_id = original
        if self.target_stage_id:
            reason = self.env._("Duplicate of %s", original.number)
            self.ticket_id._move(self.target_stage_id.service_state, reason, self.target_stage_id)
        return True
