"""`make journey`: the main job from outside, against what `make run` started."""

import subprocess

from . import paths, server
from .shell import arguments
from .ui import Failure

SCRIPT = paths.CHECKOUT / "tests" / "journeys" / "main_job.py"


def main(_arguments):
    """Run tests/journeys/main_job.py; ARGS go to it, and --url among them names another Odoo."""
    given = arguments()
    if not paths.PYTHON.exists():
        raise Failure("nothing is set up yet: `make run` first, then `make journey`")
    if not any(argument.partition("=")[0] == "--url" for argument in given):
        given = ["--url", server.address(), *given]
    # Not written beside the sources of a checkout that others use as well.
    command = [paths.PYTHON, "-B", SCRIPT, *given]
    return subprocess.run(list(map(str, command)), cwd=paths.CHECKOUT).returncode
