import json
import xmlrpc.client

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import SigningCase


@tagged("post_install", "-at_install")
class TestRpc(SigningCase, HttpCase):
    """Programs sign with the credentials of the person who uses them, over both APIs."""

    def _key(self, user):
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate("rpc", "test", None)

    def _post(self, key, **arguments):
        return self.url_open(
            f"/json/2/{self.paper._name}/sign",
            data=json.dumps({"ids": self.paper.ids, **arguments}),
            headers={"Authorization": f"bearer {key}", "Content-Type": "application/json"},
        )

    def _xmlrpc(self, user, password, *arguments):
        return self.xmlrpc_object.execute_kw(
            self.env.cr.dbname,
            user.id,
            password,
            self.paper._name,
            "sign",
            [self.paper.ids, *arguments],
        )

    def test_json2_signs_with_the_password(self):
        key = self._key(self.approver)
        answer = self._post(
            key,
            transition="approve",
            meaning="approver",
            credentials={"type": "password", "password": self.approver.login},
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        signature = self.signatures.browse(answer.json()["id"])
        self.assertEqual((signature.state, signature.channel), ("valid", "json2"))
        self.assertEqual(signature.user_id, self.approver)

    @mute_logger("odoo.addons.base.models.res_users", "odoo.http")
    def test_json2_takes_no_key_for_a_password(self):
        key = self._key(self.approver)
        answer = self._post(
            key,
            transition="approve",
            meaning="approver",
            credentials={"type": "password", "password": key},
        )
        self.assertEqual(answer.status_code, 422, answer.text)
        self.assertNotIn(key, answer.text)
        self.assertFalse(self.paper.is_signed_for("approve"))
        self.assertTrue(self.trail("signature_refused", self.paper))

    @mute_logger("odoo.http")
    def test_json2_refuses_who_may_not(self):
        answer = self._post(
            self._key(self.employee),
            transition="approve",
            meaning="approver",
            credentials={"type": "password", "password": self.employee.login},
        )
        self.assertEqual(answer.status_code, 403, answer.text)

    @mute_logger("odoo.http")
    def test_json2_has_no_other_door(self):
        key = self._key(self.approver)
        for model, method in (
            (self.paper._name, "_append_signature"),
            (self.paper._name, "_void_changed"),
            ("electronic.signature", "create"),
            ("electronic.signature", "_void_rows"),
        ):
            answer = self.url_open(
                f"/json/2/{model}/{method}",
                data=json.dumps({"vals_list": [{}]} if method == "create" else {}),
                headers={"Authorization": f"bearer {key}", "Content-Type": "application/json"},
            )
            self.assertGreaterEqual(answer.status_code, 400, method)
        self.assertFalse(self.signatures.search([("res_id", "=", self.paper.id)]))

    def test_xmlrpc_signs_with_the_password(self):
        result = self._xmlrpc(
            self.approver,
            self.approver.login,
            "approve",
            "approver",
            {"type": "password", "password": self.approver.login},
        )
        signature = self.signatures.browse(result["id"])
        self.assertEqual((signature.state, signature.user_id), ("valid", self.approver))

    @mute_logger("odoo.addons.base.models.res_users", "odoo.http")
    def test_xmlrpc_refuses_wrong_and_missing_credentials(self):
        for credentials in ({"password": "wrong"}, {}, "wrong", False):
            with self.subTest(credentials=credentials), self.assertRaises(xmlrpc.client.Fault):
                self._xmlrpc(self.approver, self.approver.login, "approve", "approver", credentials)
        self.assertFalse(self.paper.is_signed_for("approve"))
