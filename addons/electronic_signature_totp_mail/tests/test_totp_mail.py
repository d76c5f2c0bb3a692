from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.electronic_signature.tests.common import SigningCase


@tagged("post_install", "-at_install")
class TestTotpMail(SigningCase):
    """The code that core sends by mail, where the company requires a second factor."""

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("auth_totp.policy", "employee_required")
        self.approver.email = "approver@example.com"

    def _open(self, user):
        action = self.paper.with_user(user).action_sign("approve", "approver")
        return self.env[action["res_model"]].with_user(user).browse(action["res_id"])

    @mute_logger("odoo.addons.auth_totp_mail.models.res_users")
    def test_the_code_is_sent_and_demanded(self):
        """Given a required second factor, then the password alone signs nothing, both do."""
        self.refuse(UserError, "password or the code", self.paper, self.approver)
        users = self.registry["res.users"]
        with (
            self.at_screen(self.approver),
            patch.object(users, "_send_totp_mail_code") as sent,
        ):
            dialogue = self._open(self.approver)
            self.assertTrue(dialogue.can_send_code)
            dialogue.send_code()
        sent.assert_called_once_with()
        code, _expiry = self.approver._get_totp_mail_code()
        credentials = {"type": "password", "password": self.approver.login, "code": code}
        signature = self.sign(self.paper, self.approver, credentials=credentials)
        self.assertEqual(signature.methods, "password,totp_mail")

    def test_nothing_is_sent_to_who_needs_no_code(self):
        self.env["ir.config_parameter"].set_param("auth_totp.policy", False)
        with self.at_screen(self.approver):
            dialogue = self._open(self.approver)
            self.assertFalse(dialogue.can_send_code)
            with self.assertRaisesRegex(UserError, "not sent"):
                dialogue.send_code()
