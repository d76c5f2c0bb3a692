"""Odoo's configuration files and its command line."""

import os
import re
import subprocess

from . import addons, odoo_source, paths, python_env, trouble
from .paths import relative
from .shell import logged
from .ui import Failure

PROFILES = paths.CONFIG / "profiles"
LANGUAGES = "en_US,zh_CN"
# The last line of a traceback, and a line logged as an error.
EXCEPTION = re.compile(r"[A-Za-z_.]+(Error|Exception|NotNullViolation|Violation): ")
LOGGED_ERROR = re.compile(r" (ERROR|CRITICAL) ")
LOADING = re.compile(rb" Loading module (\S+ \(\d+/\d+\))")
# What a look at the log reads of it: more than one module writes.
TAIL_BYTES = 2**18


def write_configuration(profile, cluster, name=None, **values):
    """Write .meddev/<name>.conf from a profile: relative paths become absolute ones."""
    settings = {
        "addons_path": ",".join(map(str, addons_path())),
        "data_dir": paths.DATA / cluster.name,
        "db_host": cluster.socket,
        "db_port": cluster.environment()["PGPORT"],
        "db_user": cluster.environment()["PGUSER"],
    } | values
    lines = [line for line in profile.read_text().splitlines() if _key(line) not in settings]
    lines += ["", "; Filled in by the tooling for this checkout."]
    lines += [f"{key} = {value}" for key, value in settings.items()]
    configuration = paths.HOME / f"{name or profile.stem}.conf"
    configuration.write_text("\n".join(lines) + "\n")
    return configuration


def addons_path():
    root = odoo_source.ensure()
    folders = odoo_source.addons_folders(root)
    folders.append(python_env.site_packages() / "odoo/addons")
    # Odoo refuses a folder without addons.
    return folders + ([paths.ADDONS] if addons.names() else [])


def environment(cluster):
    return paths.odoo_environment() | cluster.environment()


def command(configuration, *options):
    return [paths.PYTHON, "-m", "odoo", "--config", configuration, *options]


def shell_command(configuration, *options):
    return [paths.PYTHON, "-m", "odoo", "shell", "--config", configuration, *options]


def install(cluster, configuration, database, names, log, *options):
    """Install or update addons in a database; a failed load or an ERROR line is a failure."""
    if not names:
        return
    log_file = paths.LOG / f"{log}.log"
    start = log_file.stat().st_size if log_file.exists() else 0
    listed = ",".join(names)
    problem = f"Odoo cannot load {listed} into the database {database}"
    arguments = ["-d", database, "-i", listed, "--stop-after-init", "--no-http", *options]
    try:
        logged(command(configuration, *arguments), log, problem, env=environment(cluster))
    except Failure as failure:
        if trouble.is_disk_full():
            raise
        raise _failure(problem, cause(log_file, start), log_file) from failure
    if errors := _errors(log_file, start):
        raise _failure(problem, errors[0], log_file)


def _failure(problem, reason, log_file):
    return Failure(f"{problem}: {reason}; mend that and try again (details: {relative(log_file)})")


def loading(log):
    """A function that answers which module an install loads, by what it logs from now on."""
    log_file = paths.LOG / f"{log}.log"
    begin = log_file.stat().st_size if log_file.exists() else 0

    def answer():
        with log_file.open("rb") as content:
            size = content.seek(0, os.SEEK_END)
            # Smaller than before: the step has made the file again.
            content.seek(max(begin if begin <= size else 0, size - TAIL_BYTES))
            found = LOADING.findall(content.read())
        return f"module {found[-1].decode()}" if found else ""

    return answer


def run_code(cluster, configuration, database, code):
    """Run Python with Odoo's ``env`` on a database, and commit."""
    log_file = paths.LOG / f"{database}.log"
    with log_file.open("a") as output:
        start = output.tell()
        result = subprocess.run(
            list(map(str, shell_command(configuration, "-d", database, "--no-http"))),
            input=f"{code}\nenv.cr.commit()\n",
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(cluster),
        )
    if result.returncode:
        raise _failure(f"Odoo cannot run {code!r}", cause(log_file, start), log_file)


def cause(log_file, start=0):
    """The line of a failed Odoo's log that says why: its last exception, else its first error."""
    exceptions = [line for line in _lines(log_file, start) if EXCEPTION.match(line)]
    return (exceptions[-1:] + _errors(log_file, start) + ["no message"])[0].strip()


def _errors(log_file, start):
    found = [line for line in _lines(log_file, start) if LOGGED_ERROR.search(line)]
    return [line.split(": ", 1)[-1].strip() for line in found]


def _lines(log_file, start):
    with log_file.open(errors="replace") as log:
        log.seek(start)
        return log.read().splitlines()


def _key(line):
    return line.split("=", 1)[0].strip()
