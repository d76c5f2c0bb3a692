import random
import unittest
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from odoo.addons.meddev_base.tools.working_time import (
    NoWorkingTimeError,
    WorkSchedule,
    add_working_days,
    add_working_hours,
    from_text,
    is_covered,
    is_working_day,
    next_working_moment,
    to_text,
    working_days_between,
    working_hours_between,
    working_intervals,
    working_time_between,
)

OFFICE = ((8 * 60 + 30, 12 * 60), (13 * 60 + 30, 17 * 60 + 30))
OFFICE_WEEK = (OFFICE,) * 5 + ((), ())
NATIONAL_DAY = frozenset(date(2026, 10, day) for day in range(1, 8))
CHINA = WorkSchedule(
    tz="Asia/Shanghai",
    weekly=OFFICE_WEEK,
    holidays=NATIONAL_DAY,
    make_up={date(2026, 9, 20): OFFICE, date(2026, 10, 10): OFFICE},
    covered_from=date(2026, 1, 1),
    covered_to=date(2026, 12, 31),
)
ALWAYS = WorkSchedule(tz="America/New_York", weekly=(((0, 1440),),) * 7)
NIGHTS = WorkSchedule(tz="Asia/Shanghai", weekly=(((22 * 60, 30 * 60),),) * 5 + ((), ()))


def shanghai(*args):
    return datetime(*args, tzinfo=ZoneInfo("Asia/Shanghai"))


def new_york(*args, fold=0):
    return datetime(*args, tzinfo=ZoneInfo("America/New_York"), fold=fold)


class TestWorkingDays(unittest.TestCase):
    def test_make_up_saturday_is_worked_and_holiday_monday_is_not(self):
        self.assertTrue(is_working_day(CHINA, date(2026, 10, 10)))
        self.assertFalse(is_working_day(CHINA, date(2026, 10, 5)))
        self.assertFalse(is_working_day(CHINA, date(2026, 10, 11)))

    def test_days_after_jump_over_holidays_and_count_make_up_days(self):
        """Given 30 September; then October 8, 9 and Saturday 10 are the next three days."""
        last_day = date(2026, 9, 30)
        results = [add_working_days(CHINA, last_day, days) for days in (1, 2, 3, 4)]
        expected = [date(2026, 10, day) for day in (8, 9, 10, 12)]
        self.assertEqual(results, expected)

    def test_zero_days_is_the_day_itself_or_the_next_working_day(self):
        self.assertEqual(add_working_days(CHINA, date(2026, 9, 30), 0), date(2026, 9, 30))
        self.assertEqual(add_working_days(CHINA, date(2026, 10, 1), 0), date(2026, 10, 8))

    def test_negative_days_go_back(self):
        self.assertEqual(add_working_days(CHINA, date(2026, 10, 8), -1), date(2026, 9, 30))
        self.assertEqual(add_working_days(CHINA, date(2026, 10, 4), -2), date(2026, 9, 29))

    def test_month_and_year_ends_and_leap_day(self):
        week = WorkSchedule(tz="UTC", weekly=OFFICE_WEEK)
        self.assertEqual(add_working_days(week, date(2026, 1, 30), 1), date(2026, 2, 2))
        self.assertEqual(add_working_days(week, date(2026, 12, 31), 1), date(2027, 1, 1))
        self.assertEqual(add_working_days(week, date(2028, 2, 28), 1), date(2028, 2, 29))

    def test_schedule_without_work_is_refused(self):
        empty = WorkSchedule(tz="UTC", weekly=((),) * 7)
        with self.assertRaises(NoWorkingTimeError):
            add_working_days(empty, date(2026, 1, 1), 1)
        with self.assertRaises(NoWorkingTimeError):
            add_working_hours(empty, shanghai(2026, 1, 1), 1)
        with self.assertRaises(NoWorkingTimeError):
            next_working_moment(empty, shanghai(2026, 1, 1))

    def test_coverage_is_asked_for_both_ends(self):
        self.assertTrue(is_covered(CHINA, date(2026, 1, 1), date(2026, 12, 31)))
        self.assertFalse(is_covered(CHINA, date(2026, 12, 31), date(2027, 1, 1)))
        self.assertFalse(is_covered(CHINA, date(2027, 1, 1), date(2026, 12, 31)))
        self.assertTrue(is_covered(ALWAYS, date(1999, 1, 1), date(2999, 1, 1)))
        # 16:30 UTC on New Year's Eve is already the new year in Shanghai.
        evening = datetime(2026, 12, 31, 16, 30, tzinfo=timezone.utc)
        self.assertFalse(is_covered(CHINA, evening, evening))

    def test_second_week_has_its_own_hours(self):
        week = WorkSchedule(tz="UTC", weekly=OFFICE_WEEK, weekly_alternate=((),) * 7)
        worked = [is_working_day(week, date(2026, 3, 2) + timedelta(weeks=i)) for i in range(4)]
        self.assertIn(worked, ([True, False] * 2, [False, True] * 2))

    def test_malformed_schedules_are_refused(self):
        with self.assertRaises(ValueError):
            WorkSchedule(tz="UTC", weekly=((),) * 6)
        with self.assertRaises(ValueError):
            WorkSchedule(tz="UTC", weekly=(((60, 60),),) + ((),) * 6)


class TestWorkingHours(unittest.TestCase):
    def test_lunch_and_night_do_not_count(self):
        start, end = shanghai(2026, 3, 2, 11), shanghai(2026, 3, 3, 9)
        self.assertEqual(working_hours_between(CHINA, start, end), 1 + 4 + 0.5)
        self.assertEqual(add_working_hours(CHINA, start, 5.5), end)

    def test_span_that_fills_the_day_ends_at_closing_time(self):
        start = shanghai(2026, 3, 2, 8, 30)
        self.assertEqual(add_working_hours(CHINA, start, 7.5), shanghai(2026, 3, 2, 17, 30))

    def test_zero_hours_is_the_start_and_negative_is_refused(self):
        start = shanghai(2026, 10, 1, 3)
        self.assertEqual(add_working_hours(CHINA, start, 0), start)
        with self.assertRaises(ValueError):
            add_working_hours(CHINA, start, -1)

    def test_next_working_moment_passes_the_holidays(self):
        opening = shanghai(2026, 10, 8, 8, 30)
        self.assertEqual(next_working_moment(CHINA, shanghai(2026, 9, 30, 17, 30)), opening)
        self.assertEqual(next_working_moment(CHINA, opening), opening)

    def test_naive_moments_are_refused(self):
        with self.assertRaises(ValueError):
            working_hours_between(CHINA, datetime(2026, 3, 2), shanghai(2026, 3, 3))

    def test_night_shift_belongs_to_the_day_it_starts_on(self):
        """Given shifts of 22:00 to 6:00 from Monday to Friday; then Saturday 3:00 is worked."""
        friday_shift = (shanghai(2026, 3, 6, 22), shanghai(2026, 3, 7, 6))
        self.assertEqual(working_hours_between(NIGHTS, *friday_shift), 8)
        self.assertFalse(is_working_day(NIGHTS, date(2026, 3, 7)))
        self.assertEqual(
            next_working_moment(NIGHTS, shanghai(2026, 3, 7, 3)), shanghai(2026, 3, 7, 3)
        )
        self.assertEqual(
            add_working_hours(NIGHTS, shanghai(2026, 3, 7, 5), 2), shanghai(2026, 3, 9, 23)
        )

    def test_clock_change_makes_days_of_23_and_25_hours(self):
        spring = (new_york(2026, 3, 8), new_york(2026, 3, 9))
        autumn = (new_york(2026, 11, 1), new_york(2026, 11, 2))
        self.assertEqual(working_hours_between(ALWAYS, *spring), 23)
        self.assertEqual(working_hours_between(ALWAYS, *autumn), 25)

    def test_hours_that_the_clock_skips_are_not_worked(self):
        """Given work from 2:00 to 4:00; when 2:00 to 3:00 is skipped; then one hour is left."""
        early = WorkSchedule(tz="America/New_York", weekly=(((120, 240),),) * 7)
        within = WorkSchedule(tz="America/New_York", weekly=(((130, 170),),) * 7)
        day = (new_york(2026, 3, 8), new_york(2026, 3, 9))
        self.assertEqual(working_hours_between(early, *day), 1)
        self.assertEqual(working_hours_between(within, *day), 0)

    def test_closure_is_taken_out_of_the_middle(self):
        closed = (shanghai(2026, 3, 2, 9), shanghai(2026, 3, 2, 10))
        schedule = WorkSchedule(tz="Asia/Shanghai", weekly=OFFICE_WEEK, closures=(closed,))
        day = (shanghai(2026, 3, 2), shanghai(2026, 3, 3))
        self.assertEqual(working_hours_between(schedule, *day), 6.5)

    def test_overlapping_hours_count_once(self):
        schedule = WorkSchedule(tz="UTC", weekly=(((0, 600), (300, 700)),) * 7)
        start = datetime(2026, 3, 2, tzinfo=timezone.utc)
        self.assertAlmostEqual(
            working_hours_between(schedule, start, start + timedelta(days=1)), 700 / 60
        )


class TestScheduleAsText(unittest.TestCase):
    def test_text_gives_the_same_working_time(self):
        closed = (shanghai(2026, 9, 24, 8), shanghai(2026, 9, 24, 18))
        for schedule in (
            CHINA,
            ALWAYS,
            NIGHTS,
            replace(CHINA, closures=(closed,), _days={}, _months={}),
            replace(CHINA, weekly_alternate=((),) * 7, _days={}, _months={}),
        ):
            text = to_text(schedule)
            again = from_text(text)
            self.assertEqual(to_text(again), text)
            self.assertIs(from_text(text), again)
            for number in range(60):
                day = date(2026, 9, 1) + timedelta(days=number)
                self.assertEqual(working_intervals(again, day), working_intervals(schedule, day))
            self.assertEqual(again.covered_to, schedule.covered_to)

    def test_text_of_another_version_is_refused(self):
        with self.assertRaises(ValueError):
            from_text(to_text(CHINA).replace('"version":1', '"version":99'))


class TestWorkingTimeProperties(unittest.TestCase):
    """Random inputs with a fixed seed; a failure prints what broke."""

    SCHEDULES = (CHINA, ALWAYS, NIGHTS)

    def setUp(self):
        self.random = random.Random(20260101)

    def _random_moment(self):
        seconds = self.random.randrange(400 * 24 * 3600)
        return datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)

    def test_working_days_round_trip_and_grow(self):
        for schedule in self.SCHEDULES:
            for _attempt in range(100):
                start = date(2026, 1, 1) + timedelta(days=self.random.randrange(400))
                days = self.random.randrange(1, 40)
                end = add_working_days(schedule, start, days)
                with self.subTest(tz=schedule.tz, start=start, days=days):
                    self.assertTrue(is_working_day(schedule, end))
                    self.assertEqual(working_days_between(schedule, start, end), days)
                    self.assertGreater(add_working_days(schedule, start, days + 1), end)
                    back = add_working_days(schedule, start, -days)
                    self.assertEqual(working_days_between(schedule, start, back), -days)

    def test_working_hours_round_trip_and_grow(self):
        for schedule in self.SCHEDULES:
            for _attempt in range(100):
                start, hours = self._random_moment(), self.random.randrange(1, 8000) / 64
                end = add_working_hours(schedule, start, hours)
                with self.subTest(tz=schedule.tz, start=start, hours=hours):
                    self.assertAlmostEqual(
                        working_hours_between(schedule, start, end), hours, places=6
                    )
                    self.assertGreater(add_working_hours(schedule, start, hours + 1 / 64), end)

    def test_hours_add_up_over_any_cut(self):
        for schedule in self.SCHEDULES:
            for _attempt in range(100):
                first, cut, last = sorted(self._random_moment() for _moment in range(3))
                with self.subTest(tz=schedule.tz, first=first, cut=cut, last=last):
                    self.assertAlmostEqual(
                        working_hours_between(schedule, first, cut)
                        + working_hours_between(schedule, cut, last),
                        working_hours_between(schedule, first, last),
                        places=6,
                    )

    def test_years_are_summed_as_days_are(self):
        """Remembered months give what walking through every shift gives."""
        origin = datetime(2019, 1, 1, tzinfo=timezone.utc)
        for schedule in self.SCHEDULES:
            for _attempt in range(15):
                start, end = sorted(
                    origin + timedelta(seconds=self.random.randrange(9 * 366 * 86400))
                    for _moment in range(2)
                )
                with self.subTest(tz=schedule.tz, start=start, end=end):
                    self.assertEqual(
                        working_time_between(schedule, start, end),
                        self._walk(schedule, start, end),
                    )

    @staticmethod
    def _walk(schedule, start, end):
        day, worked, reached = start.date() - timedelta(days=3), timedelta(), start
        while day <= end.date() + timedelta(days=1):
            for shift_start, shift_end in working_intervals(schedule, day):
                begin, finish = max(shift_start, reached), min(shift_end, end)
                if begin < finish:
                    worked, reached = worked + finish - begin, finish
            day += timedelta(days=1)
        return worked
