from odoo import models

TOTP_MAIL = "totp_mail"


class ResUsers(models.Model):
    _inherit = "res.users"

    def _can_send_signature_code(self):
        return self._mfa_type() == TOTP_MAIL or super()._can_send_signature_code()

    def _send_signature_code(self):
        if self._mfa_type() != TOTP_MAIL:
            return super()._send_signature_code()
        # Core counts how often, and says so when it is too much.
        return self._send_totp_mail_code()
