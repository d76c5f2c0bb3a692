"""Our addons as files: which there are, what they need, and whether they changed."""

import ast
import hashlib

from . import paths
from .ui import Failure

APPLICATION = "meddev"
UNHASHED_FOLDERS = {"__pycache__", "readme", "tests"}


def names():
    """Names of our addons that can be installed."""
    manifests = sorted(paths.ADDONS.glob("*/__manifest__.py"))
    return [
        manifest.parent.name
        for manifest in manifests
        if read_manifest(manifest.parent.name).get("installable", True)
    ]


def read_manifest(name):
    try:
        return ast.literal_eval((paths.ADDONS / name / "__manifest__.py").read_text())
    except (OSError, SyntaxError, ValueError) as error:
        raise Failure(
            f"addons/{name}/__manifest__.py cannot be read: {error}; mend it or take it away"
        ) from error


def foreign_dependencies():
    """Every addon of Odoo or OCA that one of ours names."""
    ours = names()
    needed = {needed for name in ours for needed in read_manifest(name).get("depends", ())}
    return sorted(needed - set(ours))


def to_install():
    """The application when it exists, which depends on everything; else every addon."""
    ours = names()
    return [APPLICATION] if APPLICATION in ours else ours


def digests():
    """``{addon: digest}`` of what an update would load; tests and prose are left out."""
    return {name: _digest(paths.ADDONS / name) for name in names()}


def _digest(folder):
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder)
        if file.is_file() and not UNHASHED_FOLDERS.intersection(inside.parts):
            digest.update(str(inside).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
