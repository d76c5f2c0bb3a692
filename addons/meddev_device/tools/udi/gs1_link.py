"""GS1 Digital Link: the same identifiers as the path and query of a web address."""

import re
from itertools import pairwise
from urllib.parse import unquote

from .gs1_identifiers import IDENTIFIERS
from .gs1_values import GTIN_LENGTHS, fill

_ADDRESS = re.compile(r"https?://[^/?#]+(/[^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_PRIMARY = {
    "00",
    "253",
    "255",
    "401",
    "402",
    "414",
    "417",
    "8003",
    "8004",
    "8006",
    "8010",
}
_PRIMARY |= {"8013", "8017", "8018"}
_QUALIFIER_ORDER = ("22", "10", "21", "235")


def read_link(text, reading, today):
    """Read a GS1 Digital Link URI of any host, uncompressed form.

    :return: False, with ``reading`` unchanged, when no GS1 key is in the path.
    Source: GS1 Digital Link Standard: URI Syntax 1.6.
    """
    found = _ADDRESS.fullmatch(text.strip())
    if not found:
        return False
    segments = found[1].strip("/").split("/")
    start = _key_position(segments)
    if start is None:
        return False
    elements, rest = _path_elements(segments[start:])
    qualifiers = [identifier.code for identifier, _value in elements[1:]]
    elements += _query_elements(found[2] or "")
    fill(reading, elements, today)
    if rest:
        reading.warn("unparsed_data", text=rest[:40])
    if qualifiers != [code for code in _QUALIFIER_ORDER if code in qualifiers]:
        reading.warn("qualifier_order")
    return True


def _key_position(segments):
    """Where the primary key stands: the first (01) with a number, else another key."""
    others = None
    for position, (code, value) in enumerate(pairwise(segments)):
        if code == "01" and value.isascii() and value.isdigit() and len(value) in GTIN_LENGTHS:
            return position
        if others is None and code in _PRIMARY and IDENTIFIERS[code].matches(unquote(value)):
            others = position
    return others


def _path_elements(segments):
    elements = []
    for position in range(0, len(segments), 2):
        pair = segments[position : position + 2]
        identifier = IDENTIFIERS.get(pair[0])
        if not identifier or len(pair) < 2 or not pair[1]:
            return elements, "/".join(segments[position:])
        elements.append((identifier, unquote(pair[1])))
    return elements, ""


def _query_elements(query):
    """Attributes of the link; keys that are no identifiers belong to others."""
    elements = []
    for part in re.split("[&;]", query):
        code, _equals, value = part.partition("=")
        if code in IDENTIFIERS and value:
            elements.append((IDENTIFIERS[code], unquote(value)))
    return elements
