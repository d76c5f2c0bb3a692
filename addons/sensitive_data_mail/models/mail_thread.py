from odoo import models

from odoo.addons.sensitive_data.masked_output import FOR_ALL, masked_output


class MailThread(models.AbstractModel):
    """The layout of a notification may show more of the record than the message does."""

    _inherit = "mail.thread"

    def _notify_by_email_render_layout(
        self, message, recipients_group, msg_vals=False, render_values=None
    ):
        with masked_output(self.env, FOR_ALL):
            return super()._notify_by_email_render_layout(
                message, recipients_group, msg_vals=msg_vals, render_values=render_values
            )
