"""Run other programs; what they print goes to a log file, and the file's name to the error."""

import subprocess

from . import paths
from .ui import Failure


def relative(path):
    """The path as a person in the checkout would type it."""
    try:
        return path.relative_to(paths.CHECKOUT)
    except ValueError:
        return path


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
            raise Failure(f"{problem} (details: {relative(log_file)})") from error
    if result.returncode:
        raise Failure(f"{problem} (details: {relative(log_file)})")


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
