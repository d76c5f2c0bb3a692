import base64
import json
import time

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import SigningCase

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
WRONG = {"type": "password", "password": "not-the-password"}


@tagged("post_install", "-at_install")
class TestCredentials(SigningCase):
    """Credentials are asked for each signature, checked by core, and stay nowhere."""

    def setUp(self):
        super().setUp()
        self.registry._login_failures = None
        del self.registry._login_failures

    def test_signing_keeps_who_when_how_and_why(self):
        """Given the right password, then the signature tells all that 21 CFR 11.50 asks for."""
        signature = self.sign(self.paper, self.approver, reason="Checked against SOP 7")
        self.assertRecordValues(
            signature,
            [
                {
                    "user_name": self.approver.name,
                    "user_login": "paper_approver",
                    "meaning": "approver",
                    "transition": "approve",
                    "res_model": self.paper._name,
                    "res_id": self.paper.id,
                    "res_name": "Test report",
                    "timezone": "Asia/Shanghai",
                    "methods": "password",
                    "channel": "web",
                    "address": "192.0.2.1",
                    "reason": "Checked against SOP 7",
                    "state": "valid",
                }
            ],
        )
        self.assertRegex(
            signature.signed_at_text,
            r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(Asia/Shanghai, UTC\+08:00\)$",
        )
        self.assertRegex(signature.content_digest, r"^v1:1:[0-9a-f]{64}$")
        self.assertEqual(self.trail("signed", self.paper)[-1].user_id, self.approver)

    def test_wrong_password_is_refused_and_logged(self):
        self.refuse(UserError, "not accepted", self.paper, self.approver, credentials=WRONG)
        entry = self.trail("signature_refused", self.paper)[-1]
        self.assertEqual(entry.user_id, self.approver)
        self.assertEqual(entry.details["method"], "password")
        self.env.cr.execute(
            "SELECT COUNT(*) FROM audit_trail_entry entry WHERE to_jsonb(entry)::text LIKE %s",
            ["%not-the-password%"],
        )
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def test_another_persons_password_is_wrong(self):
        credentials = {"type": "password", "password": self.other_approver.login}
        self.refuse(UserError, "not accepted", self.paper, self.approver, credentials=credentials)

    def test_many_wrong_attempts_are_throttled(self):
        """Given as many failures as core allows, when the right password comes, then it waits."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", "3")
        for _attempt in range(3):
            self.refuse(UserError, "not accepted", self.paper, self.approver, credentials=WRONG)
        for address in ("192.0.2.1", "192.0.2.77"):
            self.refuse(
                UserError, "Too many login failures", self.paper, self.approver, address=address
            )
        self.assertTrue(self.sign(self.paper, self.other_approver, address="192.0.2.77"))

    def test_an_api_key_is_no_password(self):
        """Given a valid key of the signer, when it is sent as the password, then it is refused."""
        keys = self.env["res.users.apikeys"].with_user(self.approver).sudo()
        key = keys._generate(None, "signing", None)
        self.assertEqual(keys._check_credentials(scope="rpc", key=key), self.approver.id)
        credentials = {"type": "password", "password": key}
        self.refuse(UserError, "API key", self.paper, self.approver, credentials=credentials)

    def test_the_password_is_asked_every_time(self):
        """Given a signature a moment ago, when the next has no password, then it is refused."""
        self.sign(self.paper, self.approver)
        self.refuse(
            UserError, "Enter your password", self.new_paper(), self.approver, credentials={}
        )

    def _enable_totp(self, user):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_users SET totp_secret = %s WHERE id = %s", [SECRET, user.id]
        )
        self.env.invalidate_all()

    def _code(self, step=0):
        from odoo.addons.auth_totp.models.totp import hotp

        number = hotp(base64.b32decode(SECRET), int(time.time() / 30) + step)
        return f"{number:06d}"

    @mute_logger("odoo.addons.auth_totp.models.res_users")
    def test_the_second_factor_is_demanded_where_the_user_has_one(self):
        """Given a user with a code generator, then the password alone signs nothing."""
        self._enable_totp(self.approver)
        self.refuse(UserError, "password or the code", self.paper, self.approver)
        wrong = {"type": "password", "password": self.approver.login, "code": "000000"}
        self.refuse(UserError, "6-digit code", self.paper, self.approver, credentials=wrong)
        right = wrong | {"code": self._code()}
        signature = self.sign(self.paper, self.approver, credentials=right)
        self.assertEqual(signature.methods, "password,totp")
        # Once used, a code signs nothing more, even within its half minute.
        self.refuse(UserError, "latest", self.new_paper(), self.approver, credentials=right)

    @mute_logger("odoo.addons.auth_totp.models.res_users")
    def test_a_right_code_with_a_wrong_password_signs_nothing(self):
        self._enable_totp(self.approver)
        credentials = WRONG | {"code": self._code()}
        self.refuse(
            UserError, "password or the code", self.paper, self.approver, credentials=credentials
        )

    def test_users_without_a_password_are_told(self):
        """Given a single-sign-on user without a passkey, then the message says what to do."""
        self.env.cr.execute(
            "UPDATE res_users SET password = NULL WHERE id = %s", [self.approver.id]
        )
        self.refuse(UserError, "single sign-on", self.paper, self.approver)

    def test_nobody_signs_in_the_session_of_another(self):
        with self.at_screen(self.employee), self.assertRaisesRegex(UserError, "after signing in"):
            self.paper.with_user(self.approver).sign(
                "approve", "approver", {"password": self.approver.login}
            )

    def test_jobs_sign_nothing(self):
        with self.assertRaisesRegex(UserError, "done by a person"):
            self.paper.with_user(self.approver).sign(
                "approve", "approver", {"password": self.approver.login}
            )

    def test_superuser_portal_and_public_sign_nothing(self):
        portal = new_test_user(self.env, "paper_portal", "base.group_portal")
        self.env["ir.model.access"].create(
            {
                "name": "portal",
                "model_id": self.env["ir.model"]._get_id(self.paper._name),
                "group_id": self.env.ref("base.group_portal").id,
                "perm_read": True,
            }
        )
        self.refuse(AccessError, "Only employees", self.paper, portal)
        root = self.env.ref("base.user_root")
        with self.at_screen(root), self.assertRaisesRegex(AccessError, "Only employees"):
            self.paper.with_user(root).sign("approve", "approver", {"password": "x"})

    def test_junk_is_answered_with_a_sentence(self):
        """Given any rubbish as argument, then a UserError says what is wrong."""
        junk = (None, 7, [], "x", {"password": 7}, {"password": None}, {"type": "apikey"})
        junk += ({"password": "x" * 5000}, {"password": "a\0b"}, {"type": "totp", "code": "1"})
        junk += ({"password": "x", "code": "12x"}, {"password": "x", "code": "1" * 40})
        for credentials in junk:
            with self.subTest(credentials=str(credentials)[:40]):
                self.refuse(UserError, ".", self.paper, self.approver, credentials=credentials)
        for transition, meaning in ((None, "approver"), ("approve", None), ([], {}), ("x", "y")):
            with self.subTest(transition=transition, meaning=meaning):
                self.refuse(UserError, ".", self.paper, self.approver, transition, meaning)
        for reason in (7, ["x"], "x" * 501, "a\0"):
            self.refuse(UserError, "comment", self.paper, self.approver, reason=reason)
        for papers in (
            self.paper.browse(),
            self.paper | self.new_paper(),
            self.paper.browse(2**40),
        ):
            self.refuse(UserError, ".", papers, self.approver)

    def test_the_dialogue_never_holds_the_password(self):
        """Given signing by the dialogue, then neither its row nor its fields know the password."""
        with self.at_screen(self.approver):
            action = self.paper.with_user(self.approver).action_sign("approve", "approver")
            dialogue = (
                self.env[action["res_model"]].with_user(self.approver).browse(action["res_id"])
            )
            self.assertEqual(dialogue.create_uid, self.approver)
            dialogue.reason = "Fine"
            text = json.dumps(dialogue.content)
            dialogue.sign({"type": "password", "password": self.approver.login})
        self.assertIn("First", text)
        self.assertNotIn("password", dialogue._fields)
        self.assertEqual(self.signatures.search([], limit=1).reason, "Fine")

    def test_the_dialogue_is_its_owners(self):
        with self.at_screen(self.approver):
            action = self.paper.with_user(self.approver).action_sign("approve", "approver")
        dialogue = self.env[action["res_model"]].browse(action["res_id"])
        with self.assertRaises(AccessError):
            dialogue.with_user(self.other_approver).read(["reason"])
        with self.at_screen(self.other_approver), self.assertRaises(AccessError):
            dialogue.with_user(self.other_approver).sign({"password": self.other_approver.login})
