"""A long step shows that it moves: on a terminal in place, in a log now and then."""

import io
import sys
import threading

import pytest
from tool import odoo, paths, ui

LOG_LINE = "2026-11-21 10:00:00,000 7 INFO mine odoo.modules.loading: Loading module {} ({}/9) \n"


class Output(io.StringIO):
    """Standard output that tells when it has held a text."""

    def __init__(self, is_terminal):
        super().__init__()
        self.is_terminal = is_terminal
        self.written = threading.Condition()

    def isatty(self):
        return self.is_terminal

    def write(self, text):
        with self.written:
            super().write(text)
            self.written.notify_all()

    def wait_for(self, text):
        with self.written:
            assert self.written.wait_for(lambda: text in self.getvalue(), timeout=10), text


@pytest.fixture
def output(monkeypatch):
    """Standard output of a kind, and an interval that a test can wait for."""

    def replace(is_terminal):
        output = Output(is_terminal)
        monkeypatch.setattr(sys, "stdout", output)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setattr(ui, "TERMINAL_SECONDS" if is_terminal else "LOG_SECONDS", 0.01)
        return output

    return replace


def test_short_step_in_a_log(output):
    log = output(is_terminal=False)
    ui.LOG_SECONDS = 15
    with ui.step("unpack"):
        pass
    assert log.getvalue() == "  unpack ...\n  unpack: 0 s\n"


def test_long_step_in_a_log_says_seconds_and_module(output):
    log = output(is_terminal=False)
    with ui.step("database", lambda: "module stock (3/9)"):
        log.wait_for("  database: 0 s, module stock (3/9)\n")
    assert log.getvalue().endswith("  database: 0 s\n")
    assert "\r" not in log.getvalue()


def test_a_log_is_not_flooded():
    assert ui.LOG_SECONDS == 15


def test_long_step_on_a_terminal_stays_on_one_line(output):
    terminal = output(is_terminal=True)
    with ui.step("database", lambda: "module " + "x" * 100):
        terminal.wait_for(", module x")
    *drawn, last = terminal.getvalue().split(ui.ERASE_LINE)
    assert last == "  database ... 0 s\n"
    assert all(len(line) < 60 and "\n" not in line for line in drawn)


def test_step_that_fails(output):
    terminal = output(is_terminal=True)
    with pytest.raises(ui.Failure), ui.step("database"):
        raise ui.Failure("gone")
    assert terminal.getvalue().endswith("  database ... failed\n")


def test_what_is_said_meanwhile_has_its_own_line(output):
    terminal = output(is_terminal=True)
    with ui.step("outer"):
        ui.say("  note: slow")
        with ui.step("inner"):
            terminal.wait_for("inner ... 0 s")
    text = terminal.getvalue()
    assert "\n  note: slow\n" in text
    assert "\n  inner ..." in text
    assert "outer" not in text[text.index("inner") : text.rindex("inner")]
    assert text.endswith("  outer ... 0 s\n")


def test_reader_that_leaves_does_not_break_the_step(output, monkeypatch):
    errors = []
    monkeypatch.setattr(threading, "excepthook", errors.append)
    log = output(is_terminal=False)
    step = ui._Step("database", log.close)
    step.reporter.join(10)
    assert not step.reporter.is_alive()
    assert not errors
    ui._open_steps.remove(step)


def test_module_that_odoo_loads(tmp_path, monkeypatch):
    """What an earlier run has left in the log does not count."""
    monkeypatch.setattr(paths, "LOG", tmp_path)
    log = tmp_path / "odoo.log"
    log.write_text(LOG_LINE.format("old", 9))
    loading = odoo.loading("odoo")
    assert loading() == ""
    with log.open("a") as content:
        content.write(LOG_LINE.format("base", 1) + LOG_LINE.format("stock", 2) + "more\n")
    assert loading() == "module stock (2/9)"


def test_module_in_a_log_that_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "LOG", tmp_path)
    log = tmp_path / "odoo.log"
    log.write_text(LOG_LINE.format("old", 9) * 9)
    loading = odoo.loading("odoo")
    log.write_text(LOG_LINE.format("base", 1))
    assert loading() == "module base (1/9)"


def test_log_that_is_not_there_yet(tmp_path, monkeypatch, output):
    monkeypatch.setattr(paths, "LOG", tmp_path)
    log = output(is_terminal=False)
    with ui.step("database", odoo.loading("odoo")):
        log.wait_for("  database: 0 s\n")
