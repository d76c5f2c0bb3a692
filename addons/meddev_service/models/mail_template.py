from odoo import models


class MailTemplate(models.Model):
    """Templates are sent from a ticket by who may post on it."""

    _inherit = "mail.template"

    def _send_check_access(self, res_ids):
        super()._send_check_access(res_ids)
        if self.model == "helpdesk.ticket":
            self.env["helpdesk.ticket"].browse(res_ids)._ensure_may_speak()
