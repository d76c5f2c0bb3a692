"""`make stop` and `make clean` end what runs, and start nothing for it."""

import pytest
from tool import machine, paths, postgres
from tool.ui import Failure


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A cluster on a machine without PostgreSQL, whose user could not run one either."""

    def refuse():
        raise AssertionError("nobody needs PostgreSQL for this")

    monkeypatch.setattr(paths, "HOME", tmp_path)
    monkeypatch.setattr(paths, "STATE", tmp_path)
    monkeypatch.setattr(machine, "postgres", refuse)
    monkeypatch.setattr(postgres, "_server_user", refuse)
    return postgres.Cluster("test")


def test_cluster_that_never_was(cluster):
    assert not cluster.is_running()
    assert not cluster.stop()
    assert cluster.stop_if_unused() is None


def test_cluster_that_was_stopped(cluster):
    cluster.data.mkdir(parents=True)
    (cluster.data / "PG_VERSION").write_text("17\n")
    assert not cluster.stop()


def test_cluster_that_does_not_stop(cluster, monkeypatch):
    cluster.data.mkdir(parents=True)
    (cluster.data / "postmaster.pid").touch()
    monkeypatch.setattr(cluster, "_control", lambda *words: Answer(words[0] == "stop"))
    with pytest.raises(Failure, match="PostgreSQL 'test' does not stop: end the programs"):
        cluster.stop()


class Answer:
    def __init__(self, returncode):
        self.returncode = returncode


@pytest.mark.parametrize("command", ["stop", "clean"])
def test_nothing_is_fetched(checkout, command):
    """A PATH without PostgreSQL, apt and pip: whoever wants to fetch something fails."""
    code, lines = checkout.run(command, PATH="/nonexistent")
    assert (code, lines[0]) == (0, "stopped: nothing was running")
    assert not (checkout.home / "apt").exists()
    assert checkout.home.exists() == (command == "stop")
