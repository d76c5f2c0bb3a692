from odoo import api, models


class MailMessageReaction(models.Model):
    """What people think of a message of an archived ticket is said in another place."""

    _inherit = "mail.message.reaction"

    @api.model_create_multi
    def create(self, vals_list):
        reactions = super().create(vals_list)
        reactions.message_id._ensure_tickets_not_archived()
        return reactions

    def write(self, vals):
        self.message_id._ensure_tickets_not_archived()
        result = super().write(vals)
        self.message_id._ensure_tickets_not_archived()
        return result

    def unlink(self):
        self.message_id._ensure_tickets_not_archived()
        return super().unlink()
