"""Dates as carriers write them, turned into ISO 8601 days."""

from calendar import monthrange
from datetime import date, timedelta


def full_year(two_digits, today):
    """Century of a two-digit year, seen from ``today``.

    :param two_digits: 0..99.
    :param today: ``date``.
    :return: four-digit year within 49 years before and 50 years after today.
    Source: GS1 General Specifications, "determination of century in dates".
    """
    difference = two_digits - today.year % 100
    century = today.year - today.year % 100
    if difference >= 51:
        century -= 100
    elif difference <= -50:
        century += 100
    return century + two_digits


def iso_day(year, month, day):
    """``YYYY-MM-DD``, or False when there is no such day."""
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return False


def iso_month_end(year, month):
    """Last day of the month, or False when there is no such month."""
    if not 1 <= month <= 12 or not 1 <= year <= 9999:
        return False
    return iso_day(year, month, monthrange(year, month)[1])


def iso_ordinal(year, day_of_year):
    """Day 1..366 of a year, or False when the year has no such day."""
    try:
        day = date(year, 1, 1) + timedelta(days=day_of_year - 1)
    except (ValueError, OverflowError):
        return False
    return day.isoformat() if day.year == year else False


def yymmdd(text, today, allow_day_zero=False):
    """Six ASCII digits as a day.

    :param allow_day_zero: day 00 then means the last day of the month.
    :return: ``YYYY-MM-DD`` or False.
    """
    year = full_year(int(text[:2]), today)
    month, day = int(text[2:4]), int(text[4:6])
    if not day and allow_day_zero:
        return iso_month_end(year, month)
    return iso_day(year, month, day)


def yyyymmdd(text):
    """Eight ASCII digits as a day, or False."""
    return iso_day(int(text[:4]), int(text[4:6]), int(text[6:8]))


def hours_minutes(text):
    """``HH:MM`` of two or four ASCII digits (device-local time), or False."""
    hours, minutes = int(text[:2]), int(text[2:4] or 0)
    if hours > 23 or minutes > 59:
        return False
    return f"{hours:02d}:{minutes:02d}"
