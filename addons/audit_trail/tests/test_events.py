from odoo.exceptions import AccessDenied, AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import TrailCase


@tagged("post_install", "-at_install")
class TestEvents(TrailCase):
    def last(self, kind):
        return self.entries.search([("kind", "=", kind)], limit=1)

    def test_reads_of_a_marked_model_are_kept(self):
        """Given a model whose reads are logged, when a user reads, then who and which fields."""
        self.rule.reads_are_logged = True
        tag = self.env["res.partner.category"].create({"name": "Watched"})
        tag.with_user(self.employee).read(["name"])
        entry = self.last("read")
        self.assertEqual((entry.res_id, entry.user_id), (tag.id, self.employee))
        self.assertEqual(entry.details["fields"], ["name"])

    def test_reads_of_other_models_are_not_kept(self):
        tag = self.env["res.partner.category"].create({"name": "Unwatched"})
        before = self.last("read")
        tag.with_user(self.employee).read(["name"])
        self.assertEqual(self.last("read"), before)

    def test_exports_are_kept(self):
        tag = self.env["res.partner.category"].create({"name": "Exported"})
        self.employee.group_ids += self.env.ref("base.group_allow_export")
        tag.with_user(self.employee).export_data(["name", "color"])
        entry = self.last("export")
        self.assertEqual(entry.user_id, self.employee)
        self.assertEqual(entry.details["fields"], ["name", "color"])

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_refused_actions_survive_the_rollback(self):
        """Given a refused deletion, when its transaction is rolled back, then the entry stays."""
        tag = self.env["res.partner.category"].create({"name": "Protected"})
        told = []
        entry_class = self.env.registry["audit.trail.entry"]
        self.patch(
            entry_class,
            "_log_event",
            lambda entries, kind, record=None, **options: told.append((kind, options)),
        )
        with self.assertRaises(AccessError):
            tag.with_user(self.employee).unlink()
        ((kind, options),) = told
        self.assertEqual(kind, "refused")
        self.assertTrue(options["own_transaction"])
        self.assertEqual(options["details"]["operation"], "unlink")

    def test_changes_of_groups_are_kept(self):
        """Given a user, when a group is given, then the trail names it."""
        group = self.env.ref("base.group_partner_manager")
        self.employee.group_ids += group
        self.env.flush_all()
        entry = self.entries.search(
            [("kind", "=", "link"), ("res_model", "in", ("res.users", "res.groups"))], limit=1
        )
        self.assertIn("#", entry.changes_text)
        self.assertIn(group.id, [*entry.changes.values()][0] + [entry.res_id])


@tagged("post_install", "-at_install")
class TestSignIn(HttpCase):
    def test_sign_ins_are_kept_with_address_and_session(self):
        """Given a sign-in and a failed one over HTTP, then both are kept, without the password."""
        user = self.env["res.users"].create(
            {"name": "Signer", "login": "trail_signer", "password": "trail_signer"}
        )
        entries = self.env["audit.trail.entry"]
        self.authenticate("trail_signer", "trail_signer")
        self.url_open(
            "/web/session/authenticate",
            json={
                "params": {
                    "db": self.env.cr.dbname,
                    "login": "trail_signer",
                    "password": "trail_signer",
                }
            },
        )
        entry = entries.search([("kind", "=", "login")], limit=1)
        self.assertEqual(entry.user_id, user)
        self.assertEqual(entry.address, "127.0.0.1")
        self.assertEqual(entry.channel, "web")

    def test_failed_sign_ins_are_kept(self):
        users = self.env["res.users"]
        credential = {"type": "password", "login": "nobody@here", "password": "guess-me-not"}
        told = []
        entry_class = self.env.registry["audit.trail.entry"]
        self.patch(
            entry_class,
            "_log_event",
            lambda entries, kind, record=None, **options: told.append((kind, options)),
        )
        with self.assertRaises(AccessDenied), mute_logger("odoo.addons.base.models.res_users"):
            users.authenticate(credential, {"interactive": True})
        ((kind, options),) = told
        self.assertEqual(kind, "login_failed")
        self.assertTrue(options["own_transaction"])
        self.assertNotIn("guess-me-not", str(options))
