"""Virtual environments with pinned packages, and the path from them to Odoo."""

import hashlib
import os
import shutil
import sys

from . import apt, paths
from .shell import logged, output_of
from .ui import Failure, step

# Inside the environment this file makes ``python -m odoo`` and the OCA wheels, which are
# installed under odoo/addons, one namespace package.
PATH_FILE = "meddev-odoo.pth"
POINTER = paths.STATE / "python-path"
OLDEST = (3, 11)
PIP = "pip==26.3"
NO_INDEX = "pip cannot install what is pinned in config/: check the network and pip's index"


class Environment:
    """A virtual environment that knows what it was made from and what was installed."""

    def __init__(self, folder, name, constraints=None):
        self.folder = folder
        self.name = name
        self.constraints = constraints
        self.python = folder / "bin" / "python"

    def ensure(self):
        origin = _base_python()
        stamp = self.folder / "made-from"
        if self.python.exists() and stamp.exists() and stamp.read_text() == origin:
            return
        with step(f"Python environment ({self.name})"):
            shutil.rmtree(self.folder, ignore_errors=True)
            self._create(origin.split("\n")[0])
            # Older ones do not understand the metadata of every pinned package.
            logged([self.python, "-m", "pip", "install", "--quiet", PIP], "pip", NO_INDEX)
        stamp.write_text(origin)

    def install(self, name, files, *options):
        """pip install -r, skipped while the pinned files are the ones of the last time."""
        read = [*files, self.constraints] if self.constraints else files
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in read)).hexdigest()
        stamp = self.folder / f"installed-{name}"
        if stamp.exists() and stamp.read_text() == digest:
            return
        constraints = ["-c", self.constraints] if self.constraints else []
        requirements = [option for file in files for option in ("-r", file)]
        command = [self.python, "-m", "pip", "install", "--quiet", *options]
        command += constraints + requirements
        with step(f"Python packages ({name})"):
            logged(command, "pip", f"{NO_INDEX} ({name} packages)")
        stamp.write_text(digest)

    def _create(self, python):
        if output_of([python, "-c", "import ensurepip, venv"]) is None:
            self._create_without_ensurepip(python)
            return
        logged(
            [python, "-m", "venv", self.folder],
            "pip",
            f"{python} cannot make a virtual environment: install python3-venv",
        )

    def _create_without_ensurepip(self, python):
        """Debian splits ensurepip off; take pip's wheel from its package, not installed."""
        problem = "Python has no ensurepip and no apt to fetch pip from: install python3-venv"
        if not shutil.which("apt-get"):
            raise Failure(problem)
        folder = paths.APT / "pip"
        apt.unpack(apt.machine_state().download(["python3-pip-whl"], folder, problem), folder)
        [wheel] = folder.glob("usr/share/python-wheels/pip-*.whl")
        logged([python, "-m", "venv", "--without-pip", self.folder], "pip", problem)
        logged([self.python, wheel / "pip", "install", "--no-index", wheel], "pip", problem)
        shutil.rmtree(folder)


def ensure():
    """Odoo's environment: its requirements, ours, the tests' and the OCA wheels."""
    environment = Environment(paths.VENV, "Odoo", paths.CONFIG / "constraints.txt")
    environment.ensure()
    environment.install(
        "Odoo",
        [
            paths.CONFIG / "requirements-odoo.txt",
            paths.CONFIG / "requirements-test.txt",
            paths.CHECKOUT / "requirements.txt",
        ],
    )
    # --no-deps: the wheels require a distribution "odoo", which no registry has.
    environment.install("OCA", [paths.CONFIG / "requirements-oca.txt"], "--no-deps")


def ensure_lint():
    """The checkers' environment, apart from Odoo's because they need other versions."""
    environment = Environment(paths.LINT, "lint")
    environment.ensure()
    environment.install("lint", [paths.CONFIG / "requirements-lint.txt"])


def ensure_node():
    """Node.js and npm as a wheel, for a machine that has none; returns their folder."""
    environment = Environment(paths.HOME / "node-wheel", "Node.js")
    environment.ensure()
    environment.install("Node.js", [paths.CONFIG / "requirements-node.txt"])
    return environment.python.parent


def link_odoo(odoo_root):
    """Make ``import odoo`` find the Odoo in ``odoo_root``."""
    (site_packages() / PATH_FILE).write_text(f"{odoo_root}\n")


def site_packages():
    [folder] = (paths.VENV / "lib").glob("python3*/site-packages")
    return folder


def _base_python():
    """Path and version of the interpreter to build on: ``PYTHON=``, remembered, or ours."""
    named = os.environ.get("PYTHON", "")
    if not named and POINTER.exists():
        named = POINTER.read_text()
    python = shutil.which(named or getattr(sys, "_base_executable", sys.executable))
    version = python and output_of([python, "-c", "import sys; print(*sys.version_info[:3])"])
    if not version or tuple(map(int, version.split())) < OLDEST:
        raise Failure(
            f"PYTHON={named} is not a Python 3.11 or newer: name one with PYTHON=/path/to/python3"
        )
    if named:
        POINTER.write_text(python)
    # Resolved: from inside our own environment the same interpreter has another name.
    return f"{os.path.realpath(python)}\n{version}"
