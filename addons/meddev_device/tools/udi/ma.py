"""China MA codes (ZIIOT, IDcode).

Source: practice of the issuer and of labelling products; NMPA 2019 No. 66. The
rule for check digits is not published, so they are reported and never decide.
"""

import re

from .carrier_dates import yymmdd, yyyymmdd
from .check_characters import ma_check_digits

_CARRIER = re.compile(
    r"(MA\.[0-9]{3}\.([0-9A-Z]{2})\.[0-9A-Za-z]{1,20}\.[-0-9A-Za-z@$,*+%/#!^~]{2,60})([0-9A-Za-z])"
    r"(\.[!-~]*)?"
)


def read_ma(text, reading, today):
    """Read an MA code: five dotted parts, then units of one letter and data.

    :return: False, with ``reading`` unchanged, when the five parts are not there.
    """
    found = _CARRIER.fullmatch(text.rstrip())
    if not found:
        return False
    reading.issuer = "ma"
    reading.di = found[1] + found[3]
    if found[2] != "M0":
        reading.warn("not_medical", category=found[2])
    _verify(reading, "DI", found[1], found[3])
    production, check, units = _cut(found[4] or "")
    if check:
        _verify(reading, "PI", production, check)
    for letter, value in units:
        _set(reading, letter, value, today)
    if not reading.expiry_date and reading.extra.get("valid_until"):
        reading.expiry_date = reading.extra["valid_until"]
        reading.warn("valid_until_used")
    return True


def _cut(text):
    """Production part without its check, the check digit, and ``(letter, value)`` units.

    A piece that starts with no capital letter belongs to the value before it: data
    may contain dots.
    """
    units = []
    for piece in text.split(".")[1:]:
        if units and piece and not ("A" <= piece[0] <= "Z"):
            units[-1] = units[-1][0], f"{units[-1][1]}.{piece}"
        elif piece:
            units.append((piece[0], piece[1:]))
    if units and units[-1][0] == "C" and len(units[-1][1]) == 1:
        check = units.pop()[1]
        return text.rstrip(".")[:-3], check, units
    return text, "", units


def _verify(reading, field, payload, found):
    expected = ma_check_digits(payload)
    reading.set_check(found in expected)
    if found not in expected:
        reading.warn(
            "check_mismatch",
            field=field,
            found=found,
            expected=expected[0] if expected else "?",
        )
    elif found != expected[0]:
        reading.warn("check_unverified", field=field)


def _set(reading, letter, value, today):
    if letter == "S":
        reading.set_value("serial", value)
    elif letter == "L":
        reading.set_value("lot", value)
    elif letter in ("M", "P", "E", "V"):
        _set_date(reading, letter, value, today)
    elif letter == "D":
        reading.extra["sterilisation_lot"] = value
    else:
        reading.warn("unknown_identifier", identifier=(letter + value)[:40])
        reading.extra.setdefault("units", []).append(letter + value)


def _set_date(reading, letter, value, today):
    day = False
    if value.isdigit() and len(value) in (6, 8):
        day = yymmdd(value, today) if len(value) == 6 else yyyymmdd(value)
    if not day:
        reading.warn("invalid_date", field=letter, value=value[:40])
    elif letter == "V":
        reading.extra["valid_until"] = day
    else:
        reading.set_value("expiry_date" if letter == "E" else "production_date", day)
