"""The switch for our own protected writes.

The value is compared by identity with an object that exists only in this process, so no client
can send it: JSON and XML-RPC carry copies. A context key with any other value does nothing.
"""

_CONTEXT_KEY = "meddev_device_trusted"
_OWN_WRITE = object()
_STOCK_OPERATION = object()

_RESERVATION_KEY = "meddev_device_reservation"
_FOR_CUSTOMER = object()


def trusted(records):
    """``records`` with the right to write the facts that only our own methods write."""
    return records.with_context(**{_CONTEXT_KEY: _OWN_WRITE})


def is_trusted(records):
    switch = records.env.context.get(_CONTEXT_KEY)
    return switch is _OWN_WRITE or switch is _STOCK_OPERATION


def in_stock_operation(records):
    """``records`` inside core's own stock operation, which our rules never block."""
    return records.with_context(**{_CONTEXT_KEY: _STOCK_OPERATION})


def is_in_stock_operation(records):
    return records.env.context.get(_CONTEXT_KEY) is _STOCK_OPERATION


def reserving_for_customer(records):
    """``records`` while core chooses the goods that a customer is to get."""
    return records.with_context(**{_RESERVATION_KEY: _FOR_CUSTOMER})


def is_reserving_for_customer(records):
    return records.env.context.get(_RESERVATION_KEY) is _FOR_CUSTOMER


def without_defaults(records, names):
    """``records`` whose context sets no default for ``names``.

    ``default_*`` keys come from the client and fill what ``create`` was not given, after it was
    checked.
    """
    keys = records.env.context.keys() & {f"default_{name}" for name in names}
    if not keys:
        return records
    context = {key: value for key, value in records.env.context.items() if key not in keys}
    return records.with_env(records.env(context=context))
