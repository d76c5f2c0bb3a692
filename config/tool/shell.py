"""Run other programs; what they print goes to a log file, and the file's name to the error."""

import os
import shlex
import subprocess

from . import paths, trouble
from .paths import relative
from .ui import Failure


def logged(command, log, problem, **options):
    """Run a command with its output appended to ``log``.

    :param problem: the line shown when it fails: what is missing and what to do.
    """
    log_file = paths.LOG / f"{log}.log"
    with log_file.open("a") as output:
        output.write(f"$ {' '.join(map(str, command))}\n")
        output.flush()
        try:
            result = subprocess.run(
                list(map(str, command)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **options,
            )
        except OSError as error:
            output.write(f"{error}\n")
            raise _failure(problem, log_file) from error
    if result.returncode:
        raise _failure(problem, log_file)


def _failure(problem, log_file):
    """No program says as plainly as we can that there was no room left."""
    cause = trouble.disk_full() if trouble.is_disk_full() else problem
    return Failure(f"{cause} (details: {relative(log_file)})")


def output_of(command, **options):
    """Standard output of a command, or None when it cannot be run or fails."""
    try:
        result = subprocess.run(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **options,
        )
    except OSError:
        return None
    return None if result.returncode else result.stdout


def arguments():
    """What ARGS= holds, split as a shell does."""
    text = os.environ.get("ARGS", "")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Failure(f"ARGS={text}: close its quotation mark") from error
