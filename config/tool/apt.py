"""Debian packages, downloaded and unpacked into a folder, never installed.

Three private apt states: ``machine`` has the machine's own sources (its suite, its mirror, its
proxy), ``unstable`` the suites that carry Odoo 19 on the same mirror, and ``old`` one older suite
as if nothing were installed. No host is written down.
"""

import re
import shutil
import time
from functools import cache
from pathlib import Path

from . import paths
from .shell import logged, output_of
from .ui import Failure

INDEX_MAX_AGE_SECONDS = 3600
KEYRINGS = Path("/usr/share/keyrings")
KEYRING_NAMES = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")
UNSTABLE_SUITES = ("sid", "bookworm")
OLD_SUITE = "bookworm"
ODOO_HINT = (
    "point at an Odoo 19 of yours: make run ODOO=/path/to/odoo (source checkout or dist-packages)"
)

# apt-get update ends with 0 when a mirror cannot be reached, unless told that any error counts.
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
APT::Update::Error-Mode "any";
Acquire::Languages "none";
"""


class AptState:
    """A private set of package lists.

    :param source_lines: lines of sources.list, or None for the machine's own sources.
    :param is_bare: resolve as if no package were installed on the machine.
    """

    def __init__(self, name, source_lines=None, is_bare=False):
        self.folder = paths.APT / name
        self.source_lines = source_lines
        self.is_bare = is_bare
        self.configuration = self.folder / "apt.conf"
        self.stamp = self.folder / "updated"

    def update(self, problem):
        """Fetch the package lists unless they are fresh; only lists that arrived are."""
        if self.stamp.exists() and time.time() - self.stamp.stat().st_mtime < INDEX_MAX_AGE_SECONDS:
            return
        for folder in ("lists/partial", "cache/archives/partial", "log"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        self.configuration.write_text(
            CONFIGURATION.format(state=self.folder, sources=self._sources())
        )
        try:
            logged(["apt-get", "-c", self.configuration, "-q", "update"], "apt", problem)
        except Failure:
            # One of the machine's own sources may be out of reach for good; the others are what
            # everything comes from. The next command asks again.
            if self.source_lines is None and self._has_lists():
                return
            raise
        if not self._has_lists():
            raise Failure(problem)
        self.stamp.touch()

    def _has_lists(self):
        return any(self.folder.glob("lists/*_Packages*"))

    def _sources(self):
        if self.source_lines is None:
            return ""
        sources = self.folder / "sources.list"
        sources.write_text("\n".join(self.source_lines) + "\n")
        settings = [f'Dir::Etc::sourcelist "{sources}";', 'Dir::Etc::sourceparts "/dev/null";']
        if self.is_bare:
            status = self.folder / "status"
            status.touch()
            settings.append(f'Dir::State::status "{status}";')
        return "\n".join(settings)

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


@cache
def machine_state():
    state = AptState("machine")
    state.update(
        "cannot read the package lists of this machine's apt sources: check the network and the "
        "sources"
    )
    return state


def unstable_state(machine):
    """The suites that carry Odoo 19, on the mirror that the machine itself uses."""
    state = AptState("unstable", _source_lines(machine, UNSTABLE_SUITES))
    state.update(
        "Debian's unstable suite cannot be read from this machine's mirror: check the network, or "
        f"{ODOO_HINT}"
    )
    return state


def old_state(machine):
    """An older suite by itself, for a program that newer ones have dropped."""
    state = AptState("old", _source_lines(machine, [OLD_SUITE]), is_bare=True)
    state.update(
        f"Debian's suite {OLD_SUITE} cannot be read from this machine's mirror: check the network"
    )
    return state


def _source_lines(machine, suites):
    mirrors = machine.mirrors()
    keyrings = [KEYRINGS / name for name in KEYRING_NAMES if (KEYRINGS / name).exists()]
    if not mirrors or not keyrings:
        raise Failure(
            "none of this machine's apt sources is a Debian mirror that answers: check the network "
            f"and the sources, or {ODOO_HINT}"
        )
    return [f"deb [signed-by={keyrings[0]}] {mirrors[0]} {suite} main" for suite in suites]


def unpack(archives, target):
    for archive in archives:
        logged(["dpkg", "-x", archive, target], "apt", f"cannot unpack {archive.name}")
