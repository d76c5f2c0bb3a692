"""Every command that fails ends in one line that says what is missing and what to do."""

import errno
import os
import socket
import subprocess
import sys

import pytest
from tool import paths, server, shell, trouble
from tool.ui import Failure
from tooling import STRANGER, fake_program, unprivileged

TRACEBACK = ".meddev/log/meddev.log"


def only_line(result):
    code, lines = result
    assert code == 1
    assert len(lines) == 1, lines
    return lines[0]


def test_nothing_to_stop_is_no_failure(checkout):
    assert checkout.run("stop") == (0, ["stopped: nothing was running"])


def test_file_of_another_user(checkout):
    """`sudo make run`, then `make stop` as an ordinary user: the locks are root's."""
    lock = checkout.write("state/test-cluster.lock")
    lock.chmod(0o444)
    line = only_line(checkout.run("stop", prefix=unprivileged()))
    assert ".meddev/state/test-cluster.lock is yours and yet closed to you: chmod" in line


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_file_of_another_user_names_the_user(checkout):
    lock = checkout.write("state/test-cluster.lock")
    lock.chmod(0o444)
    os.chown(lock, STRANGER, -1)
    line = only_line(checkout.run("stop", prefix=unprivileged()))
    assert ".meddev/state/test-cluster.lock was made by another user (" in line
    assert "`make clean`" in line


def test_checkout_that_cannot_be_written(checkout):
    checkout.folder.chmod(0o555)
    line = only_line(checkout.run("stop", prefix=unprivileged()))
    checkout.folder.chmod(0o755)
    assert "closed to you" in line


def test_full_disk(checkout):
    """A write that fails names no file; the line names the folder."""
    checkout.write("state/empty")
    (checkout.home / "state/python-path").symlink_to("/dev/full")
    line = only_line(checkout.run("setup", PYTHON=sys.executable))
    assert f"the disk that holds {checkout.home} is full: free some space" in line


@pytest.mark.parametrize(
    ("number", "name", "expected"),
    [
        (errno.EROFS, paths.HOME, "on a read-only disk: use a checkout that can be written"),
        (errno.EDQUOT, None, "is full"),
        (errno.ENOMEM, None, "end other programs"),
        (errno.ENOENT, "git", "the program git is missing: install it"),
        (errno.ENOENT, paths.VENV / "bin/python", "`make clean` starts over"),
        (errno.ENOENT, paths.CONFIG / "none.conf", "is the checkout complete"),
    ],
)
def test_system_errors_are_explained(number, name, expected):
    assert expected in trouble.explain(OSError(number, "said by the system", name))


def test_folder_of_somebody_else_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER - 1)
    # The suite's temporary folders are inside it.
    monkeypatch.setattr(paths, "HOME", tmp_path / "home")
    file = tmp_path / "none" / "file"
    line = trouble.explain(PermissionError(errno.EACCES, "Permission denied", str(file)))
    assert f"because {tmp_path} belongs to another user (" in line


def test_unforeseen_error_goes_to_a_file(checkout):
    """A folder where a file should be."""
    (checkout.home / "state/python-path").mkdir(parents=True)
    line = only_line(checkout.run("setup"))
    assert TRACEBACK in line
    assert "Traceback" in (checkout.folder / TRACEBACK).read_text()


def test_programming_error_goes_to_a_file(checkout):
    """Whatever a command raises: one line, and the traceback where a developer finds it."""
    (checkout.folder / "config/tool/clean.py").write_text("def main(_arguments):\n    1 / 0\n")
    line = only_line(checkout.run("clean"))
    assert "unexpected ZeroDivisionError: division by zero" in line
    assert TRACEBACK in line
    assert "ZeroDivisionError" in (checkout.folder / TRACEBACK).read_text()


def test_traceback_has_a_place_when_the_checkout_has_none(checkout, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "LOG", tmp_path / "none")
    monkeypatch.setattr(trouble, "LAST_RESORT", tmp_path)
    try:
        raise ValueError("lost")
    except ValueError as error:
        line = trouble.surprise(error)
    [file] = tmp_path.glob("*-meddev.log")
    assert str(file) in line
    assert "ValueError: lost" in file.read_text()


def test_reader_that_leaves(checkout):
    """`make stop | true` says nothing."""
    result = subprocess.run(
        f"'{sys.executable}' config/meddev stop | true",
        shell=True,
        cwd=checkout.folder,
        capture_output=True,
        text=True,
    )
    assert (result.stdout, result.stderr) == ("", "")


@pytest.mark.parametrize("port", ["abc", "70000", "0", "-1", "80.5", "٨٠"])
def test_port_that_is_none(checkout, port):
    line = only_line(checkout.run("run", PORT=port))
    assert f"PORT={port} is no port: name one from 1024 to 65535" in line


def test_port_of_the_administrator(monkeypatch):
    def refuse(probe, address):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(Failure, match="PORT=80 is open to the administrator only: name one"):
        server._is_free(80)


def test_machine_without_loopback(monkeypatch):
    def refuse(probe, address):
        raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(Failure, match="no loopback 127.0.0.1"):
        server._is_free(8069)


def test_last_ports(monkeypatch):
    """PORT=65535 has no next one to try."""
    monkeypatch.setenv("PORT", "65535")
    monkeypatch.setattr(server, "_is_free", lambda port: False)
    with pytest.raises(Failure, match="ports 65535 to 65535 are taken: make run PORT="):
        server._free_port()


@pytest.mark.parametrize("command", ["test", "bench"])
def test_open_quotation_mark(checkout, command):
    (checkout.folder / "tests/bench").mkdir(parents=True)
    (checkout.folder / "tests/bench/run.py").touch()
    line = only_line(checkout.run(command, ARGS="-k 'udi"))
    assert "ARGS=-k 'udi: close its quotation mark" in line


@pytest.mark.parametrize("text", ["", '{"pid": 12'])
def test_cut_off_note_of_the_running_odoo(checkout, text):
    note = checkout.write("run/odoo.json", text)
    assert checkout.run("stop") == (0, ["stopped: nothing was running"])
    assert not note.exists()


def test_odoo_is_found_without_its_note(checkout):
    """The note was cut off by a full disk: the Odoo is found by its command line and ended."""
    checkout.write("run/odoo.json", '{"pid": 1')
    waiting = "import time; time.sleep(60)"
    odoo = subprocess.Popen(
        [sys.executable, "-c", waiting, "--config", checkout.home / "odoo.conf", "-d", "meddev"]
    )
    bystander = subprocess.Popen([sys.executable, "-c", waiting, checkout.home / "odoo.conf"])
    try:
        # Reaped at once, as init does, so that the process is gone when it has ended.
        stopping = subprocess.Popen(
            [sys.executable, checkout.folder / "config/meddev", "stop"],
            stdout=subprocess.PIPE,
            text=True,
        )
        odoo.wait(timeout=30)
        assert stopping.communicate(timeout=30)[0] == "stopped: Odoo\n"
        assert bystander.poll() is None
    finally:
        for process in (odoo, bystander):
            process.kill()
            process.wait()


def test_command_that_fails_on_a_full_disk(checkout, monkeypatch, tmp_path):
    """pip's and apt's advice is about the network, which is not to blame."""
    monkeypatch.setattr(paths, "LOG", tmp_path)
    monkeypatch.setattr(trouble, "is_disk_full", lambda: True)
    monkeypatch.setenv("PATH", fake_program(tmp_path / "bin", "pip", "exit 1"))
    with pytest.raises(Failure, match="is full: free some space and try again .details: "):
        shell.logged(["pip"], "pip", "check the network")
