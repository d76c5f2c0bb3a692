"""What is on its way to the database by our own methods; held outside of everything that a
client, an import or the code of a server action can reach."""

from contextlib import contextmanager
from contextvars import ContextVar
from weakref import WeakKeyDictionary

# Cursor -> ids of the tickets that a move has changed and that are not written yet.
_moving = WeakKeyDictionary()
# Whether our own code writes records of moves.
_recording = ContextVar("meddev_service_recording", default=False)
# Ids of the tickets that are being archived: their last messages and dates are still to come.
_sealing = ContextVar("meddev_service_sealing", default=frozenset())


def announce_move(tickets):
    """Let the next UPDATE of these tickets change state and stamps."""
    _moving.setdefault(tickets.env.cr, set()).update(tickets.ids)


def get_moving_ids(tickets):
    """Ids of those tickets whose state may change with the next UPDATE."""
    return _moving.get(tickets.env.cr, set()) & set(tickets.ids)


def end_move(tickets):
    """The UPDATE is done: the next change of a state needs a move of its own."""
    _moving.get(tickets.env.cr, set()).difference_update(tickets.ids)


@contextmanager
def recording():
    """Until the end of the block moves of tickets may be recorded."""
    token = _recording.set(True)
    try:
        yield
    finally:
        _recording.reset(token)


def is_recording():
    return _recording.get()


@contextmanager
def sealing(tickets):
    """Until the end of the block these archived tickets still take what belongs to archiving."""
    token = _sealing.set(_sealing.get() | set(tickets.ids))
    try:
        yield
    finally:
        _sealing.reset(token)


def get_sealing_ids():
    return _sealing.get()
