"""Interleaved rounds, medians and ratios.

The machine's speed drifts, so every variant of a case is measured in every round, one after the
other, and only ratios inside one run mean anything.
"""

import gc
import statistics
import time
from dataclasses import dataclass, field


@dataclass
class Variant:
    """One way of doing a thing: ``run()`` is timed as a whole; it may return its own seconds.

    :param per: how many records one run handles; times are given per record.
    """

    name: str
    run: object
    per: int = 1
    times: list = field(default_factory=list)
    queries: int | None = None

    @property
    def median(self):
        return statistics.median(self.times) if self.times else None


@dataclass
class Case:
    """A comparison: the ratio of two variants against a limit.

    :param limit: largest ratio ``of / to`` that reaches the goal; None: for information.
    """

    name: str
    variants: list
    of: str = ""
    to: str = ""
    limit: float | None = None
    note: str = ""
    repeats: int = 3

    def variant(self, name):
        return next(variant for variant in self.variants if variant.name == name)

    @property
    def ratio(self):
        if not self.of or not self.variant(self.of).times or not self.variant(self.to).times:
            return None
        return self.variant(self.of).median / self.variant(self.to).median

    @property
    def reached(self):
        return None if self.limit is None or self.ratio is None else self.ratio <= self.limit

    def as_dict(self):
        return {
            "case": self.name,
            "note": self.note,
            "variants": [
                {
                    "name": variant.name,
                    "median_ms": milliseconds(variant.median),
                    "min_ms": milliseconds(min(variant.times, default=None)),
                    "max_ms": milliseconds(max(variant.times, default=None)),
                    "runs": len(variant.times),
                    "per": variant.per,
                    "queries": variant.queries,
                }
                for variant in self.variants
            ],
            "of": self.of,
            "to": self.to,
            "ratio": self.ratio and round(self.ratio, 3),
            "limit": self.limit,
            "reached": self.reached,
        }


def milliseconds(seconds):
    return None if seconds is None else round(seconds * 1000, 4)


def measure(cases, rounds, warm_up=True, tell=None):
    """Run every variant of every case in every round, ``repeats`` times each.

    The order of the variants turns from round to round, so that none always goes first.
    """
    if warm_up:
        for case in cases:
            for variant in case.variants:
                variant.run()
    for number in range(rounds):
        if tell:
            tell(f"round {number + 1} of {rounds}")
        for case in cases:
            turn = number % len(case.variants)
            for variant in case.variants[turn:] + case.variants[:turn]:
                for _ in range(case.repeats):
                    gc.collect()
                    started = time.perf_counter()
                    own = variant.run()
                    seconds = time.perf_counter() - started
                    seconds = own if isinstance(own, float) else seconds
                    variant.times.append(seconds / variant.per)


def table(cases):
    """A Markdown table that also reads well on a console."""
    head = ("case", "compared", "median ms", "ratio", "limit", "reached")
    rows = [head]
    for case in cases:
        for position, variant in enumerate(case.variants):
            first = position == 0
            queries = "" if variant.queries is None else f" ({variant.queries} q)"
            verdict = {None: "", True: "yes", False: "NO"}[case.reached]
            ratio = "" if case.ratio is None else f"{case.ratio:.2f}"
            limit = "" if case.limit is None else f"≤ {case.limit:g}"
            shown = (ratio, limit, verdict) if first else ("", "", "")
            median = "-" if variant.median is None else f"{variant.median * 1000:,.2f}"
            rows.append((case.name if first else "", f"{variant.name}{queries}", median, *shown))
    widths = [max(width(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "| "
        + " | ".join(text + " " * (w - width(text)) for text, w in zip(row, widths, strict=True))
        + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)


def width(text):
    """Columns that a text takes on a console: Chinese characters take two."""
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)
