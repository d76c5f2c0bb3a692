import threading

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.audit_trail.models import announcement
from odoo.addons.audit_trail.tools.key_ring import KeyRing, KeyRingError

from .common import TRACKING_LOG, TrailCase


@tagged("post_install", "-at_install")
class TestFaults(TrailCase):
    @mute_logger(TRACKING_LOG)
    def test_a_missing_trigger_is_made_again_at_start_and_told(self):
        """Given a trigger that an update dropped, when the server starts, then it is back."""
        self.env.cr.execute("DROP TRIGGER audit_trail_record ON res_partner_category")
        self.env["audit.trail.rule"]._register_hook()
        entry = self.entries.search([("kind", "=", "repair")], limit=1)
        self.assertIn("res_partner_category", entry.details["triggers"])
        tag = self.env["res.partner.category"].create({"name": "Tracked again"})
        self.assertTrue(self.entries_of(tag, "insert"))

    def test_another_addon_adds_a_column(self):
        """Given a new column with values, when the server starts, then it is no finding."""
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 0})
        self.env.flush_all()
        self.env.cr.execute(
            "ALTER TABLE res_partner_category ADD COLUMN x_grade text DEFAULT 'new'"
        )
        self.assertIn(("changed_without_entry", tag.id), self.problems())
        self.env["audit.trail.rule"]._register_hook()
        self.assertNotIn(("changed_without_entry", tag.id), self.problems())
        self.env.cr.execute("ALTER TABLE res_partner_category DROP COLUMN x_grade")
        self.env["audit.trail.rule"]._register_hook()
        self.assertNotIn(("changed_without_entry", tag.id), self.problems())

    def test_the_server_does_not_start_without_its_secret(self):
        """Given a lost key file, then loading refuses with place and remedy."""
        self.patch(announcement, "_rings", {announcement.key_file(): KeyRing("/nonexistent/keys")})
        with self.assertRaisesRegex(KeyRingError, "Restore that file"):
            self.env["audit.trail.rule"]._register_hook()

    def test_an_older_backup_differs_from_the_anchor(self):
        """Given an anchor younger than the database, then the last entry here is named."""
        self.env["res.partner.category"].create({"name": "Tag", "color": 0})
        self.seal()
        anchor = self.env["audit.trail.seal"]._get_anchor()
        later = anchor | {"seal": anchor["seal"] + 5, "digest": "v1:later"}
        found = dict(self.problems(anchor=later))
        self.env.cr.execute("SELECT MAX(id) FROM audit_trail_entry")
        self.assertEqual(found["older_than_anchor"], self.env.cr.fetchone()[0])

    def test_a_restored_database_counts_transactions_anew(self):
        """Given seals beyond the present transaction number, then a new generation begins."""
        self.seal()
        self.without_triggers(
            "audit_trail_seal",
            "UPDATE audit_trail_seal SET txid_to = txid_to + 1000000000000"
            " WHERE id = (SELECT MAX(id) FROM audit_trail_seal)",
        )
        self.env["audit.trail.rule"]._register_hook()
        tag = self.env["res.partner.category"].create({"name": "After"})
        self.assertEqual(self.entries_of(tag).generation, 2)

    def test_a_clock_set_back_is_found(self):
        self.env["res.partner.category"].create([{"name": "A"}, {"name": "B"}])
        self.env.flush_all()
        self.without_triggers(
            "audit_trail_entry",
            "UPDATE audit_trail_entry SET occurred_at = occurred_at - interval '1 hour'"
            " WHERE id = (SELECT MAX(id) FROM audit_trail_entry)",
        )
        self.seal()
        self.assertIn("clock_set_back", {kind for kind, _id in self.problems()})

    def test_scheduled_jobs_are_named(self):
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 0})
        self.env.flush_all()
        with announcement.Job("Nightly job"):
            tag.color = 9
            self.env.flush_all()
        entry = self.entries_of(tag, "update")
        self.assertRecordValues(entry, [{"channel": "cron", "origin": "Nightly job"}])
        self.assertFalse(hasattr(threading.current_thread(), "audit_trail_job"))

    def test_a_deleted_user_stays_named(self):
        """Given an author who is deleted, then the entry keeps the name."""
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 0})
        author = self.employee.copy({"login": "short_timer", "name": "Short Timer"})
        self.env.flush_all()
        tag.with_user(author).sudo().color = 9
        self.env.flush_all()
        author_id = author.id
        author.unlink()
        self.env.cr.execute(
            "SELECT user_id, user_name FROM audit_trail_entry WHERE res_model = %s AND res_id = %s"
            " ORDER BY id DESC LIMIT 1",
            [tag._name, tag.id],
        )
        self.assertEqual(self.env.cr.fetchone(), (author_id, "Short Timer (short_timer)"))
