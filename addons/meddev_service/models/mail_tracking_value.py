from odoo import api, models
from odoo.models import MAGIC_COLUMNS


class MailTrackingValue(models.Model):
    """What changed on an archived ticket, and to what, stays as it was written."""

    _inherit = "mail.tracking.value"

    @api.model_create_multi
    def create(self, vals_list):
        values = super().create(vals_list)
        values.mail_message_id._ensure_tickets_not_archived()
        return values

    def write(self, vals):
        # Core keeps the label of a field that an uninstalled addon takes with it.
        if vals.keys() - {"field_id", "field_info"}:
            self.mail_message_id._ensure_tickets_not_archived()
        result = super().write(vals)
        if "mail_message_id" in vals:
            self.mail_message_id._ensure_tickets_not_archived()
        return result

    def _write_multi(self, vals_list):
        """Refuse it below ``write`` as well, where the code of a server action also reaches."""
        names = set().union(*vals_list)
        if self.pool.ready and names - {"field_id", "field_info"} - set(MAGIC_COLUMNS):
            self.mail_message_id._ensure_tickets_not_archived()
        return super()._write_multi(vals_list)

    def unlink(self):
        self.mail_message_id._ensure_tickets_not_archived()
        return super().unlink()
