"""What the person at the terminal sees: steps with seconds, and one line on failure."""

import sys
import time
from contextlib import contextmanager


class Failure(Exception):
    """Ends the command; its text is the one line that says what is missing and what to do."""


def say(text=""):
    print(text, flush=True)


@contextmanager
def step(name):
    """Print the step's name when it starts and its seconds when it ends."""
    interactive = sys.stdout.isatty()
    started = time.monotonic()
    print(f"  {name} ...", end="" if interactive else "\n", flush=True)
    try:
        yield
    except BaseException:
        print(" failed" if interactive else f"  {name}: failed", flush=True)
        raise
    seconds = time.monotonic() - started
    print(f" {seconds:.0f} s" if interactive else f"  {name}: {seconds:.0f} s", flush=True)
