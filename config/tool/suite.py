"""`make test`: the whole suite under pytest-odoo, on copies of a prepared database."""

import os
import shlex
import shutil
import subprocess

from . import locks, odoo, paths, setup, templates
from .postgres import Cluster
from .shell import relative
from .ui import Failure, say

DATABASE = "suite"
LOG = paths.LOG / "test-odoo.log"
WORKERS = 2


def main(_arguments):
    arguments = shlex.split(os.environ.get("ARGS", ""))
    setup.ensure()
    with locks.alone("suite") as alone:
        if not alone:
            raise Failure(
                "another `make test` runs in this folder: wait for it, or use a second clone"
            )
        with locks.shared("test-cluster"):
            result = _run(Cluster("test").ensure(), arguments)
        _stop_unused_cluster()
    return result


def _run(cluster, arguments):
    templates.ensure_suite(cluster)
    templates.copy(cluster, templates.SUITE, DATABASE)
    configuration = odoo.write_configuration(
        odoo.PROFILES / "test.conf", cluster, "suite", db_name=DATABASE, dbfilter=f"^{DATABASE}$"
    )
    LOG.unlink(missing_ok=True)
    say(f"Running the tests (Odoo's errors and warnings: {relative(LOG)})")
    try:
        return subprocess.run(
            _command(configuration, arguments), cwd=paths.CHECKOUT, env=odoo.environment(cluster)
        ).returncode
    finally:
        _tidy(cluster)


def _command(configuration, arguments):
    """pytest's command line; xdist gives each worker a copy of the database and a port."""
    command = [paths.PYTHON, "-m", "pytest", f"--odoo-config={configuration}"]
    command += [f"--odoo-database={DATABASE}", "--odoo-http", "--odoo-log-level=warn"]
    command += [f"--odoo-extra=logfile={LOG}", "-rs"]
    # Whole classes go to one worker, because their fixtures are made once per class.
    if not {"-n", "-n0"}.intersection(arguments):
        command += ["-n", str(WORKERS), "--dist", "loadscope"]
    return [str(part) for part in [*command, *arguments]]


def _tidy(cluster):
    """Browser profiles and database copies of a run that was interrupted."""
    for worker in range(WORKERS):
        cluster.drop(f"{DATABASE}-gw{worker}")
    cluster.drop(DATABASE)
    shutil.rmtree(templates.filestore(cluster, DATABASE), ignore_errors=True)
    for leftover in (paths.HOME / "tmp").iterdir():
        shutil.rmtree(leftover, ignore_errors=True)


def _stop_unused_cluster():
    with locks.alone("test-cluster") as unused:
        if unused:
            Cluster("test").stop()
