from odoo.exceptions import RedirectWarning
from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestTrackedRules(TransactionCase):
    """Who changes what the exports and limits are, or switches a job off, is told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = new_test_user(cls.env, "sd_administrator", "base.group_system")

    def get_told(self, record):
        # As the person, as in life: who flushes is the author of a change that names none.
        record.env.flush_all()
        entries = self.env["audit.trail.entry"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)], order="id"
        )
        self.assertEqual(entries.user_id, self.administrator)
        return entries.mapped("kind")

    def test_policies_and_limits(self):
        """Given an administrator, when policies and limits come, change and go, then entries."""
        policy = (
            self.env["sensitive.export.policy"]
            .with_user(self.administrator)
            .create({"group_id": self.env.ref("base.group_system").id, "with_raw": True})
        )
        policy.env.flush_all()
        with self.assertRaises(RedirectWarning):
            policy.row_cap = 10**9
        policy.with_context(audit_trail_reason="Stocktaking").row_cap = 10**9
        policy.env.flush_all()
        policy.unlink()
        self.assertEqual(self.get_told(policy), ["insert", "update", "delete"])
        limit = self.env.ref("sensitive_data.limit_export").with_user(self.administrator)
        limit.records = 10**9
        self.assertEqual(self.get_told(limit)[-1:], ["update"])

    def test_jobs(self):
        """Given a job, when it is switched off, then an entry; when it runs, then none."""
        job = self.env.ref("audit_trail.ir_cron_seal").with_user(self.administrator)
        job.active = False
        self.assertEqual(self.get_told(job), ["update"])
        # What each run writes, past the ORM as core does.
        self.env.cr.execute(
            "UPDATE ir_cron SET lastcall = now(), nextcall = now(), failure_count = 1,"
            " first_failure_date = now() WHERE id = %s",
            job.ids,
        )
        self.assertEqual(self.get_told(job), ["update"])

    def test_requests_and_alerts_are_tracked(self):
        tracked = self.env["audit.trail.rule"]._get_tracked()
        for name in ("policy", "request"):
            self.assertIn(f"sensitive.export.{name}", tracked)
        for name in ("limit", "alert"):
            self.assertIn(f"sensitive.usage.{name}", tracked)
