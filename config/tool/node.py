"""npm: the machine's own, or that of PyPI's Node.js wheel."""

import os
import shutil

from . import python_env
from .shell import logged


def npm(arguments, folder, problem):
    """Run npm in a folder; ``problem`` is the line shown when it fails."""
    ensure()
    logged(["npm", *arguments], "npm", problem, cwd=folder)


def ensure():
    """Have npm and node on PATH."""
    if not (shutil.which("npm") and shutil.which("node")):
        programs = python_env.ensure_node()
        os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
