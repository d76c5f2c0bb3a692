from odoo import http
from odoo.http import request


class PublicKey(http.Controller):
    @http.route("/audit_trail/public_key", type="http", auth="public", methods=["GET"])
    def public_key(self):
        """The published keys, as JSON: what verify_export.py is told on the command line."""
        # sudo: the page has no user; public keys are for everybody.
        keys = request.env["audit.trail.entry"].sudo().get_public_keys()
        return request.make_json_response(keys)
