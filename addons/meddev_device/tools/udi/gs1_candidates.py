"""Readings that a lost separator (FNC1) would allow; nobody chooses here."""

import re

from .carrier import GS
from .gs1_identifiers import IDENTIFIERS, identifier_at
from .gs1_values import DATE_CODES, is_sound

MAXIMUM_CANDIDATES = 20
_MAXIMUM_RUN = 120
_MAXIMUM_STEPS = 4000

_UNCLEAR_SEPARATORS = re.compile(r"~1|[|#~^@$`\\\t ]")

# What a maker puts behind a lot or a serial number. The weak ones turn up inside
# ordinary numbers too often: they count only where the plain reading is impossible.
_STRONG = {"10", "21", "240", "241", "250", "7003", "8008", "8012"} | DATE_CODES
_WEAK = {"01", "20", "22", "30", "37", "235", "242", "243", "251"}
_WEAK |= {str(code) for code in range(90, 100)}


def find_splits(pairs, index, today, is_possible):
    """All readings in which the value of element ``index`` hides further elements.

    :param pairs: every ``(identifier, value)`` of the plain reading.
    :param is_possible: the plain reading obeys the standard.
    :return: ``(list of (pairs, reason), is_truncated)``; at most
        ``MAXIMUM_CANDIDATES``, those with dates first, then the shortest.
    """
    identifier, run = pairs[index]
    allowed = _STRONG if is_possible else _STRONG | _WEAK
    if len(run) > _MAXIMUM_RUN or not IDENTIFIERS["10"].matches(run[:20]):
        return [], False
    used = {code.code for code, _value in pairs}
    search = _Search(run, allowed - used, today)
    found = search.readings(identifier)
    found.sort(
        key=lambda split: (
            -sum(one.code in DATE_CODES for one, _v in split),
            len(split),
        )
    )
    reason = "separator_ambiguous" if is_possible else "separator_missing"
    readings = [(pairs[:index] + split + pairs[index + 1 :], reason) for split in found]
    return readings[:MAXIMUM_CANDIDATES], search.is_truncated or len(found) > MAXIMUM_CANDIDATES


def with_separator(text, value, split_elements, today):
    """Readings in which a character that GS1 forbids stands for the separator."""
    found = []
    for substitute in sorted(set(_UNCLEAR_SEPARATORS.findall(value)))[:4]:
        elements, rest = split_elements(text.replace(substitute, GS))
        pairs = [(identifier, part) for identifier, part, _start in elements]
        if not rest and all(is_sound(*pair, today) for pair in pairs):
            found.append((pairs, "separator_unclear"))
    return found


class _Search:
    """Depth-first cutting of one run, limited in steps and never cutting into a dead end."""

    def __init__(self, run, allowed, today):
        self.run = run
        self.allowed = allowed
        self.today = today
        self.steps = 0
        self.is_truncated = False
        self.ends = self._possible_ends()

    def _possible_ends(self):
        """For each position: the identifier there and where its value may end."""
        size = len(self.run)
        ends = {}
        reachable = {size}
        for position in range(size - 3, 0, -1):
            identifier = identifier_at(self.run, position)
            if not identifier or identifier.code not in self.allowed:
                continue
            start = position + len(identifier.code)
            stops = [
                stop
                for stop in range(
                    start + identifier.minimum,
                    min(start + identifier.maximum, size) + 1,
                )
                if stop in reachable and is_sound(identifier, self.run[start:stop], self.today)
            ]
            if stops:
                ends[position] = identifier, start, stops
                reachable.add(position)
        return ends

    def readings(self, identifier):
        """Lists of ``(identifier, value)`` that use up the whole run."""
        found = []
        for position in sorted(self.ends):
            value = self.run[:position]
            if position >= identifier.minimum and identifier.matches(value):
                self._extend(position, [(identifier, value)], found)
        return found

    def _extend(self, position, split, found):
        self.steps += 1
        if self.steps > _MAXIMUM_STEPS:
            self.is_truncated = True
            return
        identifier, start, stops = self.ends[position]
        if any(identifier.code == one.code for one, _value in split):
            return
        for stop in stops:
            extended = [*split, (identifier, self.run[start:stop])]
            if stop == len(self.run):
                found.append(extended)
            else:
                self._extend(stop, extended, found)
