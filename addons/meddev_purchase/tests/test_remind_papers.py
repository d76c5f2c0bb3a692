from datetime import date, timedelta
from unittest.mock import patch

from odoo.tests import freeze_time, tagged

from odoo.addons.base.models.ir_cron import IrCron

from .common import PurchaseCommon

END = date(2030, 12, 31)


@tagged("post_install", "-at_install")
class TestRemindPapers(PurchaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paper = cls._paper(cls.maker, "other", "REMIND", valid_to=END, user_id=cls.parts.id)

    def _run(self, days_before):
        moment = END - timedelta(days=days_before)
        with (
            freeze_time(f"{moment} 06:00:00"),
            patch.object(IrCron, "_commit_progress", lambda *args, **kwargs: float("inf")),
        ):
            self.env["meddev.supplier.paper"]._cron_remind_expiring_papers()
        return self.paper.activity_ids

    def _given(self):
        self.paper.invalidate_recordset()
        return sorted(self.paper.reminder_ids.mapped("days"), reverse=True)

    def test_each_step_is_given_once(self):
        """Given a daily run, there is one activity at 60, 30 and 7 days and none between."""
        counts = {days: len(self._run(days)) for days in (61, 60, 59, 31, 30, 30, 8, 7, 6, 0)}
        self.assertEqual(counts, {61: 0, 60: 1, 59: 1, 31: 1, 30: 2, 8: 2, 7: 3, 6: 3, 0: 3})
        self.assertEqual(self._given(), [60, 30, 7])
        self.assertEqual(self.paper.activity_ids.user_id, self.parts)

    def test_run_that_was_left_out_is_made_up_for(self):
        self._run(60)
        activities = self._run(20)
        self.assertEqual(len(activities), 2)
        self.assertEqual(self._given(), [60, 30])

    def test_steps_that_fall_together_come_in_one_activity(self):
        self.assertEqual(len(self._run(5)), 1)
        self.assertEqual(self._given(), [60, 30, 7])
        self.assertIn("60, 30, 7", self.paper.activity_ids.note)

    def test_row_taken_by_another_run_is_not_given_again(self):
        self.env["meddev.paper.reminder"].create(
            {"paper_id": self.paper.id, "days": 60, "valid_to": END}
        )
        self.assertFalse(self._run(60))
        self.assertFalse(self.paper._mark_reminder(60, self.parts))

    def test_new_end_starts_again(self):
        self._run(60)
        self.paper.valid_to = END + timedelta(days=365)
        self.assertEqual(len(self._run(40 - 365)), 2)

    def test_renewed_and_expired_papers_are_left_alone(self):
        self.paper.replaced_by_id = self.business_licence
        self.assertFalse(self._run(60))
        self.paper.replaced_by_id = False
        self.assertFalse(self._run(-1))

    def test_archived_responsible_is_replaced(self):
        self.parts.active = False
        self.assertTrue(self._run(60).user_id.active)

    def test_steps_are_data(self):
        self.env["meddev.paper.reminder.step"].create({"days": 90})
        self.assertEqual(len(self._run(89)), 1)
        self.assertEqual(self._given(), [90])

    def test_one_bad_paper_does_not_stop_the_others(self):
        other = self._paper(self.maker, "other", "REMIND-2", valid_to=END, user_id=self.parts.id)
        original = type(self.paper)._give_reminders

        def fail_on_first(paper, days):
            if paper == self.paper:
                raise ValueError("broken")
            return original(paper, days)

        with (
            patch.object(type(self.paper), "_give_reminders", fail_on_first),
            self.assertLogs("odoo.addons.meddev_purchase", "ERROR"),
        ):
            self._run(60)
        self.assertEqual(len(other.activity_ids), 1)
        self.assertEqual(len(self._run(60)), 1)
