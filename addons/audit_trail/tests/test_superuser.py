from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.audit_trail.models.announcement import PERSON_KEY


@tagged("post_install", "-at_install")
class TestSuperuser(HttpCase):
    """An administrator who becomes the superuser in the web client stays a person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.env["audit.trail.rule"].create(
            {"model_id": cls.env.ref("base.model_res_partner_category").id}
        )
        cls.administrator = new_test_user(cls.env, "trail_become", "base.group_system")
        cls.root = cls.env.ref("base.user_root")
        cls.entries = cls.env["audit.trail.entry"]

    def switches(self):
        return self.entries.search([("kind", "=", "superuser")])

    @mute_logger("odoo.http")
    def become(self):
        answer = self.url_open("/web/become", allow_redirects=False)
        self.assertEqual(answer.status_code, 303)

    @mute_logger("odoo.http")
    def call(self, method, arguments, **options):
        return self.url_open(
            f"/web/dataset/call_kw/res.partner.category/{method}",
            json={
                "params": {
                    "model": "res.partner.category",
                    "method": method,
                    "args": arguments,
                    "kwargs": options,
                }
            },
        ).json()

    def test_the_switch_is_told_and_the_person_stays_known(self):
        """Given an administrator, when they become the superuser and write, then it shows who."""
        self.authenticate("trail_become", "trail_become")
        before = self.switches()
        self.become()
        entry = self.switches() - before
        self.assertRecordValues(
            entry,
            [
                {
                    "user_id": self.administrator.id,
                    "login_user_id": self.administrator.id,
                    "res_model": "res.users",
                    "res_id": self.administrator.id,
                    "channel": "web",
                    "address": "127.0.0.1",
                }
            ],
        )
        (tag_id,) = self.call("create", [[{"name": "By the superuser"}]])["result"]
        written = self.entries.search([("kind", "=", "insert"), ("res_id", "=", tag_id)], limit=1)
        self.assertEqual(written.user_id, self.root)
        self.assertEqual(written.login_user_id, self.administrator)
        # Once more changes nothing.
        self.become()
        self.assertEqual(self.switches() - before, entry)
        tag = self.env["res.partner.category"].browse(tag_id)
        self.call("write", [tag.ids, {"color": 5}])
        changed = self.entries.search([("kind", "=", "update"), ("res_id", "=", tag_id)], limit=1)
        self.assertEqual(changed.login_user_id, self.administrator)

    def test_the_superuser_is_asked_for_reasons(self):
        """Given a deletion that needs a reason, then a person who became the superuser gives it."""
        self.rule.delete_needs_reason = True
        tag = self.env["res.partner.category"].create({"name": "To be deleted"})
        self.authenticate("trail_become", "trail_become")
        self.become()
        refusal = self.call("unlink", [tag.ids])
        self.assertEqual(refusal["error"]["data"]["name"], "odoo.exceptions.RedirectWarning")
        self.assertTrue(tag.exists())
        context = {"audit_trail_reason": "Entered twice"}
        self.assertTrue(self.call("unlink", [tag.ids], context=context)["result"])
        deleted = self.entries.search([("kind", "=", "delete"), ("res_id", "=", tag.id)], limit=1)
        self.assertEqual(deleted.reason, "Entered twice")
        self.assertEqual(deleted.login_user_id, self.administrator)

    def test_the_system_itself_is_not_asked(self):
        self.rule.delete_needs_reason = True
        tag = self.env["res.partner.category"].create({"name": "Cleared by a job"})
        self.assertTrue(tag.with_user(self.root).unlink())

    def test_others_do_not_become_anything(self):
        """Given an employee, then nothing is told, and the session stays theirs."""
        employee = new_test_user(self.env, "trail_stays", "base.group_user")
        session = self.authenticate("trail_stays", "trail_stays")
        before = self.switches()
        self.become()
        self.assertFalse(self.switches() - before)
        self.assertEqual(session.uid, employee.id)
        self.assertNotIn(PERSON_KEY, session)
