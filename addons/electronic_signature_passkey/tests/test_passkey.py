from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.http import request
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.electronic_signature.tests.common import SigningCase
from odoo.addons.electronic_signature.tests.test_tours import ARCH

from .authenticator import Authenticator

CHALLENGE = "Y2hhbGxlbmdlLW9mLXRoaXMtc2Vzc2lvbg"


class _Session(dict):
    """A session as the keeper of one challenge."""

    def __init__(self, user):
        super().__init__(webauthn_challenge=CHALLENGE)
        self.uid, self.sid, self.debug = user.id, f"sid-{user.id}", ""


@tagged("post_install", "-at_install")
class TestPasskey(SigningCase, HttpCase):
    """Signing with a passkey, against core's own verification of the response."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device = cls._register(cls.approver, b"approver's key")

    @classmethod
    def _register(cls, user, credential_id):
        base_url = cls.env["auth.passkey.key"].get_base_url()
        device = Authenticator(base_url, "127.0.0.1", credential_id)
        key = (
            cls.env["auth.passkey.key"]
            .with_user(user)
            .sudo()
            .create({"name": "Key", "credential_identifier": device.identifier})
        )
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE auth_passkey_key SET public_key = %s WHERE id = %s",
            [device.public_key, key.id],
        )
        cls.env.invalidate_all()
        return device

    def _credentials(self, answer):
        return {"type": "webauthn", "webauthn_response": answer}

    @contextmanager
    def at_screen(self, user, **arguments):
        with super().at_screen(user, **arguments):
            request.session = _Session(user)
            yield

    def test_a_passkey_signs_without_a_password(self):
        """Given a single-sign-on user with a passkey, then it is enough, and is kept as such."""
        self.env.cr.execute(
            "UPDATE res_users SET password = NULL WHERE id = %s", [self.approver.id]
        )
        self.assertEqual(self.approver._get_signature_methods(), ["webauthn"])
        answer = self.device.answer(CHALLENGE)
        signature = self.sign(self.paper, self.approver, credentials=self._credentials(answer))
        self.assertEqual((signature.methods, signature.state), ("passkey", "valid"))

    def test_the_password_stays_possible(self):
        self.assertEqual(self.approver._get_signature_methods(), ["webauthn", "password"])
        self.assertEqual(self.sign(self.paper, self.approver).methods, "password")

    @mute_logger("odoo.addons.base.models.res_users")
    def test_an_answer_to_another_challenge_is_refused(self):
        answer = self.device.answer("YW5vdGhlcg")
        self.refuse(
            UserError, ".", self.paper, self.approver, credentials=self._credentials(answer)
        )
        self.assertTrue(self.trail("signature_refused", self.paper))

    def test_an_answer_without_the_person_is_refused(self):
        """Given a device that did not verify its owner (no PIN, no finger), then it is refused."""
        answer = self.device.answer(CHALLENGE, flags=0x01)
        self.refuse(
            UserError, ".", self.paper, self.approver, credentials=self._credentials(answer)
        )

    def test_another_persons_passkey_is_refused(self):
        device = self._register(self.other_approver, b"other's key")
        answer = device.answer(CHALLENGE)
        self.refuse(
            UserError, "passkey", self.paper, self.approver, credentials=self._credentials(answer)
        )

    def test_a_forged_answer_is_refused(self):
        impostor = Authenticator(self.device.origin, self.device.host, b"approver's key")
        answer = impostor.answer(CHALLENGE)
        self.refuse(
            UserError, ".", self.paper, self.approver, credentials=self._credentials(answer)
        )

    def test_who_has_none_cannot_use_one(self):
        answer = self.device.answer(CHALLENGE)
        self.refuse(
            UserError,
            "cannot sign by",
            self.paper,
            self.other_approver,
            credentials=self._credentials(answer),
        )

    def test_junk_is_answered_with_a_sentence(self):
        identifier = self.device.identifier
        junk = ("", "x", "[]", "{}", '{"id": 7}', '{"id": "%s"}' % identifier, "x" * 30_000)
        junk += ('{"id": "%s", "rawId": "%s", "response": 7}' % (identifier, identifier),)
        for answer in junk:
            with self.subTest(answer=answer[:40]):
                self.refuse(
                    UserError, ".", self.paper, self.approver, credentials=self._credentials(answer)
                )

    def _tour(self, lang):
        self.env["res.lang"]._activate_lang(lang)
        self.approver.lang = lang
        self.env["ir.ui.view"].create(
            {"name": "paper", "model": self.paper._name, "type": "form", "arch": ARCH}
        )
        self.env["ir.actions.act_window"].create(
            {
                "name": "Papers",
                "res_model": self.paper._name,
                "view_mode": "form",
                "path": "test-papers",
            }
        )
        self.start_tour(
            f"/odoo/test-papers/{self.paper.id}",
            "electronic_signature_passkey",
            login=self.approver.login,
            timeout=120,
        )
        self.assertTrue(self.paper.is_signed_for("approve"))
        refused = self.trail("signature_refused", self.paper)
        self.assertEqual(refused[-1].details["method"], "webauthn")

    def test_the_dialogue_asks_for_the_passkey_first_in_english(self):
        """Given a refused passkey in the browser, when the password is chosen, then it signs."""
        self._tour("en_US")

    def test_the_dialogue_asks_for_the_passkey_first_in_chinese(self):
        self._tour("zh_CN")
