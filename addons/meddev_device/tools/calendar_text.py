"""Dates and moments as people, spreadsheets and other systems write them.

Strict on purpose: what may mean two days (01/03/2026) or does not exist (2026-02-30) is refused.
"""

import re
from datetime import UTC, date, datetime, time, timedelta

_DAY_FORMS = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})"),
    re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"),
)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?( ?Z|[+-]\d{2}:?\d{2})?"
)
# A time behind a date, as a spreadsheet shows the cell: 2026/3/1 0:00:00.
_CLOCK = re.compile(r"(.+?)[T ](?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?")
_SERIAL_NUMBER = re.compile(r"\d{5}(\.\d+)?")
SPREADSHEET_EPOCH = date(1899, 12, 30)
FIRST_YEAR, LAST_YEAR = 1900, 2200


def read_date(value, timezone):
    """The day that a text, number or cell names.

    Understood: ISO 8601, 2026/3/1, 2026.3.1, 20260301, 2026年3月1日, each with a time behind it;
    the day number of a spreadsheet (46082); ``date`` and ``datetime``. The date stays as
    written; only a moment in UTC ("…Z", +00:00) is taken to the day it falls on in ``timezone``.

    :param timezone: ``tzinfo`` of the person who wrote it.
    :return: ``date``.
    :raise ValueError: no day, a day that does not exist, or outside 1900 to 2200.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float, date)):
        raise ValueError(value)
    if isinstance(value, datetime):
        day = _local_day(value, timezone)
    elif isinstance(value, date):
        day = value
    else:
        text = str(value).strip()
        day = _read_moment_day(text, timezone) or _read_day(text)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(value)
    return day


def _read_moment_day(text, timezone):
    if not _MOMENT.fullmatch(text):
        return None
    return _local_day(datetime.fromisoformat(text.replace(" Z", "Z")), timezone)


def _local_day(moment, timezone):
    if moment.tzinfo and not moment.utcoffset():
        try:
            return moment.astimezone(timezone).date()
        except OverflowError as error:
            raise ValueError(moment) from error
    return moment.date()


def _read_day(text):
    if clock := _CLOCK.fullmatch(text):
        text = clock[1].strip()
    for form in _DAY_FORMS:
        if found := form.fullmatch(text):
            return date(*map(int, found.groups()))
    if _SERIAL_NUMBER.fullmatch(text):
        return SPREADSHEET_EPOCH + timedelta(days=int(float(text)))
    raise ValueError(text)


def read_moment(value, timezone):
    """The moment that a text or object names.

    :param value: ISO 8601 text; an offset is honoured, without one it is UTC. A bare date is
        the last second of that day in ``timezone``. Or ``datetime``, or ``date``.
    :return: ``datetime`` in UTC without ``tzinfo``, whole seconds.
    :raise ValueError: anything else, and moments before 1900 or in the year 9999, which no
        timezone could show.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = _end_of_day(value, timezone)
    elif isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        moment = _end_of_day(date.fromisoformat(value.strip()), timezone)
    elif isinstance(value, str) and _MOMENT.fullmatch(value.strip()):
        moment = datetime.fromisoformat(value.strip().replace(" Z", "Z"))
    else:
        raise ValueError(value)
    if moment.tzinfo:
        try:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        except OverflowError as error:
            raise ValueError(value) from error
    if not FIRST_YEAR <= moment.year < datetime.max.year:
        raise ValueError(value)
    return moment.replace(microsecond=0)


def _end_of_day(day, timezone):
    return datetime.combine(day, time(23, 59, 59), timezone)
