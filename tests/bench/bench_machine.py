"""Databases, an Odoo in this process and an Odoo server beside it, for the bench only.

Where things are comes from the environment: ``MEDDEV_HOME`` (the tooling's folder) and the usual
``PGHOST``, ``PGPORT``, ``PGUSER``. Nothing is written outside ``MEDDEV_HOME``.
"""

import contextlib
import hashlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg2

CHECKOUT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("MEDDEV_HOME") or CHECKOUT / ".meddev")
ADDONS = CHECKOUT / "addons"
FOLDER = HOME / "bench"
PREFIX = "bench_"
PEERS = FOLDER / "peers"
#: Measured beside ours, never installed with it (AGPL-3).
PEER = "odoo-addon-auditlog==19.0.2.0.1"
BARE_MODULES = ("helpdesk_mgmt", "purchase_stock", "rpc")
SUITE_MODULES = ("meddev_service", "meddev_purchase", "rpc")
EXTENSIONS = ("pg_trgm", "unaccent")


class BenchError(Exception):
    """Something is missing; the message says what to do."""


def say(text=""):
    print(text, flush=True)


@contextlib.contextmanager
def step(text):
    started = time.perf_counter()
    print(f"  {text} ...", end=" ", flush=True)
    yield
    print(f"{time.perf_counter() - started:.1f} s", flush=True)


# Configuration


def addons_path():
    """The folders of core's, the wheels' and our addons, in this order."""
    import odoo.addons

    found = [Path(folder) for folder in odoo.addons.__path__]
    if PEERS.is_dir():
        found.append(PEERS / "odoo" / "addons")
    core = Path(sys.modules["odoo.release"].__file__).parent / "addons"
    folders = [core, *found, ADDONS]
    return ",".join(dict.fromkeys(str(folder) for folder in folders if folder.is_dir()))


def write_configuration(path, port=None):
    """An Odoo configuration file for the bench; the port is for the server only."""
    import odoo.release  # noqa: F401 (tells where core is)

    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = {
        "addons_path": addons_path(),
        "data_dir": HOME / "data" / "bench",
        "db_host": os.environ.get("PGHOST", ""),
        "db_port": os.environ.get("PGPORT", ""),
        "db_user": os.environ.get("PGUSER", ""),
        "dbfilter": f"^{PREFIX}.*$",
        "http_interface": "127.0.0.1",
        "http_port": port or 0,
        "limit_time_real": 3600,
        "limit_time_cpu": 3600,
        "list_db": "True",
        "log_level": "error",
        "max_cron_threads": 0,
        "with_demo": "False",
        "workers": 0,
    }
    text = "".join(f"{key} = {value}\n" for key, value in lines.items() if value != "")
    path.write_text(f"[options]\n{text}")
    return path


def fetch_peer():
    """The addon that others use for an audit trail, into a folder of the bench's own.

    :return: whether it is there; a machine without the package index measures without it.
    """
    if PEERS.is_dir():
        return True
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    result = subprocess.run([*command, str(PEERS), PEER], check=False, capture_output=True)
    if result.returncode:
        say(f"  {PEER} could not be fetched: measured without it")
    return result.returncode == 0


def start_odoo_here():
    """Configure Odoo in this process; databases are opened with ``registry``."""
    import odoo.tools

    logging.getLogger("py.warnings").setLevel(logging.ERROR)
    path = write_configuration(FOLDER / "odoo.conf")
    odoo.tools.config.parse_config(["-c", str(path)], setup_logging=True)
    import odoo.modules.registry
    import odoo.service.model  # noqa: F401
    from odoo.service import server

    server.load_server_wide_modules()


def registry(database):
    from odoo.modules.registry import Registry

    return Registry(database)


@contextlib.contextmanager
def transaction(database, user_id=1, context=None):
    """An environment in a transaction of its own that leaves nothing behind."""
    from odoo import api

    cr = registry(database).cursor()
    try:
        yield api.Environment(cr, user_id, dict(context or {}))
    finally:
        cr.rollback()
        cr.close()


# The audit trail


def switch_trail(database, is_on, tables=None):
    """Switch the row triggers of the audit trail on or off; of all tracked tables by default."""
    state = "ENABLE ALWAYS" if is_on else "DISABLE"
    with contextlib.closing(connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_trail_record'"
        )
        for (table,) in cursor.fetchall():
            if tables is None or table in tables:
                cursor.execute(f"ALTER TABLE {table} {state} TRIGGER audit_trail_record")


def without_trail(database, run, warm_up=None):
    """``run`` with the triggers off; the time of switching is not counted.

    Switching makes every plan of the tables anew, in this measurement and the next one: ``warm_up``
    takes that cost before both.
    """
    warm_up = warm_up or (lambda: None)

    def timed():
        switch_trail(database, False)
        try:
            warm_up()
            started = time.perf_counter()
            own = run()
            seconds = time.perf_counter() - started
        finally:
            switch_trail(database, True)
        warm_up()
        return own if isinstance(own, float) else seconds

    return timed


# Databases


def connect(database="postgres"):
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    return connection


def execute(database, *statements):
    with contextlib.closing(connect(database)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def databases():
    rows = execute("postgres", f"SELECT datname FROM pg_database WHERE datname LIKE '{PREFIX}%'")
    return {name for (name,) in rows}


def comment_of(database):
    """What the bench noted on a finished database; None when it is not finished."""
    rows = execute(
        "postgres",
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
        f"WHERE datname = '{database}'",
    )
    return rows[0][0] if rows else None


def mark(database, text):
    execute("postgres", f"COMMENT ON DATABASE {database} IS '{text}'")


def drop(database):
    close(database)
    execute("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def close(database):
    """Let go of our own connections, so that the database can be copied."""
    if "odoo.sql_db" in sys.modules:
        sys.modules["odoo.sql_db"].close_db(database)


def copy(source, target):
    close(source)
    drop(target)
    execute("postgres", f"CREATE DATABASE {target} TEMPLATE {source}")


def install(database, modules):
    """A new database with these modules, without demo data, in a process of its own."""
    drop(database)
    execute("postgres", f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")
    for extension in EXTENSIONS:
        # The wheel's PostgreSQL has none of them; the bench says so in its result.
        with contextlib.suppress(psycopg2.Error):
            execute(database, f"CREATE EXTENSION IF NOT EXISTS {extension}")
    with contextlib.suppress(psycopg2.Error):
        # As core does when it creates a database; else no trigram index is ever used.
        execute(database, "ALTER FUNCTION unaccent(text) IMMUTABLE")
    odoo_command(database, "-i", ",".join(modules))


def update(database):
    """Update every addon of ours: an update of the top ones alone installs no new dependency."""
    close(database)
    odoo_command(
        database,
        "-u",
        ",".join(sorted(path.parent.name for path in ADDONS.glob("*/__manifest__.py"))),
    )


def odoo_command(database, *arguments):
    log = HOME / "log" / f"bench-{database}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    path = write_configuration(FOLDER / f"{database}.conf")
    command = [sys.executable, "-m", "odoo", "-c", path, "-d", database, *arguments]
    command += ["--stop-after-init", "--no-http", "--log-level=warn", f"--logfile={log}"]
    log.unlink(missing_ok=True)
    with (HOME / "log" / "bench-install.log").open("w") as output:
        result = subprocess.run(
            [str(part) for part in command],
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    text = log.read_text(errors="replace") if log.exists() else ""
    # An update names the tables that it is about to make as errors; what fails ends otherwise.
    if result.returncode or " CRITICAL " in text:
        raise BenchError(f"Odoo failed on {database}; see {log}")


def extensions(database):
    rows = execute(database, "SELECT extname FROM pg_extension ORDER BY 1")
    return [name for (name,) in rows]


def fingerprint(folders=None):
    """Eight characters that change with the addons' Python, XML and CSV."""
    total = hashlib.sha256()
    for folder in folders or (ADDONS,):
        for path in sorted(folder.rglob("*")):
            wanted = path.suffix in (".py", ".xml", ".csv")
            if wanted and not {"tests", "__pycache__"} & set(path.parts):
                total.update(str(path.relative_to(folder)).encode())
                total.update(path.read_bytes())
    return total.hexdigest()[:8]


# Server


@contextlib.contextmanager
def server():
    """An Odoo server for all databases of the bench; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = write_configuration(FOLDER / "server.conf", port)
    log = HOME / "log" / "bench-server.log"
    process = subprocess.Popen(
        [sys.executable, "-m", "odoo", "-c", str(path), "--logfile", str(log)],
        cwd=HOME,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                raise BenchError(f"the Odoo server of the bench does not start; see {log}")
            try:
                with urllib.request.urlopen(f"{url}/web/health", timeout=5):
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
