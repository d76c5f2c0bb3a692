"""Finding out who issued a carrier, and having it read."""

from datetime import date

from .carrier import (
    GS,
    MAXIMUM_LENGTH,
    is_fullwidth_number,
    strip_carrier,
    to_halfwidth,
)
from .gs1 import read_gs1
from .gs1_link import read_link
from .hibcc import read_hibcc
from .iccbba import read_iccbba
from .ma import read_ma
from .reading import UdiReading

_HTTP = ("http://", "https://", "HTTP://", "HTTPS://", "Http://", "Https://")
_READERS = (
    ("HIBCC", ("+", "*+"), read_hibcc),
    ("ICCBBA", ("=", "&"), read_iccbba),
    ("MA", ("MA.",), read_ma),
    ("GS1 Digital Link", _HTTP, read_link),
)
_PRINTED_SEPARATORS = ("&#29;", "&#x1d;", "&#x1D;")


def parse(carrier, today=None):
    """Read a UDI carrier into a JSON-able dictionary; see :func:`read`.

    :param carrier: anything; a text as scanned or typed gives the best result.
    :param today: ``date`` from which two-digit years get their century,
        default the machine's own local day.
    :return: dict with the keys ``issuer`` (one of ``ISSUERS`` or False), ``di``,
        ``serial``, ``lot``, ``production_date``, ``expiry_date`` (``YYYY-MM-DD``,
        the maker's calendar day), ``software_version``, ``check_status`` (``ok``,
        ``mismatch``, ``not_applicable``), ``warnings`` (codes), ``candidates``
        (dicts with the value keys, a ``reason`` and, for GS1, the bracketed ``text``) and ``raw``
        (``carrier`` itself, unchanged). Missing values are False.

    Never raises. Alibaba Health's AHM layout is not public: such codes stay raw.
    """
    return read(carrier, today).as_dict()


def read(carrier, today=None):
    """Read a UDI carrier into a :class:`UdiReading`.

    The first characters decide the issuer (IMDRF/UDI WG/N48, HL7 UDI guidance).
    Never raises; an unknown carrier has ``issuer`` False.
    """
    reading = UdiReading(raw=carrier)
    if not isinstance(carrier, str):
        if carrier:
            reading.warn("not_text", type=type(carrier).__name__)
        else:
            reading.warn("empty")
        return reading
    if len(carrier) > MAXIMUM_LENGTH:
        reading.warn("too_long", length=len(carrier))
        return reading
    text, is_gs1 = strip_carrier(carrier)
    if not text.strip():
        reading.warn("empty")
        return reading
    today = today or date.today()
    plain = to_halfwidth(text)
    if plain != text:
        return _read_fullwidth(carrier, text, plain, is_gs1, today)
    _read_into(reading, text, is_gs1, today)
    return reading


def _read_fullwidth(carrier, text, plain, is_gs1, today):
    reading = UdiReading(raw=carrier)
    _read_into(reading, plain, is_gs1, today)
    if reading.issuer and is_fullwidth_number(text):
        unread = UdiReading(raw=carrier)
        unread.warn("unrecognised")
        unread.add_candidate(reading, "fullwidth")
        return unread
    if reading.issuer:
        reading.warn("fullwidth")
    return reading


def _read_into(reading, text, is_gs1, today):
    body = text.lstrip(GS)
    for name, prefixes, reader in _READERS:
        if body.startswith(prefixes) and not body.startswith(_PRINTED_SEPARATORS):
            if not reader(body, reading, today):
                reading.warn("unreadable", issuer=name)
            return
    # A leading separator proves GS1, so it stays.
    if not read_gs1(text.rstrip(), reading, today, is_gs1):
        reading.warn("unrecognised")
