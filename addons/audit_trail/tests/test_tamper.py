from odoo.tests import tagged

from odoo.addons.audit_trail.models import audit_trail_seal

from .common import TamperCase


@tagged("post_install", "-at_install")
class TestTamper(TamperCase):
    """Each way of cheating, behind the ORM, with the rights of the tables' owner."""

    def new_problems(self, **arguments):
        return self.problems(**arguments) - self.known

    def remember(self):
        """What the database held against itself before this test cheated."""
        self.known = self.problems()

    def test_an_honest_trail_is_in_order(self):
        """Given writes and seals, when verified, then nothing is found and all is counted."""
        self.seal()
        result = self.verify()
        own = [p for p in result["problems"] if p["kind"] not in ("outside",)]
        self.assertFalse(own)
        self.assertEqual(result["checked"], self.entries.search_count([]))
        self.assertGreater(result["records"], 0)

    def test_altered_entry_is_named(self):
        self.seal()
        self.remember()
        self.without_triggers(
            "audit_trail_entry",
            "UPDATE audit_trail_entry SET changes = '{\"color\": [1, 99]}' WHERE id = %s",
            self.entry.id,
        )
        self.assertEqual(self.new_problems(), {("altered", self.entry.id)})

    def test_altered_entry_is_named_before_it_is_sealed(self):
        self.remember()
        self.without_triggers(
            "audit_trail_entry",
            "UPDATE audit_trail_entry SET user_id = 2 WHERE id = %s",
            self.entry.id,
        )
        self.assertIn(("altered", self.entry.id), self.new_problems())

    def test_entry_without_its_digest_is_named(self):
        self.seal()
        self.remember()
        self.without_triggers(
            "audit_trail_entry",
            "UPDATE audit_trail_entry SET digest = NULL, reason = 'x' WHERE id = %s",
            self.entry.id,
        )
        self.assertIn(("altered", self.entry.id), self.new_problems())

    def test_removed_entry_is_named(self):
        self.seal()
        self.remember()
        self.without_triggers(
            "audit_trail_entry", "DELETE FROM audit_trail_entry WHERE id = %s", self.entry.id
        )
        self.assertIn(("removed", self.entry.id), self.new_problems())

    def test_inserted_entry_is_named(self):
        self.seal()
        self.remember()
        self.without_triggers(
            "audit_trail_entry",
            """
            INSERT INTO audit_trail_entry
                        (id, generation, txid, occurred_at, kind, channel, db_role)
            SELECT -7, generation, txid, occurred_at, 'update', 'web', db_role
              FROM audit_trail_entry WHERE id = %s
            """,
            self.entry.id,
        )
        self.assertIn(("inserted", -7), self.new_problems())

    def test_exchanged_entries_are_named(self):
        self.seal()
        self.remember()
        one, two = self.entry.id, self.entries_of(self.other).id
        self.without_triggers(
            "audit_trail_entry",
            """
            UPDATE audit_trail_entry SET id = -1 WHERE id = %s;
            UPDATE audit_trail_entry SET id = %s WHERE id = %s;
            UPDATE audit_trail_entry SET id = %s WHERE id = -1
            """,
            one,
            one,
            two,
            two,
        )
        self.assertEqual(self.new_problems(), {("reordered", one), ("reordered", two)})

    def test_altered_seal_is_named(self):
        self.seal()
        self.without_triggers(
            "audit_trail_seal", "UPDATE audit_trail_seal SET entry_count = entry_count + 1"
        )
        self.assertIn(("seal_altered", None), self.problems())

    def test_removed_seal_is_named(self):
        self.patch(audit_trail_seal, "SEAL_SIZE", 1)
        self.assertGreater(self.seal(), 1)
        self.without_triggers(
            "audit_trail_seal",
            "DELETE FROM audit_trail_seal WHERE id = (SELECT MAX(id) - 1 FROM audit_trail_seal)",
        )
        self.assertIn(("seal_missing", None), self.problems())

    def test_a_chain_rebuilt_with_another_key_fits_no_signature(self):
        """Given an attacker who makes new seals without the secret, then each is named."""
        self.seal()
        self.without_triggers(
            "audit_trail_seal", "UPDATE audit_trail_seal SET signature = %s", "AAAA"
        )
        self.assertIn(("seal_altered", None), self.problems())

    def test_a_chain_rebuilt_with_the_key_is_found_by_the_anchor(self):
        """Given an attacker with owner's rights and key, when seals are made anew, then only the
        anchor that was sent out before tells, and it does."""
        self.seal()
        anchor = self.env["audit.trail.seal"].with_user(self.auditor).get_anchor()
        self.assertFalse({kind for kind, _id in self.problems(anchor=anchor)} & {"rebuilt"})
        self.without_triggers("audit_trail_seal", "DELETE FROM audit_trail_seal")
        self.seal()
        self.assertNotIn("rebuilt", {kind for kind, _id in self.problems()})
        self.assertIn("rebuilt", {kind for kind, _id in self.problems(anchor=anchor)})
        self.assertIn("rebuilt", {kind for kind, _id in self.problems(anchor=anchor["digest"])})

    def test_changing_a_record_with_the_triggers_off_is_found(self):
        self.seal()
        self.without_triggers(
            "res_partner_category",
            "UPDATE res_partner_category SET color = 77 WHERE id = %s",
            self.tag.id,
        )
        self.assertIn(("changed_without_entry", self.tag.id), self.problems())

    def test_changing_a_record_that_was_there_before_is_found(self):
        """Given a record older than the tracking, when it is changed with the triggers off."""
        self.rule.active = False
        old = self.env["res.partner.category"].create({"name": "Old"})
        self.env.flush_all()
        self.rule.active = True
        self.assertNotIn(("changed_without_entry", old.id), self.problems())
        self.without_triggers(
            "res_partner_category",
            "UPDATE res_partner_category SET color = 77 WHERE id = %s",
            old.id,
        )
        self.assertIn(("changed_without_entry", old.id), self.problems())

    def test_adding_and_removing_records_with_the_triggers_off_is_found(self):
        self.without_triggers(
            "res_partner_category",
            "DELETE FROM res_partner_category WHERE id = %s",
            self.other.id,
        )
        self.without_triggers(
            "res_partner_category",
            'INSERT INTO res_partner_category (id, name) VALUES (999999, \'{"en_US": "x"}\')',
        )
        found = self.problems()
        self.assertIn(("deleted_without_entry", self.other.id), found)
        self.assertIn(("created_without_entry", 999999), found)

    def test_giving_oneself_a_group_with_the_triggers_off_is_found(self):
        group = self.env.ref("base.group_system")
        self.without_triggers(
            "res_groups_users_rel",
            "INSERT INTO res_groups_users_rel (gid, uid) VALUES (%s, %s)",
            group.id,
            self.employee.id,
        )
        kinds = {kind for kind, _id in self.problems()}
        self.assertIn("created_without_entry", kinds)

    def test_switched_off_triggers_are_named(self):
        self.env.cr.execute("ALTER TABLE res_partner_category DISABLE TRIGGER audit_trail_record")
        self.env.cr.execute("ALTER TABLE audit_trail_entry DISABLE TRIGGER audit_trail_refuse")
        details = {
            problem["detail"]
            for problem in self.verify()["problems"]
            if problem["kind"] == "protection_missing"
        }
        self.assertEqual(
            details,
            {"res_partner_category.audit_trail_record", "audit_trail_entry.audit_trail_refuse"},
        )

    def test_a_purge_without_signature_is_named(self):
        self.seal()
        self.without_triggers(
            "audit_trail_purge",
            """
            INSERT INTO audit_trail_purge (seal_from, seal_to, entry_count, last_entry_at,
                   head_digest, reason, user_id, user_name, purged_at, key_id, signature)
            SELECT 1, MAX(id), 1, NOW(), 'x', 'x', 1, 'x', NOW(), MAX(key_id), 'x'
              FROM audit_trail_seal
            """,
        )
        self.env.cr.execute("DELETE FROM audit_trail_entry WHERE id = %s", [self.entry.id])
        found = self.problems()
        self.assertIn(("purge_invalid", None), found)
        self.assertIn(("removed", self.entry.id), found)

    def test_entries_that_no_seal_covers_in_time_are_a_finding(self):
        self.env["ir.config_parameter"].set_param("audit_trail.unsealed_minutes", "-1")
        self.assertIn("unsealed_overdue", {kind for kind, _id in self.problems()})

    def test_acknowledged_entries_from_outside_count_no_more(self):
        self.env.cr.execute("SELECT set_config('audit_trail.key', '', TRUE)")
        self.env.cr.execute(
            "UPDATE res_partner_category SET color = 9 WHERE id = %s", [self.tag.id]
        )
        outside = self.entries_of(self.tag, "update")[-1]
        self.assertIn(("outside", outside.id), self.problems())
        outside.with_user(self.auditor).acknowledge("Agreed maintenance")
        self.assertNotIn(("outside", outside.id), self.problems())

    def test_thousands_of_entries_are_verified_by_their_seals(self):
        """Given a sealed range that holds, when verified, then no entry is read one by one."""
        self.seal()
        calls = []
        entry_class = self.env.registry["audit.trail.entry"]
        self.patch(entry_class, "_read_canonical", lambda *arguments: calls.append(1) or [])
        self.verify()
        self.assertFalse(calls)
