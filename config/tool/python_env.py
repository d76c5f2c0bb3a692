"""The virtual environment: pinned packages, and the path to Odoo."""

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
CONSTRAINTS = paths.CONFIG / "constraints.txt"
REQUIREMENTS = (
    paths.CONFIG / "requirements-odoo.txt",
    paths.CONFIG / "requirements-test.txt",
    paths.CHECKOUT / "requirements.txt",
)
OCA_REQUIREMENTS = paths.CONFIG / "requirements-oca.txt"
LINT_REQUIREMENTS = paths.CONFIG / "requirements-lint.txt"
SUPPORTED = (3, 11)


def ensure():
    """Create the environment, or bring it up to date with the pinned files."""
    _create()
    _install("requirements", [option for file in REQUIREMENTS for option in ("-r", file)])
    # --no-deps: the wheels require a distribution "odoo", which no registry has.
    _install("oca", ["--no-deps", "-r", OCA_REQUIREMENTS])


def ensure_lint():
    _create()
    _install("lint", ["-r", LINT_REQUIREMENTS])


def link_odoo(odoo_root):
    """Make ``import odoo`` find the Odoo in ``odoo_root``."""
    (site_packages() / PATH_FILE).write_text(f"{odoo_root}\n")


def site_packages():
    [folder] = (paths.VENV / "lib").glob("python3*/site-packages")
    return folder


def _create():
    python = _base_python()
    stamp = paths.STATE / "venv-python"
    if paths.PYTHON.exists() and stamp.exists() and stamp.read_text() == python:
        return
    with step("Python environment"):
        shutil.rmtree(paths.VENV, ignore_errors=True)
        for installed in paths.STATE.glob("pip-*"):
            installed.unlink()
        if output_of([python, "-c", "import ensurepip, venv"]) is not None:
            logged(
                [python, "-m", "venv", paths.VENV], "pip", f"{python} cannot make a virtual environment"
            )
        else:
            _create_without_ensurepip(python)
    stamp.write_text(python)


def _base_python():
    """The interpreter to build on: ``PYTHON=``, remembered, or the one that runs us."""
    named = os.environ.get("PYTHON", "")
    if not named:
        stamp = paths.STATE / "venv-python"
        return stamp.read_text() if stamp.exists() else getattr(sys, "_base_executable", sys.executable)
    python = shutil.which(named)
    version = python and output_of([python, "-c", "import sys; print(*sys.version_info[:2])"])
    if not version or tuple(map(int, version.split())) < SUPPORTED:
        raise Failure(f"PYTHON={named} is not a Python 3.11 or newer")
    return python


def _create_without_ensurepip(python):
    """Debian splits ensurepip off; take pip's wheel from its package without installing it."""
    no_pip = "Python has no ensurepip and no apt to fetch pip from: install python3-venv"
    if not shutil.which("apt-get"):
        raise Failure(no_pip)
    machine = apt.machine_state()
    folder = paths.APT / "pip"
    apt.unpack(machine.download(["python3-pip-whl"], folder, no_pip), folder)
    [wheel] = folder.glob("usr/share/python-wheels/pip-*.whl")
    logged(
        [python, "-m", "venv", "--without-pip", paths.VENV],
        "pip",
        f"{python} cannot make a virtual environment: install python3-venv",
    )
    logged(
        [paths.PYTHON, wheel / "pip", "install", "--no-index", wheel],
        "pip",
        "pip cannot be installed into the virtual environment: install python3-venv",
    )
    shutil.rmtree(folder)


def _install(name, options):
    """pip install, skipped while the pinned files are the ones of the last time."""
    files = [option for option in options if hasattr(option, "read_bytes")] + [CONSTRAINTS]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    stamp = paths.STATE / f"pip-{name}"
    if stamp.exists() and stamp.read_text() == digest:
        return
    with step(f"Python packages ({name})"):
        logged(
            [paths.PYTHON, "-m", "pip", "install", "--quiet", "-c", CONSTRAINTS, *options],
            "pip",
            f"pip cannot install the {name} packages: check the network and pip's index",
        )
    stamp.write_text(digest)


