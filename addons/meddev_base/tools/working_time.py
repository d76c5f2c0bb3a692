"""Working days and working hours: plain functions on a schedule, without a database.

Working time = (weekly hours on ordinary days ∪ hours of make-up days) − holidays − closures.
Moments are timezone-aware; results are in UTC. Days are local dates of the schedule's zone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

UTC = timezone.utc
DAY = timedelta(days=1)
# A schedule that offers no working time for so long has none: searching on would never end.
MAX_DAYS_WITHOUT_WORK = 1100
MINUTES_PER_DAY = 24 * 60
TEXT_VERSION = 1
#: Schedules that are held with the days and months that they have worked out; a company has a few.
MAX_READ_SCHEDULES = 200
_read_schedules = {}

Intervals = tuple[tuple[int, int], ...]


class NoWorkingTimeError(ValueError):
    """The schedule has no working time within reach."""


@dataclass(frozen=True, eq=False)
class WorkSchedule:
    """When work is done.

    :param tz: name of the zone in which the hours are meant, for example ``Asia/Shanghai``.
    :param weekly: for Monday to Sunday, intervals ``(minute_from, minute_to)`` after local
        midnight. ``minute_to`` may pass 1440: a night shift belongs to the day it starts on.
    :param weekly_alternate: the hours of every second week, or None when all weeks are alike;
        the parity is that of ``resource.calendar.attendance.get_week_type``.
    :param holidays: local dates without work.
    :param make_up: local date -> intervals worked on it, whatever its weekday and even when it
        is listed as a holiday as well.
    :param closures: further time without work, as pairs of aware moments.
    :param covered_from: first local date for which holidays and make-up days are published,
        None when that question does not arise.
    :param covered_to: last such date.
    """

    tz: str
    weekly: tuple[Intervals, ...]
    weekly_alternate: tuple[Intervals, ...] | None = None
    holidays: frozenset[date] = frozenset()
    make_up: Mapping[date, Intervals] = field(default_factory=dict)
    closures: tuple[tuple[datetime, datetime], ...] = ()
    covered_from: date | None = None
    covered_to: date | None = None
    _days: dict = field(default_factory=dict, repr=False)
    _months: dict = field(default_factory=dict, repr=False)

    def __post_init__(self):
        for week in filter(None, (self.weekly, self.weekly_alternate)):
            if len(week) != 7:
                raise ValueError("A week has seven days, Monday first.")
        for intervals in (
            *self.weekly,
            *(self.weekly_alternate or ()),
            *self.make_up.values(),
        ):
            for minute_from, minute_to in intervals:
                if not 0 <= minute_from < minute_to <= 2 * MINUTES_PER_DAY:
                    raise ValueError(f"Not an interval of a day: {minute_from}-{minute_to}")


def to_text(schedule):
    """The schedule as canonical JSON: two that offer the same working time give the same text."""
    return json.dumps(
        {
            "version": TEXT_VERSION,
            "tz": schedule.tz,
            "weekly": schedule.weekly,
            "weekly_alternate": schedule.weekly_alternate,
            "holidays": sorted(day.isoformat() for day in schedule.holidays),
            "make_up": {day.isoformat(): hours for day, hours in schedule.make_up.items()},
            "closures": sorted(
                [_as_utc(moment).isoformat() for moment in closure] for closure in schedule.closures
            ),
            "covered": [
                day and day.isoformat() for day in (schedule.covered_from, schedule.covered_to)
            ],
        },
        sort_keys=True,
        separators=(",", ":"),
    )


def from_text(text):
    """The schedule that :func:`to_text` wrote; the same object for the same text."""
    if text not in _read_schedules:
        if len(_read_schedules) >= MAX_READ_SCHEDULES:
            _read_schedules.clear()
        _read_schedules[text] = _read(json.loads(text))
    return _read_schedules[text]


def _read(values):
    if values["version"] != TEXT_VERSION:
        raise ValueError(f"Unknown version of a schedule: {values['version']}")
    first, last = (day and date.fromisoformat(day) for day in values["covered"])
    alternate = values["weekly_alternate"]
    return WorkSchedule(
        tz=values["tz"],
        weekly=tuple(_read_hours(day) for day in values["weekly"]),
        weekly_alternate=alternate and tuple(_read_hours(day) for day in alternate),
        holidays=frozenset(date.fromisoformat(day) for day in values["holidays"]),
        make_up={
            date.fromisoformat(day): _read_hours(hours) for day, hours in values["make_up"].items()
        },
        closures=tuple(
            tuple(datetime.fromisoformat(moment) for moment in closure)
            for closure in values["closures"]
        ),
        covered_from=first,
        covered_to=last,
    )


def _read_hours(hours):
    return tuple(tuple(interval) for interval in hours)


def working_intervals(schedule, day):
    """Working time of the shifts that start on a local date.

    :return: list of ``(start, end)`` in UTC, ordered, not overlapping.
    """
    if day not in schedule._days:
        moments = (
            (_to_utc(schedule, day, minute_from), _to_utc(schedule, day, minute_to))
            for minute_from, minute_to in _minutes_of_day(schedule, day)
        )
        merged = _merge(interval for interval in moments if interval[0] < interval[1])
        schedule._days[day] = _subtract(merged, schedule.closures)
    return schedule._days[day]


def is_working_day(schedule, day):
    """Whether any work is done on a local date."""
    return bool(working_intervals(schedule, day))


def add_working_days(schedule, start_date, days):
    """The working day that lies a number of working days after a date.

    :param days: positive: the n-th working day *after* ``start_date`` (which is never counted,
        whether worked or not). Zero: ``start_date`` itself if it is a working day, else the next
        one. Negative: the n-th working day *before* ``start_date``.
    :raise NoWorkingTimeError: when the schedule has too few working days.
    """
    if days == 0:
        start_date, days = start_date - DAY, 1
    step = DAY if days > 0 else -DAY
    current, missing, idle = start_date, abs(days), 0
    while missing:
        current += step
        idle += 1
        if is_working_day(schedule, current):
            missing -= 1
            idle = 0
        elif idle > MAX_DAYS_WITHOUT_WORK:
            raise NoWorkingTimeError(f"No working day near {current}")
    return current


def working_days_between(schedule, start_date, end_date):
    """Number of working days after ``start_date`` up to and including ``end_date``.

    Negative when ``end_date`` lies before ``start_date``: then the days from ``end_date``
    (included) to ``start_date`` (not included) count. It undoes :func:`add_working_days`.
    """
    if end_date < start_date:
        span = (start_date - end_date).days
        return -sum(is_working_day(schedule, end_date + i * DAY) for i in range(span))
    span = (end_date - start_date).days
    return sum(is_working_day(schedule, start_date + i * DAY) for i in range(1, span + 1))


def working_time_between(schedule, start, end):
    """Working time between two moments; negative when ``end`` lies before ``start``.

    Whole months are remembered with the schedule: a span of years takes as long as one of weeks.

    :return: ``timedelta``.
    """
    start, end = _as_utc(start), _as_utc(end)
    if end < start:
        return -working_time_between(schedule, end, start)
    first, last = _local_date(schedule, start), _local_date(schedule, end)
    if first == last:
        return _worked_within(schedule, first, start, end)
    head = _worked_within(schedule, first, start, _to_utc(schedule, first, MINUTES_PER_DAY))
    tail = _worked_within(schedule, last, _to_utc(schedule, last, 0), end)
    return head + _worked_on_days(schedule, first + DAY, last) + tail


def working_hours_between(schedule, start, end):
    """Hours of working time between two moments; negative when ``end`` lies before ``start``."""
    return working_time_between(schedule, start, end) / timedelta(hours=1)


def add_working_hours(schedule, start, hours):
    """As :func:`add_working_time`, with a number of hours."""
    return add_working_time(schedule, start, timedelta(hours=hours))


def add_working_time(schedule, start, span):
    """Earliest moment (UTC) at which ``span`` of working time has passed since ``start``.

    No time gives ``start`` itself. A span that ends with the day ends at closing time, not at
    the next opening.

    :param span: ``timedelta``.
    :raise ValueError: for a negative span.
    :raise NoWorkingTimeError: when the schedule has too little working time.
    """
    if span < timedelta():
        raise ValueError("Working hours can only be added forwards.")
    reached, missing = _as_utc(start), span
    if not missing:
        return reached
    for interval_start, interval_end in _intervals_from(schedule, reached):
        begin = max(interval_start, reached)
        if begin >= interval_end:
            continue
        if interval_end - begin >= missing:
            return begin + missing
        missing -= interval_end - begin
        reached = interval_end
    raise NoWorkingTimeError(f"Not enough working time after {start}")


def next_working_moment(schedule, moment):
    """The moment itself (in UTC) when work is being done, else the next opening."""
    moment = _as_utc(moment)
    for interval_start, interval_end in _intervals_from(schedule, moment):
        if interval_end > moment:
            return max(interval_start, moment)
    raise NoWorkingTimeError(f"No working time after {moment}")


def is_covered(schedule, first, last):
    """Whether holidays and make-up days are published for every local date of a span.

    Moments are accepted as well as dates. A result computed over days that are not covered may
    change when the holidays of that year are announced.
    """
    first, last = (
        _local_date(schedule, _as_utc(day)) if isinstance(day, datetime) else day
        for day in (first, last)
    )
    first, last = min(first, last), max(first, last)
    return (schedule.covered_from is None or schedule.covered_from <= first) and (
        schedule.covered_to is None or last <= schedule.covered_to
    )


def _minutes_of_day(schedule, day):
    if day in schedule.make_up:
        return schedule.make_up[day]
    if day in schedule.holidays:
        return ()
    return weekday_minutes(schedule, day, day.weekday())


def weekday_minutes(schedule, day, weekday):
    """Intervals that the weekly hours give a weekday, in the week of ``day``."""
    second_week = schedule.weekly_alternate is not None and ((day.toordinal() - 1) // 7) % 2
    return (schedule.weekly_alternate if second_week else schedule.weekly)[weekday]


def _intervals_from(schedule, moment):
    """Working intervals in order, starting with those that may still run at ``moment``."""
    day, idle = _local_date(schedule, moment) - DAY, 0
    while idle <= MAX_DAYS_WITHOUT_WORK:
        intervals = working_intervals(schedule, day)
        idle = 0 if intervals else idle + 1
        yield from intervals
        day += DAY


def _worked_within(schedule, day, start, end):
    """Working time of a part of a local calendar day; shifts of the day before reach into it."""
    worked, reached = timedelta(), start
    for shift_day in (day - DAY, day):
        for interval_start, interval_end in working_intervals(schedule, shift_day):
            begin, finish = max(interval_start, reached), min(interval_end, end)
            if begin < finish:
                worked += finish - begin
                reached = finish
    return worked


def _worked_on_days(schedule, first, end):
    """Working time of whole local calendar days, from ``first`` to before ``end``."""
    worked, day = timedelta(), first
    while day < end:
        next_month = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
        if day.day == 1 and next_month <= end:
            worked += _worked_in_month(schedule, day, next_month)
        else:
            next_month = min(next_month, end)
            worked += _sum_days(schedule, day, next_month)
        day = next_month
    return worked


def _worked_in_month(schedule, first, end):
    if first not in schedule._months:
        schedule._months[first] = _sum_days(schedule, first, end)
    return schedule._months[first]


def _sum_days(schedule, first, end):
    worked, day = timedelta(), first
    while day < end:
        worked += _worked_within(
            schedule, day, _to_utc(schedule, day, 0), _to_utc(schedule, day, MINUTES_PER_DAY)
        )
        day += DAY
    return worked


def _local_date(schedule, moment):
    return moment.astimezone(ZoneInfo(schedule.tz)).date()


def _as_utc(moment):
    if moment.tzinfo is None:
        raise ValueError("A moment needs a timezone.")
    return moment.astimezone(UTC)


def _to_utc(schedule, day, minutes):
    """UTC moment of a wall-clock time; a time that the clocks skip is the moment of the skip."""
    zone = ZoneInfo(schedule.tz)
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # The wall time does not exist: find the moment at which the offset changes.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = moment
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def _merge(intervals):
    merged = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _subtract(intervals, closures):
    for closed_from, closed_to in closures:
        intervals = [
            piece
            for start, end in intervals
            for piece in ((start, min(end, closed_from)), (max(start, closed_to), end))
            if piece[0] < piece[1]
        ]
    return intervals
