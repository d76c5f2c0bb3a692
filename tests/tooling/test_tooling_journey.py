"""`make journey` finds the Odoo that `make run` started, whatever its port."""

import json
import subprocess
import sys

import pytest
from tool import journey

NOTE = {"port": 8123, "asked": ["", ""]}


@pytest.fixture
def ready(checkout):
    """A checkout that was set up, whose main job prints what it was given."""
    python = checkout.home / "venv/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    script = checkout.folder / "tests/journeys/main_job.py"
    script.parent.mkdir(parents=True)
    script.write_text("import sys\nprint(sys.argv[1:])\nsys.exit(3)\n")
    return checkout


@pytest.fixture
def odoo(ready):
    """Something that looks like its Odoo, on the port that its note names."""
    waiting = "import time; time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", waiting, "--config", ready.home / "odoo.conf", "-d", "meddev"]
    )
    ready.write("run/odoo.json", json.dumps(NOTE | {"pid": process.pid}))
    yield process
    process.kill()
    process.wait()


def test_nothing_set_up(checkout):
    assert checkout.run("journey") == (
        1,
        ["meddev journey: nothing is set up yet: `make run` first, then `make journey`"],
    )


@pytest.mark.parametrize("note", [None, "", json.dumps(NOTE | {"pid": 2**22 + 1})])
def test_nothing_runs(ready, note):
    """No note, one that was cut off, one of an Odoo that has ended."""
    if note is not None:
        ready.write("run/odoo.json", note)
    assert ready.run("journey") == (
        1,
        ["meddev journey: no Odoo is running: `make run` starts one and prints its address"],
    )


@pytest.mark.usefixtures("odoo")
def test_port_of_the_running_odoo(ready):
    """Its arguments come after ours, and its result is the command's."""
    assert ready.run("journey", ARGS="--api xmlrpc --twice") == (
        3,
        ["['--url', 'http://127.0.0.1:8123', '--api', 'xmlrpc', '--twice']"],
    )


@pytest.mark.parametrize("arguments", ["--url http://elsewhere", "--url=http://elsewhere"])
def test_another_odoo(ready, arguments):
    """Whoever names an address needs none running here."""
    code, [line] = ready.run("journey", ARGS=arguments)
    assert code == 3
    assert "127.0.0.1" not in line


@pytest.mark.usefixtures("odoo")
def test_another_journey(ready):
    """The first word names it, and is not handed on."""
    script = ready.folder / "tests/journeys/audit_export.py"
    script.write_text("import sys\nprint('audit', sys.argv[1:])\n")
    assert ready.run("journey", ARGS="audit_export --api xmlrpc") == (
        0,
        ["audit ['--url', 'http://127.0.0.1:8123', '--api', 'xmlrpc']"],
    )


def test_no_such_journey(ready):
    assert ready.run("journey", ARGS="nowhere --twice") == (
        1,
        [
            "meddev journey: there is no journey nowhere: ARGS begin with main_job or audit_export",
        ],
    )


def test_scripts_are_there():
    assert all((journey.FOLDER / f"{name}.py").is_file() for name in journey.JOURNEYS)


def test_every_target_of_the_makefile_is_a_command(checkout):
    from tool import cli

    targets = (checkout.folder / "Makefile").read_text().split(".PHONY:")[1].splitlines()[0].split()
    assert set(targets) == set(cli.COMMANDS) - {"dev-test", "shell-env"}
