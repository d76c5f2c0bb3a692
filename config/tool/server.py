"""`make run` and `make stop`: the suite with demo data, as a person tries it."""

import errno
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import addons, files, locks, odoo, odoo_source, paths, setup
from .paths import relative
from .postgres import Cluster
from .shell import output_of
from .ui import Failure, say, step

DATABASE = "meddev"
PROFILE = paths.CHECKOUT / "odoo.conf"
DEVELOPMENT = "development"
FIRST_PORT = 8069
LAST_PORT = 65535
PORTS_TRIED = 50
START_SECONDS = 180
STOP_SECONDS = 30
LOG = paths.LOG / "odoo.log"
PROCESS = paths.RUN / "odoo.json"
INSTALLED = paths.STATE / "run-addons.json"
# Demo users, whose password is their login.
ROLES = {
    "admin": "administrator",
    "manager": "service manager",
    "intake": "intake agent",
    "dispatcher": "dispatcher",
    "engineer": "field engineer",
    "parts": "parts keeper",
    "quality": "quality specialist",
    "knowledge": "knowledge and training manager",
    "analyst": "analyst",
    "auditor": "compliance auditor",
    "hospital": "hospital, in the portal",
    "dealer": "dealer, in the portal",
}


def main(_arguments):
    # What was mistyped is told now, and not after minutes of downloads.
    _is_free(_first_port())
    _profile()
    if not INSTALLED.exists():
        say("The first time takes some minutes.")
    setup.ensure(for_tests=False)
    with locks.exclusive("run"):
        cluster = Cluster("run").ensure()
        outdated = _outdated(cluster)
        running = _running()
        if running and running["asked"] == _asked() and outdated == {}:
            port = running["port"]
        else:
            _stop_odoo()
            port = _restart(cluster, outdated)
        _introduce(cluster, port)


def _restart(cluster, outdated):
    """Bring the database up to date and start Odoo on it; return the port."""
    port = _free_port()
    configuration = odoo.write_configuration(_profile(), cluster, "odoo", http_port=port)
    _bring_up_to_date(cluster, configuration, outdated)
    # Labels and mails carry the address, and the port may be another one than last time. Through
    # Odoo: the audit trail reports what is written past it.
    known = "SELECT value FROM ir_config_parameter WHERE key = 'web.base.url'"
    if cluster.query(DATABASE, known) != _url(port):
        code = f'env["ir.config_parameter"].set_param("web.base.url", "{_url(port)}")'
        with step("tell Odoo its address"):
            odoo.run_code(cluster, configuration, DATABASE, code)
    with step("start Odoo"):
        _start(cluster, configuration, port)
    return port


def stop(_arguments):
    """Stop Odoo and every PostgreSQL that no test is using."""
    stopped = ["Odoo"] if _stop_odoo() else []
    stopped += [f"PostgreSQL '{name}'" for name in ("run", "bench") if Cluster(name).stop()]
    with locks.alone("test-cluster") as unused:
        if unused:
            stopped += ["PostgreSQL 'test'"] if Cluster("test").stop() else []
        else:
            say("PostgreSQL 'test' is in use by a test run and stays")
    say(f"stopped: {', '.join(stopped) or 'nothing was running'}")


def address():
    """Where the Odoo of `make run` is."""
    running = _running()
    if not running or not running["port"]:
        raise Failure("no Odoo is running: `make run` starts one and prints its address")
    return _url(running["port"])


def _url(port):
    return f"http://127.0.0.1:{port}"


def _asked():
    """What the person asked for on the command line; another wish restarts Odoo."""
    return [os.environ.get("PROFILE", ""), os.environ.get("PORT", "")]


def _profile():
    """odoo.conf, or the profile for work on the addons: make run PROFILE=development.

    The other two are no choice here: the tests fill one in, the administrator the other.
    """
    name = os.environ.get("PROFILE")
    if not name:
        return PROFILE
    if name != DEVELOPMENT:
        raise Failure(
            f"PROFILE={name} is none of `make run`: it takes PROFILE={DEVELOPMENT}, or nothing "
            "(a server of your own: docs/administrator.md)"
        )
    return odoo.PROFILES / f"{name}.conf"


# The database


def _outdated(cluster):
    """Digests of the addons that are not in the database as they are in the checkout.

    None when there is no database yet.
    """
    if not cluster.exists(DATABASE) or not INSTALLED.exists():
        return None
    # A file that was cut off means that nobody knows, so that everything is updated.
    installed = files.read_json(INSTALLED) or {}
    current = addons.digests() | {"Odoo": str(odoo_source.ensure())}
    return {name: digest for name, digest in current.items() if installed.get(name) != digest}


def _bring_up_to_date(cluster, configuration, outdated):
    current = addons.digests() | {"Odoo": str(odoo_source.ensure())}
    if outdated is None:
        _create(cluster, configuration)
    elif outdated:
        changed = [name for name in outdated if name != "Odoo"] or ["base"]
        with step(f"update {', '.join(changed)}", odoo.loading("odoo")):
            odoo.install(
                cluster,
                configuration,
                DATABASE,
                addons.to_install(),
                "odoo",
                f"--update={','.join(changed)}",
                "--i18n-overwrite",
            )
    files.replace(INSTALLED, json.dumps(current, indent=1))


def _create(cluster, configuration):
    """Install into a draft first: a failed first run then starts over instead of going on."""
    draft = f"{DATABASE}_draft"
    names = addons.to_install() or ["web"]
    title = f"database '{DATABASE}' with {', '.join(names)} and demo data"
    with step(title, odoo.loading("odoo")):
        cluster.drop(draft)
        cluster.drop(DATABASE)
        cluster.create(draft)
        options = ["--with-demo", f"--load-language={odoo.LANGUAGES}"]
        odoo.install(cluster, configuration, draft, names, "odoo", *options)
        files = paths.DATA / cluster.name / "filestore"
        shutil.rmtree(files / DATABASE, ignore_errors=True)
        if (files / draft).exists():
            (files / draft).rename(files / DATABASE)
        cluster.rename(draft, DATABASE)


# The server


def _running():
    """``{pid, port, asked}`` of the Odoo that we started, or None."""
    if not PROCESS.exists():
        return None
    process = files.read_json(PROCESS) or _found()
    return process if process and _is_ours(process["pid"]) else None


def _found():
    """The same when the file was cut off: nobody knows what was asked for, so it is restarted."""
    numbers = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
    ours = [number for number in numbers if _is_ours(number)]
    return {"pid": ours[0], "port": None, "asked": None} if ours else None


def _is_ours(pid):
    """Whether the process lives and is our Odoo: its number may be another program's by now."""
    try:
        command = os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).replace("\0", " ")
    except OSError:
        command = output_of(["ps", "-p", pid, "-o", "command="]) or ""
    serves = f"--config {paths.HOME / 'odoo.conf'}" in command
    return serves and "--stop-after-init" not in command


def _start(cluster, configuration, port):
    with LOG.open("a") as log:
        begin = log.tell()
        started = subprocess.Popen(
            list(map(str, odoo.command(configuration, "-d", DATABASE))),
            cwd=paths.HOME,
            env=odoo.environment(cluster),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    process = {"pid": started.pid, "port": port, "asked": _asked()}
    files.replace(PROCESS, json.dumps(process))
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if started.poll() is not None:
            raise Failure(
                f"Odoo ended while starting: {odoo.cause(LOG, begin)}; mend that and `make run` "
                f"again (details: {relative(LOG)})"
            )
        if time.monotonic() > deadline:
            raise Failure(
                f"Odoo does not answer within {START_SECONDS} s: `make stop`, end what else keeps "
                f"this machine busy, and `make run` again (details: {relative(LOG)})"
            )
        time.sleep(0.5)


def _answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("GET", "/web/login")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _stop_odoo():
    """End Odoo, by force when it does not end by itself; True when one was running."""
    process = _running()
    if process:
        _end(process["pid"])
    PROCESS.unlink(missing_ok=True)
    return bool(process)


def _end(pid):
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + STOP_SECONDS
        try:
            if _is_ours(pid):
                os.kill(pid, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise Failure(
                f"Odoo (process {pid}) was started by another user: `make stop` as that user"
            ) from error
        while _is_ours(pid) and time.monotonic() < deadline:
            time.sleep(0.1)


def _free_port():
    """8069, or the next one that nobody has; PORT= names another first one."""
    first = _first_port()
    last = min(first + PORTS_TRIED - 1, LAST_PORT)
    for port in range(first, last + 1):
        if _is_free(port):
            if port != first:
                say(f"  note: port {first} is taken, Odoo takes {port}")
            return port
    raise Failure(f"ports {first} to {last} are taken: make run PORT=9000")


def _first_port():
    text = os.environ.get("PORT") or str(FIRST_PORT)
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= LAST_PORT:
        raise Failure(f"PORT={text} is no port: name one from 1024 to {LAST_PORT}")
    return int(text)


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise Failure(
                f"PORT={port} is open to the administrator only: name one from 1024 to {LAST_PORT}"
            ) from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Failure(
                    f"this machine has no loopback 127.0.0.1 ({error.strerror}): bring it up"
                ) from error
            return False
    return True


def _introduce(cluster, port):
    """Address and logins, those that the database really has."""
    found = cluster.query(DATABASE, "SELECT login FROM res_users WHERE active ORDER BY id") or ""
    logins = found.split()
    say()
    say(f"  Odoo 19 with the suite: {_url(port)}")
    say()
    say("  login        password     what it is")
    for login, meaning in ROLES.items():
        if login in logins:
            say(f"  {login:<12} {login:<12} {meaning}")
    say()
    say("  `make stop` ends it, `make clean` deletes everything that it made.")
