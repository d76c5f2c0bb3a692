from psycopg2.errors import RestrictViolation

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.audit_trail.models.announcement import announce

from .common import TamperCase

TABLE = "res_partner_category"


@tagged("post_install", "-at_install")
class TestTamperTracking(TamperCase):
    """Changing what is tracked, or the schema, so that a start notes everything anew."""

    def changed(self):
        return {res_id for kind, res_id in self.problems() if kind == "changed_without_entry"}

    def test_what_is_tracked_cannot_be_changed_outside_odoo(self):
        self.forget_key()
        for statement in (
            "DELETE FROM audit_trail_tracked WHERE table_name = %s",
            "UPDATE audit_trail_tracked SET ignored = '{color}' WHERE table_name = %s",
        ):
            with (
                self.subTest(statement),
                self.assertRaisesRegex(RestrictViolation, "outside Odoo is refused"),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement, [TABLE])

    def test_a_change_of_what_is_tracked_is_an_entry(self):
        """Given code inside Odoo that changes the table, then the trail tells old and new."""
        announce(self.env)
        self.env.cr.execute(
            "UPDATE audit_trail_tracked SET ignored = '{color}' WHERE table_name = %s", [TABLE]
        )
        last = self.entries.search([("kind", "=", "tracking")], limit=1, order="id desc")
        self.assertEqual(last.details["changed"], TABLE)
        self.assertEqual(last.details["row"]["ignored"], ["color"])
        self.assertTrue(last.digest)
        self.assertEqual(self.details("tracking_changed"), {TABLE})

    def test_a_table_that_is_not_tracked_any_more_is_named_and_compared(self):
        """Given the owner who takes a table off the list and changes a record, when the server
        starts anew, then the table is tracked again and the record stays a finding."""
        self.without_triggers(
            "audit_trail_tracked", "DELETE FROM audit_trail_tracked WHERE table_name = %s", TABLE
        )
        self.env.cr.execute(
            "UPDATE res_partner_category SET color = 77 WHERE id = %s", [self.tag.id]
        )
        self.assertEqual(self.details("tracking_missing"), {TABLE})
        self.assertEqual(self.changed(), {self.tag.id})
        self.assertEqual(self.restart()["tracking"], [TABLE])
        self.assertFalse(self.details("tracking_missing"))
        self.assertEqual(self.changed(), {self.tag.id})
        self.restart()
        self.assertEqual(self.changed(), {self.tag.id})

    def test_taking_a_table_off_the_list_inside_odoo_hides_nothing_either(self):
        """Given a server action that does it with the key, while the rule stays as it is."""
        announce(self.env)
        self.env.cr.execute("DELETE FROM audit_trail_tracked WHERE table_name = %s", [TABLE])
        self.env.cr.execute(
            "UPDATE res_partner_category SET color = 77 WHERE id = %s", [self.tag.id]
        )
        self.restart()
        self.assertEqual(self.changed(), {self.tag.id})

    def test_other_columns_ignored_for_a_while_hide_nothing(self):
        self.without_triggers(
            "audit_trail_tracked",
            "UPDATE audit_trail_tracked SET ignored = ignored || '{color}' WHERE table_name = %s",
            TABLE,
        )
        self.assertEqual(self.details("tracking_changed"), {TABLE})
        self.env.cr.execute(
            "UPDATE res_partner_category SET color = 77 WHERE id = %s", [self.tag.id]
        )
        self.restart()
        self.assertFalse(self.details("tracking_changed"))
        self.assertEqual(self.changed(), {self.tag.id})

    def test_a_rule_that_ignores_another_field_is_no_finding(self):
        """Given a rule that an administrator changes, then honest records are in order, and a
        record that was changed behind the trail's back is still a finding."""
        self.paint(self.other)
        self.rule.ignored_fields = "color"
        self.assertEqual(self.changed(), {self.other.id})
        self.rule.ignored_fields = False
        self.assertNotIn(self.tag.id, self.changed())

    def test_a_new_column_hides_no_changed_record(self):
        """Given a record changed with the triggers off and a new column, when the server starts,
        then the record is a finding still, and no other one is."""
        self.paint(self.tag)
        self.env.cr.execute(
            "ALTER TABLE res_partner_category ADD COLUMN zz integer;"
            "ALTER TABLE res_partner_category ADD COLUMN yy text DEFAULT 'new'"
        )
        self.restart()
        self.assertEqual(self.changed(), {self.tag.id})
        self.restart()
        self.assertEqual(self.changed(), {self.tag.id})

    def test_a_column_that_went_with_its_values_is_no_finding(self):
        """Given a column with values that the entries tell, then only what else differs is one."""
        self.env.cr.execute("ALTER TABLE res_partner_category ADD COLUMN x_grade text")
        self.restart()
        self.env.cr.execute("UPDATE res_partner_category SET x_grade = 'b'")
        self.paint(self.other)
        self.env.cr.execute("ALTER TABLE res_partner_category DROP COLUMN x_grade")
        self.restart()
        self.assertEqual(self.changed(), {self.other.id})

    def test_a_column_of_another_type_hides_no_changed_record(self):
        self.paint(self.other)
        self.env.cr.execute(
            "ALTER TABLE res_partner_category ALTER COLUMN color TYPE numeric(8, 2)"
        )
        self.assertIn(self.tag.id, self.changed())
        self.restart()
        self.assertEqual(self.changed(), {self.other.id})

    def test_columns_that_the_list_forgot_hide_no_changed_record(self):
        """Given a list that says a column was never there, then it does not pass for a new one."""
        self.tag.color = False
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner_category SET color = NULL WHERE id = %s", [self.tag.id]
        )
        self.paint(self.tag)
        self.without_triggers(
            "audit_trail_tracked",
            "UPDATE audit_trail_tracked SET known_columns = known_columns - 'color'"
            " WHERE table_name = %s",
            TABLE,
        )
        self.assertEqual(self.details("tracking_changed"), {TABLE})
        self.restart()
        self.assertEqual(self.changed(), {self.tag.id})

    def test_a_column_that_odoo_drops_is_no_finding(self):
        """Given records that were there before the tracking, when Odoo drops a field's column,
        then they are in order, and one that was changed behind the trail's back is not."""
        self.rule.active = False
        old = self.env["res.partner.category"].create({"name": "Old", "color": 5})
        self.env.flush_all()
        self.rule.active = True
        self.paint(self.other)
        self.env.ref("base.field_res_partner_category__color")._drop_column()
        found = self.changed()
        self.assertNotIn(old.id, found)
        self.assertIn(self.other.id, found)
