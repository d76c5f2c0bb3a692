"""A private PostgreSQL: reachable through a Unix socket only, deleted with the folder.

Two clusters: ``run`` keeps a person's data and writes it safely (fsync on); ``test`` is thrown
away on loss of power (fsync off), which makes tests several times faster.
"""

import os
import pwd
import re
import shutil
import subprocess
from functools import cached_property

from . import locks, machine, paths, trouble
from .paths import relative
from .shell import logged, output_of
from .ui import Failure, say, step

ROLE = "meddev"
PORT = 5432
START_SECONDS = 60
PSQL_OPTIONS = ("-XAtq", "-v", "ON_ERROR_STOP=1")
UNPRIVILEGED_USERS = ("postgres", "nobody")
TRIGRAM_PROBE = "序列号"
FATAL = re.compile(r"\b(?:FATAL|PANIC): +")

COMMON_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "work_mem": "16MB",
    "log_min_duration_statement": "5000",
    "timezone": "'UTC'",
    "jit": "off",
}
SETTINGS = {
    "run": {"fsync": "on"},
    # Speed is measured with the settings of a real system.
    "bench": {"fsync": "on", "shared_buffers": "1GB", "max_wal_size": "4GB"},
    "test": {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"},
}


class Cluster:
    def __init__(self, name):
        self.name = name
        self.folder = paths.HOME / "pg" / name
        self.data = self.folder / "data"
        self.socket = self.folder
        self.log = self.folder / "postgresql.log"

    # Looked for when they are needed: stopping a cluster that never was fetches nothing.

    @cached_property
    def binaries(self):
        return machine.postgres()

    @cached_property
    def user(self):
        return _server_user()

    # Starting and stopping

    def ensure(self):
        """Have the cluster running; return self."""
        self._check_socket_path()
        if not (self.data / "PG_VERSION").exists():
            with step(f"create PostgreSQL cluster '{self.name}' ({self.binaries.origin})"):
                self._create()
        self._check_version()
        if not self.is_running():
            with step(f"start PostgreSQL '{self.name}'"):
                self._start()
        return self

    def is_running(self):
        """Whether the server runs; one that was never started or has ended left no note."""
        note = self.data / "postmaster.pid"
        return note.exists() and self._control("status").returncode == 0

    def stop(self):
        """Stop the server; True when one was running."""
        if not self.is_running():
            return False
        if self._control("stop", "-m", "fast", "-w").returncode:
            raise Failure(
                f"PostgreSQL '{self.name}' does not stop: end the programs that use it and try "
                f"again (details: {relative(self.log)})"
            )
        return True

    def stop_if_unused(self):
        """Stop the server unless somebody else is working on it."""
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname <> 'postgres'"
        with locks.alone(f"{self.name}-cluster") as unused:
            if unused and self.is_running() and self.query("postgres", others) == "0":
                self.stop()

    def _create(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, mode=0o700)
        if self.user.account:
            shutil.chown(self.folder, self.user.account.pw_uid, self.user.account.pw_gid)
        command = self._as_server("initdb", "-D", self.data, "-U", ROLE, "--auth=trust")
        command += ["--encoding=UTF8", "--locale=C.UTF-8"]
        # Tests need no durability, and the file system is busy enough.
        command += ["--no-sync"] if self.name == "test" else []
        logged(
            command,
            "postgresql",
            "initdb cannot create a PostgreSQL cluster: `locale -a` must list C.utf8 (Debian's "
            "package libc-bin brings it) and the disk must have room",
            **self._options(),
        )
        settings = COMMON_SETTINGS | SETTINGS[self.name]
        settings["unix_socket_directories"] = f"'{self.socket}'"
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{key} = {value}\n" for key, value in settings.items())

    def _check_version(self):
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != self.binaries.major:
            raise Failure(
                f"the cluster {self.folder.relative_to(paths.CHECKOUT)} was made by PostgreSQL "
                f"{made_by} and this is {self.binaries.major}: install PostgreSQL {made_by} again, "
                "or let `make clean` delete the data and start over"
            )

    def _check_socket_path(self):
        socket = f"{self.socket}/.s.PGSQL.{PORT}"
        if len(os.fsencode(socket)) > paths.SOCKET_PATH_LIMIT:
            raise Failure(
                f"the checkout's path is too long for a Unix socket ({len(socket)} of at most "
                f"{paths.SOCKET_PATH_LIMIT} bytes): move the checkout to a shorter path"
            )

    def _start(self):
        begin = self.log.stat().st_size if self.log.exists() else 0
        result = self._control("start", "-w", "-t", str(START_SECONDS), "-l", self.log)
        if result.returncode:
            raise Failure(
                f"PostgreSQL '{self.name}' does not start: {self._cause(begin)}; mend that and try "
                f"again, `make clean` starts over without the data (details: {relative(self.log)})"
            )

    def _cause(self, begin):
        """What the server wrote last before it gave up."""
        if trouble.is_disk_full():
            return trouble.disk_full()
        if not self.log.exists():
            return "it wrote no log"
        with self.log.open(errors="replace") as log:
            log.seek(begin)
            fatal = [line for line in log if FATAL.search(line)]
        return FATAL.split(fatal[-1])[-1].strip() if fatal else "its log names no cause"

    def _control(self, *arguments):
        return subprocess.run(
            [str(part) for part in self._as_server("pg_ctl", "-D", self.data, *arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._options(),
        )

    def _as_server(self, program, *arguments):
        return [*self.user.prefix, self.binaries.folder / program, *arguments]

    def _options(self):
        options = {"cwd": self.folder, "env": self._server_environment()}
        if self.user.account:
            options |= {
                "user": self.user.account.pw_uid,
                "group": self.user.account.pw_gid,
                "extra_groups": [],
            }
        return options

    def _server_environment(self):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        return environment | self.binaries.environment | {"LC_ALL": "C.UTF-8"}

    # Databases

    def environment(self):
        """What libpq needs to reach this cluster; for Odoo, pytest and people."""
        return {"PGHOST": str(self.socket), "PGPORT": str(PORT), "PGUSER": ROLE}

    def client(self, program, *arguments):
        """Run one of PostgreSQL's client programs; None when it fails."""
        command = [self.binaries.folder / program, *arguments]
        return output_of(command, env=self._client_environment())

    def _client_environment(self):
        return os.environ | self.binaries.environment | self.environment()

    def _change(self, problem, program, *arguments):
        """The same for what must not fail: what the program says goes to the log."""
        command = [self.binaries.folder / program, *arguments]
        logged(command, "postgresql", problem, env=self._client_environment())

    def query(self, database, statement):
        answer = self.client("psql", *PSQL_OPTIONS, "-d", database, "-c", statement)
        return None if answer is None else answer.strip()

    def exists(self, database):
        return (
            self.query("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{database}'") == "1"
        )

    def create(self, database, template=None):
        """Create a database; a fresh one gets its extensions before the first module."""
        options = ["-T", template, "--strategy=file_copy"] if template else ["-T", "template0"]
        if int(self.binaries.major) < 15 and template:
            options = options[:2]
        problem = (
            f"PostgreSQL cannot create the database {database}: "
            + (f"end what works on {template}" if template else "see the log for the cause")
            + " and try again"
        )
        self._change(problem, "createdb", *options, database)
        if not template:
            self._create_extensions(database)

    def drop(self, database):
        self.client("dropdb", "--if-exists", "--force", database)

    def rename(self, old, new):
        self._change(
            f"PostgreSQL cannot rename the database {old} to {new}: end what works on it and try "
            "again",
            "psql",
            *PSQL_OPTIONS,
            "-d",
            "postgres",
            "-c",
            f'ALTER DATABASE "{old}" RENAME TO "{new}"',
        )

    def _create_extensions(self, database):
        if not self.binaries.has_contrib:
            say(
                "  note: this PostgreSQL has neither pg_trgm nor unaccent; searching in large "
                "tables is slow and accents matter"
            )
            return
        for extension in ("pg_trgm", "unaccent"):
            if self.query(database, f"CREATE EXTENSION IF NOT EXISTS {extension}") is None:
                raise Failure(
                    f"PostgreSQL cannot create the extension {extension} in {database}: install "
                    "the package postgresql-contrib of its version"
                )
        # Else Odoo builds trigram indexes on the plain column and searches on unaccent(column),
        # which use none of them. Core does the same when it creates a database.
        self.query(database, "ALTER FUNCTION unaccent(text) IMMUTABLE")
        trigrams = self.query(database, f"SELECT cardinality(show_trgm('{TRIGRAM_PROBE}'))")
        if not trigrams or int(trigrams) == 0:
            raise Failure(
                "this PostgreSQL drops Chinese characters from trigrams, so searches would "
                "silently find nothing: its locale C.UTF-8 does not work; install Debian's "
                "packages postgresql and postgresql-contrib"
            )


class ServerUser:
    """Who the server runs as: ``account`` to switch to, or a command ``prefix``."""

    def __init__(self, account=None, prefix=()):
        self.account = account
        self.prefix = list(prefix)


def _server_user():
    """PostgreSQL refuses root: take an existing user who can enter the checkout."""
    if os.geteuid():
        return ServerUser()
    for name in UNPRIVILEGED_USERS:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        if _can_enter(account):
            return ServerUser(account)
    # A user namespace in which root appears as nobody, for a checkout below a closed home.
    prefix = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"]
    if output_of([*prefix, "id", "-u"]) == "65534\n":
        return ServerUser(prefix=prefix)
    raise Failure(
        "PostgreSQL refuses root, and no other user can enter this folder: move the checkout "
        "to a folder that others may enter, such as /srv, or run as an ordinary user"
    )


def _can_enter(account):
    probe = ["test", "-x", paths.HOME]
    switch = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return output_of(probe, **switch) is not None
