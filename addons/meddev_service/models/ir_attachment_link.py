from datetime import datetime, time, timedelta

from odoo import SUPERUSER_ID, models
from odoo.tools.misc import limited_field_access_token

_TICKET = "helpdesk.ticket"


class IrAttachment(models.Model):
    """Addresses of the files of a ticket: they are no way around the rights to it.

    Core's open a file to whoever holds them, for weeks. Who is logged in needs none; those of
    visitors who came by a link in a mail end with the next day. Files of internal messages are not
    for outsiders.
    """

    _inherit = "ir.attachment"

    def _get_raw_access_token(self):
        if self._is_of_ticket():
            return self._get_short_token("raw")
        return super()._get_raw_access_token()

    def _get_thumbnail_token(self):
        if self._is_of_ticket():
            return self._get_short_token("thumbnail")
        return super()._get_thumbnail_token()

    def _has_attachments_ownership(self, attachment_tokens):
        return super()._has_attachments_ownership(attachment_tokens) and all(
            attachment._is_open_to_login() for attachment in self
        )

    def _is_of_ticket(self):
        # sudo: where it lies; nothing is shown.
        return self.sudo().res_model == _TICKET

    def _is_open_to_login(self):
        """Whether who is logged in may read this file's ticket, whatever address they have.

        Visitors without a login have shown another right already.
        """
        self.ensure_one()
        user = self.env.user
        if not self._is_of_ticket() or user._is_public() or user.id == SUPERUSER_ID:
            return True
        if not user._is_internal() and not self._get_open_to_outsiders():
            return False
        # sudo: where it lies; the ticket is asked as this person, whatever core has lifted.
        ticket = self.env[_TICKET].sudo(False).browse(self.sudo().res_id)
        return ticket.has_access("read")

    def _get_open_to_outsiders(self):
        """These files without those that only internal messages of a ticket carry."""
        # sudo: which messages carry them, whoever may read those.
        messages = self.env["mail.message"].sudo().search([("attachment_ids", "in", self.ids)])
        internal = messages._get_internal_ones("create")
        return self - (internal.attachment_ids - (messages - internal).attachment_ids)

    def _get_short_token(self, field_name):
        if not self.env.user._is_public():
            return ""
        # The same for a whole day, so that browsers keep what they have.
        end = datetime.combine(datetime.now().date() + timedelta(days=2), time())
        return limited_field_access_token(
            self, field_name, hex(int(end.timestamp())), scope="binary"
        )
