from psycopg2.errors import RestrictViolation

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.audit_trail.models import announcement
from odoo.addons.audit_trail.tools.shipped_sql import shipped_functions

from .common import TamperCase


@tagged("post_install", "-at_install")
class TestTamperProtection(TamperCase):
    """Functions, triggers and rules that the tables' owner put in place of the shipped ones."""

    def test_shipped_protection_is_no_finding(self):
        kinds = {kind for kind, _id in self.problems()}
        self.assertFalse(kinds & {"function_changed", "trigger_changed", "protection_missing"})
        self.assertFalse(kinds & {"trigger_foreign", "rule_foreign", "table_changed"})
        self.assertFalse(kinds & {"tracking_missing", "tracking_changed"})

    def test_a_replaced_function_hides_no_altered_entry(self):
        """Given an altered entry and a canonical function that says what it said before, when
        verified, then both are named; after a start the function is the shipped one."""
        self.seal()
        canonical = (
            "SELECT audit_trail_canonical_v1(entry) FROM audit_trail_entry entry WHERE id = %s"
        )
        self.env.cr.execute(canonical, [self.entry.id])
        (text,) = self.env.cr.fetchone()
        self.without_triggers(
            "audit_trail_entry",
            "UPDATE audit_trail_entry SET user_name = 'Nobody' WHERE id = %s",
            self.entry.id,
        )
        shipped = shipped_functions()["audit_trail_canonical_v1"]["statement"]
        lie = f"SELECT CASE WHEN entry.id = {self.entry.id} THEN $lie${text}$lie$ ELSE "
        self.env.cr.execute(shipped.replace("SELECT ", lie).replace(")::text", ")::text END"))
        self.env.cr.execute(canonical, [self.entry.id])
        self.assertEqual(self.env.cr.fetchone()[0], text, "the lie works")
        expected = "audit_trail_canonical_v1(entry audit_trail_entry)"
        self.assertIn(("altered", self.entry.id), self.problems())
        self.assertEqual(self.details("function_changed"), {expected})
        self.assertEqual(self.restart()["functions"], [expected])
        self.assertFalse(self.details("function_changed"))
        self.assertIn(("altered", self.entry.id), self.problems())

    def test_a_function_with_other_traits_is_named(self):
        """Given the shipped body with a setting of its own, then it is no shipped function."""
        self.env.cr.execute("ALTER FUNCTION audit_trail_refuse() SET search_path = pg_temp")
        self.assertEqual(self.details("function_changed"), {"audit_trail_refuse()"})
        self.restart()
        self.assertFalse(self.details("function_changed"))

    def test_a_function_that_stands_in_front_of_the_shipped_one_is_named(self):
        self.env.cr.execute(
            """
            CREATE SCHEMA in_front;
            CREATE FUNCTION in_front.audit_trail_state(content jsonb) RETURNS text
                LANGUAGE sql AS 'SELECT NULL::text';
            SET LOCAL search_path = in_front, public
            """
        )
        found = self.details("function_changed")
        self.assertEqual(found, {"in_front.audit_trail_state(content jsonb)"})
        self.restart()
        self.assertFalse(self.details("function_changed"))

    def test_names_that_are_looked_up_elsewhere_first_are_told(self):
        """Given a search path with PostgreSQL's own functions last, then it is a finding."""
        self.env.cr.execute("SET LOCAL search_path = public, pg_catalog")
        self.assertEqual(self.details("table_changed"), {"search_path"})

    def test_a_missing_function_is_made_again(self):
        self.env.cr.execute("DROP FUNCTION audit_trail_record() CASCADE")
        self.assertIn("audit_trail_record()", self.details("function_changed"))
        told = self.restart()
        self.assertEqual(told["functions"], ["audit_trail_record()"])
        self.assertIn("res_partner_category", told["triggers"])
        tag = self.env["res.partner.category"].create({"name": "Tracked again"})
        self.assertTrue(self.entries_of(tag, "insert"))

    def test_a_trigger_that_never_fires_is_named_and_made_again(self):
        """Given the refusing trigger with a condition that never holds, then it is a finding."""
        self.env.cr.execute(
            """
            DROP TRIGGER audit_trail_refuse ON audit_trail_entry;
            CREATE TRIGGER audit_trail_refuse BEFORE UPDATE OR DELETE ON audit_trail_entry
                FOR EACH ROW WHEN (FALSE) EXECUTE FUNCTION audit_trail_refuse();
            ALTER TABLE audit_trail_entry ENABLE ALWAYS TRIGGER audit_trail_refuse
            """
        )
        name = "audit_trail_entry.audit_trail_refuse"
        self.assertEqual(self.details("trigger_changed"), {name})
        self.assertEqual(self.restart()["triggers"], [name])
        self.assertFalse(self.details("trigger_changed"))
        with self.assertRaises(RestrictViolation), mute_logger("odoo.sql_db"):
            self.env.cr.execute("DELETE FROM audit_trail_entry WHERE id = %s", [self.entry.id])

    def test_a_tracking_trigger_for_some_columns_is_named(self):
        self.env.cr.execute(
            """
            DROP TRIGGER audit_trail_record ON res_partner_category;
            CREATE TRIGGER audit_trail_record
                AFTER INSERT OR DELETE OR UPDATE OF name ON res_partner_category
                FOR EACH ROW EXECUTE FUNCTION audit_trail_record();
            ALTER TABLE res_partner_category ENABLE ALWAYS TRIGGER audit_trail_record
            """
        )
        self.assertEqual(
            self.details("trigger_changed"), {"res_partner_category.audit_trail_record"}
        )
        self.restart()
        self.assertFalse(self.details("trigger_changed"))

    def test_a_trigger_that_drops_events_is_named_and_removed(self):
        """Given a foreign trigger that lets events vanish, then it is found, and gone at start."""
        self.env.cr.execute(
            """
            CREATE FUNCTION drop_events() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN IF NEW.kind = 'login' THEN RETURN NULL; END IF; RETURN NEW; END$$;
            CREATE TRIGGER a_drop BEFORE INSERT ON audit_trail_entry
                FOR EACH ROW EXECUTE FUNCTION drop_events();
            CREATE RULE no_purges AS ON INSERT TO audit_trail_purge DO INSTEAD NOTHING
            """
        )
        self.assertEqual(self.details("trigger_foreign"), {"audit_trail_entry.a_drop"})
        self.assertEqual(self.details("rule_foreign"), {"audit_trail_purge.no_purges"})
        self.assertEqual(
            sorted(self.restart()["removed"]),
            ["audit_trail_entry.a_drop", "audit_trail_purge.no_purges"],
        )
        self.assertFalse(self.details("trigger_foreign") | self.details("rule_foreign"))

    def test_the_generation_counts_up_by_odoo_alone(self):
        jump = "UPDATE audit_trail_generation SET generation = generation + %s"
        announcement.announce(self.env)
        for step in (5, -1):
            with (
                self.assertRaises(RestrictViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(jump, [step])
        self.forget_key()
        with self.assertRaises(RestrictViolation), mute_logger("odoo.sql_db"):
            self.env.cr.execute(jump, [1])

    def test_an_entry_with_a_made_up_digest_is_named_after_it_was_sealed(self):
        """Given an entry that was put in before a seal, then the seal does not make it true."""
        self.without_triggers(
            "audit_trail_entry",
            """
            INSERT INTO audit_trail_entry
                        (id, generation, txid, occurred_at, kind, channel, db_role, digest)
            SELECT nextval('audit_trail_entry_id_seq'), generation, txid, occurred_at, 'update',
                   'web', db_role, left(digest, -4) || 'beef'
              FROM audit_trail_entry WHERE id = %s
            """,
            self.entry.id,
        )
        self.env.cr.execute("SELECT last_value FROM audit_trail_entry_id_seq")
        (forged,) = self.env.cr.fetchone()
        self.seal()
        self.assertIn(("altered", forged), self.problems())
