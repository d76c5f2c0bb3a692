from odoo import models
from odoo.exceptions import UserError

from .credentials import MAX_CHARACTERS, PASSWORD


class ResUsers(models.Model):
    _inherit = "res.users"

    def _get_signature_methods(self):
        """Ways in which this user may prove who they are when signing, the preferred one first.

        Asked by the dialogue and by the check itself. An addon that adds a way (a passkey, a
        directory server's password) extends this and ``_prepare_signature_credential``.
        """
        self.ensure_one()
        self.env.cr.execute(
            "SELECT COALESCE(password, '') <> '' FROM res_users WHERE id = %s", [self.id]
        )
        row = self.env.cr.fetchone()
        return [PASSWORD] if row and row[0] else []

    def _prepare_signature_credential(self, credentials):
        """What core's ``_check_credentials`` takes, from what a client sent.

        :param credentials: dictionary of texts; ``type`` is a method of the user.
        :raise UserError: it is none, or its parts are missing or too long.
        """
        self.ensure_one()
        method = credentials.get("type", PASSWORD)
        methods = self._get_signature_methods()
        if not methods:
            raise UserError(
                self.env._(
                    "You have no password here (single sign-on) and no passkey, so you cannot"
                    " sign. Register a passkey in your preferences."
                )
            )
        if method not in methods:
            raise UserError(
                self.env._(
                    "You cannot sign by %(method)s. What you can sign by: %(methods)s.",
                    method=method[:40],
                    methods=", ".join(methods),
                )
            )
        if method != PASSWORD:
            return {"type": method}
        password = credentials.get("password", "")
        if not password or len(password) > MAX_CHARACTERS or "\0" in password:
            raise UserError(self.env._("Enter your password: it is asked for each signature."))
        return {"type": PASSWORD, "login": self.login, "password": password}

    def _check_signature_credential(self, credential, env):
        """Core's check; addons turn errors of their way to prove it into ``AccessDenied``."""
        return self._check_credentials(credential, env)

    def _can_send_signature_code(self):
        """Whether the code of the second factor is sent on request, rather than generated."""
        self.ensure_one()
        return False

    def _send_signature_code(self):
        """Send the code; an addon that knows how extends this and the method above."""
        self.ensure_one()
        raise UserError(self.env._("Your code is shown by your application; it is not sent."))
