"""What surrounds the data in a scanned or typed carrier."""

import re

GS = "\x1d"

# Longer than any symbol that carries a UDI; keeps hostile input cheap.
MAXIMUM_LENGTH = 2048

_LEADING = " \t\r\n\v\f\x00\x02\x03\x04\u200b\ufeff\u3000\xa0"
_TRAILING = _LEADING.replace(" ", "")
_SYMBOLOGY = re.compile(r"\]([A-Za-z])([0-9A-Za-z])")
_GS1_SYMBOLOGIES = {"C1", "d2", "Q3", "e0", "e1", "e2", "e3", "J1"}

# What keyboard-wedge scanners and web pages print for GS. Each is either outside
# GS1 character set 82 or cannot be meant as data.
_SUBSTITUTES = re.compile(
    r"␝|[<{\[](?:GS|FNC1)[>}\]]|\\x1d|\\u001d|\\035|&#29;|&#x1d;|\^\]|(?-i:Alt029)",
    re.IGNORECASE,
)

_SUBSTITUTE_HINT = re.compile(r"[␝<{\[\\&^]|Alt")

_HALFWIDTH = {0xFF01 + offset: 0x21 + offset for offset in range(0x5E)} | {0x3000: 0x20}
_FULLWIDTH_DIGITS = re.compile(r"[\uff10-\uff19\u3000\s]+")


def strip_carrier(text):
    """Remove what the reader added around the data.

    Trailing spaces stay: a space can be the check character of an HIBC code.

    :return: ``(data, is_gs1)``; the second says that the symbology identifier
        promises GS1 element strings (ISO/IEC 15424).
    """
    text = text.lstrip(_LEADING).rstrip(_TRAILING)
    found = _SYMBOLOGY.match(text)
    if not found:
        return text, False
    return text[3:].lstrip(_LEADING), "".join(found.groups()) in _GS1_SYMBOLOGIES


def trim_carrier(text):
    """The carrier without the blanks that a form or file put around it.

    Separators are no blanks, though Python counts GS among them: one in front proves GS1.
    """
    return text.strip(_LEADING)


def to_halfwidth(text):
    """Full-width ASCII forms, as a Chinese input method types them, made plain."""
    return text if text.isascii() else text.translate(_HALFWIDTH)


def is_fullwidth_number(text):
    """Nothing but full-width digits: no structure that would prove a UDI."""
    return bool(_FULLWIDTH_DIGITS.fullmatch(text))


def replace_substitutes(text):
    """Turn printed stand-ins for FNC1 into GS.

    :return: ``(text, stand-ins found)``.
    """
    if not _SUBSTITUTE_HINT.search(text):
        return text, []
    found = sorted(set(_SUBSTITUTES.findall(text)))
    return _SUBSTITUTES.sub(GS, text), found
