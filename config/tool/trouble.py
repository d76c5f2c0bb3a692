"""Errors that nobody foresaw, told in one line: what is missing and what to do."""

import errno
import os
import pwd
import shutil
import tempfile
import traceback
from pathlib import Path

from . import paths
from .paths import relative

NAME = "meddev.log"
# Less than this and whatever just failed has failed for want of room.
FULL_BYTES = 32 * 2**20
# Where the traceback goes when the checkout cannot be written.
LAST_RESORT = Path("/tmp")


def explain(error):
    """What an ``OSError`` means to the person at the terminal."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full()
    if error.errno == errno.ENOMEM or (error.errno == errno.EAGAIN and not error.filename):
        return "this machine has no memory or process left: end other programs and try again"
    if not error.filename:
        return f"{error.strerror or error} (details: {record()})"
    path = Path(os.fsdecode(error.filename))
    if error.errno == errno.EROFS:
        return f"{relative(path)} is on a read-only disk: use a checkout that can be written"
    if error.errno in (errno.EACCES, errno.EPERM):
        return _refused(path)
    if error.errno == errno.ENOENT:
        return _missing(path)
    return f"{relative(path)}: {error.strerror} (details: {record()})"


def surprise(error):
    """Any other error; its traceback goes to a file, because it is of use to developers only."""
    text = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return f"unexpected {text}: try again, and report it with the traceback in {record()}"


def is_disk_full():
    try:
        return shutil.disk_usage(paths.HOME).free < FULL_BYTES
    except OSError:
        return False


def disk_full():
    return f"the disk that holds {paths.HOME} is full: free some space and try again"


def record():
    """Append the traceback of the error in hand to a file, and return how to call the file."""
    try:
        file = paths.LOG / NAME
        with file.open("a") as log:
            log.write(f"{traceback.format_exc()}\n")
    except OSError:
        try:
            number, name = tempfile.mkstemp("-" + NAME, dir=LAST_RESORT)
            with os.fdopen(number, "w") as log:
                log.write(traceback.format_exc())
        except OSError:
            return "no file, because none can be written"
        return name
    return relative(file)


def _refused(path):
    holder = _existing(path)
    owner = holder.lstat().st_uid
    if owner == os.geteuid():
        return (
            f"{relative(holder)} is yours and yet closed to you: chmod -R u+rwX {relative(holder)} "
            "(or is its disk mounted noexec?)"
        )
    name = _user(owner)
    if holder == paths.HOME or paths.HOME in holder.parents:
        return (
            f"{relative(holder)} was made by another user ({name}): go on as that user, or let "
            f"that user delete {paths.HOME.name} with `make clean`"
        )
    return (
        f"{relative(path)} cannot be used, because {holder} belongs to another user ({name}): "
        "go on as that user, or work in a checkout of your own"
    )


def _missing(path):
    # A program that is looked for on PATH has no folder.
    if len(path.parts) == 1:
        return f"the program {path} is missing: install it"
    if paths.HOME in path.parents:
        return (
            f"{relative(path)} is missing: `make stop` and try again; `make clean` starts over, "
            "without the data"
        )
    return f"{relative(path)} is missing: is the checkout complete (`git status`)?"


def _existing(path):
    """The path, or the nearest folder above it that can be looked at."""
    path = path if path.is_absolute() else Path.cwd() / path
    for candidate in (path, *path.parents):
        try:
            candidate.lstat()
        except OSError:
            continue
        return candidate
    return Path("/")


def _user(number):
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"number {number}"
