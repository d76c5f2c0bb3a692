"""ICCBBA carriers: ISBT 128 data structures in any order.

Source: ICCBBA ST-001, ISBT 128 Standard Technical Specification; ST-011 for UDI.
"""

import re

from .carrier_dates import hours_minutes, iso_ordinal, yyyymmdd

# Data identifier: length of the content, what it is.
_STRUCTURES = {
    "=/": (16, "di"),
    "=)": (10, "di"),
    "=,": (6, "serial"),
    "&,1": (18, "lot"),
    "&)": (10, "lot"),
    "=>": (6, "expiry_date"),
    "&>": (10, "expiry_date"),
    "=}": (6, "production_date"),
    "&}": (10, "production_date"),
    "=*": (6, "collection_date"),
    "&*": (10, "collection_date"),
    "=+": (5, "compound"),
    "=%": (4, "blood_groups"),
    "=<": (8, "product_code"),
    "&,4": (40, "single_european_code"),
}
_DATE_KEYS = ("expiry_date", "production_date", "collection_date")
_DONATION_LENGTH = 15
_ALPHANUMERIC = re.compile(r"[0-9A-Z]+")
# Facility codes never contain the letter O.
_PROCESSOR_CODE = re.compile(r"[0-9A-NP-Z]{5}[0-9A-Z]{11}")


def read_iccbba(text, reading, _today):
    """Read ISBT 128 data structures; there is no check character to verify.

    :return: False, with ``reading`` unchanged, when nothing in it is known.
    """
    found = {}
    unknown = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        name, end, content = _structure(text, position)
        if name and _is_valid(name, content):
            found.setdefault(name, []).append(content)
        else:
            following = re.compile("[=&]").search(text, position + 1)
            end = following.start() if following else len(text)
            unknown.append(text[position:end])
        position = end
    if not found:
        return False
    reading.issuer = "iccbba"
    for name, contents in found.items():
        for content in contents:
            _set(reading, name, content)
    if "single_european_code" in found and not reading.expiry_date:
        reading.set_value("expiry_date", yyyymmdd(found["single_european_code"][0][-8:]))
    if not reading.di:
        reading.warn("no_device_identifier")
    for structure in unknown:
        reading.warn("unknown_identifier", identifier=structure[:40])
    return True


def _structure(text, position):
    """Name, end and content of the data structure at ``position``."""
    for width in (3, 2):
        length, name = _STRUCTURES.get(text[position : position + width], (0, None))
        if name:
            start = position + width
            return name, start + length, _exactly(text, start, length)
    if text[position] == "=":
        start = position + 1
        return (
            "donation_id",
            start + _DONATION_LENGTH,
            _exactly(text, start, _DONATION_LENGTH),
        )
    return None, position, ""


def _exactly(text, start, length):
    content = text[start : start + length]
    return content if len(content) == length else ""


def _is_valid(name, content):
    if not content:
        return False
    if name in _DATE_KEYS or name == "compound":
        return content.isascii() and content.isdigit()
    if name == "di" and len(content) == 16:
        return bool(_PROCESSOR_CODE.fullmatch(content))
    if name == "single_european_code" and not content[-8:].isdigit():
        return False
    return bool(_ALPHANUMERIC.fullmatch(content))


def _set(reading, name, content):
    if name in _DATE_KEYS:
        _set_date(reading, name, content)
    elif name in ("di", "serial", "lot"):
        reading.set_value(name, content)
    else:
        reading.extra[name] = content


def _set_date(reading, name, content):
    """cYYJJJ: century digit 0 is 2000, 9 is 1900; then day of the year."""
    year = int(content[:3])
    day = iso_ordinal(year + (1000 if year >= 900 else 2000), int(content[3:6]))
    if not day:
        reading.warn("invalid_date", field=name, value=content)
        return
    if name == "collection_date":
        reading.extra[name] = day
    else:
        reading.set_value(name, day)
    time = len(content) == 10 and hours_minutes(content[6:])
    if time:
        reading.extra[name.replace("_date", "_time")] = time
        if name == "expiry_date":
            reading.warn("expiry_time", time=time)
