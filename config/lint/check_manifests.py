"""Manifests: keys, order of the files that load, and licences.

Usage: check_manifests.py ADDONS_FOLDER
"""

import ast
import sys
from pathlib import Path

REQUIRED = ("name", "summary", "version", "category", "author", "license", "depends")
VERSION_PREFIX = "19.0."
LGPL = "LGPL-3"
AGPL = "AGPL-3"
# Whoever depends on one of these, directly or not, must carry its licence.
AGPL_ADDONS = {"helpdesk_mgmt"}
LGPL_ADDONS = {
    "audit_trail",
    "electronic_signature",
    "sensitive_data",
    "meddev_base",
    "meddev_device",
    "meddev_purchase",
}


def main(folder):
    manifests = {
        file.parent.name: ast.literal_eval(file.read_text())
        for file in sorted(folder.glob("*/__manifest__.py"))
    }
    problems = []
    for name, manifest in manifests.items():
        problems += [
            f"{name}: {problem}" for problem in _problems(folder, manifests, name, manifest)
        ]
    print("\n".join(problems))
    return 1 if problems else 0


def _problems(folder, manifests, name, manifest):
    yield from (f"no {key} in the manifest" for key in REQUIRED if not manifest.get(key))
    version = str(manifest.get("version", ""))
    if not version.startswith(VERSION_PREFIX) or len(version.split(".")) != 5:
        yield f"version {version} is not {VERSION_PREFIX}x.y.z"
    if "description" in manifest:
        yield "description belongs into readme/DESCRIPTION.md"
    expected = _expected_licence(manifests, name)
    if manifest.get("license") != expected:
        yield f"license is {manifest.get('license')} and must be {expected}"
    yield from _file_problems(folder / name, manifest)


def _expected_licence(manifests, name):
    return LGPL if name in LGPL_ADDONS or not _needs_agpl(manifests, name, set()) else AGPL


def _needs_agpl(manifests, name, seen):
    if name in AGPL_ADDONS:
        return True
    if name in seen or name not in manifests:
        return False
    seen.add(name)
    return any(_needs_agpl(manifests, needed, seen) for needed in manifests[name]["depends"])


def _file_problems(addon, manifest):
    listed = [*manifest.get("data", ()), *manifest.get("demo", ())]
    for file in listed:
        if not (addon / file).is_file():
            yield f"{file} is listed and does not exist"
    loadable = {
        str(file.relative_to(addon))
        for folder in ("data", "demo", "report", "security", "views", "wizard")
        for file in (addon / folder).rglob("*.xml")
    }
    yield from (f"{file} is not in the manifest" for file in sorted(loadable - set(listed)))
    if not (addon / "readme" / "DESCRIPTION.md").is_file():
        yield "readme/DESCRIPTION.md is missing"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
