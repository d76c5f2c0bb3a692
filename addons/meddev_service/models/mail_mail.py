from odoo import models


class MailMail(models.Model):
    _inherit = "mail.mail"

    def unlink(self):
        """Drop sent e-mails, but never the message of an archived ticket that one of them sent."""
        self.filtered(
            lambda mail: not mail.is_notification and mail.mail_message_id._get_archived_tickets()
        ).is_notification = True
        return super().unlink()
