"""`config/dev-test ADDON...`: one addon's tests in a database of one's own, in seconds.

MEDDEV_DB names the database, so that several people can work in one checkout; a copy of the
template with the dependencies makes a fresh one cheap.
"""

import os
import shlex
import subprocess

from . import locks, odoo, paths, setup, templates
from .postgres import Cluster
from .ui import Failure, say, step

USAGE = (
    "usage: MEDDEV_DB=mine config/dev-test [--fresh] [--no-update] ADDON... [-- pytest arguments]\n"
    "       --fresh drops the database first; --no-update runs the tests on it as it is"
)


def main(arguments):
    place = arguments.index("--") if "--" in arguments else len(arguments)
    own, pytest_arguments = arguments[:place], arguments[place + 1 :]
    flags = {argument for argument in own if argument.startswith("--")}
    names = [argument for argument in own if not argument.startswith("--")]
    if not names or flags - {"--fresh", "--no-update"}:
        say(USAGE)
        return 2
    setup.ensure()
    with locks.shared("test-cluster"):
        return _run(names, flags, pytest_arguments)


def _run(names, flags, pytest_arguments):
    cluster = Cluster("test").ensure()
    database = os.environ.get("MEDDEV_DB", "dev")
    configuration = odoo.write_configuration(
        odoo.PROFILES / "test.conf",
        cluster,
        f"dev-{database}",
        db_name=database,
        dbfilter=f"^{database}$",
    )
    _prepare(cluster, configuration, database, names, flags)
    return _pytest(cluster, configuration, database, names, pytest_arguments)


def shell_environment(_arguments):
    """Print shell lines for working by hand: eval "$(config/meddev shell-env)"."""
    cluster = Cluster("test")
    if not cluster.is_running():
        raise Failure("start the test cluster first: config/dev-test ADDON")
    environment = odoo.environment(cluster)
    for key in sorted(environment):
        if environment[key] != os.environ.get(key) or key in ("PATH", "TMPDIR", "MEDDEV_HOME"):
            say(f"export {key}={shlex.quote(environment[key])}")


def _prepare(cluster, configuration, database, names, flags):
    if "--fresh" in flags or not cluster.exists(database):
        templates.ensure_base(cluster)
        with step(f"copy {templates.BASE} to {database}"):
            templates.copy(cluster, templates.BASE, database)
    elif "--no-update" in flags:
        return
    log = f"dev-{database}"
    (paths.LOG / f"{log}.log").unlink(missing_ok=True)
    with step(f"install or update {', '.join(names)}", odoo.loading(log)):
        odoo.install(
            cluster,
            configuration,
            database,
            names,
            log,
            f"--update={','.join(names)}",
            "--i18n-overwrite",
        )


def _pytest(cluster, configuration, database, names, arguments):
    command = [paths.PYTHON, "-m", "pytest", f"--odoo-config={configuration}", "--odoo-http"]
    command += [
        f"--odoo-database={database}",
        f"--odoo-extra=logfile={paths.LOG}/dev-{database}.log",
    ]
    command += ["--odoo-log-level=warn", *[f"addons/{name}" for name in names], *arguments]
    return subprocess.run(
        list(map(str, command)), cwd=paths.CHECKOUT, env=odoo.environment(cluster)
    ).returncode
