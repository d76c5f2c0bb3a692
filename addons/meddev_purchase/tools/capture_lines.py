"""Splitting what was pasted or scanned into rows. Standard library only."""

import re
from dataclasses import dataclass
from datetime import date

MAX_CODE_LENGTH = 255
MAX_ROWS = 20000

FULL_WIDTH_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")


@dataclass(frozen=True)
class CaptureRow:
    """One pasted row: ``code`` is a UDI carrier, a serial number or a batch number.

    ``number`` counts from 1 as the person sees it. ``second`` is the second column:
    a serial number or a quantity, whichever the product needs. ``third`` is an expiry
    date as typed.
    """

    number: int
    code: str
    second: str = ""
    third: str = ""


def split_rows(text):
    """Rows of ``text``; empty rows are left out but counted.

    Only line feeds separate rows: ``str.splitlines`` would also cut at the group
    separator 0x1D, which belongs inside a GS1 carrier. Columns are tab-separated, as a
    spreadsheet copies them.
    """
    rows = []
    for number, line in enumerate(re.split("\r\n|\n|\r", text or ""), start=1):
        columns = [column.strip(" \u3000\xa0") for column in line.split("\t")]
        if not any(columns):
            continue
        columns += [""] * (3 - len(columns))
        rows.append(CaptureRow(number, *columns[:3]))
    return rows


def parse_day(text):
    """``date`` from ``YYYY-MM-DD``, ``YYYY/M/D``, ``YYYY.M.D``, ``YYYYMMDD`` or 年月日.

    :raise ValueError: on anything else, two-digit years included: never guess.
    """
    text = text.strip().translate(FULL_WIDTH_DIGITS)
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text) or re.fullmatch(
        r"(\d{4})(\d{2})(\d{2})", text
    )
    if not match:
        raise ValueError(text)
    return date(*(int(part) for part in match.groups()))


def parse_quantity(text):
    """Positive finite float from ``text``.

    :raise ValueError: on zero, negative, infinite or unreadable values.
    """
    quantity = float(text.translate(FULL_WIDTH_DIGITS))
    if not 0 < quantity < 1e9:
        raise ValueError(text)
    return quantity
