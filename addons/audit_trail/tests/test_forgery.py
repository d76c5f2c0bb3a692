import hashlib
from contextlib import contextmanager
from unittest.mock import patch

from psycopg2.pool import PoolError

from odoo import api
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

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

    def runs(self, action):
        return self.entries_of(action, "run")

    @contextmanager
    def told_at_once(self):
        """As outside a test: another connection may write while the transaction goes on."""
        with (
            self.enter_registry_test_mode(),
            patch.object(events, "_may_insert_at_once", lambda env: True),
        ):
            yield

    def test_no_code_erases_its_own_run(self):
        """Given code that clears what waits for the end, then its run is told nevertheless."""
        for state, code in (
            ("code", "env.cr.postcommit.clear()\nenv.cr.postrollback.clear()"),
            ("object_write", "env.cr.postcommit.clear() or env.cr.postrollback.clear() or 'x'"),
        ):
            with self.subTest(state):
                action = self.env["ir.actions.server"].create(
                    {
                        "name": "Eraser",
                        "model_id": self.env.ref("base.model_res_partner").id,
                        "state": state,
                        "code": code,
                        "update_path": "comment",
                        "evaluation_type": "equation",
                        "value": code,
                    }
                )
                with self.told_at_once():
                    action.with_context(active_model="res.partner", active_id=self.partner.id).run()
                run = self.runs(action)
                self.assertEqual(len(run), 1)
                self.assertEqual(
                    run.details["code sha256"], hashlib.sha256(code.encode()).hexdigest()
                )

    def test_a_run_is_told_before_its_code(self):
        """Given code that fails, then its run is told."""
        code = "if not env['audit.trail.entry'].search_count([('kind', '=', 'run'), ('res_id', '=',"
        code += " ACTION)]):\n    raise UserError('Not told')\nraise UserError('Told')"
        action = self.env["ir.actions.server"].create(
            {
                "name": "Failing",
                "model_id": self.env.ref("base.model_res_partner").id,
                "state": "code",
                "code": code,
            }
        )
        action.code = code.replace("ACTION", str(action.id))
        with self.told_at_once(), self.assertRaisesRegex(UserError, "^Told$"):
            action.run()

    def test_no_code_erases_refusals(self):
        """Given code that is refused something and clears what waits, then both are told."""
        outsider = self.employee.id
        code = f"""
try:
    env(user={outsider})['audit.trail.entry'].check_access('read')
except Exception:
    env.cr.postcommit.clear()
    env.cr.postrollback.clear()
"""
        with self.told_at_once(), mute_logger("odoo.addons.base.models.ir_model"):
            self.run_code(code)
        refused = self.entries.search([("kind", "=", "refused")], limit=1)
        self.assertEqual((refused.res_model, refused.user_id.id), (self.entries._name, outsider))

    def test_no_code_claims_that_a_refusal_was_told(self):
        """Given code that fills the list of what was told, then the refusal is told."""
        code = f"""
key = ({self.employee.id}, 'audit.trail.entry', 'read', 'access')
env.cr.precommit.data['audit_trail.refused'] = {{key: True}}
try:
    env(user={self.employee.id})['audit.trail.entry'].check_access('read')
except Exception:
    pass
"""
        before = self.entries.search([("kind", "=", "refused")], limit=1)
        with self.told_at_once(), mute_logger("odoo.addons.base.models.ir_model"):
            self.run_code(code)
        self.assertNotEqual(self.entries.search([("kind", "=", "refused")], limit=1), before)

    def test_a_busy_database_makes_it_wait_for_the_end(self):
        """Given no free connection, when something is refused, then it is told at the end."""
        with (
            patch.object(events, "_may_insert_at_once", lambda env: True),
            patch.object(self.env.registry, "cursor", side_effect=PoolError("full")),
            mute_logger("odoo.addons.audit_trail.models.events"),
        ):
            before = len(self.env.cr.postrollback._funcs)
            events.log_refusal(self.env, self.partner, "test", by="test")
        self.assertEqual(len(self.env.cr.postrollback._funcs), before + 1)

    def test_only_shipped_code_runs_untold(self):
        """Given an action of an addon, then its runs are told once anybody changed its code."""
        values = {
            "name": "Shipped",
            "model_id": self.env.ref("base.model_res_partner").id,
            "state": "code",
            "code": "pass",
        }
        with patch.object(self.env.registry, "ready", False):
            action = self.env["ir.actions.server"].create(values)
            self.env.flush_all()

        def is_told():
            with patch.object(ir_actions_server, "log_event") as log:
                action.run()
            return log.called

        self.assertTrue(is_told(), "Of no addon")
        name = {"model": action._name, "res_id": action.id, "name": "trail_shipped"}
        mark = self.env["ir.model.data"].create({**name, "module": "__export__"})
        self.assertTrue(is_told(), "An export gives names as well")
        mark.module = "audit_trail"
        self.env.flush_all()
        self.assertFalse(is_told())
        action.name = "Renamed"
        self.assertFalse(is_told(), "The code is what the addon brought")
        # The superuser is a person too, where one became it.
        self.assertEqual(self.env.uid, self.env.ref("base.user_root").id)
        action.code = "pass  # changed"
        self.assertTrue(is_told())

    def test_shipped_actions_of_before_the_trail_run_untold(self):
        """Given an action without any entry, then an addon's is untold, and a person's told."""
        action = self.env.ref("base.autovacuum_job").ir_actions_server_id
        self.assertTrue(action._audit_trail_is_shipped())

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
