"""`make bench`: hand the bench a PostgreSQL with a real system's settings."""

import subprocess

from . import odoo, paths, setup
from .postgres import Cluster
from .shell import arguments
from .ui import Failure

SCRIPT = paths.CHECKOUT / "tests" / "bench" / "run.py"


def main(_arguments):
    """Run tests/bench/run.py with MEDDEV_HOME, PGHOST, PGPORT and PGUSER set; ARGS go to it."""
    if not SCRIPT.exists():
        raise Failure("tests/bench/run.py is missing: is the checkout complete (`git status`)?")
    given = arguments()
    setup.ensure(for_tests=False)
    cluster = Cluster("bench").ensure()
    try:
        return subprocess.run(
            [paths.PYTHON, SCRIPT, *given],
            cwd=paths.CHECKOUT,
            env=odoo.environment(cluster),
        ).returncode
    finally:
        cluster.stop()
