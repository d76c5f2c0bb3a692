import json

from psycopg2 import errors

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TrailCase


@tagged("post_install", "-at_install")
class TestEntries(TrailCase):
    def test_a_write_keeps_old_and_new_value_with_author(self):
        """Given a tracked record, when a user changes it, then old, new, who and how are kept."""
        tag = self.env["res.partner.category"].create({"name": "Before", "color": 1})
        self.env.flush_all()
        tag.with_user(self.employee).sudo().write({"color": 7})
        entry = self.entries_of(tag, "update")
        self.assertEqual(entry.changes, {"color": [1, 7]})
        self.assertEqual(entry.user_id, self.employee)
        self.assertIn("trail_employee", entry.user_name)
        self.assertEqual(entry.channel, "server")
        self.assertEqual(entry.res_name, "Before")
        self.assertRegex(entry.occurred_exactly, r"\.\d{6}Z$")
        self.assertTrue(entry.digest.startswith("v1:"))

    def test_creation_and_deletion_keep_the_content(self):
        """Given a record, when it is created and deleted, then both entries hold its values."""
        tag = self.env["res.partner.category"].create({"name": "Short-lived", "color": 3})
        tag_id = tag.id
        created = self.entries_of(tag, "insert")
        tag.unlink()
        deleted = self.entries.search(
            [("res_model", "=", tag._name), ("res_id", "=", tag_id), ("kind", "=", "delete")]
        )
        self.assertEqual(created.changes["color"], [None, 3])
        self.assertEqual(deleted.changes["color"], [3, None])
        self.assertEqual(deleted.res_name, "Short-lived")

    def test_relation_tables_are_tracked(self):
        """Given a tracked model, when its many2many changes, then links and unlinks are kept."""
        partner = self.env["res.partner"].create({"name": "Linked"})
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 0})
        tag.partner_ids = partner
        tag.partner_ids = False
        # The relation is told of by the first tracked model that has it.
        self.env.flush_all()
        domain = [("kind", "in", ("link", "unlink")), ("res_id", "in", (tag.id, partner.id))]
        entries = self.entries.search(domain, order="id").filtered(
            lambda entry: (
                entry.details["relation"] == "res_partner_res_partner_category_rel"
                and {entry.res_id, int(entry.state_digest)} == {tag.id, partner.id}
            )
        )
        self.assertEqual(entries.mapped("kind"), ["link", "unlink"])
        (pair,) = entries[0].changes.values()
        self.assertIn(pair, ([None, partner.id], [None, tag.id]))

    def test_links_from_the_other_side_have_their_author(self):
        """Given an untracked model that shares a tracked relation, then its links are keyed."""
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 0})
        partner = self.env["res.partner"].create({"name": "Other side"})
        self.env.flush_all()
        self.env.cr.execute("SELECT set_config('audit_trail.key', '', TRUE)")
        partner.category_id = tag
        entries = self.entries.search([("kind", "=", "link")], limit=1)
        self.assertTrue(entries.digest)
        self.assertEqual(entries.channel, "server")

    def test_sql_is_tracked_and_shows_as_outside_odoo(self):
        """Given SQL past the ORM and without a key, then the entry says so and claims no user."""
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 0})
        self.env.flush_all()
        self.env.cr.execute("SELECT set_config('audit_trail.key', '', TRUE)")
        self.env.cr.execute("UPDATE res_partner_category SET color = 9 WHERE id = %s", [tag.id])
        entry = self.entries_of(tag, "update")
        self.assertRecordValues(entry, [{"channel": "database", "user_id": False, "digest": False}])
        self.assertTrue(entry.db_role)

    def test_a_write_that_changes_nothing_leaves_nothing(self):
        """Given a value, when the same value is written, then there is no entry."""
        tag = self.env["res.partner.category"].create({"name": "Same", "color": 4})
        self.env.flush_all()
        tag.write({"color": 4})
        self.assertFalse(self.entries_of(tag, "update"))

    def test_nobody_writes_entries_through_the_orm(self):
        """Given any right, when entries are created, changed, copied or deleted: refused."""
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 0})
        entry = self.entries_of(tag)
        for act in (
            lambda: entry.write({"reason": "forged"}),
            entry.unlink,
            entry.copy,
            lambda: self.entries.create({"kind": "insert"}),
            lambda: self.entries.load(["kind"], [["insert"]]),
            lambda: entry.sudo().with_context(install_mode=True).write({"reason": "forged"}),
        ):
            with self.assertRaises(UserError):
                act()

    def test_the_database_refuses_update_delete_and_truncate(self):
        """Given SQL of the tables' owner, then the trail's tables refuse it by themselves."""
        for statement in (
            "UPDATE audit_trail_entry SET reason = 'forged'",
            "DELETE FROM audit_trail_entry",
            "TRUNCATE audit_trail_entry",
            "TRUNCATE audit_trail_seal",
            "TRUNCATE res_partner_category CASCADE",
        ):
            with (
                self.subTest(statement),
                mute_logger("odoo.sql_db"),
                self.assertRaises(errors.RestrictViolation),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)

    def test_sql_cannot_write_entries_about_rows(self):
        """Given Odoo's own connection, when SQL inserts an entry about a row: refused."""
        for statement in (
            "INSERT INTO audit_trail_entry (kind, res_model, res_id, user_id)"
            " VALUES ('update', 'res.partner', 1, 2)",
            "SELECT audit_trail_write('DELETE', 'res_partner_category', '{\"id\": 1}', NULL)",
        ):
            with (
                self.subTest(statement),
                mute_logger("odoo.sql_db"),
                self.assertRaises(errors.RestrictViolation),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)

    def test_server_action_cannot_touch_the_trail(self):
        """Given an administrator's server action, when it writes or deletes entries: refused."""
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 0})
        entry = self.entries_of(tag)
        for code in ("record.unlink()", "record.write({'reason': 'x'})", "record.copy()"):
            action = self.env["ir.actions.server"].create(
                {
                    "name": "Attack",
                    "model_id": self.env.ref("audit_trail.model_audit_trail_entry").id,
                    "state": "code",
                    "code": code,
                }
            )
            with self.subTest(code), self.assertRaises(UserError):
                action.with_context(active_model=entry._name, active_id=entry.id).run()

    def test_secrets_and_personal_values_stay_out(self):
        """Given secret and personal fields, then the trail tells of the change, not the value."""
        self.rule.write({"secret_fields": "name", "personal_fields": "color"})
        tag = self.env["res.partner.category"].create({"name": "hunter2", "color": 4711})
        text = json.dumps(self.entries_of(tag).mapped("changes"))
        self.assertNotIn("hunter2", text)
        self.assertNotIn("4711", text)
        self.assertEqual(self.entries_of(tag).changes["color"][1]["hidden"], "personal")

    def test_passwords_and_secret_parameters_never_enter(self):
        """Given a new password and a secret setting, then neither value is in any entry."""
        self.employee.password = "S3cret-and-long"
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("vendor.api_key", "K-123456")
        parameters.set_param("vendor.mode", "fast")
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT COUNT(*) FROM audit_trail_entry WHERE changes::text LIKE ANY(%s)",
            [["%K-123456%", "%S3cret%", "%pbkdf2%"]],
        )
        self.assertEqual(self.env.cr.fetchone()[0], 0)
        parameter = parameters.search([("key", "=", "vendor.mode")])
        self.assertEqual(self.entries_of(parameter).changes["value"], [None, "fast"])

    def test_a_value_of_fifty_megabytes_enters_by_digest(self):
        """Given a huge value, when it is written, then size and digest are kept."""
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 0})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner_category SET parent_path = 'x', name ="
            " jsonb_build_object('en_US', repeat('ab', 25 * 1024 * 1024)) WHERE id = %s",
            [tag.id],
        )
        change = self.entries_of(tag, "update").changes["name"][1]
        self.assertEqual(change["hidden"], "large")
        self.assertGreater(change["bytes"], 50 * 1024 * 1024)
        self.assertEqual(len(change["sha256"]), 64)

    def test_savepoint_rollback_does_not_lose_the_author(self):
        """Given a rolled-back savepoint, when the next write comes, then it is keyed and named."""
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 0})
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            tag.color = 5
            self.env.flush_all()
            raise ZeroDivisionError
        with self.env.cr.savepoint(flush=False):
            tag.with_user(self.employee).sudo().color = 6
            self.env.flush_all()
        entry = self.entries_of(tag, "update")
        self.assertEqual(entry.changes, {"color": [0, 6]})
        self.assertTrue(entry.digest)
        self.assertEqual(entry.user_id, self.employee)

    def test_batch_writes_ask_a_constant_number_of_queries(self):
        """Given 2 and 22 records, when they are written at once, then queries do not grow."""
        category = self.env["res.partner.category"]
        counts = []
        for number in (2, 22):
            tags = category.create(
                [{"name": f"Tag {index}", "color": 1} for index in range(number)]
            )
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            tags.write({"color": 5})
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)
