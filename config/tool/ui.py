"""What the person at the terminal sees: steps with seconds, and one line on failure."""

import os
import shutil
import sys
import threading
import time
from contextlib import contextmanager

# A person wants to see that it moves; a log wants few lines.
TERMINAL_SECONDS = 1
LOG_SECONDS = 15
ERASE_LINE = "\r\x1b[K"

_open_steps = []
_writing = threading.RLock()


class Failure(Exception):
    """Ends the command; its text is the one line that says what is missing and what to do."""


def say(text=""):
    with _writing:
        _finish_line()
        print(text, flush=True)


@contextmanager
def step(name, detail=None):
    """Print the step's name when it starts, its seconds meanwhile, and when it ends.

    :param detail: a function that answers what is done at the moment, or ''; a thread asks it.
    """
    running = _Step(name, detail)
    try:
        yield
    except BaseException:
        running.end("failed")
        raise
    running.end(f"{running.seconds:.0f} s")


class _Step:
    def __init__(self, name, detail):
        self.name = name
        self.detail = detail
        self.is_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self.started = time.monotonic()
        self.line_is_open = self.is_terminal
        self.ended = threading.Event()
        with _writing:
            _finish_line()
            _open_steps.append(self)
            print(f"  {name} ...", end="" if self.is_terminal else "\n", flush=True)
        self.reporter = threading.Thread(target=self._report, daemon=True)
        self.reporter.start()

    @property
    def seconds(self):
        return time.monotonic() - self.started

    def end(self, result):
        self.ended.set()
        with _writing:
            _open_steps.remove(self)
            if self.is_terminal:
                print(f"{ERASE_LINE}  {self.name} ... {result}", flush=True)
            else:
                print(f"  {self.name}: {result}", flush=True)

    def _report(self):
        while not self.ended.wait(TERMINAL_SECONDS if self.is_terminal else LOG_SECONDS):
            doing = self._doing()
            try:
                with _writing:
                    # A step inside this one speaks for it.
                    if _open_steps[-1:] == [self]:
                        self._print(f"{self.seconds:.0f} s{doing}")
            except (OSError, ValueError):
                # Nobody reads along any more; the step itself goes on.
                return

    def _doing(self):
        try:
            doing = self.detail() if self.detail else ""
        except OSError:
            doing = ""
        return f", {doing}" if doing else ""

    def _print(self, progress):
        if self.is_terminal:
            width = shutil.get_terminal_size().columns - 1
            line = f"  {self.name} ... {progress}"
            print(f"{ERASE_LINE}{line[:width]}", end="", flush=True)
            self.line_is_open = True
        else:
            print(f"  {self.name}: {progress}", flush=True)


def _finish_line():
    """What is printed between a step's start and end begins on a line of its own."""
    for running in _open_steps:
        if running.line_is_open:
            running.line_is_open = False
            print(flush=True)
