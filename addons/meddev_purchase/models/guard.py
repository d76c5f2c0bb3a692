"""The switch for writes on evidence that only our own methods make.

Compared by identity with an object that exists only in this process: no client can send it.
"""

_CONTEXT_KEY = "meddev_purchase_own_write"
_OWN_WRITE = object()


def own_write(records):
    """``records`` with the right to write what is otherwise frozen."""
    return records.with_context(**{_CONTEXT_KEY: _OWN_WRITE})


def without_own_write(records):
    """``records`` without that right, to write first what others left waiting."""
    return records.with_context(**{_CONTEXT_KEY: None})


def is_own_write(records):
    return records.env.context.get(_CONTEXT_KEY) is _OWN_WRITE
