from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.audit_trail.models import announcement

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

    def test_an_installation_at_the_screen_is_a_batch_with_its_person(self):
        """Given an administrator who installs an addon, then entries name the batch and them."""
        request = SimpleNamespace(
            httprequest=SimpleNamespace(path="/web/dataset/call_button", remote_addr="192.0.2.7"),
            session=SimpleNamespace(uid=self.employee.id, sid="installer"),
            env=self.env,
        )
        with (
            patch.object(announcement, "request", request),
            patch.object(self.env.registry, "ready", False),
        ):
            context = announcement.describe(self.env)
        self.assertEqual((context["channel"], context["address"]), ("upgrade", "192.0.2.7"))
        self.assertEqual(context["login_uid"], self.employee.id)
        self.assertRegex(context["origin"], "^upgrade ")

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

    @mute_logger("odoo.http", "odoo.addons.base.models.res_users")
    def test_failed_sign_ins_are_kept(self):
        """Given a wrong password over HTTP, then it is kept with the login, not the password."""
        self.url_open(
            "/web/session/authenticate",
            json={
                "params": {
                    "db": self.env.cr.dbname,
                    "login": "nobody@here",
                    "password": "guess-me-not",
                }
            },
        )
        entry = self.env["audit.trail.entry"].search([("kind", "=", "login_failed")], limit=1)
        self.assertEqual(entry.details["login"], "nobody@here")
        self.assertNotIn("guess-me-not", str(entry.details))
        self.assertEqual(entry.address, "127.0.0.1")

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_model")
    def test_refused_actions_survive_their_rollback(self):
        """Given a refused write and a refused reading over HTTP, then both are kept."""
        self.env["audit.trail.rule"].create(
            {"model_id": self.env.ref("base.model_res_partner_category").id}
        )
        tag = self.env["res.partner.category"].create({"name": "Protected", "color": 0})
        new_test_user(self.env, "trail_outsider", "base.group_user")
        self.authenticate("trail_outsider", "trail_outsider")
        entries = self.env["audit.trail.entry"]
        for model, method, arguments, operation in (
            ("res.partner.category", "unlink", [tag.ids], "unlink"),
            ("audit.trail.rule", "search_read", [[]], "read"),
            ("audit.trail.entry", "unlink", [entries.search([], limit=1).ids], "unlink"),
            ("audit.trail.entry", "write", [[1], {"reason": "x"}], "write"),
            ("audit.trail.entry", "create", [{"kind": "login"}], "create"),
            ("audit.trail.export", "write", [[1], {"is_verified": True}], "write"),
            # Evidence is told of although no rule tracks it.
            ("audit.trail.entry", "search_read", [[]], "read"),
            ("audit.trail.purge", "search_read", [[]], "read"),
            ("audit.trail.export", "create_export", [], "export"),
            ("audit.trail.purge", "purge_expired", ["Old"], "purge"),
        ):
            answer = self.url_open(
                f"/web/dataset/call_kw/{model}/{method}",
                json={
                    "params": {"model": model, "method": method, "args": arguments, "kwargs": {}}
                },
            ).json()
            self.assertIn("error", answer)
            entry = entries.search([("kind", "=", "refused")], limit=1)
            self.assertEqual((entry.res_model, entry.details["operation"]), (model, operation))
            self.assertIn("trail_outsider", entry.user_name)
