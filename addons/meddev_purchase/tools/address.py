"""Postal addresses as one line of text. Standard library only."""

import re


def join_address(text):
    """One line from a formatted address, without the gaps of parts that are not known.

    Formats of countries separate parts by commas and line breaks, also where a part is empty:
    ``"China,, 8 Kechuang Street"`` becomes ``"China, 8 Kechuang Street"``.
    """
    parts = (" ".join(part.split()).strip(" -") for part in re.split(r"[,\n]", text or ""))
    return ", ".join(part for part in parts if any(map(str.isalnum, part)))
