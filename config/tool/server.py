"""`make run` and `make stop`: the suite with demo data, as a person tries it."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import addons, locks, odoo, odoo_source, paths, setup
from .postgres import Cluster
from .shell import output_of, relative
from .ui import Failure, say, step

DATABASE = "meddev"
PROFILE = paths.CHECKOUT / "odoo.conf"
FIRST_PORT = 8069
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
    # Labels and mails carry the address, and the port may be another one than last time.
    cluster.query(
        DATABASE,
        f"UPDATE ir_config_parameter SET value = 'http://127.0.0.1:{port}' "
        "WHERE key = 'web.base.url'",
    )
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


def _asked():
    """What the person asked for on the command line; another wish restarts Odoo."""
    return [os.environ.get("PROFILE", ""), os.environ.get("PORT", "")]


def _profile():
    """odoo.conf, or another profile: make run PROFILE=development."""
    name = os.environ.get("PROFILE")
    profile = odoo.PROFILES / f"{name}.conf" if name else PROFILE
    if not profile.exists():
        raise Failure(f"no profile {profile.name}; there are development, test and production")
    return profile


# The database


def _outdated(cluster):
    """Digests of the addons that are not in the database as they are in the checkout.

    None when there is no database yet.
    """
    if not cluster.exists(DATABASE) or not INSTALLED.exists():
        return None
    installed = json.loads(INSTALLED.read_text())
    current = addons.digests() | {"Odoo": str(odoo_source.ensure())}
    return {name: digest for name, digest in current.items() if installed.get(name) != digest}


def _bring_up_to_date(cluster, configuration, outdated):
    current = addons.digests() | {"Odoo": str(odoo_source.ensure())}
    if outdated is None:
        _create(cluster, configuration)
    elif outdated:
        changed = [name for name in outdated if name != "Odoo"] or ["base"]
        with step(f"update {', '.join(changed)}"):
            odoo.install(
                cluster,
                configuration,
                DATABASE,
                addons.to_install(),
                "odoo",
                f"--update={','.join(changed)}",
                "--i18n-overwrite",
            )
    INSTALLED.write_text(json.dumps(current, indent=1))


def _create(cluster, configuration):
    """Install into a draft first: a failed first run then starts over instead of going on."""
    draft = f"{DATABASE}_draft"
    names = addons.to_install() or ["web"]
    with step(f"database '{DATABASE}' with {', '.join(names)} and demo data"):
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
    process = json.loads(PROCESS.read_text())
    return process if _is_ours(process["pid"]) else None


def _is_ours(pid):
    """Whether the process lives and is our Odoo: its number may be another program's by now."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        command = output_of(["ps", "-p", pid, "-o", "command="]) or ""
    return str(paths.HOME) in command


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
    PROCESS.write_text(json.dumps({"pid": started.pid, "port": port, "asked": _asked()}))
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if started.poll() is not None:
            raise Failure(
                f"Odoo ended while starting: {odoo.cause(LOG, begin)} (details: {relative(LOG)})"
            )
        if time.monotonic() > deadline:
            raise Failure(
                f"Odoo does not answer within {START_SECONDS} s (details: {relative(LOG)})"
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
    PROCESS.unlink(missing_ok=True)
    if not process:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + STOP_SECONDS
        if _is_ours(process["pid"]):
            os.kill(process["pid"], number)
        while _is_ours(process["pid"]) and time.monotonic() < deadline:
            time.sleep(0.1)
    return True


def _free_port():
    """8069, or the next one that nobody has; PORT= names another first one."""
    first = int(os.environ.get("PORT") or FIRST_PORT)
    for port in range(first, first + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port != first:
            say(f"  note: port {first} is taken, Odoo takes {port}")
        return port
    raise Failure(f"ports {first} to {first + PORTS_TRIED - 1} are taken: make run PORT=9000")


def _introduce(cluster, port):
    """Address and logins, those that the database really has."""
    found = cluster.query(DATABASE, "SELECT login FROM res_users WHERE active ORDER BY id") or ""
    logins = found.split()
    say()
    say(f"  Odoo 19 with the suite: http://127.0.0.1:{port}")
    say()
    say("  login        password     what it is")
    for login, meaning in ROLES.items():
        if login in logins:
            say(f"  {login:<12} {login:<12} {meaning}")
    say()
    say("  `make stop` ends it, `make clean` deletes everything that it made.")
