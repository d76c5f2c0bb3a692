from odoo import models


class MailTrackingValue(models.Model):
    """What changed on an archived ticket, and to what, stays as it was written."""

    _inherit = "mail.tracking.value"

    def write(self, vals):
        # Core keeps the label of a field that an uninstalled addon takes with it.
        if vals.keys() - {"field_id", "field_info"}:
            self.mail_message_id._ensure_tickets_not_archived()
        return super().write(vals)

    def unlink(self):
        self.mail_message_id._ensure_tickets_not_archived()
        return super().unlink()
