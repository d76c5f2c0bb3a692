from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.http import root
from odoo.orm.utils import SUPERUSER_ID
from odoo.service import security
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools import mute_logger

from .common import SAMPLE, VALUES, SensitiveCase

ACCESS = ("odoo.addons.base.models.ir_model", "odoo.orm.models")
PHONE = [("phone_lookup", "=", VALUES["phone"])]


class RefusalCase(SensitiveCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls._registry_patched:
            cls.registry_enter_test_mode_cls()

    def assert_told(self, user, model, operation, by):
        """The last refusal in the trail, after the rollback of what was refused."""
        self.tell()
        entry = self.last("refused")
        facts = (entry.details["operation"], entry.details["by"])
        self.assertEqual((entry.user_id, entry.res_model, *facts), (user, model, operation, by))
        return entry


@tagged("post_install", "-at_install")
class TestContext(RefusalCase):
    """What a client sends in the context puts nothing archived in force."""

    def test_an_archived_policy_allows_nothing(self):
        general = self.env.ref("sensitive_data.policy_general")
        general.row_cap = 1
        self.env["sensitive.export.policy"].create(
            {
                "model_id": self.env["ir.model"]._get_id(SAMPLE),
                "group_id": general.group_id.id,
                "row_cap": 1000,
                "with_raw": True,
                "active": False,
            }
        )
        patients = self.patient + self.patients.create({"name": "P2"})
        sent = patients.with_user(self.other).with_context(active_test=False)
        with self.assertRaisesRegex(RedirectWarning, "2 rows are more than the 1"):
            sent.export_data(["name"])
        with self.assertRaisesRegex(AccessError, "in the clear"):
            self.patient.with_user(self.reader).with_context(active_test=False).export_data(
                ["phone"]
            )

    def test_an_archived_limit_refuses_nobody(self):
        """Given the first to ask with the context, then the kept limits are those in force."""
        self.env["sensitive.usage.limit"].create(
            {
                "name": "Once",
                "activity": "reveal",
                "records": 1,
                "is_refused": True,
                "active": False,
            }
        )
        for _time in range(2):
            self.patient.with_user(self.revealer).with_context(
                active_test=False
            ).reveal_sensitive_value("phone", "call back")


@tagged("post_install", "-at_install")
class TestLookup(RefusalCase):
    @mute_logger(*ACCESS)
    def test_lifted_rights_find_nothing(self):
        """Given rights that were lifted, then only who may search does, and is told and counted."""
        before = self.last("lookup")
        for user in (self.reader, self.other):
            with self.assertRaises(AccessError):
                self.patients.with_user(user).sudo().search(PHONE)
            self.assert_told(user, SAMPLE, "lookup", "field phone")
        self.assertEqual(self.last("lookup"), before)
        found = self.patients.with_user(self.revealer).sudo().search(PHONE)
        self.assertEqual(found, self.patient.sudo())
        entry = self.last("lookup")
        self.assertEqual((entry.user_id, entry.details["found"]), (self.revealer, 1))
        usage = self.env["sensitive.usage"].search([("activity", "=", "lookup")], limit=1)
        self.assertEqual(usage.user_id, self.revealer)


@tagged("post_install", "-at_install")
class TestTold(RefusalCase):
    @mute_logger(*ACCESS)
    def test_refused_exports_are_told(self):
        """Given no policy, too many rows or a clear value, then each refusal stays."""
        general = self.env.ref("sensitive_data.policy_general")
        with self.assertRaises(AccessError):
            self.patient.with_user(self.reader).export_data(["phone"])
        self.assert_told(self.reader, SAMPLE, "export", f"field {SAMPLE}.phone")
        general.row_cap = 1
        with self.assertRaises(RedirectWarning):
            (self.patient + self.patients.create({})).with_user(self.other).export_data(["name"])
        self.assert_told(self.other, SAMPLE, "export", "cap")
        general.may_export = False
        with self.assertRaises(AccessError):
            self.patient.with_user(self.other).export_data(["name"])
        self.assert_told(self.other, SAMPLE, "export", "policy")

    def test_who_approves_their_own_request_is_told(self):
        requests = self.env["sensitive.export.request"].with_user(self.enterer)
        request = requests.create(
            {"res_model": SAMPLE, "field_names": "name", "row_count": 9, "reason": "Recall"}
        )
        request.action_request()
        with self.assertRaisesRegex(UserError, "their own"):
            request.action_approve()
        self.assert_told(self.enterer, request._name, "decide", "own request")

    @mute_logger(*ACCESS)
    def test_reading_evidence_is_told_although_it_is_not_tracked(self):
        for name in ("sensitive.key", "audit.trail.entry"):
            with self.assertRaises(AccessError):
                self.env[name].with_user(self.other).search([])
            self.assert_told(self.other, name, "read", "access")

    def test_a_refused_use_leaves_its_alert(self):
        """Given one large call beyond both limits, then refused, told, and auditors are alerted."""
        self.env.ref("sensitive_data.limit_reveal").records = 1
        refusing = self.env.ref("sensitive_data.limit_reveal_refused")
        refusing.records = 2
        alerts = self.env["sensitive.usage.alert"].search([("user_id", "=", self.revealer.id)])
        with self.assertRaisesRegex(UserError, "2 are allowed"), self.cr.savepoint():
            usage = self.env["sensitive.usage"].with_user(self.revealer)
            usage._count("reveal", SAMPLE, 50)
        entry = self.assert_told(self.revealer, SAMPLE, "reveal", "limit")
        self.assertEqual(entry.details["records"], 50)
        alert = self.env["sensitive.usage.alert"].search(
            [("user_id", "=", self.revealer.id), ("id", "not in", alerts.ids)]
        )
        self.assertEqual((alert.count, alert.activity), (50, "reveal"))
        # Nothing was used: the next one who asks for little gets it.
        self.assertTrue(
            self.patient.with_user(self.revealer).reveal_sensitive_value("phone", "call back")
        )


@tagged("post_install", "-at_install")
class TestSuperuserSession(SensitiveCase, HttpCase):
    @mute_logger("odoo.http", *ACCESS)
    def test_it_exports_and_finds_nothing(self):
        """Given a session of the superuser itself, then no lookup, no export, and both told."""
        self.authenticate("admin", "admin")
        self.become_superuser()
        for method, arguments, operation in (
            ("search_read", [PHONE, ["name"]], "lookup"),
            ("export_data", [self.patient.ids, ["name"]], "export"),
        ):
            params = {"model": SAMPLE, "method": method, "args": arguments, "kwargs": {}}
            answer = self.url_open(
                f"/web/dataset/call_kw/{SAMPLE}/{method}", json={"params": params}
            ).json()
            self.assertIn("AccessError", str(answer))
            self.assertEqual(self.last("refused").details["operation"], operation)

    def become_superuser(self):
        """What core's route made of a session, whether or not it is there any more."""
        self.session.uid = SUPERUSER_ID
        token = security.compute_session_token(self.session, self.env(user=SUPERUSER_ID))
        self.session.session_token = token
        root.session_store.save(self.session)
