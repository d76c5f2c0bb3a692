"""Arguments of public methods: clients may send anything, and are answered with a sentence."""

from odoo.exceptions import UserError

SHOWN_LENGTH = 60


def ensure_single(records):
    """As ``ensure_one``, with a sentence for the person or program that called."""
    if len(records) != 1:
        raise UserError(
            records.env._(
                "This works on one record at a time, not on %s. Open one and try again.",
                len(records),
            )
        )


def shown(value):
    """``value`` as it may stand in a sentence: short, printable, never raising."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except (RecursionError, ValueError):  # deeply nested, or an integer of 5,000 digits
        text = type(value).__name__
    cut = "".join(
        character if character.isprintable() else "\ufffd" for character in text[:SHOWN_LENGTH]
    )
    return cut if len(text) <= SHOWN_LENGTH else f"{cut}…"
