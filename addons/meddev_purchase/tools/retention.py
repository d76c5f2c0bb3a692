"""How long the records of goods have to be kept. Standard library only.

The rules are records with a source (``meddev.retention.rule``); here is what they mean. The
latest of all that apply wins, and one that keeps for ever beats them all.
"""

from dataclasses import dataclass
from datetime import date

GOODS_ANY = "any"
GOODS_IMPLANT = "implant"
GOODS_OTHER = "other"

#: What the period of a rule counts from.
BASIS_PERMANENT = "permanent"
BASIS_EXPIRY = "expiry"
BASIS_RECEIPT = "receipt"
BASIS_RECEIPT_NO_EXPIRY = "receipt_no_expiry"
BASIS_PRODUCTION = "production"
BASIS_SERVICE_LIFE = "service_life"

#: The last day that Python and PostgreSQL's drivers know; "no end" in many files as well.
LAST_DAY = date.max
#: More months than there are until then.
MAX_MONTHS = 12 * LAST_DAY.year


@dataclass(frozen=True)
class Rule:
    """One period: ``months`` after ``basis``, for ``goods`` received while it is valid.

    ``valid_from`` and ``valid_to`` are the first and last day of receipt, or None.
    """

    goods: str
    basis: str
    months: int
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Goods:
    """What is known of a device or batch; dates are None, ``service_life_months`` 0 if unknown.

    ``produced_on`` is taken for the day of the maker's release.
    """

    received_on: date | None = None
    expires_on: date | None = None
    produced_on: date | None = None
    service_life_months: int = 0
    is_implant: bool = False


def add_months(day, months):
    """Same calendar day ``months`` later, or the last day of that month; at most LAST_DAY."""
    year, month = divmod(day.year * 12 + day.month - 1 + min(months, MAX_MONTHS), 12)
    if year > LAST_DAY.year:
        return LAST_DAY
    for last_day in (day.day, 30, 29):
        try:
            return day.replace(year=year, month=month + 1, day=last_day)
        except ValueError:
            continue
    return day.replace(year=year, month=month + 1, day=28)


def applies(rule, goods):
    """Whether ``rule`` speaks about ``goods``.

    Goods of which nobody knows when they came are kept by the rules that still hold.
    """
    if rule.goods != GOODS_ANY and (rule.goods == GOODS_IMPLANT) != goods.is_implant:
        return False
    if goods.received_on is None:
        return rule.valid_to is None
    return (rule.valid_from or date.min) <= goods.received_on <= (rule.valid_to or date.max)


def end_of(rule, goods):
    """Last day on which ``rule`` keeps ``goods``, or None where it has nothing to count from."""
    begins_on = goods.produced_on or goods.received_on
    months = rule.months
    if rule.basis == BASIS_EXPIRY:
        begins_on = goods.expires_on
    elif rule.basis == BASIS_RECEIPT:
        begins_on = goods.received_on
    elif rule.basis == BASIS_RECEIPT_NO_EXPIRY:
        begins_on = None if goods.expires_on else goods.received_on
    elif rule.basis == BASIS_SERVICE_LIFE:
        if goods.service_life_months <= 0:
            return None
        months += min(goods.service_life_months, MAX_MONTHS)
    return begins_on and add_months(begins_on, months)


def is_kept_forever(rules, goods):
    return any(rule.basis == BASIS_PERMANENT and applies(rule, goods) for rule in rules)


def retain_until(rules, goods):
    """Last day on which the records of ``goods`` must still exist.

    :param rules: iterable of ``Rule``.
    :return: date; None where they are kept for ever or nothing is known to count from.
    """
    if is_kept_forever(rules, goods):
        return None
    ends = [end_of(rule, goods) for rule in rules if applies(rule, goods)]
    return max((end for end in ends if end), default=None)
