"""`make test`: the whole suite under pytest-odoo, on copies of a prepared database."""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager

from . import locks, odoo, paths, setup, templates
from .paths import relative
from .postgres import Cluster
from .shell import arguments
from .ui import Failure, say

DATABASE = "suite"
LOG = paths.LOG / "test-odoo.log"
WORKERS = 2
# The longest names that get appended to TMPDIR.
RANDOM_NAME = "12345678"
CHROMIUM_SOCKET = "org.chromium.Chromium.123456/SingletonSocket"


def main(_arguments):
    given = arguments()
    setup.ensure()
    with locks.alone("suite") as alone:
        if not alone:
            raise Failure(
                "another `make test` runs in this folder: wait for it, or use a second clone"
            )
        cluster = Cluster("test")
        try:
            with locks.shared("test-cluster"):
                return _run(cluster.ensure(), given)
        finally:
            cluster.stop_if_unused()


def _run(cluster, arguments):
    templates.ensure_suite(cluster)
    templates.copy(cluster, templates.SUITE, DATABASE)
    configuration = odoo.write_configuration(
        odoo.PROFILES / "test.conf", cluster, "suite", db_name=DATABASE, dbfilter=f"^{DATABASE}$"
    )
    LOG.unlink(missing_ok=True)
    say(f"Running the tests (Odoo's errors and warnings: {relative(LOG)})")
    try:
        with _temporary_folder() as temporary:
            environment = odoo.environment(cluster) | {"TMPDIR": str(temporary)}
            command = _command(configuration, arguments)
            return subprocess.run(command, cwd=paths.CHECKOUT, env=environment).returncode
    finally:
        _drop_copies(cluster)


@contextmanager
def _temporary_folder():
    """For the browsers' profiles; Chromium puts a socket there, whose path must be short."""
    parent = paths.HOME / "tmp"
    longest = os.fsencode(parent / RANDOM_NAME / CHROMIUM_SOCKET)
    if len(longest) > paths.SOCKET_PATH_LIMIT:
        parent = "/tmp"
    with tempfile.TemporaryDirectory(prefix="", dir=parent, ignore_cleanup_errors=True) as folder:
        yield folder


def _command(configuration, arguments):
    """pytest's command line; xdist gives each worker a copy of the database and a port."""
    command = [paths.PYTHON, "-m", "pytest", f"--odoo-config={configuration}"]
    command += [f"--odoo-database={DATABASE}", "--odoo-http", "--odoo-log-level=warn"]
    command += [f"--odoo-extra=logfile={LOG}", "-rs"]
    # Whole classes go to one worker, because their fixtures are made once per class.
    if not any(argument.startswith("-n") for argument in arguments):
        command += ["-n", str(WORKERS), "--dist", "loadscope"]
    return [str(part) for part in [*command, *arguments]]


def _drop_copies(cluster):
    """Databases of this run, those of an interrupted worker included."""
    for worker in range(WORKERS):
        cluster.drop(f"{DATABASE}-gw{worker}")
    cluster.drop(DATABASE)
    shutil.rmtree(templates.filestore(cluster, DATABASE), ignore_errors=True)
