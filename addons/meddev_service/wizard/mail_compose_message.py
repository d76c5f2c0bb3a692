from odoo import models


class MailComposeMessage(models.TransientModel):
    """E-mails sent from tickets are messages on them: for who may post there."""

    _inherit = "mail.compose.message"

    def _action_send_mail_mass_mail(self, res_ids, auto_commit=False):
        # Core sends what the reader of a record writes, and keeps it as a message.
        if self.model == "helpdesk.ticket":
            self.env["helpdesk.ticket"].browse(res_ids)._ensure_may_speak()
        return super()._action_send_mail_mass_mail(res_ids, auto_commit=auto_commit)
