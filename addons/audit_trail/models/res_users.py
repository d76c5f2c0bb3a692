from odoo import models
from odoo.exceptions import AccessDenied

from .events import log_event
from .kinds import KIND_LOGIN, KIND_LOGIN_FAILED


class ResUsers(models.Model):
    _inherit = "res.users"

    def _audit_trail_get_missing_companies(self):
        """Companies whose entries this user may not see in the trail."""
        self.ensure_one()
        # sudo: the names of companies that are missing; archived ones left entries, too.
        # pylint: disable-next=no-search-all
        companies = self.sudo().env["res.company"].with_context(active_test=False).search([])
        return companies - self.sudo().with_context(active_test=False).company_ids

    def _login(self, credential, user_agent_env):
        details = {"login": credential.get("login"), "type": credential.get("type")}
        try:
            info = super()._login(credential, user_agent_env=user_agent_env)
        except AccessDenied:
            log_event(self.env, KIND_LOGIN_FAILED, details=details, own_transaction=True)
            raise
        user = self.env["res.users"].browse(info["uid"])
        log_event(
            self.env(user=user.id),
            KIND_LOGIN,
            user,
            details=details | {"method": info.get("auth_method")},
        )
        return info

    def _set_encrypted_password(self, uid, pw):
        # By SQL, also when a sign-in renews the way in which a password is kept.
        self._audit_trail_announce()
        return super()._set_encrypted_password(uid, pw)

    def _check_uid_passwd(self, uid, passwd):
        """What XML-RPC and JSON-RPC ask with every call; only what is refused is told."""
        try:
            return super()._check_uid_passwd(uid, passwd)
        except AccessDenied:
            user = self.browse(uid).exists()
            log_event(
                self.env,
                KIND_LOGIN_FAILED,
                details={"login": user.login, "uid": uid, "type": "password or API key"},
                own_transaction=True,
            )
            raise


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    def _generate(self, scope, name, expiration_date):
        # By SQL.
        self._audit_trail_announce()
        return super()._generate(scope, name, expiration_date)
