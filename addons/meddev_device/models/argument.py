"""Arguments of public methods, checked before they reach the database.

Clients may send anything: wrong types, huge numbers, texts that cannot be stored. Each is refused
with a sentence that names the argument; none ends in an error of Python or of PostgreSQL.
"""

from odoo.exceptions import UserError

from ..tools.text import is_storable, shorten

MAX_ID = 2**31 - 1
MAX_TEXT_LENGTH = 2000


def read_text(env, label, value):
    """A text argument without blanks around it; "" where nothing was given (None, False).

    :param label: what a person calls the argument, in their language.
    :raise UserError: no text, too long, or with characters that cannot be stored.
    """
    if value is None or value is False:
        return ""
    if not isinstance(value, str):
        raise UserError(
            env._("%(name)s must be a text, not %(value)s.", name=label, value=shorten(value))
        )
    if len(value) > MAX_TEXT_LENGTH:
        raise UserError(
            env._(
                "%(name)s has %(length)s characters, more than %(limit)s. Shorten it.",
                name=label,
                length=len(value),
                limit=MAX_TEXT_LENGTH,
            )
        )
    if not is_storable(value):
        raise UserError(
            env._("%s contains a character that cannot be stored. Type it again.", label)
        )
    return value.strip()


def read_whole_number(env, label, value, lowest=0, highest=MAX_ID):
    """A whole number from ``lowest`` to ``highest``.

    :raise UserError: anything else, booleans and texts included.
    """
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not lowest <= value <= highest:
        raise UserError(
            env._(
                "%(name)s must be a whole number from %(lowest)s to %(highest)s, not %(value)s.",
                name=label,
                lowest=lowest,
                highest=highest,
                value=shorten(value),
            )
        )
    return value


def ensure_single(records):
    """As ``ensure_one``, with a sentence for the person or program that called."""
    if len(records) != 1:
        raise UserError(
            records.env._(
                "This works on one record at a time, not on %s. Open one and try again.",
                len(records),
            )
        )
