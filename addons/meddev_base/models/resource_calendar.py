import re
from datetime import date, datetime, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import working_time
from .argument import ensure_single, shown
from .meddev_holiday_calendar import KIND_HOLIDAY, KIND_MAKE_UP

MAX_DAYS = 10_000


class ResourceCalendar(models.Model):
    """Working hours that know the public holidays and make-up working days of a country."""

    _inherit = "resource.calendar"

    meddev_holiday_calendar_id = fields.Many2one(
        "meddev.holiday.calendar",
        "Holiday Calendar",
        ondelete="restrict",
        index="btree_not_null",
        help="Public holidays and make-up working days for service clocks. "
        "Empty: no day differs from its weekday.",
    )

    # Public methods for other systems: text in, text out

    def meddev_add_working_days(self, start_date, days):
        """The working day that lies ``days`` working days after a date.

        :param start_date: ISO 8601 date in the timezone of the working hours.
        :param days: integer; see ``tools.working_time.add_working_days`` for zero and negative.
        :return: dict with ``date`` (ISO 8601) and ``is_covered``, false when a day is used whose
            holidays are not announced yet.
        """
        ensure_single(self)
        self.check_access("read")
        start = self._parse_date(start_date)
        if not isinstance(days, int) or isinstance(days, bool) or abs(days) > MAX_DAYS:
            raise UserError(
                self.env._(
                    "The number of working days must be a whole number from -%(limit)s to"
                    " %(limit)s, not %(value)s.",
                    limit=MAX_DAYS,
                    value=shown(days),
                )
            )
        schedule = self._get_work_schedule()
        end = self._call_working_time(working_time.add_working_days, schedule, start, days)
        return {
            "date": end.isoformat(),
            "is_covered": working_time.is_covered(schedule, start, end),
        }

    def meddev_working_hours_between(self, start, end):
        """Working hours between two moments.

        :param start: ISO 8601 moment; without an offset it is taken as UTC.
        :param end: as ``start``; an earlier one gives a negative number.
        :return: dict with ``hours`` (float) and ``is_covered``.
        """
        ensure_single(self)
        self.check_access("read")
        start, end = self._parse_moment(start), self._parse_moment(end)
        if abs((end - start).days) > 36525:
            raise UserError(self.env._("The two moments are more than a hundred years apart."))
        schedule = self._get_work_schedule()
        hours = self._call_working_time(working_time.working_hours_between, schedule, start, end)
        is_covered = self._call_working_time(working_time.is_covered, schedule, start, end)
        return {"hours": hours, "is_covered": is_covered}

    # For the clocks of the suite: date and naive UTC datetime, as fields hold them

    def _is_working_day(self, day):
        return working_time.is_working_day(self._get_work_schedule(), day)

    def _add_working_days(self, start_date, days):
        """The date ``days`` working days after ``start_date``."""
        return self._call_working_time(
            working_time.add_working_days, self._get_work_schedule(), start_date, days
        )

    def _add_working_hours(self, start, hours):
        """Naive UTC moment at which ``hours`` of work have passed since naive UTC ``start``."""
        moment = self._call_working_time(
            working_time.add_working_hours,
            self._get_work_schedule(),
            start.replace(tzinfo=timezone.utc),
            hours,
        )
        return moment.replace(tzinfo=None)

    def _working_hours_between(self, start, end):
        """Hours of work between two naive UTC moments."""
        return working_time.working_hours_between(
            self._get_work_schedule(),
            start.replace(tzinfo=timezone.utc),
            end.replace(tzinfo=timezone.utc),
        )

    def _is_time_covered(self, first, last):
        """Whether the holidays of every day between two dates are announced."""
        return working_time.is_covered(self._get_work_schedule(), first, last)

    def _get_work_schedule(self):
        """The schedule of these working hours, for the functions of ``tools.working_time``."""
        self.ensure_one()
        weeks = self._prepare_weekly_minutes()
        days = self.meddev_holiday_calendar_id.holiday_ids
        schedule = working_time.WorkSchedule(tz=self.tz, **weeks)
        return working_time.WorkSchedule(
            tz=self.tz,
            holidays=frozenset(days.filtered(lambda day: day.kind == KIND_HOLIDAY).mapped("date")),
            make_up={
                day.date: working_time.weekday_minutes(schedule, day.date, int(day.follows_weekday))
                for day in days
                if day.kind == KIND_MAKE_UP
            },
            closures=self._prepare_closures(),
            covered_from=self.meddev_holiday_calendar_id.covered_from or None,
            covered_to=self.meddev_holiday_calendar_id.covered_to or None,
            **weeks,
        )

    def _prepare_weekly_minutes(self):
        weeks = {"0": [[] for _day in range(7)], "1": [[] for _day in range(7)]}
        for attendance in self.attendance_ids:
            if attendance.display_type or attendance.day_period == "lunch":
                continue
            minutes = (round(attendance.hour_from * 60), round(attendance.hour_to * 60))
            if minutes[0] < minutes[1]:
                week_types = (
                    (attendance.week_type or "0",) if self.two_weeks_calendar else ("0", "1")
                )
                for week_type in week_types:
                    weeks[week_type][int(attendance.dayofweek)].append(minutes)
        first, second = (tuple(tuple(day) for day in weeks[key]) for key in ("0", "1"))
        return {
            "weekly": first,
            "weekly_alternate": second if self.two_weeks_calendar else None,
        }

    def _prepare_closures(self):
        """Odoo's own days off that hold for everyone who follows these working hours."""
        # sudo: whether the company is closed is needed by whoever runs a clock, also by roles that
        # may not read the days off; personal days off and hours worked elsewhere are left out.
        leaves = self.env["resource.calendar.leaves"].sudo()
        ours = Domain("calendar_id", "=", self.id)
        if self.company_id:
            # Days off that name no working hours hold for all of their company's.
            ours |= Domain("calendar_id", "=", False) & Domain(
                "company_id", "=", self.company_id.id
            )
        general = Domain("resource_id", "=", False) & Domain("time_type", "=", "leave")
        leaves = leaves.search(general & ours, order="date_from, date_to, id")
        return tuple(
            (
                leave.date_from.replace(tzinfo=timezone.utc),
                leave.date_to.replace(tzinfo=timezone.utc),
            )
            for leave in leaves
        )

    def _call_working_time(self, function, *args):
        try:
            return function(*args)
        except OverflowError as error:
            raise UserError(
                self.env._("The time asked for lies outside the years 1 to 9999: use nearer dates.")
            ) from error
        except working_time.NoWorkingTimeError as error:
            raise UserError(
                self.env._(
                    "The working hours %s contain no working time: add attendances to them.",
                    self.display_name,
                )
            ) from error

    @api.model
    def _parse_date(self, value):
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._("%s is not a date: write it as 2026-10-01.", shown(value))
            ) from error

    @api.model
    def _parse_moment(self, value):
        try:
            # Python 3.10 does not know the suffix Z yet.
            moment = datetime.fromisoformat(re.sub(r"Z$", "+00:00", value))
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._("%s is not a moment: write it as 2026-10-01T08:30:00Z.", shown(value))
            ) from error
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
