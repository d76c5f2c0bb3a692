"""Debian packages, downloaded and unpacked into a folder, never installed.

Two private apt states: ``machine`` has the machine's own sources (its suite, its mirror, its
proxy), ``unstable`` has the suites that carry Odoo 19 on the same mirror. No host is written down.
"""

import re
import shutil
import time
from pathlib import Path

from . import paths
from .shell import logged, output_of
from .ui import Failure

INDEX_MAX_AGE_SECONDS = 12 * 3600
DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
UNSTABLE_SUITES = ("sid", "bookworm")

CONFIGURATION = """\
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
{sources}
Dir::State::Lists "{state}/lists";
Dir::State::extended_states "{state}/extended_states";
Dir::Cache "{state}/cache";
Dir::Log "{state}/log";
APT::Sandbox::User "root";
Acquire::Languages "none";
"""


class AptState:
    """A private set of package lists.

    :param source_lines: lines of sources.list, or None for the machine's own sources.
    """

    def __init__(self, name, source_lines=None):
        self.folder = paths.APT / name
        self.source_lines = source_lines
        self.configuration = self.folder / "apt.conf"
        self.stamp = self.folder / "updated"

    def update(self, problem):
        """Fetch the package lists unless they are fresh."""
        if self.stamp.exists() and time.time() - self.stamp.stat().st_mtime < INDEX_MAX_AGE_SECONDS:
            return
        for folder in ("lists/partial", "cache/archives/partial", "log"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        self.configuration.write_text(
            CONFIGURATION.format(state=self.folder, sources=self._sources())
        )
        logged(["apt-get", "-c", self.configuration, "-q", "update"], "apt", problem)
        self.stamp.touch()

    def _sources(self):
        if self.source_lines is None:
            return ""
        sources = self.folder / "sources.list"
        sources.write_text("\n".join(self.source_lines) + "\n")
        return f'Dir::Etc::sourcelist "{sources}";\nDir::Etc::sourceparts "/dev/null";'

    def run(self, *arguments):
        return output_of(["apt-get", "-c", self.configuration, *arguments])

    def mirrors(self):
        """Addresses of Debian's own archive, in the machine's own order."""
        listed = self.run(
            "indextargets",
            "--format",
            "$(REPO_URI)",
            "Created-By: Packages",
            "Origin: Debian",
            "Label: Debian",
        )
        return (listed or "").split()

    def missing_packages(self, names):
        """``name=version`` of what an installation would add to the machine, or None."""
        simulated = self.run("-s", "install", "--no-install-recommends", *names)
        if simulated is None:
            return None
        found = re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+)", simulated, re.MULTILINE)
        return [f"{name}={version}" for name, version in found]

    def download(self, packages, folder, problem):
        """Download packages (``name``, ``name=version`` or ``name/suite``) into a folder."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = ["apt-get", "-c", self.configuration, "-q", "download", *packages]
        logged(command, "apt", problem, cwd=folder)
        return sorted(folder.glob("*.deb"))


def machine_state():
    state = AptState("machine")
    state.update("cannot read the package lists of this machine's apt sources")
    return state


def unstable_state(machine):
    """The suites that carry Odoo 19, on the mirror that the machine itself uses."""
    mirrors = machine.mirrors()
    if not mirrors or not DEBIAN_KEYRING.exists():
        raise Failure(
            "this machine has no Debian mirror to fetch Odoo 19 from; "
            "point at an Odoo 19 of yours: make run ODOO=/path/to/odoo"
        )
    lines = [
        f"deb [signed-by={DEBIAN_KEYRING}] {mirrors[0]} {suite} main" for suite in UNSTABLE_SUITES
    ]
    state = AptState("unstable", lines)
    state.update(
        "Debian's unstable suite cannot be read from this machine's mirror; "
        "point at an Odoo 19 of yours: make run ODOO=/path/to/odoo"
    )
    return state


def unpack(archives, target):
    for archive in archives:
        logged(["dpkg", "-x", archive, target], "apt", f"cannot unpack {archive.name}")
