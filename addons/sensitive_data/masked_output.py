"""Output that leaves the system is masked, whoever renders it.

While a mail is rendered, sensitive fields give their masks to every reader, the superuser
included; while a report is rendered, to those who are in none of the fields' reading groups. The
switch is an object of this process in the transaction's memory: no client can send it.
"""

from contextlib import contextmanager

_PLACE = "sensitive_data.output"

#: Everybody gets masks.
FOR_ALL = object()
#: Who may not read gets masks, even where code lifted the rights.
FOR_OTHERS = object()


@contextmanager
def masked_output(env, mode):
    """Mask sensitive fields while a document is rendered in this transaction."""
    cache = env.cr.cache
    former = cache.get(_PLACE)
    # A mail that contains a report stays masked for all.
    cache[_PLACE] = FOR_ALL if former is FOR_ALL else mode
    try:
        yield
    finally:
        cache[_PLACE] = former


def output_mode(env):
    """What masks at present, or None."""
    return env.cr.cache.get(_PLACE)
