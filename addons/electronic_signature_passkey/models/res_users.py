import json

from odoo import models
from odoo.exceptions import AccessDenied, UserError
from odoo.http import request

from odoo.addons.auth_passkey._vendor.webauthn.helpers import exceptions

WEBAUTHN = "webauthn"
MAX_CHARACTERS = 20_000
#: What the library raises about a response; core expects one of them only.
_LIBRARY_ERRORS = tuple(error for error in vars(exceptions).values() if isinstance(error, type)) + (
    ValueError,
    TypeError,
    KeyError,
)


class ResUsers(models.Model):
    _inherit = "res.users"

    def _get_signature_methods(self):
        methods = super()._get_signature_methods()
        # sudo: whether the person has a passkey, for nobody but themselves
        return [WEBAUTHN, *methods] if self.sudo().auth_passkey_key_ids else methods

    def _prepare_signature_credential(self, credentials):
        credential = super()._prepare_signature_credential(credentials)
        if credential["type"] != WEBAUTHN:
            return credential
        if not request:
            raise UserError(self.env._("A passkey signs at the screen only, not over XML-RPC."))
        response = credentials.get("webauthn_response", "")
        if len(response) > MAX_CHARACTERS or not _is_response(response):
            raise UserError(self.env._("The answer of the passkey is incomplete. Try again."))
        return credential | {"webauthn_response": response}

    def _check_signature_credential(self, credential, env):
        try:
            return super()._check_signature_credential(credential, env)
        except _LIBRARY_ERRORS as error:
            if credential["type"] != WEBAUTHN:
                raise
            raise AccessDenied(self.env._("This passkey is not accepted. Try again.")) from error


def _is_response(text):
    try:
        response = json.loads(text)
    except ValueError:
        return False
    return isinstance(response, dict) and isinstance(response.get("id"), str)
