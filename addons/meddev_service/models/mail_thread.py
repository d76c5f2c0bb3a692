from odoo import models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _message_route_process(self, message, message_dict, routes):
        tickets = self.env["helpdesk.ticket"]
        adapted = tickets._adapt_mail_routes(message, routes or ())
        if tickets._is_automatic_mail(message):
            # Not a protection: an out-of-office note must not resume a ticket that waits.
            self = self.with_context(meddev_automatic_mail=True)
        return super()._message_route_process(message, message_dict, adapted)
