"""What a carrier says for certain, and what it may say when a person has to choose."""

import unicodedata

from .gs1_values import is_gtin
from .reading import VALUE_KEYS


def clean_di(di, issuer=False):
    """One spelling of a device identifier: the one that readings give.

    A GTIN of 8, 12 or 13 digits is the GTIN-14 with zeros before it; blanks and full-width
    digits come from pasting. What is no text, or no GTIN, is left as it is.

    :param issuer: ``gs1``, another issuer, or False where nobody said it.
    Source: GS1 General Specifications, "GTIN in 14-digit format".
    """
    if not isinstance(di, str):
        return di
    di = unicodedata.normalize("NFKC", di).strip()
    return di.zfill(14) if issuer in (False, None, "", "gs1") and is_gtin(di) else di


def certain_values(reading):
    """The values of a reading that may be stored unseen: those on which all readings agree.

    The device identifier is certain unless another reading has another one.

    :param reading: dictionary as ``parse`` answers it.
    :return: dictionary with all of ``VALUE_KEYS``; False where a person has to choose.
    """
    values = {}
    for key in VALUE_KEYS:
        others = {candidate[key] for candidate in reading["candidates"]} - {reading[key]}
        if key == "di":
            others -= {False}
        values[key] = not others and reading[key]
    return values


def possible_values(reading, key):
    """What ``key`` may be, the plain reading first; empty where it may be anything.

    :param reading: dictionary as ``parse`` answers it.
    """
    values = [reading[key], *(candidate[key] for candidate in reading["candidates"])]
    if not all(values) or "candidates_truncated" in reading["warnings"]:
        return []
    return list(dict.fromkeys(values))
