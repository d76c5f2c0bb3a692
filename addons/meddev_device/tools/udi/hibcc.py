"""HIBC supplier labels: primary, secondary and concatenated.

Source: ANSI/HIBC 2.6, Health Industry Bar Code Supplier Labeling Standard.
"""

import re

from .carrier_dates import (
    full_year,
    hours_minutes,
    iso_day,
    iso_month_end,
    iso_ordinal,
    yyyymmdd,
)
from .check_characters import hibc_check_character
from .reading import CHECK_MISMATCH, CHECK_OK, UdiReading

_PRIMARY = re.compile(r"\+([A-Z][A-Z0-9]{3})([A-Z0-9]{1,18})([0-9])")
_PRIMARY_LINE = re.compile(_PRIMARY.pattern + r"([-A-Z0-9. $/+%])(?=\+[$0-9S])")
_LINE_START = re.compile(r"\+(?=[$0-9S])")
_JULIAN = re.compile(r"([0-9]{2})([0-9]{3})(.*)")
_QUANTITY = re.compile(r"8([0-9]{2})|9([0-9]{5})")
_DATED = re.compile(r"(16D|14D)([0-9]{8})")
_COUNT = re.compile(r"Q([0-9]{1,9})")
_MAXIMUM_TEXT = 18

# Flag after $$: how many digits the date has, and the order of its parts.
_DATE_LAYOUTS = {
    "0": "MY",
    "1": "MY",
    "2": "MDY",
    "3": "YMD",
    "4": "YMDH",
    "5": "YJ",
    "6": "YJH",
    "7": "",
}


def read_hibcc(text, reading, today):
    """Read an HIBC supplier code.

    :return: False, with ``reading`` unchanged, when the text is no such code.
    """
    if not text.isascii():
        return False
    code = text.replace("*", "").upper()
    trials = [trial for variant in _variants(code) if (trial := _read(variant, reading.raw, today))]
    if not trials:
        return False
    chosen = next((trial for trial in trials if trial.check_status == CHECK_OK), trials[0])
    _offer_lost_characters(chosen, code, today)
    vars(reading).update(vars(chosen))
    if code != text.replace("*", ""):
        reading.warn("case")
    return True


def _variants(code):
    """Trailing spaces may be check characters, or dirt."""
    body = code.rstrip(" ")
    spaces = min(len(code) - len(body), 2)
    return [body + " " * count for count in range(spaces, -1, -1)]


def _offer_lost_characters(reading, code, today):
    """A form may have trimmed a space that was the check, or a person typed no check."""
    if reading.check_status != CHECK_MISMATCH:
        return
    restored = _read(code.rstrip(" ") + " ", reading.raw, today)
    if restored and restored.check_status == CHECK_OK:
        reading.add_candidate(restored, "space_lost")
    if primary := _PRIMARY.fullmatch(code):
        unchecked = UdiReading(raw=reading.raw, di="".join(primary.groups()))
        reading.add_candidate(unchecked, "check_character_missing")


def _read(code, raw, today):
    reading = UdiReading(raw=raw, issuer="hibcc")
    if not code[1:2].isalpha():
        return _read_secondary_line(code, reading, today) and reading
    if first_line := _PRIMARY_LINE.match(code):
        _set_primary(reading, first_line)
        _verify(reading, first_line[0])
        for line in _lines(code[first_line.end() :]):
            _read_secondary_line(line, reading, today, link=first_line[4])
        return reading
    primary, *segments = code[:-1].split("/")
    if not (found := _PRIMARY.fullmatch(primary)):
        return None
    _set_primary(reading, found)
    _verify(reading, code)
    _read_segments(reading, segments, today)
    return reading


def _set_primary(reading, found):
    labeler, product, unit = found.groups()[:3]
    reading.di = labeler + product + unit
    reading.extra.update(labeler=labeler, product_code=product, unit_of_measure=int(unit))


def _verify(reading, code):
    expected = hibc_check_character(code[:-1])
    reading.set_check(expected == code[-1])
    if expected != code[-1]:
        reading.warn("check_mismatch", field="HIBC", found=code[-1], expected=expected or "?")


def _lines(text):
    """Cut bar codes that were scanned into one text, preferring right check characters."""
    while text:
        starts = [found.start() for found in _LINE_START.finditer(text, 4)]
        cuts = [start for start in starts if text[start - 1] != "$"]
        proven = (c for c in starts if hibc_check_character(text[: c - 1]) == text[c - 1])
        cut = next(proven, cuts[0] if cuts else len(text))
        yield text[:cut]
        text = text[cut:]


def _read_secondary_line(code, reading, today, link=None):
    """``+data link check``; without the primary nobody can verify the link."""
    data = code[1:-2]
    if not data or not (data[0] in "$S" or _JULIAN.match(data)):
        return False
    is_sound = hibc_check_character(code[:-1]) == code[-1]
    if link is None and not is_sound and code[1:].isdigit():
        return False  # a telephone number, not an old secondary code
    _verify(reading, code)
    if link is None:
        reading.warn("no_device_identifier")
        reading.extra["link_character"] = code[-2]
    elif link != code[-2]:
        reading.set_check(False)
        reading.warn("link_mismatch", found=code[-2], expected=link)
    _read_segments(reading, data.split("/"), today)
    return True


def _read_segments(reading, segments, today):
    for index, segment in enumerate(segments):
        if segment.startswith("$$+"):
            _read_flagged(reading, segment[3:], "serial", today)
        elif segment.startswith("$$"):
            _read_flagged(reading, segment[2:], "lot", today)
        elif segment.startswith("$+"):
            _set_text(reading, "serial", segment[2:])
        elif segment.startswith("$"):
            _set_text(reading, "lot", segment[1:])
        elif segment.startswith("S"):
            _set_text(reading, "serial", segment[1:])
        elif dated := _DATED.fullmatch(segment):
            key = "production_date" if dated[1] == "16D" else "expiry_date"
            _set_date(reading, key, yyyymmdd(dated[2]), segment)
        elif counted := _COUNT.fullmatch(segment):
            reading.extra["quantity"] = int(counted[1])
        elif index == 0 and (julian := _JULIAN.fullmatch(segment)):
            day = iso_ordinal(full_year(int(julian[1]), today), int(julian[2]))
            _set_date(reading, "expiry_date", day, segment[:5])
            _set_text(reading, "lot", julian[3])
        elif segment:
            reading.warn("unknown_identifier", identifier=segment[:40])
            reading.extra.setdefault("segments", []).append(segment)


def _read_flagged(reading, rest, key, today):
    """``$$`` data: optional old quantity, date flag, date, lot or serial number."""
    if quantity := _QUANTITY.match(rest):
        reading.extra["quantity"] = int(quantity[1] or quantity[2])
        rest = rest[quantity.end() :]
    if not rest:
        return
    flag = rest[0]
    layout = _DATE_LAYOUTS.get(flag)
    if layout is None:
        reading.warn("invalid_value", field="$$", value=rest[:40])
        return
    start = 0 if layout == "MY" else 1
    end = start + sum(3 if part == "J" else 2 for part in layout)
    digits = rest[start:end]
    if layout and (len(digits) < end - start or not digits.isdigit()):
        reading.warn("invalid_date", field="expiry_date", value=rest[:40])
        return
    if layout:
        _set_expiry(reading, layout, digits, today)
    _set_text(reading, key, rest[end:])


def _set_expiry(reading, layout, digits, today):
    parts, position = {}, 0
    for part in layout:
        width = 3 if part == "J" else 2
        parts[part] = int(digits[position : position + width])
        position += width
    year = full_year(parts["Y"], today)
    if "J" in parts:
        day = iso_ordinal(year, parts["J"])
    elif "D" in parts:
        day = iso_day(year, parts["M"], parts["D"])
    else:
        day = iso_month_end(year, parts["M"])
    time = "H" in parts and hours_minutes(f"{parts['H']:02d}")
    if "H" in parts and not time:
        reading.warn("invalid_date", field="expiry_date", value=digits)
    _set_date(reading, "expiry_date", day, digits)
    if day and time:
        reading.extra["expiry_time"] = time
        reading.warn("expiry_time", time=time)


def _set_date(reading, key, day, value):
    if day:
        reading.set_value(key, day)
    else:
        reading.warn("invalid_date", field=key, value=value)


def _set_text(reading, key, value):
    if len(value) > _MAXIMUM_TEXT:
        reading.warn("value_too_long", field=key, length=len(value), maximum=_MAXIMUM_TEXT)
    else:
        reading.set_value(key, value)
