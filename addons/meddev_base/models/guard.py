"""The switch for writes that only our own methods make.

Compared by identity with an object that exists only in this process: no client can send it.
"""

_CONTEXT_KEY = "meddev_base_own_write"
_OWN_WRITE = object()


def own_write(records):
    """``records`` with the right to write what is otherwise frozen."""
    return records.with_context(**{_CONTEXT_KEY: _OWN_WRITE})


def is_own_write(records):
    return records.env.context.get(_CONTEXT_KEY) is _OWN_WRITE


def write_now(records, vals):
    """Write what is otherwise frozen, into the database at once.

    A later flush happens in somebody else's name, without the permission; and what somebody left
    pending on the model is flushed first, so that it does not slip through with it.
    """
    records.flush_model()
    permitted = own_write(records)
    permitted.write(vals)
    permitted.flush_recordset()
