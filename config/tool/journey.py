"""`make journey`: a journey of tests/journeys from outside, against what `make run` started."""

import subprocess

from . import paths, server
from .shell import arguments
from .ui import Failure

FOLDER = paths.CHECKOUT / "tests" / "journeys"
MAIN = "main_job"
JOURNEYS = (MAIN, "audit_export")


def main(_arguments):
    """Run a script of tests/journeys; ARGS go to it, and --url among them names another Odoo.

    A first word that is no option names the journey; the main job where there is none.
    """
    given = arguments()
    name = given.pop(0) if given and not given[0].startswith("-") else MAIN
    if name not in JOURNEYS:
        raise Failure(f"there is no journey {name}: ARGS begin with {' or '.join(JOURNEYS)}")
    if not paths.PYTHON.exists():
        raise Failure("nothing is set up yet: `make run` first, then `make journey`")
    if not any(argument.partition("=")[0] == "--url" for argument in given):
        given = ["--url", server.address(), *given]
    # Not written beside the sources of a checkout that others use as well.
    command = [paths.PYTHON, "-B", FOLDER / f"{name}.py", *given]
    return subprocess.run(list(map(str, command)), cwd=paths.CHECKOUT).returncode
