"""What the tests of config/ share: a checkout of their own, in which nothing was made yet.

They run the command line as a person does and read what it prints. Nothing is fetched, no Odoo and
no PostgreSQL is started, and the checkout that the tests live in stays as it is.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "config"))

# Nobody waits longer for a line that says what is wrong.
SECONDS = 60
# Root may read and write everything, which an ordinary user may not.
WITHOUT_PRIVILEGES = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search,-fowner,-net_bind_service",
)
STRANGER = 65534


class Checkout:
    """A copy of what the command line needs, without addons."""

    def __init__(self, folder):
        self.folder = folder
        self.home = folder / ".meddev"
        shutil.copytree(
            ROOT / "config", folder / "config", ignore=shutil.ignore_patterns("__pycache__")
        )
        for name in ("Makefile", "odoo.conf", "requirements.txt"):
            shutil.copy(ROOT / name, folder)

    def run(self, *arguments, prefix=(), **variables):
        """Code and lines of ``config/meddev``; what it says on stderr is a failure by itself."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("ARGS", "ODOO", "PORT", "PROFILE", "PYTHON", "MEDDEV_HOME")
        }
        result = subprocess.run(
            [*prefix, sys.executable, self.folder / "config/meddev", *arguments],
            cwd=self.folder,
            env=environment | variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert not result.stderr, result.stderr
        return result.returncode, result.stdout.splitlines()

    def write(self, name, text=""):
        """A file below .meddev, as an earlier command has left it."""
        file = self.home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file


def unprivileged():
    """What to put before a command so that file modes count for root as well."""
    return () if os.geteuid() else WITHOUT_PRIVILEGES


def fake_program(folder, name, script):
    """An executable shell script, and the PATH on which it comes first."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
