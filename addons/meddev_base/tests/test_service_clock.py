import unittest
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.meddev_base.tools import service_clock as clock
from odoo.addons.meddev_base.tools.working_time import WorkSchedule, working_intervals

OFFICE = ((8 * 60 + 30, 12 * 60), (13 * 60 + 30, 17 * 60 + 30))
OFFICE_WEEK = (OFFICE,) * 5 + ((), ())
#: National Day 2026: holidays on seven days, made up on a Sunday before and a Saturday after.
CHINA = WorkSchedule(
    tz="Asia/Shanghai",
    weekly=OFFICE_WEEK,
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)),
    make_up={date(2026, 9, 20): OFFICE, date(2026, 10, 10): OFFICE},
)
ROUND_THE_CLOCK = WorkSchedule(tz="Asia/Shanghai", weekly=(((0, 1440),),) * 7)
NIGHTS = WorkSchedule(tz="Asia/Shanghai", weekly=(((22 * 60, 30 * 60),),) * 5 + ((), ()))
SUMMER_TIME = WorkSchedule(tz="America/New_York", weekly=(((0, 1440),),) * 7)
SCHEDULES = (CHINA, ROUND_THE_CLOCK, NIGHTS, SUMMER_TIME)

#: The days around National Day, a month end and a change of summer time (1 November 2026).
BEGINNING = datetime(2026, 9, 18, tzinfo=timezone.utc)
LAST_MINUTE = 46 * 24 * 60
MINUTE = timedelta(minutes=1)

MINUTES = st.integers(0, LAST_MINUTE)
#: Minutes; none while no policy sets a target.
TARGETS = st.one_of(st.integers(0, 90 * 60), st.none())
EVENTS = st.lists(
    st.one_of(
        st.tuples(
            MINUTES,
            st.sampled_from([clock.PAUSE, clock.RESUME, clock.STOP, clock.VOID, clock.REOPEN]),
            st.just(0),
            st.just(0),
        ),
        st.tuples(MINUTES, st.just(clock.POLICY), TARGETS, st.integers(0, len(SCHEDULES) - 1)),
        # Pauses are what happens most.
        st.tuples(MINUTES, st.sampled_from([clock.PAUSE, clock.RESUME]), st.just(0), st.just(0)),
    ),
    max_size=12,
)


def shanghai(*args):
    return datetime(*args, tzinfo=ZoneInfo("Asia/Shanghai"))


def at(minute):
    return BEGINNING + minute * MINUTE


def span_of(minutes):
    return None if minutes is None else minutes * MINUTE


def ledger_of(start, target, schedule, events):
    first = clock.ClockEvent(at(start), clock.START, span_of(target), SCHEDULES[schedule])
    others = (
        clock.ClockEvent(
            at(minute),
            kind,
            span_of(target) if kind == clock.POLICY else None,
            SCHEDULES[schedule] if kind == clock.POLICY else None,
        )
        for minute, kind, target, schedule in events
        if minute >= start
    )
    return sorted([first, *others], key=lambda event: event.moment)


_worked_minutes = {}


def is_worked(schedule, minute):
    """Whether the minute that begins at ``at(minute)`` is working time; asked of the shifts."""
    if schedule not in _worked_minutes:
        day, minutes = BEGINNING.date() - timedelta(days=2), set()
        while day < BEGINNING.date() + timedelta(days=60):
            for start, end in working_intervals(schedule, day):
                first = (start - BEGINNING) // MINUTE
                minutes.update(range(first, first + (end - start) // MINUTE))
            day += timedelta(days=1)
        _worked_minutes[schedule] = minutes
    return minute in _worked_minutes[schedule]


class Witness:
    """The same clock, kept by somebody who looks once a minute and can do nothing else."""

    def __init__(self, events, until):
        self.status = self.target = self.schedule = self.is_met = None
        self.elapsed, self.breached = 0, None
        pending = list(events)
        for minute in range(until + 1):
            while pending and pending[0].moment <= at(minute):
                self._see(pending.pop(0), minute)
            runs = minute < until and self.status == clock.RUNNING
            if runs and is_worked(self.schedule, minute):
                self._judge(minute, self.elapsed + 1)
                self.elapsed += 1

    def _judge(self, minute, elapsed):
        if self.target is not None and elapsed > self.target and self.breached is None:
            self.breached = minute

    def _see(self, event, minute):
        if event.kind in (clock.START, clock.POLICY):
            self.target = None if event.target is None else event.target // MINUTE
            self.schedule = event.schedule
            if event.kind == clock.START:
                self.status = clock.RUNNING
            if self.status in (clock.RUNNING, clock.PAUSED):
                self._judge(minute, self.elapsed)
        elif event.kind == clock.PAUSE and self.status == clock.RUNNING:
            self.status = clock.PAUSED
        elif event.kind == clock.RESUME and self.status == clock.PAUSED:
            self.status = clock.RUNNING
        elif event.kind == clock.STOP and self.status in (clock.RUNNING, clock.PAUSED):
            self.status = clock.STOPPED
            self.is_met = None if self.target is None else self.elapsed <= self.target
        elif event.kind == clock.VOID and self.status in (clock.RUNNING, clock.PAUSED):
            self.status = clock.VOIDED
        elif event.kind == clock.REOPEN and self.status in (clock.STOPPED, clock.VOIDED):
            self.status, self.is_met = clock.RUNNING, None
            self._judge(minute, self.elapsed)


class TestServiceClockProperties(unittest.TestCase):
    """Whatever happens to a clock, in whatever order, it shows what a witness counted."""

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(MINUTES, TARGETS, st.integers(0, len(SCHEDULES) - 1), EVENTS, MINUTES)
    def test_clock_shows_what_a_witness_counted(self, start, target, schedule, events, until):
        events = ledger_of(start, target, schedule, events)
        witness = Witness(events, until)
        reading = clock.replay(events, at(until))
        self.assertEqual(reading.status, witness.status)
        self.assertEqual(reading.elapsed, witness.elapsed * MINUTE)
        self.assertEqual(reading.is_met, witness.is_met)
        breached = None if witness.breached is None else at(witness.breached)
        self.assertEqual(reading.breached_at, breached)

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(MINUTES, TARGETS, st.integers(0, len(SCHEDULES) - 1), EVENTS)
    def test_replaying_gives_what_was_kept_step_by_step(self, start, target, schedule, events):
        events = ledger_of(start, target, schedule, events)
        kept = clock.ClockReading()
        for index, event in enumerate(events):
            kept = clock.apply(kept, event)
            self.assertEqual(kept, clock.replay(events[: index + 1]))

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(MINUTES, TARGETS, st.integers(0, len(SCHEDULES) - 1), EVENTS, st.lists(MINUTES))
    def test_looking_at_a_clock_changes_nothing(self, start, target, schedule, events, looks):
        """Given a clock looked at again and again, then it ends as one that nobody looked at."""
        events = ledger_of(start, target, schedule, events)
        looked_at = clock.ClockReading()
        for event in events:
            for minute in sorted(looks):
                if looked_at.as_of and looked_at.as_of <= at(minute) <= event.moment:
                    looked_at = clock.advance(looked_at, at(minute))
            looked_at = clock.apply(looked_at, event)
        self.assertEqual(looked_at, clock.replay(events))

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(MINUTES, TARGETS, st.integers(0, len(SCHEDULES) - 1), EVENTS, MINUTES)
    def test_paused_clock_neither_counts_nor_breaches(
        self, start, target, schedule, events, minutes
    ):
        reading = clock.replay(ledger_of(start, target, schedule, events))
        reading = clock.apply(reading, clock.ClockEvent(reading.as_of, clock.PAUSE))
        later = clock.advance(reading, reading.as_of + minutes * MINUTE)
        self.assertEqual(later.elapsed, reading.elapsed)
        self.assertEqual(later.breached_at, reading.breached_at)
        self.assertIsNone(clock.due_moment(later))

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(MINUTES, TARGETS, st.integers(0, len(SCHEDULES) - 1), EVENTS)
    def test_due_moment_is_where_the_target_is_reached(self, start, target, schedule, events):
        reading = clock.replay(ledger_of(start, target, schedule, events))
        due = clock.due_moment(reading)
        if reading.status != clock.RUNNING or reading.late_since or reading.target is None:
            return
        self.assertEqual(clock.advance(reading, due).elapsed, reading.target)
        self.assertIsNone(clock.advance(reading, due).late_since)
        breach = clock.breach_moment(reading)
        self.assertIsNone(clock.advance(reading, breach).late_since)
        self.assertEqual(clock.advance(reading, breach + MINUTE).late_since, breach)


class TestServiceClock(unittest.TestCase):
    """What other systems got wrong; requirements of the field, pain point 1."""

    def _clock(self, start, hours, schedule=CHINA):
        target = timedelta(hours=hours)
        event = clock.ClockEvent(start, clock.START, target, schedule)
        return clock.apply(clock.ClockReading(), event)

    def _after(self, reading, kind, moment, **values):
        return clock.apply(reading, clock.ClockEvent(moment, kind, **values))

    def test_long_wait_closed_directly_is_no_breach(self):
        """8 h target, 2 h worked, two days of waiting, then done: met."""
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 8)
        reading = self._after(reading, clock.PAUSE, shanghai(2026, 9, 21, 10, 30))
        reading = self._after(reading, clock.STOP, shanghai(2026, 9, 23, 10, 30))
        self.assertEqual(reading.elapsed, timedelta(hours=2))
        self.assertTrue(reading.is_met)
        self.assertIsNone(reading.breached_at)

    def test_resuming_gives_what_was_left_and_no_more(self):
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 8, ROUND_THE_CLOCK)
        self.assertEqual(clock.due_moment(reading), shanghai(2026, 9, 21, 16, 30))
        reading = self._after(reading, clock.PAUSE, shanghai(2026, 9, 21, 10, 30))
        reading = self._after(reading, clock.RESUME, shanghai(2026, 9, 25, 23))
        self.assertEqual(clock.due_moment(reading), shanghai(2026, 9, 26, 5))

    def test_pauses_survive_a_change_of_policy(self):
        """What has run stays, what was waited is still not counted."""
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 8, ROUND_THE_CLOCK)
        reading = self._after(reading, clock.PAUSE, shanghai(2026, 9, 21, 9, 30))
        reading = self._after(
            reading,
            clock.POLICY,
            shanghai(2026, 9, 22, 9, 30),
            target=timedelta(hours=4),
            schedule=ROUND_THE_CLOCK,
        )
        reading = self._after(reading, clock.RESUME, shanghai(2026, 9, 23, 9, 30))
        self.assertEqual(clock.due_moment(reading), shanghai(2026, 9, 23, 12, 30))

    def test_cancelled_is_void_and_not_met(self):
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 8)
        reading = self._after(reading, clock.VOID, shanghai(2026, 9, 21, 9, 30))
        self.assertEqual(reading.status, clock.VOIDED)
        self.assertIsNone(reading.is_met)
        self.assertIsNone(clock.due_moment(reading))

    def test_breach_cannot_lie_before_the_target_that_was_broken(self):
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 40)
        reading = self._after(
            reading,
            clock.POLICY,
            shanghai(2026, 9, 21, 15, 30),
            target=timedelta(hours=1),
            schedule=CHINA,
        )
        self.assertEqual(reading.breached_at, shanghai(2026, 9, 21, 15, 30))
        self.assertEqual(clock.due_moment(reading), shanghai(2026, 9, 21, 15, 30))

    def test_milder_policy_is_in_force_but_the_breach_is_not_forgotten(self):
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 1)
        reading = self._after(
            reading,
            clock.POLICY,
            shanghai(2026, 9, 21, 11, 30),
            target=timedelta(hours=8),
            schedule=CHINA,
        )
        self.assertEqual(reading.breached_at, shanghai(2026, 9, 21, 9, 30))
        self.assertIsNone(reading.late_since)
        self.assertEqual(clock.due_moment(reading), shanghai(2026, 9, 22, 9))
        self.assertTrue(self._after(reading, clock.STOP, shanghai(2026, 9, 21, 17)).is_met)

    def test_weekend_and_holidays_do_not_count_and_make_up_days_do(self):
        """Friday 18 September 16:30 + 8 h: Sunday the 20th is a make-up working day."""
        reading = self._clock(shanghai(2026, 9, 18, 16, 30), 8)
        self.assertEqual(clock.due_moment(reading), shanghai(2026, 9, 20, 17))
        reading = self._clock(shanghai(2026, 9, 30, 16, 30), 8)
        self.assertEqual(clock.due_moment(reading), shanghai(2026, 10, 8, 17))

    def test_time_without_work_breaches_nothing(self):
        """Due at closing time on Friday: late is who is not done when work goes on."""
        reading = self._clock(shanghai(2026, 9, 25, 8, 30), 7.5)
        self.assertEqual(clock.due_moment(reading), shanghai(2026, 9, 25, 17, 30))
        on_sunday = self._after(reading, clock.STOP, shanghai(2026, 9, 27, 12))
        self.assertTrue(on_sunday.is_met)
        self.assertEqual(clock.breach_moment(reading), shanghai(2026, 9, 28, 8, 30))
        on_monday = clock.advance(reading, shanghai(2026, 9, 28, 8, 31))
        self.assertEqual(clock.due_moment(on_monday), shanghai(2026, 9, 25, 17, 30))
        on_monday = self._after(on_monday, clock.STOP, shanghai(2026, 9, 28, 8, 31))
        self.assertFalse(on_monday.is_met)
        self.assertEqual(on_monday.breached_at, shanghai(2026, 9, 28, 8, 30))

    def test_stopping_at_the_due_moment_is_in_time(self):
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 2)
        self.assertTrue(self._after(reading, clock.STOP, shanghai(2026, 9, 21, 10, 30)).is_met)

    def test_reopened_clock_goes_on_where_it_stopped(self):
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 8, ROUND_THE_CLOCK)
        reading = self._after(reading, clock.STOP, shanghai(2026, 9, 21, 14, 30))
        reading = self._after(reading, clock.REOPEN, shanghai(2026, 9, 24, 14, 30))
        self.assertIsNone(reading.is_met)
        self.assertEqual(clock.due_moment(reading), shanghai(2026, 9, 24, 16, 30))

    def test_without_a_target_nothing_is_due_and_a_later_one_counts_what_has_run(self):
        start = clock.ClockEvent(shanghai(2026, 9, 21, 8, 30), clock.START, None, CHINA)
        reading = clock.apply(clock.ClockReading(), start)
        self.assertIsNone(clock.due_moment(reading))
        self.assertIsNone(self._after(reading, clock.STOP, shanghai(2026, 9, 22, 9)).is_met)
        reading = self._after(
            reading,
            clock.POLICY,
            shanghai(2026, 9, 21, 10, 30),
            target=timedelta(hours=3),
            schedule=CHINA,
        )
        self.assertEqual(clock.due_moment(reading), shanghai(2026, 9, 21, 11, 30))

    def test_calendar_without_working_time_is_never_due(self):
        nothing = WorkSchedule(tz="UTC", weekly=((),) * 7)
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 8, nothing)
        self.assertIsNone(clock.due_moment(reading))
        self.assertIsNone(clock.breach_moment(reading))

    def test_events_that_do_not_fit_have_no_effect(self):
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 8)
        again = self._after(reading, clock.RESUME, shanghai(2026, 9, 21, 9, 30))
        self.assertEqual(again, clock.advance(reading, shanghai(2026, 9, 21, 9, 30)))
        stopped = self._after(reading, clock.STOP, shanghai(2026, 9, 21, 10))
        late = self._after(stopped, clock.PAUSE, shanghai(2026, 9, 22, 10))
        self.assertEqual(late.status, clock.STOPPED)
        self.assertEqual(late.stopped_at, shanghai(2026, 9, 21, 10))

    def test_event_of_the_past_asks_for_a_replay(self):
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 8)
        with self.assertRaises(ValueError):
            self._after(reading, clock.PAUSE, shanghai(2026, 9, 21, 8))

    def test_share_of_the_target(self):
        reading = self._clock(shanghai(2026, 9, 21, 8, 30), 10)
        self.assertEqual(clock.moment_of_share(reading, 0.5), shanghai(2026, 9, 21, 15))
        self.assertEqual(clock.moment_of_share(reading, 1.5), shanghai(2026, 9, 22, 17, 30))
        later = clock.advance(reading, shanghai(2026, 9, 21, 16))
        self.assertEqual(clock.moment_of_share(later, 0.5), shanghai(2026, 9, 21, 16))
