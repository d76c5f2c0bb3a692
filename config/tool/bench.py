"""`make bench`: hand the bench a PostgreSQL with a real system's settings."""

import os
import shlex
import subprocess

from . import addons, odoo, paths, setup
from .postgres import Cluster
from .ui import Failure

SCRIPT = paths.CHECKOUT / "tests" / "bench" / "run.py"


def main(_arguments):
    """Run tests/bench/run.py with PGHOST, PGPORT, PGUSER, MEDDEV_HOME and ODOO_RC set."""
    if not SCRIPT.exists():
        raise Failure("there is no tests/bench/run.py")
    setup.ensure(for_tests=False)
    cluster = Cluster("bench").ensure()
    configuration = odoo.write_configuration(odoo.PROFILES / "test.conf", cluster, "bench")
    environment = odoo.environment(cluster) | {
        "ODOO_RC": str(configuration),
        "MEDDEV_ADDONS": ",".join(addons.names()),
    }
    try:
        return subprocess.run(
            [paths.PYTHON, SCRIPT, *shlex.split(os.environ.get("ARGS", ""))],
            cwd=paths.CHECKOUT,
            env=environment,
        ).returncode
    finally:
        cluster.stop()
