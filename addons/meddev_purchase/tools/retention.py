"""How long an incoming-inspection record has to be kept. Standard library only.

Sources: SAMR Order No. 54 (2022) Art. 38: purchase-check and sales records are kept
until two years after the expiry of the device, at least five years where it has no
expiry, and for ever for implants. GMP (2025) Art. 45(4) and ISO 13485:2016 4.2.5: at
least the life of the device. The latest of all that apply wins.
"""

YEARS_AFTER_EXPIRY = 2
YEARS_WITHOUT_EXPIRY = 5


def add_years(day, years):
    """Same calendar day ``years`` later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def add_months(day, months):
    """Same calendar day ``months`` later, or the last day of that month."""
    month_index = day.year * 12 + day.month - 1 + months
    year, month = divmod(month_index, 12)
    for last_day in (day.day, 30, 29, 28):
        try:
            return day.replace(year=year, month=month + 1, day=last_day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def retain_until(received_on, expires_on=None, produced_on=None, service_life_months=0):
    """Last day on which the record must still exist.

    :param received_on: date of purchase or receipt, or None when unknown.
    :param expires_on: expiry date of the goods, or None.
    :param produced_on: production date, or None; the service life counts from it, else
        from ``received_on``.
    :param service_life_months: expected life set by the maker; 0 when not set.
    :return: date, or None when nothing is known to count from.
    """
    ends = []
    if expires_on:
        ends.append(add_years(expires_on, YEARS_AFTER_EXPIRY))
    elif received_on:
        ends.append(add_years(received_on, YEARS_WITHOUT_EXPIRY))
    life_starts_on = produced_on or received_on
    if service_life_months and life_starts_on:
        ends.append(add_months(life_starts_on, service_life_months))
    return max(ends) if ends else None
