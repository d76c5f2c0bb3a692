"""Texts that come from outside: whether they can be stored, and how to show them in an error."""

import re

#: NUL, which PostgreSQL does not hold, and lone surrogates, which no encoding holds.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
SHOWN_LENGTH = 60


def is_storable(text):
    """Whether the database can hold ``text``."""
    return not _UNSTORABLE.search(text)


def shorten(value):
    """``value`` as it may stand in a sentence: short, printable, never raising.

    Texts are shown as they are, everything else as Python writes it.
    """
    try:
        text = value if isinstance(value, str) else repr(value)
    except (RecursionError, ValueError):  # deeply nested, or an integer of 5,000 digits
        text = type(value).__name__
    shown = "".join(
        character if character.isprintable() else "\ufffd" for character in text[:SHOWN_LENGTH]
    )
    return shown if len(text) <= SHOWN_LENGTH else f"{shown}…"
