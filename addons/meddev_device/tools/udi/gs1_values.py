"""What the values of GS1 element strings mean for a device."""

from .carrier_dates import hours_minutes, yymmdd
from .check_characters import gs1_check_digit

GTIN_LENGTHS = (8, 12, 13, 14)

_TEXTS = {"10": "lot", "21": "serial", "8012": "software_version"}
_DATES = {"11": "production_date", "17": "expiry_date"}
_OTHER_DATES = {
    "12": "due_date",
    "13": "packaging_date",
    "15": "best_before_date",
    "16": "sell_by_date",
}
_CHECKED = {"00", "02", "03", "402", "8017", "8018"} | {str(n) for n in range(410, 418)}
# Keys that name a logistic unit, a content or a pattern, never the device itself.
_NOT_DEVICES = {"00", "02", "03", "253", "255", "8003", "8004", "8006", "8010", "8026"}
DATE_CODES = {*_DATES, *_OTHER_DATES}


def is_gtin(value):
    """ASCII digits of a GTIN's length, not all zero, with the right check digit."""
    return (
        len(value) in GTIN_LENGTHS
        and value.isascii()
        and value.isdigit()
        and value.strip("0") != ""
        and gs1_check_digit(value[:-1]) == value[-1]
    )


def is_sound(identifier, value, today):
    """Format, check digit and date all hold: strict enough to propose a reading."""
    if not identifier.matches(value):
        return False
    code = identifier.code
    if code == "01":
        return is_gtin(value)
    if code in _CHECKED:
        return bool(value.strip("0")) and gs1_check_digit(value[:-1]) == value[-1]
    if code in DATE_CODES:
        return bool(yymmdd(value, today, allow_day_zero=True))
    if code == "7003":
        return bool(yymmdd(value, today) and hours_minutes(value[6:]))
    return True


def fill(reading, elements, today):
    """Put ``(identifier, value)`` pairs into a reading, warning where they are odd.

    Source: GS1 General Specifications 3; GS1 AIDC Healthcare Implementation
    Guideline.
    """
    reading.issuer = "gs1"
    for identifier, value in elements:
        _fill_one(reading, identifier, value, today)
    if not reading.di:
        reading.warn("no_device_identifier")


def _fill_one(reading, identifier, value, today):
    code = identifier.code
    field = f"({code})"
    known = reading.extra.setdefault("identifiers", {})
    if known.setdefault(code, value) != value:
        reading.warn("conflict", field=_TEXTS.get(code) or _DATES.get(code) or field)
        return
    if code == "01":
        _fill_gtin(reading, value)
    elif code in _TEXTS:
        if _is_acceptable_text(reading, identifier, value, field):
            reading.set_value(_TEXTS[code], value)
    elif code in DATE_CODES:
        _fill_date(reading, code, value, today)
    elif not identifier.matches(value):
        reading.warn("invalid_value", field=field, value=value[:40])
    elif code == "7003":
        _fill_expiry_time(reading, value, today)
    elif code == "8008":
        if day := yymmdd(value, today):
            reading.set_value("production_date", day)
        else:
            reading.warn("invalid_date", field=field, value=value)
    else:
        _check_other_key(reading, code, value, field)


def _fill_gtin(reading, value):
    if not (
        value.isascii() and value.isdigit() and len(value) in GTIN_LENGTHS and value.strip("0")
    ):
        reading.warn("invalid_value", field="(01)", value=value[:40])
        return
    if not reading.di:
        reading.di = value.zfill(14)
    expected = gs1_check_digit(value[:-1])
    reading.set_check(expected == value[-1])
    if expected != value[-1]:
        reading.warn("check_mismatch", field="(01)", found=value[-1], expected=expected)


def _is_acceptable_text(reading, identifier, value, field):
    """A text that is too long is no value; a forbidden character is only reported."""
    if identifier.matches(value):
        return True
    if len(value) > identifier.maximum:
        reading.warn("value_too_long", field=field, length=len(value), maximum=identifier.maximum)
        return False
    if value:
        reading.warn("invalid_character", field=field)
    else:
        reading.warn("invalid_value", field=field, value=value)
    return bool(value)


def _fill_date(reading, code, value, today):
    field = f"({code})"
    is_well_formed = len(value) == 6 and value.isascii() and value.isdigit()
    day = is_well_formed and yymmdd(value, today, allow_day_zero=True)
    if not day:
        reading.warn("invalid_date", field=field, value=value[:40])
        return
    if value.endswith("00"):
        reading.warn("day_unspecified", field=field)
    if code in _DATES:
        reading.set_value(_DATES[code], day)
    else:
        reading.extra[_OTHER_DATES[code]] = day


def _fill_expiry_time(reading, value, today):
    day, time = yymmdd(value, today), hours_minutes(value[6:])
    if not day or not time:
        reading.warn("invalid_date", field="(7003)", value=value)
        return
    reading.set_value("expiry_date", day)
    reading.extra["expiry_time"] = time
    reading.warn("expiry_time", time=time)


def _check_other_key(reading, code, value, field):
    if code in _NOT_DEVICES:
        reading.warn("not_device_identifier", ai=code)
    if code in _CHECKED:
        expected = gs1_check_digit(value[:-1])
        if expected != value[-1]:
            reading.warn("check_mismatch", field=field, found=value[-1], expected=expected)
