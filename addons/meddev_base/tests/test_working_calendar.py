from datetime import date, datetime

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools.working_time import is_working_day
from .common import MeddevBaseCommon


@tagged("post_install", "-at_install")
class TestWorkingCalendar(MeddevBaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.china = cls.env.ref("meddev_base.resource_calendar_cn")
        cls.always = cls.env.ref("meddev_base.resource_calendar_always")

    def test_announced_days_of_2026(self):
        """State Council notice of 4 November 2025: 33 days off, 6 make-up days."""
        days = self.env.ref("meddev_base.holiday_calendar_cn").holiday_ids.filtered(
            lambda day: day.date.year == 2026
        )
        make_up = days.filtered(lambda day: day.kind == "make_up")
        self.assertEqual(len(days - make_up), 33)
        self.assertEqual(
            make_up.sorted("date").mapped("date"),
            [
                date(2026, 1, 4),
                date(2026, 2, 14),
                date(2026, 2, 28),
                date(2026, 5, 9),
                date(2026, 9, 20),
                date(2026, 10, 10),
            ],
        )
        self.assertTrue(all(day.date.weekday() >= 5 for day in make_up))

    def test_spring_festival_for_the_lowest_role(self):
        """Saturday 14 February is worked, the 15th to the 23rd are not."""
        china = self.china.with_user(self.users["field_engineer"])
        self.assertEqual(
            china.meddev_add_working_days("2026-02-13", 2),
            {"date": "2026-02-24", "is_covered": True},
        )
        self.assertEqual(
            china.meddev_working_hours_between("2026-02-14T00:00:00+08:00", "2026-02-24T00:00Z"),
            {"hours": 7.5 - 0.5 + 0.5, "is_covered": True},
        )

    def test_result_beyond_the_announced_year_is_flagged(self):
        result = self.china.meddev_add_working_days("2026-12-31", 1)
        self.assertEqual(result, {"date": "2027-01-01", "is_covered": False})

    def test_around_the_clock(self):
        self.assertEqual(
            self.always.meddev_working_hours_between("2026-10-01T00:00:00", "2026-10-08T00:00:00"),
            {"hours": 168.0, "is_covered": True},
        )

    def test_methods_for_clocks_take_field_values(self):
        start = datetime(2026, 9, 30, 9, 0)
        self.assertEqual(self.china._add_working_hours(start, 1), datetime(2026, 10, 8, 1, 0))
        self.assertEqual(self.china._working_hours_between(start, datetime(2026, 10, 8, 1, 0)), 1.0)
        self.assertEqual(self.china._add_working_days(date(2026, 9, 30), 1), date(2026, 10, 8))
        self.assertFalse(self.china._is_working_day(date(2026, 10, 5)))
        self.assertTrue(self.china._is_time_covered(date(2026, 1, 1), date(2026, 12, 31)))

    def test_odoos_own_company_holidays_count_as_closed(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Company outing",
                "calendar_id": self.china.id,
                "date_from": "2026-03-01 16:00:00",
                "date_to": "2026-03-02 15:59:59",
            }
        )
        self.assertEqual(self.china._add_working_days(date(2026, 2, 28), 1), date(2026, 3, 3))

    def test_new_holiday_takes_effect_at_once(self):
        monday = date(2026, 3, 2)
        self.assertTrue(self.china._is_working_day(monday))
        self.env["meddev.holiday"].with_user(self.users["service_manager"]).create(
            {
                "holiday_calendar_id": self.china.meddev_holiday_calendar_id.id,
                "date": monday,
                "name": "Extra",
            }
        )
        self.assertFalse(self.china._is_working_day(monday))

    def test_make_up_day_follows_the_weekday_that_it_names(self):
        self.china.attendance_ids.filtered(
            lambda attendance: attendance.dayofweek == "4" and attendance.hour_from > 12
        ).unlink()
        holiday = self.env.ref("meddev_base.holiday_cn_2026_10_10")
        holiday.follows_weekday = "4"
        hours = self.china.meddev_working_hours_between(
            "2026-10-10T00:00:00+08:00", "2026-10-11T00:00:00+08:00"
        )
        self.assertEqual(hours["hours"], 3.5)

    def test_bad_arguments_are_named(self):
        with self.assertRaisesRegex(UserError, "tomorrow"):
            self.china.meddev_add_working_days("tomorrow", 1)
        with self.assertRaisesRegex(UserError, "whole number"):
            self.china.meddev_add_working_days("2026-01-01", "3")
        with self.assertRaisesRegex(UserError, "whole number"):
            self.china.meddev_add_working_days("2026-01-01", 10**9)
        with self.assertRaisesRegex(UserError, "noon"):
            self.china.meddev_working_hours_between("noon", "2026-01-01T00:00:00")
        with self.assertRaisesRegex(UserError, "hundred years"):
            self.china.meddev_working_hours_between("0002-01-01", "2026-01-01")

    def test_working_hours_without_attendance_are_named(self):
        empty = self.env["resource.calendar"].create(
            {"name": "Nothing", "attendance_ids": [Command.clear()]}
        )
        empty.attendance_ids.unlink()
        with self.assertRaisesRegex(UserError, "Nothing"):
            empty.meddev_add_working_days("2026-01-01", 1)

    def test_same_day_twice_is_refused(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.env["meddev.holiday"].create(
                {
                    "holiday_calendar_id": self.china.meddev_holiday_calendar_id.id,
                    "date": "2026-10-01",
                    "name": "Again",
                }
            )

    def test_portal_users_do_not_read_working_hours(self):
        with self.assertRaises(AccessError):
            self.china.with_user(self.portal_hospital).meddev_add_working_days("2026-01-01", 1)

    # What was known is kept

    def test_schedule_is_kept_as_it_was_known(self):
        """Given holidays that are published later, then what was counted before is not moved."""
        schedules = self.env["meddev.work.schedule"]
        before = schedules._take(self.china)
        self.assertEqual(schedules._take(self.china), before)
        self.env["meddev.holiday"].create(
            {
                "holiday_calendar_id": self.env.ref("meddev_base.holiday_calendar_cn").id,
                "name": "Test Day",
                "date": "2027-03-03",
                "kind": "holiday",
            }
        )
        after = schedules._take(self.china)
        self.assertNotEqual(after, before)
        day = date(2027, 3, 3)
        self.assertTrue(is_working_day(before._get_schedule(), day))
        self.assertFalse(is_working_day(after._get_schedule(), day))

    def test_kept_schedule_is_entered_changed_and_deleted_by_nobody(self):
        schedule = self.env["meddev.work.schedule"]._take(self.china)
        values = {"calendar_id": self.china.id, "content": "{}", "digest": "1:x"}
        for user in (self.users["service_manager"], self.env.ref("base.user_admin")):
            kept = schedule.with_user(user)
            self.assertTrue(kept.content)
            for change in (
                lambda kept=kept: kept.create(values),
                lambda kept=kept: kept.write({"content": "{}"}),
                lambda kept=kept: kept.unlink(),
            ):
                # An AccessError is a UserError.
                with self.assertRaises(UserError):
                    change()
        with self.assertRaises(UserError):
            schedule.sudo().with_context(meddev_base_own_write=True).create(values)
        with self.assertRaises(UserError):
            schedule.sudo()._write_multi([{"content": "{}"}])

    def test_closure_without_working_hours_closes_the_whole_company(self):
        company = self.env.company
        calendar = self.china.copy({"company_id": company.id})
        elsewhere = self.china.copy(
            {"company_id": self.env["res.company"].create({"name": "Elsewhere"}).id}
        )
        leave = self.env["resource.calendar.leaves"].create(
            {
                "name": "Stocktaking",
                "date_from": datetime(2026, 9, 21, 0, 0),
                "date_to": datetime(2026, 9, 21, 23, 0),
            }
        )
        leave.calendar_id = False
        self.assertFalse(calendar._is_working_day(date(2026, 9, 21)))
        self.assertTrue(elsewhere._is_working_day(date(2026, 9, 21)))
        leave.time_type = "other"
        self.assertTrue(calendar._is_working_day(date(2026, 9, 21)))
