"""The addons as text: what the checks on the source read. No Odoo, no database."""

import ast
import csv
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ADDONS = CHECKOUT / "addons"

MODEL_BASES = ("Model", "TransientModel", "AbstractModel")


@dataclass(frozen=True)
class ModelClass:
    """A class in an addon that makes or extends an Odoo model."""

    addon: str
    path: Path
    node: ast.ClassDef
    name: str
    inherits: tuple
    kind: str

    @property
    def is_new(self):
        """The class makes a model, rather than adding to one."""
        return bool(self.name) and self.name not in self.inherits

    @property
    def where(self):
        return f"{relative(self.path)}:{self.node.lineno} {self.name or self.inherits[0]}"


class Addon:
    def __init__(self, folder):
        self.folder = folder
        self.name = folder.name

    def __repr__(self):
        return self.name

    @cached_property
    def manifest(self):
        return ast.literal_eval((self.folder / "__manifest__.py").read_text(encoding="utf-8"))

    @cached_property
    def python_files(self):
        """Python of the addon itself, without its tests."""
        return [path for path in files(self.folder, ".py") if "tests" not in path.parts]

    @cached_property
    def trees(self):
        return {path: ast.parse(path.read_text(encoding="utf-8")) for path in self.python_files}

    @cached_property
    def models(self):
        return [
            model
            for path, tree in self.trees.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            for model in [model_class(self.name, path, node)]
            if model
        ]

    @cached_property
    def access_rows(self):
        path = self.folder / "security" / "ir.model.access.csv"
        if not path.is_file():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def files(folder, *suffixes):
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts
    )


def model_class(addon, path, node):
    bases = [base.attr for base in node.bases if isinstance(base, ast.Attribute)]
    kinds = [base for base in bases if base in MODEL_BASES]
    if not kinds:
        return None
    values = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name in ("_name", "_inherit"):
                values[name] = ast.literal_eval(statement.value)
    inherit = values.get("_inherit") or ()
    inherits = (inherit,) if isinstance(inherit, str) else tuple(inherit)
    name = values.get("_name", "")
    return ModelClass(addon, path, node, name, inherits, kinds[0]) if name or inherits else None


def addons():
    """All our addons, those below first, as design.md orders them."""
    found = [Addon(path.parent) for path in sorted(ADDONS.glob("*/__manifest__.py"))]
    placed = []
    while found:
        ready = [
            addon
            for addon in found
            if not {other.name for other in found} & set(addon.manifest["depends"])
        ]
        if not ready:
            raise AssertionError(f"the addons {found} depend on each other in a circle")
        placed += ready
        found = [addon for addon in found if addon not in ready]
    return placed


def tracked_files():
    """Every file that git knows or would add: what a clone contains."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    result = subprocess.run(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    names = result.stdout.decode().splitlines()
    paths = [CHECKOUT / name for name in names] or files(CHECKOUT, ".py", ".xml", ".csv", ".md")
    return [path for path in paths if path.is_file()]


def relative(path):
    return path.relative_to(CHECKOUT)
