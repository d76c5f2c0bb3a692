"""One spelling for serial numbers, in Python and in PostgreSQL.

Both walk the same steps over the same list of characters, so that a
migration may fill a million rows in SQL and agree with what Python finds later.
"""

import unicodedata

# Removed wherever they stand: controls, every Unicode white space, and characters that
# print nothing (zero-width and soft hyphen, joiners, direction marks, BOM).
_REMOVED = "".join(map(chr, (*range(0x01, 0x21), *range(0x7F, 0xA1), *range(0x2000, 0x2010)))) + (
    "\xad\u1680\u180e\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u205f"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u3000\ufeff"
)
# Everything that a label, a font or an input method offers as a dash.
_DASHES = (
    "\u058a\u05be\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212"
    "\u2e3a\u2e3b\u301c\u3030\u30a0\u30fc\ufe31\ufe32\ufe58\ufe63\uff0d\uff70"
)
_LOWER = "abcdefghijklmnopqrstuvwxyz"

_TABLE = {
    **dict.fromkeys(map(ord, "\x00" + _REMOVED)),
    **dict.fromkeys(map(ord, _DASHES), "-"),
    **{ord(letter): letter.upper() for letter in _LOWER},
}


def normalise_serial(text):
    """Spelling under which two writings of one serial number are equal.

    NFKC (full-width to half-width, ligatures, circled digits), then white space and
    unprintable characters out, dashes to ``-``, a-z to A-Z; NFKC again, because what
    was removed may have kept an accent from its letter. Other letters keep their case:
    ``str.upper`` and PostgreSQL disagree on them (``ß``). Idempotent.

    :param text: a text; None, False and empty give ``""``.
    :return: normalised text, ``""`` when nothing is left.
    """
    if text is None or text is False:
        return ""
    text = str(text)
    if text.isascii():
        return text.translate(_TABLE)
    plain = unicodedata.normalize("NFKC", text).translate(_TABLE)
    return unicodedata.normalize("NFKC", plain)


def normalise_serial_sql(column_sql):
    """The same spelling as an SQL expression, immutable and thus fit for an index.

    Equal to :func:`normalise_serial` in a UTF-8 database for every text that both can
    store. Limits: NUL and lone surrogates do not exist in PostgreSQL; characters that
    were given a compatibility form after either side's Unicode version (Python 3.11:
    14, PostgreSQL 15: 14, 18: 16) may differ. NULL stays NULL, Python gives ``""``.

    :param column_sql: trusted SQL of a text value, never user input.
    """
    sources = _literal(_DASHES + _LOWER + _REMOVED)
    targets = _literal("-" * len(_DASHES) + _LOWER.upper())
    return f"normalize(translate(normalize({column_sql}, NFKC), {sources}, {targets}), NFKC)"


def _literal(text):
    """Unicode escape string of PostgreSQL; no character of it needs trust."""
    return "U&'" + "".join(f"\\{ord(character):04X}" for character in text) + "'"
