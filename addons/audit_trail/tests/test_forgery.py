from unittest.mock import patch

from odoo import api
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.audit_trail.models import audit_trail_verify, events, ir_actions_server
from odoo.addons.audit_trail.models.kinds import PLAIN_KINDS, ROW_KINDS

from .common import TrailCase


@tagged("post_install", "-at_install")
class TestForgery(TrailCase):
    """What a server action of an administrator reaches: every method, and no function."""

    def setUp(self):
        super().setUp()
        self.administrator = new_test_user(self.env, "trail_admin", "base.group_system")
        self.partner = self.env["res.partner"].create({"name": "Subject"})

    def run_code(self, code):
        env = api.Environment(self.env.cr, self.administrator.id, {})
        action = env["ir.actions.server"].create(
            {
                "name": "Forger",
                "model_id": self.env.ref("base.model_res_partner").id,
                "state": "code",
                "code": code,
            }
        )
        action.with_context(
            active_model="res.partner", active_id=self.partner.id, active_ids=self.partner.ids
        ).run()
        return action

    def test_no_event_with_consequences_is_told_by_a_method(self):
        """Given every kind of event, then a server action tells reads and prints alone."""
        for kind in self.entries._fields["kind"].get_values(self.env):
            if kind in PLAIN_KINDS:
                continue
            with self.subTest(kind), self.assertRaisesRegex(UserError, "Server actions"):
                self.run_code(
                    f"env(user={self.employee.id})['audit.trail.entry']._log_event("
                    f"'{kind}', record, details={{'entries': list(range(100))}})"
                )
            if kind not in ROW_KINDS:
                self.assertFalse(self.entries_of(self.partner, kind))

    def test_no_method_inserts_an_event(self):
        for name in ("_insert_event", "_insert_event_afterwards", "_prepare_event", "_begin_key"):
            self.assertFalse(hasattr(self.entries, name), name)

    def test_a_server_action_and_its_run_are_told(self):
        """Given code that a person entered, when it runs, then both are in the trail."""
        told = []
        with patch.object(
            ir_actions_server, "log_event", lambda *arguments, **options: told.append(options)
        ):
            action = self.run_code("record.write({'comment': 'By code'})")
        self.assertTrue(told[0]["own_transaction"])
        self.assertEqual(told[0]["details"]["record"], self.partner.id)
        entry = self.entries_of(action, "insert")
        self.assertEqual(entry.user_id, self.administrator)
        self.assertIn("By code", str(entry.changes))

    def test_shipped_actions_run_untold(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Shipped",
                "model_id": self.env.ref("base.model_res_partner").id,
                "state": "code",
                "code": "pass",
            }
        )
        self.assertEqual(action.write_uid, self.env.ref("base.user_root"))
        with patch.object(ir_actions_server, "log_event") as log:
            action.run()
        log.assert_not_called()

    def test_only_findings_are_acknowledged(self):
        """Given entries that are no finding, or come later, then no acknowledgement covers them."""
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 1})
        keyed = self.entries_of(tag)
        for wrong in (keyed, self.entries.browse(), self.entries.browse(10**12)):
            with self.subTest(wrong), self.assertRaises(Exception) as caught:
                wrong.with_user(self.auditor).acknowledge("All fine")
            self.assertIsInstance(caught.exception, UserError)
        self.env.cr.execute("SELECT last_value FROM audit_trail_entry_id_seq")
        (last,) = self.env.cr.fetchone()
        # As an acknowledgement that was forged in advance.
        events.log_event(
            self.env,
            "acknowledged",
            details={"entries": list(range(last, last + 100)), "kind": "outside"},
            reason="In advance",
        )
        self.env.cr.execute("SELECT set_config('audit_trail.key', '', TRUE)")
        self.env.cr.execute("UPDATE res_partner_category SET color = 9 WHERE id = %s", [tag.id])
        outside = self.entries_of(tag, "update")[-1]
        self.assertIn(("outside", outside.id), self.problems())

    def test_findings_are_acknowledged_in_ones_own_session(self):
        self.env.cr.execute("SELECT set_config('audit_trail.key', '', TRUE)")
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 1})
        self.env.flush_all()
        self.env.cr.execute("SELECT set_config('audit_trail.key', '', TRUE)")
        self.env.cr.execute("UPDATE res_partner_category SET color = 9 WHERE id = %s", [tag.id])
        outside = self.entries_of(tag, "update")[-1].with_user(self.auditor)
        context = {"uid": self.auditor.id, "login_uid": self.administrator.id}
        with (
            patch.object(audit_trail_verify, "describe", lambda env: context),
            self.assertRaisesRegex(UserError, "signed in"),
        ):
            outside.acknowledge("Not mine")
        self.assertEqual(outside.acknowledge("Maintenance"), outside.ids)
