"""Where everything lives: one folder inside the checkout, so that deleting it leaves nothing."""

import os
import re
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIG = CHECKOUT / "config"
ADDONS = CHECKOUT / "addons"

HOME = CHECKOUT / ".meddev"
APT = HOME / "apt"
BIN = HOME / "bin"
CACHE = HOME / "cache"
DATA = HOME / "data"
DEBIAN = HOME / "debian"
FONTS = HOME / "fonts.conf"
LINT = HOME / "lint"
LOG = HOME / "log"
NODE = HOME / "node"
ODOO = HOME / "odoo"
OLD_DEBIAN = HOME / "debian-old"
RUN = HOME / "run"
STATE = HOME / "state"
VENV = HOME / "venv"

PYTHON = VENV / "bin" / "python"

# A Unix socket's path holds at most 107 bytes.
SOCKET_PATH_LIMIT = 107

# Settings of a person's shell that would lead Python, Odoo or PostgreSQL elsewhere.
FOREIGN_VARIABLES = re.compile(r"PG[A-Z]+|PYTHON(PATH|HOME)|ODOO_\w+|VIRTUAL_ENV|LD_LIBRARY_PATH")


def prepare():
    """Create the folders and keep every program that we start inside them."""
    os.umask(0o022)
    for folder in (HOME, BIN, CACHE, DATA, LOG, RUN, STATE, HOME / "home", HOME / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    for name in list(os.environ):
        if FOREIGN_VARIABLES.fullmatch(name):
            del os.environ[name]
    os.environ["MEDDEV_HOME"] = str(HOME)
    os.environ["TMPDIR"] = str(HOME / "tmp")
    os.environ["PIP_CACHE_DIR"] = str(CACHE / "pip")
    os.environ["npm_config_cache"] = str(CACHE / "npm")  # noqa: SIM112 (npm's own spelling)
    os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    os.environ["PATH"] = os.pathsep.join([str(BIN), str(VENV / "bin"), os.environ["PATH"]])
    tempfile.tempdir = None


def relative(path):
    """The path as a person in the checkout would type it."""
    try:
        return path.relative_to(CHECKOUT)
    except ValueError:
        return path


def odoo_environment():
    """Environment of Odoo and its tests: settings and caches of the user stay untouched.

    pip and npm keep the user's HOME, because their registry is configured there.
    """
    return os.environ | {
        "HOME": str(HOME / "home"),
        "XDG_CONFIG_HOME": str(HOME / "home" / ".config"),
        "XDG_CACHE_HOME": str(HOME / "home" / ".cache"),
        "XDG_DATA_HOME": str(HOME / "home" / ".local"),
        "XDG_RUNTIME_DIR": str(RUN),
        "FONTCONFIG_FILE": str(FONTS),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
