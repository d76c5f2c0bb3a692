"""A service clock: a ledger of dated events from which everything else follows.

Plain functions, no database. A clock counts the working time of a schedule while it runs; what it
has counted is kept by every pause and every change of policy. Moments are timezone-aware, results
are in UTC; spans are ``timedelta`` of working time.

A clock is over its target when it has counted more than it: time without work breaches nothing,
and neither does time in which the clock is paused.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from .working_time import (
    NoWorkingTimeError,
    WorkSchedule,
    add_working_time,
    next_working_moment,
    working_time_between,
)

# What happens to a clock
START = "start"
PAUSE = "pause"
RESUME = "resume"
STOP = "stop"
VOID = "void"
POLICY = "policy"
REOPEN = "reopen"

# What a clock does after it
RUNNING = "running"
PAUSED = "paused"
STOPPED = "stopped"
VOIDED = "void"

#: event -> what the clock must be doing for it to have an effect, and what it does afterwards.
_MOVES = {
    START: ((None,), RUNNING),
    PAUSE: ((RUNNING,), PAUSED),
    RESUME: ((PAUSED,), RUNNING),
    STOP: ((RUNNING, PAUSED), STOPPED),
    VOID: ((RUNNING, PAUSED), VOIDED),
    REOPEN: ((STOPPED, VOIDED), RUNNING),
}


def aware(moment):
    """A naive UTC datetime, as fields hold it, as the aware moment that this module counts by."""
    return moment and moment.replace(tzinfo=timezone.utc)


def naive(moment):
    """The other way round; what is left of a second is cut off, as fields do."""
    return moment and moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)


def seconds(count):
    """A number of seconds as a span; None stays None."""
    return None if count is None else timedelta(seconds=count)


@dataclass(frozen=True)
class ClockEvent:
    """One line of the ledger.

    :param moment: when it happened, aware.
    :param target: working time that is allowed, None for any; of ``START`` and ``POLICY`` alone.
    :param schedule: what counts as working time from here on; of ``START`` and ``POLICY`` alone.
        None: as before.
    """

    moment: datetime
    kind: str
    target: timedelta | None = None
    schedule: WorkSchedule | None = None


@dataclass(frozen=True)
class ClockReading:
    """What a clock shows at ``as_of``.

    :param status: ``RUNNING``, ``PAUSED``, ``STOPPED``, ``VOIDED``, or None before it starts.
    :param elapsed: working time counted so far.
    :param target: working time that is allowed, None while no policy sets any.
    :param was_due_at: when a late clock reached the target in force, None while it is not late.
    :param late_since: when a late clock went over it: the next moment that is worked.
    :param breached_at: when it first went over any target that was in force then; it stays.
    :param stopped_at: when it stopped, None while it has not.
    :param is_met: whether a stopped clock was within the target in force when it stopped.
    """

    status: str | None = None
    target: timedelta | None = None
    schedule: WorkSchedule | None = None
    as_of: datetime | None = None
    elapsed: timedelta = timedelta()
    was_due_at: datetime | None = None
    late_since: datetime | None = None
    breached_at: datetime | None = None
    stopped_at: datetime | None = None
    is_met: bool | None = None


def replay(events, until=None):
    """Read a clock off its ledger.

    :param events: ``ClockEvent`` in the order in which they were recorded; those of one moment
        happened in that order.
    :param until: aware moment; what happens later is not read. None: up to the last event.
    :return: ``ClockReading``.
    """
    reading = ClockReading()
    for event in sorted(events, key=lambda event: event.moment):
        if until is None or event.moment <= until:
            reading = apply(reading, event)
    return reading if until is None else advance(reading, until)


def apply(reading, event):
    """The reading after one more event; an event that does not fit has no effect.

    :raise ValueError: when the event lies before the reading: replay the ledger then.
    """
    reading = advance(reading, event.moment)
    if event.kind == POLICY:
        return _set_policy(reading, event)
    fitting, status = _MOVES[event.kind]
    if reading.status not in fitting:
        return reading
    if event.kind == START:
        reading = replace(_set_policy(reading, event), as_of=event.moment)
    elif event.kind == STOP:
        is_met = None if reading.target is None else reading.elapsed <= reading.target
        reading = replace(reading, stopped_at=event.moment, is_met=is_met)
    elif event.kind == REOPEN:
        reading = _judge(replace(reading, stopped_at=None, is_met=None), event.moment)
    return replace(reading, status=status)


def advance(reading, moment):
    """The reading at a later moment when nothing happens in between."""
    if reading.as_of and moment < reading.as_of:
        raise ValueError("A clock does not run backwards: replay its ledger.")
    if reading.status != RUNNING:
        return replace(reading, as_of=reading.as_of and moment)
    elapsed = reading.elapsed + working_time_between(reading.schedule, reading.as_of, moment)
    if reading.target is not None and reading.late_since is None and elapsed > reading.target:
        reading = _mark_late(reading, due_moment(reading), breach_moment(reading))
    return replace(reading, as_of=moment, elapsed=elapsed)


def due_moment(reading):
    """When a running clock reaches its target if nothing happens to it.

    :return: aware moment in UTC, in the past for a clock that is late; None when the clock does not
        run, has no target, or has a schedule with too little working time ahead.
    """
    if reading.status != RUNNING:
        return None
    return reading.was_due_at or moment_of_share(reading, 1)


def breach_moment(reading):
    """The moment after which a running clock is over its target; after a due time at closing time
    it is the next opening."""
    if reading.status == RUNNING and reading.late_since:
        return reading.late_since
    due = moment_of_share(reading, 1)
    try:
        return due and next_working_moment(reading.schedule, due)
    except NoWorkingTimeError:
        return None


def moment_of_share(reading, share):
    """When a running clock reaches a share of its target (1 is the whole of it).

    :return: aware moment in UTC; the moment of the reading for what is reached already; None when
        the clock does not run, has no target or never gets there.
    """
    if reading.status != RUNNING or reading.target is None:
        return None
    missing = reading.target * share - reading.elapsed
    if missing <= timedelta():
        return reading.as_of
    try:
        return add_working_time(reading.schedule, reading.as_of, missing)
    except NoWorkingTimeError:
        return None


def _set_policy(reading, event):
    schedule = event.schedule or reading.schedule
    reading = replace(reading, target=event.target, schedule=schedule)
    if reading.status not in (RUNNING, PAUSED):
        return reading
    return _judge(reading, event.moment)


def _judge(reading, moment):
    """Judge what has run by the target in force; late before ``moment`` is only what was so."""
    if reading.target is None or reading.elapsed <= reading.target:
        return replace(reading, was_due_at=None, late_since=None)
    if reading.late_since:
        return reading
    return _mark_late(reading, moment, moment)


def _mark_late(reading, was_due_at, late_since):
    return replace(
        reading,
        was_due_at=was_due_at,
        late_since=late_since,
        breached_at=reading.breached_at or late_since,
    )
