from odoo import models
from odoo.exceptions import AccessDenied

from .audit_trail_entry import KIND_LOGIN, KIND_LOGIN_FAILED


class ResUsers(models.Model):
    _inherit = "res.users"

    def _login(self, credential, user_agent_env):
        entries = self.env["audit.trail.entry"].sudo()  # sudo: entries are written for everybody
        details = {"login": credential.get("login"), "type": credential.get("type")}
        try:
            info = super()._login(credential, user_agent_env=user_agent_env)
        except AccessDenied:
            entries._log_event(KIND_LOGIN_FAILED, details=details, own_transaction=True)
            raise
        user = self.env["res.users"].browse(info["uid"])
        entries.with_user(user)._log_event(
            KIND_LOGIN, user, details=details | {"method": info.get("auth_method")}
        )
        return info

    def _check_uid_passwd(self, uid, passwd):
        """What XML-RPC and JSON-RPC ask with every call; only what is refused is told."""
        try:
            return super()._check_uid_passwd(uid, passwd)
        except AccessDenied:
            user = self.browse(uid).exists()
            self.env["audit.trail.entry"]._log_event(
                KIND_LOGIN_FAILED,
                details={"login": user.login, "uid": uid, "type": "password or API key"},
                own_transaction=True,
            )
            raise
