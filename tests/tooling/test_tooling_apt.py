"""Package lists that did not arrive are told as such, and asked for again."""

import shutil

import pytest
from tool import apt, paths
from tool.ui import Failure
from tooling import fake_program

PROBLEM = "the mirror cannot be read: check the network"
LISTS = "lists/mirror_debian_dists_sid_main_binary-amd64_Packages"
# Nothing listens on the port of "discard".
UNREACHABLE = ["deb [trusted=yes] http://127.0.0.1:9/debian sid main"]
WITHOUT_PATIENCE = """\
Acquire::Retries "0";
Acquire::http::Proxy::127.0.0.1 "DIRECT";
"""


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Private folders, and the means to say what apt-get does."""
    monkeypatch.setattr(paths, "APT", tmp_path / "apt")
    monkeypatch.setattr(paths, "LOG", tmp_path)


@pytest.fixture
def apt_get(tmp_path, monkeypatch):
    def answer(script):
        monkeypatch.setenv("PATH", fake_program(tmp_path / "bin", "apt-get", script))

    return answer


@pytest.mark.skipif(not shutil.which("apt-get"), reason="this machine has no apt")
def test_unreachable_mirror(tmp_path, monkeypatch):
    """apt-get update by itself ends with 0 here."""
    configuration = tmp_path / "impatient.conf"
    configuration.write_text(WITHOUT_PATIENCE)
    monkeypatch.setenv("APT_CONFIG", str(configuration))
    state = apt.AptState("unstable", UNREACHABLE)
    with pytest.raises(Failure, match=PROBLEM):
        state.update(PROBLEM)
    assert not state.stamp.exists()
    assert "Could not connect" in (tmp_path / "apt.log").read_text()


@pytest.mark.parametrize("source_lines", [None, UNREACHABLE])
def test_no_lists_are_no_success(apt_get, source_lines):
    """An older apt does not know the option, and a machine may have no source at all."""
    apt_get("exit 0")
    state = apt.AptState("any", source_lines)
    with pytest.raises(Failure, match=PROBLEM):
        state.update(PROBLEM)
    assert not state.stamp.exists()


def test_lists_that_arrived_are_not_asked_for_again(apt_get, tmp_path):
    state = apt.AptState("unstable", UNREACHABLE)
    apt_get(f"touch '{state.folder / LISTS}'; echo asked >>'{tmp_path / 'asked'}'")
    state.update(PROBLEM)
    state.update(PROBLEM)
    assert (tmp_path / "asked").read_text() == "asked\n"


def test_one_dead_source_of_the_machine_does_no_harm(apt_get, tmp_path):
    """The other sources are used, and the dead one gets its chance with the next command."""
    state = apt.AptState("machine")
    apt_get(f"touch '{state.folder / LISTS}'; exit 100")
    state.update(PROBLEM)
    assert not state.stamp.exists()


def test_suite_that_cannot_be_read_is_not_taken_from_old_lists(apt_get):
    state = apt.AptState("unstable", UNREACHABLE)
    apt_get(f"touch '{state.folder / LISTS}'; exit 100")
    with pytest.raises(Failure, match=PROBLEM):
        state.update(PROBLEM)
    assert not state.stamp.exists()
