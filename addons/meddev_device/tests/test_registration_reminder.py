from datetime import date, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.modules.migration import load_script
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.misc import file_path

from odoo.addons.base.models.ir_cron import IrCron

from ..models.meddev_registration_reminder import ACTIVITY_TYPE
from .common import DeviceCase

END = date(2030, 12, 31)


@tagged("post_install", "-at_install")
class TestRegistrationReminder(DeviceCase):
    """Quality is reminded of every certificate in time, and of each step once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        quality = cls.env.ref("meddev_base.group_quality_specialist")
        quality.user_ids = cls.users["quality"]
        cls.certificate = cls._certificate("国械注准20203070991")

    @classmethod
    def _certificate(cls, number, **vals):
        return cls.env["meddev.registration"].create({"number": number, "valid_to": END} | vals)

    def _run(self, days_before):
        """The cron as it runs so many days before the end; the certificate's activities."""
        moment = END - timedelta(days=days_before)
        with (
            freeze_time(f"{moment} 06:00:00"),
            patch.object(IrCron, "_commit_progress", lambda *args, **kwargs: float("inf")),
        ):
            self.env["meddev.registration"]._cron_remind_expiring_registrations()
        return self.certificate.activity_ids

    def _given(self, certificate=None):
        rows = (certificate or self.certificate).reminder_ids
        return sorted(rows.mapped("days"), reverse=True)

    def test_each_step_is_given_once(self):
        """Given a daily run, one activity comes at every step and none between."""
        counts = [len(self._run(days)) for days in (366, 365, 364, 210, 209, 190, 90, 30, 30, 0)]
        self.assertEqual(counts, [0, 1, 1, 2, 2, 3, 4, 5, 5, 5])
        self.assertEqual(self._given(), [365, 210, 190, 90, 30])
        self.assertEqual(self.certificate.activity_ids.user_id, self.users["quality"])
        self.assertEqual(self.certificate.reminder_ids.user_ids, self.users["quality"])

    def test_a_run_that_was_left_out_is_made_up_for_in_one_activity(self):
        activity = self._run(150)
        self.assertEqual(len(activity), 1)
        self.assertEqual(self._given(), [365, 210, 190])
        self.assertIn("Last days to apply", activity.note)
        self.assertIn("State Council Order No. 739 (2021) Art. 22", activity.note)
        self.assertEqual(activity.date_deadline, END - timedelta(days=145))

    def test_the_deadline_never_lies_behind_the_end(self):
        self.assertEqual(self._run(1).date_deadline, END)

    def test_everybody_of_quality_is_reminded_in_their_own_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        chinese = new_test_user(
            self.env, "reminder_zh", "meddev_base.group_quality_specialist", lang="zh_CN"
        )
        by_user = {activity.user_id: activity for activity in self._run(210)}
        self.assertEqual(set(by_user), {chinese, self.users["quality"]})
        english = by_user[self.users["quality"]]
        self.assertEqual(english.summary, "Certificate 国械注准20203070991 ends on 12/31/2030")
        self.assertIn("注册证", by_user[chinese].summary)
        self.assertNotIn("ends on", by_user[chinese].summary)
        self.assertIn("延续", by_user[chinese].note)

    def test_only_the_certificates_company_is_reminded(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        there = new_test_user(
            self.env,
            "reminder_there",
            "meddev_base.group_quality_specialist",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        foreign = self._certificate("国械注准20203070992", company_id=company.id)
        own = self._certificate("国械注准20203070993", company_id=self.env.company.id)
        self._run(365)
        self.assertEqual(foreign.activity_ids.user_id, there)
        self.assertEqual(own.activity_ids.user_id, self.users["quality"])
        self.assertEqual(self.certificate.activity_ids.user_id, there | self.users["quality"])
        reminders = self.env["meddev.registration.reminder"].with_user(self.users["quality"])
        self.assertNotIn(foreign, reminders.search([]).registration_id)

    def test_without_quality_the_manager_is_reminded_and_without_both_nobody_is_marked(self):
        self.users["quality"].active = False
        self.assertIn(self.users["manager"], self._run(365).user_id)
        self.env.ref("meddev_base.group_service_manager").user_ids = False
        with self.assertLogs("odoo.addons.meddev_device", "WARNING"):
            self._run(210)
        self.assertEqual(self._given(), [365])
        self.users["quality"].active = True
        self.assertIn(self.users["quality"], self._run(209).user_id)
        self.assertEqual(self._given(), [365, 210])

    def test_a_renewal_ends_the_reminders_and_has_its_own(self):
        self._run(210)
        renewal = self.env["meddev.registration"].create(
            {
                "number": self.certificate.number,
                "previous_id": self.certificate.id,
                "valid_to": END + timedelta(days=365),
            }
        )
        self.assertFalse(self.certificate.activity_ids)
        self.assertEqual(self._given(), [365, 210])
        self.assertFalse(self._run(30))
        self.assertEqual(self._given(renewal), [])
        self._run(0)
        self.assertEqual(self._given(renewal), [365])

    def test_another_end_begins_anew_and_the_same_one_does_not(self):
        self._run(210)
        self._as("quality", self.certificate).write({"valid_to": str(END)})
        self.assertEqual(len(self.certificate.activity_ids), 1)
        self._as("manager", self.certificate).write({"valid_to": END + timedelta(days=365)})
        self.assertFalse(self.certificate.activity_ids)
        self.assertEqual(len(self._run(0)), 1)
        self.assertEqual(len(self.certificate.reminder_ids), 3)

    def test_expired_and_archived_certificates_are_left_alone(self):
        self.assertFalse(self._run(-1))
        self.certificate.active = False
        self._run(30)
        self.assertEqual(self._given(), [])

    def test_a_row_taken_by_another_run_is_not_given_again(self):
        self.env["meddev.registration.reminder"].create(
            {"registration_id": self.certificate.id, "days": 365, "valid_to": END}
        )
        step = self.env.ref("meddev_device.registration_reminder_step_365")
        self.assertFalse(self.certificate._mark_reminder(step))
        self.assertFalse(self._run(365))

    def test_steps_are_data(self):
        self._as("quality", self.env["meddev.registration.reminder.step"]).create(
            {"days": 400, "name": "Our own procedure", "due_days": 3}
        )
        activity = self._run(400)
        self.assertIn("Our own procedure", activity.note)
        self.env["meddev.registration.reminder.step"].search([]).active = False
        self.assertEqual(len(self._run(30)), 1)

    def test_the_chinese_rule_of_renewal_binds_chinese_registrations_only(self):
        """Given one certificate of each kind, each follows the steps of its own.

        Rule: State Council Order No. 739 (2021) Art. 22.
        """
        imported = self._certificate("国械注进20203070996", kind="import")
        filing = self._certificate("国械备20200997", kind="filing")
        other = self._certificate("K123456", kind="other")
        self._run(0)
        self.assertEqual(self._given(imported), [365, 210, 190, 90, 30])
        self.assertEqual(self._given(filing), [90, 30])
        self.assertEqual(self._given(other), [365, 180, 90, 30])
        self.assertNotIn("739", filing.activity_ids.note + other.activity_ids.note)
        self.env["meddev.registration.reminder.step"].search(
            [("applies_to", "!=", "filing")]
        ).active = False
        late = self._certificate("国械备20200998", kind="filing")
        self._run(90)
        self.assertEqual((self._given(late), len(self.certificate.reminder_ids)), ([90], 5))

    def test_every_shipped_step_names_its_source(self):
        steps = self.env["meddev.registration.reminder.step"].search([])
        legal = steps.filtered(lambda step: "Art. 22" in (step.source or ""))
        self.assertEqual(legal.mapped("days"), [210, 190])
        self.assertEqual(set(legal.mapped("applies_to")), {"registration"})
        self.assertEqual(set((steps - legal).mapped("source")), {"Company procedure"})

    def test_a_day_is_taken_by_an_active_step_only(self):
        steps = self._as("quality", self.env["meddev.registration.reminder.step"])
        vals = {"days": 90, "name": "Twice"}
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            steps.create(vals)
        steps.search([("days", "=", 90), ("applies_to", "=", "registration")]).active = False
        self.env.flush_all()
        self.assertTrue(steps.create(vals))
        self.assertTrue(steps.create(vals | {"days": 100, "applies_to": "other"}))

    def test_shipped_steps_without_a_source_get_one_on_update(self):
        """Given steps as they were before, each says what it rests on; own words stay."""
        path = file_path("meddev_device/migrations/19.0.1.1.0/post-reminder_source.py")
        migrate = load_script(path, "migration_of_meddev_device").migrate
        reference = "meddev_device.registration_reminder_step_{}".format
        steps = [self.env.ref(reference(days)) for days in (365, 210, 190, 90, 30)]
        sources = [False, "Regulations 739 Art. 22", "Our own words", "", False]
        for step, source in zip(steps, sources, strict=True):
            step.source = source
        own = self.env["meddev.registration.reminder.step"].create({"days": 400, "name": "Ours"})
        self.env.flush_all()
        migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        order = "State Council Order No. 739 (2021) Art. 22"
        kept = ["Company procedure", order, "Our own words", *["Company procedure"] * 2]
        self.assertEqual([step.source for step in steps], kept)
        self.assertFalse(own.source)

    def test_one_bad_certificate_does_not_stop_the_others(self):
        other = self._certificate("国械注准20203070994")
        original = type(other)._give_reminders

        def fail_on_first(certificate, steps):
            if certificate == self.certificate:
                raise ValueError("broken")
            return original(certificate, steps)

        with (
            patch.object(type(other), "_give_reminders", fail_on_first),
            self.assertLogs("odoo.addons.meddev_device", "ERROR"),
        ):
            self._run(365)
        self.assertEqual(len(other.activity_ids), 1)
        self.assertEqual(len(self._run(365)), 1)

    def test_the_run_ends_when_the_scheduler_has_no_time_left(self):
        other = self._certificate("国械注准20203070995")
        calls = []

        def no_time(cron, *args, **kwargs):
            calls.append((args, kwargs))
            return 0.0 if args else float("inf")

        with (
            freeze_time(f"{END - timedelta(days=365)} 06:00:00"),
            patch.object(IrCron, "_commit_progress", no_time),
        ):
            self.env["meddev.registration"]._cron_remind_expiring_registrations(batch_size=1)
        self.assertEqual(calls[0], ((), {"remaining": 2}))
        self.assertEqual(len(calls), 2)
        self.assertEqual(len((self.certificate | other).reminder_ids), 1)

    def test_reminders_are_made_by_nobody_and_steps_by_quality_and_manager(self):
        vals = {"registration_id": self.certificate.id, "days": 1, "valid_to": END}
        for role in ("quality", "manager", "auditor"):
            with self.assertRaises(AccessError):
                self._as(role, self.env["meddev.registration.reminder"]).create(vals)
        for role in ("parts", "engineer", "auditor"):
            with self.assertRaises(AccessError):
                self._as(role, self.env["meddev.registration.reminder.step"]).create(
                    {"days": 5, "name": "late"}
                )
        self.assertTrue(self.env.ref(ACTIVITY_TYPE))
