"""The result of reading one carrier."""

from dataclasses import dataclass, field
from typing import Any

ISSUERS = ("gs1", "hibcc", "iccbba", "ma", "ahm")

CHECK_OK = "ok"
CHECK_MISMATCH = "mismatch"
CHECK_NOT_APPLICABLE = "not_applicable"

VALUE_KEYS = (
    "di",
    "serial",
    "lot",
    "production_date",
    "expiry_date",
    "software_version",
)


@dataclass
class UdiReading:
    """What one carrier says.

    Dates are ISO 8601 texts ``YYYY-MM-DD``, calendar days without timezone, as
    printed by the maker. ``warnings`` holds ``(code, parameters)`` pairs, codes
    from ``warning_codes.WARNINGS``. ``extra`` holds what has no key of its own
    (best-before date, quantity, sterilisation lot, other identifiers).
    """

    raw: Any
    issuer: Any = False
    di: Any = False
    serial: Any = False
    lot: Any = False
    production_date: Any = False
    expiry_date: Any = False
    software_version: Any = False
    check_status: str = CHECK_NOT_APPLICABLE
    warnings: list = field(default_factory=list)
    candidates: list = field(default_factory=list)
    extra: dict = field(default_factory=dict)

    def warn(self, code, **parameters):
        """Add a warning once."""
        if (code, parameters) not in self.warnings:
            self.warnings.append((code, parameters))

    def set_value(self, key, value):
        """Fill ``key``; the first value wins and a different second one is a conflict."""
        if not value:
            return
        if (current := getattr(self, key)) and current != value:
            self.warn("conflict", field=key)
            self.extra.setdefault("conflicts", {}).setdefault(key, []).append(value)
        elif not current:
            setattr(self, key, value)

    def set_check(self, is_ok):
        """Record one verified check character; a single mismatch decides."""
        if not is_ok:
            self.check_status = CHECK_MISMATCH
        elif self.check_status == CHECK_NOT_APPLICABLE:
            self.check_status = CHECK_OK

    def values(self):
        """The identifying values alone."""
        return {key: getattr(self, key) for key in VALUE_KEYS}

    def add_candidate(self, other, reason, text=""):
        """Offer the values of another reading for a person to choose.

        :param text: how that reading cuts the carrier, in brackets (GS1 only).
        """
        candidate = {**other.values(), "reason": reason, "text": text}
        if candidate not in self.candidates:
            self.candidates.append(candidate)

    def as_dict(self):
        """JSON-able form; warnings are reduced to their codes, in order, once each."""
        return {
            "issuer": self.issuer,
            **self.values(),
            "check_status": self.check_status,
            "warnings": list(dict.fromkeys(code for code, _parameters in self.warnings)),
            "candidates": [dict(candidate) for candidate in self.candidates],
            "raw": self.raw,
        }
