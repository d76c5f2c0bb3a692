"""Where Odoo 19 comes from: Debian's package unpacked here, or an Odoo that the user names."""

import hashlib
import os
import re
import shutil
import tarfile
from pathlib import Path

from . import apt, node, paths
from .ui import Failure, step

PACKAGE = "odoo-19"
VERSION = "19.0.0+dfsg-1"
SHA256 = "9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf"
# Odoo's Debian package links to files of these instead of carrying them.
LINKED_PACKAGES = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-inconsolata",
    "fonts-ocr-b",
)
# Newer suites no longer carry the 4.7 web fonts, without which every icon is missing.
ICON_PACKAGE = "fonts-font-awesome/bookworm"
# Debian leaves this file out; its absence is a console error that fails every browser tour.
SEGMENTATION_PACKAGE = "@mediapipe/selfie_segmentation@0.1.1675465747"
SEGMENTATION_FILE = "selfie_segmentation.js"
SEGMENTATION_TARGET = "odoo/addons/mail/static/lib/selfie_segmentation"

DIST_PACKAGES = paths.ODOO / "usr/lib/python3/dist-packages"
STAMP = paths.STATE / "odoo-unpacked"
POINTER = paths.STATE / "odoo-path"
HINT = apt.ODOO_HINT


def ensure():
    """Have an Odoo 19 and return the folder that holds the ``odoo`` package.

    ``ODOO=`` is remembered, so that ``make test`` after ``make run ODOO=...`` takes the same one;
    ``ODOO=debian`` goes back to Debian's package.
    """
    wanted = os.environ.get("ODOO", "")
    if wanted == "debian":
        POINTER.unlink(missing_ok=True)
    elif wanted:
        POINTER.write_text(str(_checked(Path(wanted).expanduser().resolve())))
    if POINTER.exists():
        return _checked(Path(POINTER.read_text()))
    if not STAMP.exists() or STAMP.read_text() != VERSION:
        _fetch()
    return DIST_PACKAGES


def addons_folders(root):
    """Odoo's own addons folders below ``root``; a source checkout has two."""
    return [folder for folder in (root / "odoo/addons", root / "addons") if folder.is_dir()]


def _checked(root):
    """The folder on which ``import odoo`` works, refused when it is not Odoo 19."""
    for folder in (root, root / "usr/lib/python3/dist-packages"):
        release = folder / "odoo/release.py"
        if release.exists():
            break
    else:
        raise Failure(
            f"ODOO={root} holds no odoo/release.py; name the folder above the package odoo"
        )
    version = re.search(r"^version_info\s*=\s*\(\s*(\d+)", release.read_text(), re.MULTILINE)
    if not version or version[1] != "19":
        raise Failure(f"ODOO={root} is not Odoo 19: name one that is, or ODOO=debian")
    return folder


def _fetch():
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Failure(f"Odoo 19 is fetched as a Debian package and this machine has no apt; {HINT}")
    with step("package lists"):
        machine = apt.machine_state()
        unstable = apt.unstable_state(machine)
    with step(f"download {PACKAGE} {VERSION}"):
        archive = _download(unstable)
        linked = unstable.download(
            [f"{name}/sid" for name in LINKED_PACKAGES] + [ICON_PACKAGE],
            paths.APT / "linked",
            f"a package that Odoo's files link to is no longer in the archive; {HINT}",
        )
    with step("unpack Odoo"):
        shutil.rmtree(paths.ODOO, ignore_errors=True)
        apt.unpack([archive, *linked], paths.ODOO)
        for doubled in ("addons", "doc", "setup"):
            shutil.rmtree(DIST_PACKAGES / doubled, ignore_errors=True)
        _add_segmentation_file()
    STAMP.write_text(VERSION)
    shutil.rmtree(archive.parent)
    shutil.rmtree(paths.APT / "linked")


def _download(unstable):
    gone = f"Debian's unstable suite no longer has {PACKAGE} {VERSION}, which was tested; {HINT}"
    [archive] = unstable.download([f"{PACKAGE}={VERSION}"], paths.APT / "odoo", gone)
    with archive.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if digest != SHA256:
        raise Failure(
            f"{PACKAGE} {VERSION} is not the file that was tested (SHA-256 differs); {HINT}"
        )
    return archive


def _add_segmentation_file():
    """Put the one JavaScript file in that Debian leaves out (Apache-2.0)."""
    folder = paths.HOME / "tmp" / "segmentation"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    node.npm(
        ["pack", "--silent", SEGMENTATION_PACKAGE],
        folder,
        f"npm cannot fetch {SEGMENTATION_PACKAGE}: check npm's registry",
    )
    [packed] = folder.glob("*.tgz")
    target = DIST_PACKAGES / SEGMENTATION_TARGET
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(packed) as content:
        source = content.extractfile(f"package/{SEGMENTATION_FILE}")
        (target / SEGMENTATION_FILE).write_bytes(source.read())
    shutil.rmtree(folder)
