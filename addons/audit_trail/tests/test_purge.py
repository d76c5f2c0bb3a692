from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.audit_trail.models import audit_trail_seal

from .common import TrailCase


@tagged("post_install", "-at_install")
class TestPurge(TrailCase):
    def setUp(self):
        super().setUp()
        self.officer = new_test_user(
            self.env, "trail_officer", "audit_trail.group_retention_officer"
        )
        self.tag = self.env["res.partner.category"].create({"name": "Old", "color": 1})
        self.env.flush_all()
        self.forgive_the_test_itself()
        self.env["audit.trail.rule"].search([]).retention_months = 12
        self.env["ir.config_parameter"].set_param("audit_trail.event_retention_months", "12")
        self.patch(audit_trail_seal, "SEAL_SIZE", 1)
        self.seal()

    def forgive_the_test_itself(self):
        """A test is one transaction, which goes on writing after its entries were sealed."""
        entry_class = self.env.registry["audit.trail.entry"]
        verify = entry_class._verify_chain

        def forgiving(entries):
            count, findings = verify(entries)
            return count, [finding for finding in findings if finding["kind"] != "inserted"]

        self.patch(entry_class, "_verify_chain", forgiving)

    def make_old(self):
        """Rewrite the chain as if all had happened two years ago (only a test's owner can)."""
        two_years = fields.Datetime.now() - timedelta(days=730)
        self.without_triggers("audit_trail_seal", "DELETE FROM audit_trail_seal")
        self.without_triggers(
            "audit_trail_entry",
            "UPDATE audit_trail_entry SET occurred_at = %s, digest = NULL",
            two_years,
        )
        self.env["audit.trail.entry"].search([]).with_user(self.auditor).acknowledge("Test data")
        self.seal()

    def purge(self, reason="Retention has ended"):
        return self.env["audit.trail.purge"].with_user(self.officer).purge_expired(reason)

    def test_only_expired_ranges_go_and_the_rest_stays_verifiable(self):
        self.make_old()
        self.env["audit.trail.export"].with_user(self.auditor).create_export()
        before = self.entries.search_count([])
        result = self.purge()
        self.assertGreater(result["entries"], 0)
        # Gone are the expired ones; states were noted anew and the purge is told.
        self.assertLess(self.entries.search_count([]), before + 100)
        self.assertFalse(
            {kind for kind, _id in self.problems()}
            & {
                "removed",
                "altered",
                "purge_invalid",
                "changed_without_entry",
                "created_without_entry",
                "deleted_without_entry",
            }
        )
        record = self.env["audit.trail.purge"].search([], limit=1)
        self.assertEqual(record.reason, "Retention has ended")
        self.assertTrue(record.signature)

    def test_nothing_young_goes(self):
        self.env["audit.trail.export"].with_user(self.auditor).create_export()
        self.assertEqual(self.purge()["seals"], 0)

    def test_purging_needs_role_reason_and_export(self):
        with self.assertRaises(AccessError):
            self.env["audit.trail.purge"].with_user(self.auditor).purge_expired("x")
        for reason in ("", "  ", None, 7):
            with self.assertRaises(UserError):
                self.purge(reason)
        self.make_old()
        with self.assertRaisesRegex(UserError, "no verified export"):
            self.purge()
