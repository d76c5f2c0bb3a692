from urllib.parse import urlencode

from odoo import api, models
from odoo.tools import consteq


class HelpdeskTicket(models.Model):
    """Links in mails: each opens a ticket to whom it was sent, as long as they may read it.

    Core's access token opens a document to whoever holds it, for ever: a dealer would read and post
    on after the last day. Here who is logged in has their own rights and no others, and who is not
    shows the signature of a partner.
    """

    _inherit = "helpdesk.ticket"

    @api.model
    def _get_thread_with_access(self, thread_id, *, hash=None, pid=None, token=None, **kwargs):
        """As core, and no token or signature opens a ticket to a person to whom it is closed.

        :param token: not the access token, but what ``_get_link_token`` made; routes of core pass
            on nothing else.
        """
        if thread := super()._get_thread_with_access(thread_id, **kwargs):
            return thread
        # A link is for reading, and for posting, which core asks as reading.
        if not self.env.user._is_public() or kwargs.get("mode", "read") != "read":
            return self.browse()
        if not (pid and hash) and isinstance(token, str):
            pid, _separator, hash = token.partition("-")
        # sudo: the signature and the partner's right are asked next.
        ticket = self.sudo().browse(thread_id).exists()
        return ticket if ticket and ticket._is_open_by_link(pid, hash) else self.browse()

    @api.model
    def _get_link_token(self, pid, signature):
        """One word for what a link says, for routes of core that take a token alone."""
        return f"{pid}-{signature}"

    def _is_open_by_link(self, pid, signature):
        """Whether a partner was signed (``_sign_token``) and may read this ticket today."""
        self.ensure_one()
        if not isinstance(signature, str) or not str(pid).isdecimal():
            return False
        partner_id = int(pid)
        if not consteq(signature.encode(), self._sign_token(partner_id).encode()):
            return False
        # sudo: whose link it is; the visitor is nobody yet.
        partner = self.env["res.partner"].sudo().browse(partner_id).exists()
        return bool(partner) and self._is_open_to_partner(partner)

    def _is_open_to_partner(self, partner):
        """Whether a person reads this ticket: by their login, or as a part of it without one."""
        users = partner.with_context(active_test=False).user_ids
        if users:
            # As these persons: neither the visitor's rights nor companies nor sudo count.
            return any(
                self.with_user(user)
                .with_context(allowed_company_ids=user.company_ids.ids)
                .has_access("read")
                for user in users.filtered("active")
            )
        hospital = partner.facility_id
        is_follower = partner in self.message_partner_ids
        is_part = partner in self.contact_id | self.partner_id or (
            is_follower and (not hospital or hospital == self.place_id.facility_id)
        )
        return is_part and self._may_be_told({"uid": False, "id": partner.id})

    # ------------------------------------------------------------ secrets

    def _sign_token(self, pid):
        # sudo: the token is read for the signature alone.
        return super(HelpdeskTicket, self.sudo())._sign_token(pid)

    def _get_share_url(self, redirect=False, signup_partner=False, pid=None, share_token=True):
        """As core, which would read the token with the rights of who asks."""
        url = super()._get_share_url(
            redirect=redirect, signup_partner=signup_partner, pid=pid, share_token=False
        )
        if not share_token:
            return url
        self.check_access("read")
        parameters = urlencode({"access_token": self._portal_ensure_token()})
        return f"{url}{'' if url.endswith('?') else '&'}{parameters}"

    def _portal_ensure_token(self):
        # sudo: alone it opens nothing, and core writes it into the addresses of its pages.
        return super(HelpdeskTicket, self.sudo())._portal_ensure_token()
