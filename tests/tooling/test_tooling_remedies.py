"""What fails for a reason that we can name says the reason and the remedy."""

import pytest
from tool import odoo, paths, postgres, trouble
from tool.ui import Failure
from tooling import fake_program

SERVER_LOG = """\
2026-11-21 10:00:00.000 UTC [7] LOG:  starting PostgreSQL 17
2026-11-21 10:00:00.001 UTC [7] FATAL:  could not map anonymous shared memory
2026-11-21 10:00:00.002 UTC [7] LOG:  database system is shut down
"""


class Programs:
    """PostgreSQL's programs, each a shell script that the test writes."""

    major = "17"
    origin = "a test's"
    environment = {}
    has_contrib = True

    def __init__(self, folder):
        self.folder = folder


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "HOME", tmp_path)
    monkeypatch.setattr(paths, "LOG", tmp_path)
    monkeypatch.setattr(trouble, "is_disk_full", lambda: False)
    cluster = postgres.Cluster("test")
    cluster.binaries = Programs(tmp_path / "bin")
    cluster.user = postgres.ServerUser()
    cluster.data.mkdir(parents=True)
    return cluster


@pytest.mark.parametrize("profile", ["production", "test", "../../odoo", "none"])
def test_only_the_profile_for_development_is_offered(checkout, profile):
    code, lines = checkout.run("run", PROFILE=profile)
    assert code == 1
    assert lines == [
        f"meddev run: PROFILE={profile} is none of `make run`: it takes PROFILE=development, or "
        "nothing (a server of your own: docs/administrator.md)"
    ]


def test_cluster_without_a_locale(cluster, tmp_path):
    fake_program(tmp_path / "bin", "initdb", "exit 1")
    with pytest.raises(Failure, match="`locale -a` must list C.utf8 .Debian's package libc-bin"):
        cluster._create()


def test_server_that_does_not_start(cluster, tmp_path):
    fake_program(
        tmp_path / "bin",
        "pg_ctl",
        f"printf '%s' '{SERVER_LOG}' >>'{cluster.log}'; exit 1",
    )
    cluster.log.write_text("2026-11-20 10:00:00.001 UTC [5] FATAL:  of yesterday\n")
    with pytest.raises(Failure) as caught:
        cluster._start()
    line = str(caught.value)
    assert "does not start: could not map anonymous shared memory; mend that" in line
    assert "yesterday" not in line


def test_server_that_dies_without_a_word(cluster, tmp_path):
    fake_program(tmp_path / "bin", "pg_ctl", "exit 1")
    with pytest.raises(Failure, match="it wrote no log"):
        cluster._start()


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda cluster: cluster.create("mine"), "create the database mine: see the log"),
        (lambda cluster: cluster.create("mine", "base"), "end what works on base and try again"),
        (lambda cluster: cluster.rename("a", "b"), "rename the database a to b: end what works"),
    ],
)
def test_database_that_cannot_be_changed(cluster, tmp_path, act, expected):
    """What the program says is in the log that the line names."""
    for name in ("createdb", "psql"):
        fake_program(tmp_path / "bin", name, "echo 'is being accessed by other users' >&2; exit 1")
    with pytest.raises(Failure, match=f"{expected}.*details: .*postgresql.log"):
        act(cluster)
    assert "is being accessed" in (tmp_path / "postgresql.log").read_text()


def test_addon_that_does_not_load(tmp_path, monkeypatch, cluster):
    """The last exception of Odoo's log, and what to do."""
    python = tmp_path / "bin" / "python"
    fake_program(tmp_path / "bin", "python", "echo 'ValueError: no such field'; exit 1")
    monkeypatch.setattr(paths, "PYTHON", python)
    with pytest.raises(Failure, match="ValueError: no such field; mend that and try again"):
        odoo.install(cluster, tmp_path / "odoo.conf", "mine", ["meddev"], "odoo")
