"""Locks between commands that run at once in one checkout; the kernel frees them on exit."""

import fcntl
from contextlib import contextmanager

from . import paths


@contextmanager
def exclusive(name):
    """Wait for the others, then be alone."""
    with _open(name) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def shared(name):
    """Several may hold it; ``alone`` then answers False."""
    with _open(name) as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(name):
    """Do not wait: yields whether nobody else holds the lock, and holds it if so."""
    with _open(name) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _open(name):
    return (paths.STATE / f"{name}.lock").open("w")
