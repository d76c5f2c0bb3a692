"""GS1 carriers: element strings, bracketed text and bare item numbers."""

import re

from .carrier import GS, replace_substitutes
from .gs1_candidates import find_splits, with_separator
from .gs1_identifiers import IDENTIFIERS, identifier_at
from .gs1_values import DATE_CODES, fill, is_gtin, is_sound
from .reading import UdiReading

_BRACKET = re.compile(r"\(\s*([0-9]{2,4})\s*\)")
_BARE = re.compile(r"[0-9 ]{8,20}")
# Identifiers with which an unproven run of characters may begin to be taken as GS1.
_OPENERS = {"00", "01", "02", "03", "10", "21", "240", "7003", "8008"} | DATE_CODES
# Beyond this many pieces the text is no label.
_MAXIMUM_ELEMENTS = 64


def read_gs1(text, reading, today, is_proven=False):
    """Read a GS1 carrier.

    :param is_proven: the symbology identifier announced GS1 data.
    :return: False, with ``reading`` unchanged, when the text is no GS1 carrier.
    """
    data, substitutes = replace_substitutes(text)
    is_proven = is_proven or data.startswith(GS)
    data = data.strip(GS)
    if data.startswith("("):
        is_read = _read_bracketed(data, reading, today)
    else:
        is_read = _read_bare(data, reading, today, is_proven) or _read_elements(
            data, reading, today, is_proven
        )
    if is_read:
        for substitute in substitutes:
            reading.warn("separator_substitute", text=substitute)
    return is_read


def split_elements(text):
    """Cut an element string as the standard says, without any guess.

    A variable-length value lasts until GS or the end. Values of one possible
    length are cut there even when their GS was lost.

    :return: ``(elements, rest)``; elements are ``(identifier, value, start)``,
        ``start`` being where the value begins; rest is what could not be cut.
    """
    elements = []
    position, length = 0, len(text)
    while position < length:
        if text[position] == GS:
            position += 1
            continue
        identifier = identifier_at(text, position)
        if not identifier or len(elements) >= _MAXIMUM_ELEMENTS:
            return elements, text[position:]
        start = position + len(identifier.code)
        end = text.find(GS, start)
        if end < 0:
            end = length
        if identifier.is_exact:
            end = min(end, start + identifier.maximum)
        value = text[start:end]
        if not value or (identifier.is_exact and not identifier.matches(value)):
            return elements, text[position:]
        elements.append((identifier, value, start))
        position = end
    return elements, ""


def _read_bracketed(text, reading, today):
    cuts = [found for found in _BRACKET.finditer(text) if found[1] in IDENTIFIERS]
    if not cuts or len(cuts) > _MAXIMUM_ELEMENTS:
        return False
    elements = []
    rest = [text[: cuts[0].start()]]
    ends = [cut.start() for cut in cuts[1:]] + [len(text)]
    for cut, end in zip(cuts, ends, strict=True):
        identifier = IDENTIFIERS[cut[1]]
        value = text[cut.end() : end].strip(GS + " \t\r\n")
        if identifier.is_numeric:
            value = "".join(value.split())
        if identifier.is_exact and identifier.matches(value[: identifier.maximum]):
            rest.append(value[identifier.maximum :])
            value = value[: identifier.maximum]
        elements.append((identifier, value))
    if not any(identifier.matches(value) for identifier, value in elements):
        return False
    fill(reading, elements, today)
    _warn_rest(reading, *rest)
    return True


def _read_bare(text, reading, today, is_proven):
    """An item number without application identifier, as EAN/UPC and ITF carry it."""
    if is_proven or not _BARE.fullmatch(text):
        return False
    digits = text.replace(" ", "")
    if not is_gtin(digits):
        return False
    fill(reading, [(IDENTIFIERS["01"], digits)], today)
    reading.warn("bare_gtin")
    elements, rest = split_elements(text)
    pairs = _pairs(elements)
    if pairs and not rest and all(is_sound(*pair, today) for pair in pairs):
        other = _filled(reading.raw, pairs, today)
        if any(other.values().values()):
            reading.add_candidate(other, "element_string", _bracketed(pairs))
    return True


def _read_elements(text, reading, today, is_proven):
    elements, rest = split_elements(text)
    if not elements:
        return False
    pairs = _pairs(elements)
    is_proven = is_proven or GS in text
    if not _is_credible(pairs, rest, today, is_proven):
        return False
    fill(reading, _without_impossible(text, pairs, reading, today), today)
    _warn_rest(reading, rest)
    if not is_proven and not reading.di:
        reading.warn("unproven")
    return True


def _without_impossible(text, pairs, reading, today):
    """Offer the readings that a lost separator allows.

    :return: the plain elements, less those whose value breaks the standard while
        another reading of it would not.
    """
    main = pairs
    for index, (identifier, value) in enumerate(pairs):
        if identifier.is_exact:
            continue
        is_possible = bool(identifier.matches(value))
        if is_possible and GS in text:
            continue  # the scanner does transmit separators
        splits, is_truncated = find_splits(pairs, index, today, is_possible)
        if not is_possible:
            splits += with_separator(text, value, split_elements, today)
        if not splits:
            continue
        field = f"({identifier.code})"
        for split, reason in splits:
            reading.add_candidate(_filled(reading.raw, split, today), reason, _bracketed(split))
        if is_truncated:
            reading.warn("candidates_truncated")
        reading.warn("separator_ambiguous" if is_possible else "separator_missing", field=field)
        if not is_possible:
            main = [pair for pair in main if pair is not pairs[index]]
    return main


def _is_credible(pairs, rest, today, is_proven):
    """Whether bare characters are enough to call the text GS1.

    Any number begins with some application identifier, so without a separator,
    a symbology identifier or a sound GTIN the whole text must make sense.
    """
    if is_proven:
        return any(is_sound(*pair, today) for pair in pairs)
    opener, value = pairs[0]
    if opener.code == "01" and is_gtin(value):
        return True
    if rest or opener.code not in _OPENERS:
        return False
    if len({identifier.code for identifier, _value in pairs}) < len(pairs):
        return False
    if opener.code == "01":
        return bool(value.strip("0"))
    return all(is_sound(*pair, today) for pair in pairs)


def _warn_rest(reading, *rests):
    for rest in rests:
        if rest.strip():
            reading.warn("unparsed_data", text=rest.strip()[:40])


def _pairs(elements):
    return [(identifier, value) for identifier, value, _start in elements]


def _bracketed(pairs):
    return "".join(f"({identifier.code}){value}" for identifier, value in pairs)


def _filled(raw, pairs, today):
    reading = UdiReading(raw=raw)
    fill(reading, pairs, today)
    return reading
