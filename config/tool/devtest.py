"""`config/dev-test ADDON...`: one addon's tests in a database of one's own, in seconds.

MEDDEV_DB names the database, so that several people can work in one checkout. A template with
the heavy dependencies makes a fresh database cheap.
"""

import os
import shlex
import shutil
import subprocess

from . import odoo, paths, setup
from .postgres import Cluster
from .ui import Failure, say, step

TEMPLATE = "dev_template"
HEAVY = (
    "auth_passkey,auth_timeout,auth_totp,calendar,helpdesk_mgmt,hr_skills,mail,portal,purchase_stock,"
    "resource,rpc,stock"
)
USAGE = (
    "usage: MEDDEV_DB=mine config/dev-test [--fresh] ADDON... [-- pytest arguments]\n"
    "       --fresh drops the database first; --no-update runs the tests on it as it is"
)


def main(arguments):
    own, _separator, pytest_arguments = _split(arguments)
    flags = {argument for argument in own if argument.startswith("--")}
    addons = [argument for argument in own if not argument.startswith("--")]
    if not addons or flags - {"--fresh", "--no-update"}:
        say(USAGE)
        return 2
    setup.ensure()
    cluster = Cluster("test").ensure()
    database = os.environ.get("MEDDEV_DB", "dev")
    configuration = odoo.write_configuration(
        odoo.PROFILES / "test.conf", cluster, f"dev-{database}", db_name=database, dbfilter=f"^{database}$"
    )
    _prepare(cluster, configuration, database, addons, flags)
    return _pytest(cluster, configuration, database, addons, pytest_arguments)


def shell_environment(_arguments):
    """Print shell lines for working by hand: eval "$(config/meddev shell-env)"."""
    cluster = Cluster("test")
    if not cluster.is_running():
        raise Failure("start the test cluster first: config/dev-test ADDON")
    environment = odoo.environment(cluster)
    for key in sorted(environment):
        if environment[key] != os.environ.get(key) or key in ("PATH", "TMPDIR", "MEDDEV_HOME"):
            say(f"export {key}={shlex.quote(environment[key])}")


def _split(arguments):
    if "--" not in arguments:
        return arguments, "", []
    place = arguments.index("--")
    return arguments[:place], "--", arguments[place + 1 :]


def _prepare(cluster, configuration, database, addons, flags):
    ensure_template(cluster, configuration)
    if "--fresh" in flags:
        cluster.drop(database)
    if not cluster.exists(database):
        with step(f"copy {TEMPLATE} to {database}"):
            cluster.create(database, TEMPLATE)
            _copy_filestore(cluster, database)
    elif "--no-update" in flags:
        return
    with step(f"install or update {', '.join(addons)}"):
        log = f"dev-{database}"
        (paths.LOG / f"{log}.log").unlink(missing_ok=True)
        odoo.install(cluster, configuration, database, addons, log, "-u", ",".join(addons))


def ensure_template(cluster, configuration):
    if cluster.exists(TEMPLATE):
        return
    with step("database template with the heavy dependencies (once, about a minute)"):
        draft = f"{TEMPLATE}_draft"
        cluster.drop(draft)
        cluster.create(draft)
        odoo.install(
            cluster,
            configuration,
            draft,
            HEAVY.split(","),
            TEMPLATE,
            "--db-filter=.*",
            f"--load-language={odoo.LANGUAGES}",
        )
        cluster.rename(draft, TEMPLATE)
        _rename_filestore(cluster, draft)


def _filestore(cluster, database):
    return paths.DATA / cluster.name / "filestore" / database


def _rename_filestore(cluster, draft):
    shutil.rmtree(_filestore(cluster, TEMPLATE), ignore_errors=True)
    if _filestore(cluster, draft).exists():
        _filestore(cluster, draft).rename(_filestore(cluster, TEMPLATE))


def _copy_filestore(cluster, database):
    shutil.rmtree(_filestore(cluster, database), ignore_errors=True)
    if _filestore(cluster, TEMPLATE).exists():
        shutil.copytree(_filestore(cluster, TEMPLATE), _filestore(cluster, database))


def _pytest(cluster, configuration, database, addons, arguments):
    targets = [f"addons/{addon}" for addon in addons]
    command = [paths.PYTHON, "-m", "pytest", f"--odoo-config={configuration}", "--odoo-http"]
    command += [f"--odoo-database={database}", *targets, *arguments]
    result = subprocess.run(
        list(map(str, command)), cwd=paths.CHECKOUT, env=odoo.environment(cluster)
    )
    return result.returncode
