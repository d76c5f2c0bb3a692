from werkzeug.exceptions import Unauthorized

from odoo import models
from odoo.exceptions import RedirectWarning, UserError
from odoo.http import request

from .events import log_event
from .kinds import KIND_LOGIN_FAILED


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_bearer(cls):
        """What JSON-2 asks with every call; only refused keys are sign-ins of their own."""
        try:
            return super()._auth_method_bearer()
        except Unauthorized:
            if request.httprequest.headers.get("Authorization"):
                log_event(
                    request.env,
                    KIND_LOGIN_FAILED,
                    details={"type": "API key"},
                    own_transaction=True,
                )
            raise

    @classmethod
    def _handle_error(cls, exception):
        """A program that is asked for a reason did no harm to the server: 422 in place of 500.

        Core's JSON-2 counts a warning that offers a way out, which only screens can show, among
        the server's own faults.
        """
        if isinstance(exception, RedirectWarning) and request.dispatcher.routing_type == "json2":
            exception = UserError(exception.args[0])
        return super()._handle_error(exception)
