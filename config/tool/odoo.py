"""Odoo's configuration files and its command line."""

import os
import re
import subprocess

from . import odoo_source, paths, python_env
from .shell import logged, relative
from .ui import Failure

PROFILES = paths.CONFIG / "profiles"
LANGUAGES = "en_US,zh_CN"


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
    return folders + ([paths.ADDONS] if our_addons() else [])


def our_addons():
    """Names of our addons that can be installed."""
    manifests = sorted(paths.ADDONS.glob("*/__manifest__.py"))
    return [manifest.parent.name for manifest in manifests]


def environment(cluster):
    return paths.odoo_environment() | cluster.environment()


def command(configuration, *options):
    return [paths.PYTHON, "-m", "odoo", "--config", configuration, *options]


def install(cluster, configuration, database, addons, log, *options):
    """Install or update addons in a database; a failed load or an ERROR line is a failure."""
    if not addons:
        return
    log_file = paths.LOG / f"{log}.log"
    start = log_file.stat().st_size if log_file.exists() else 0
    names = ",".join(addons)
    problem = f"Odoo cannot load {names} into the database {database}"
    arguments = ["-d", database, "-i", names, "--stop-after-init", "--no-http", *options]
    logged(command(configuration, *arguments), log, problem, env=environment(cluster))
    with log_file.open(errors="replace") as lines:
        lines.seek(start)
        errors = [line for line in lines if re.search(r" (ERROR|CRITICAL) ", line)]
    if errors:
        raise Failure(f"{problem}: {errors[0].split(': ', 1)[-1].strip()} (details: {relative(log_file)})")


def _key(line):
    return line.split("=", 1)[0].strip()
