from odoo import api, models


class MailScheduledMessage(models.Model):
    """What will be posted on a ticket later is planned by who may post on it."""

    _inherit = "mail.scheduled.message"

    @api.model
    def _check(self, values=None):
        super()._check(values)
        # sudo: which tickets these are for; the right to them is asked of the caller.
        planned = self.sudo().filtered(lambda planned: planned.model == "helpdesk.ticket")
        ticket_ids = planned.mapped("res_id")
        if values and values["model"] == "helpdesk.ticket":
            ticket_ids.append(values["res_id"])
        self.env["helpdesk.ticket"].browse(ticket_ids)._ensure_may_speak()
