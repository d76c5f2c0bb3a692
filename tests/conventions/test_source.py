"""Checks on the source itself: what a reviewer would have to look for in every commit.

They read files only, so they run in a second and without Odoo. Each failure lists every place.
"""

import ast
import re
import sys
import tokenize
from collections import Counter

import polib
import pytest
import source_tree as source

ADDONS = source.addons()
NAMES = [addon.name for addon in ADDONS]

# design.md, "Addons": arrows point down this list only.
LAYERS = (
    "audit_trail",
    "electronic_signature",
    "electronic_signature_passkey",
    "electronic_signature_totp_mail",
    "sensitive_data",
    "sensitive_data_mail",
    "sensitive_data_spreadsheet",
    "meddev_base",
    "meddev_device",
    "meddev_purchase",
    "meddev_service",
    "meddev_contract",
    "meddev_dispatch",
    "meddev_parts",
    "meddev_calibration",
    "meddev_complaint",
    "meddev_capa",
    "meddev_vigilance",
    "meddev_knowledge",
    "meddev_portal",
    "meddev_kpi",
    "meddev",
)
MANIFEST_ORDER = (
    "name",
    "summary",
    "version",
    "category",
    "author",
    "maintainers",
    "website",
    "license",
    "depends",
    "external_dependencies",
    "data",
    "demo",
    "assets",
    "pre_init_hook",
    "post_init_hook",
    "uninstall_hook",
    "auto_install",
    "application",
    "installable",
)
AGPL = "AGPL-3"
LGPL = "LGPL-3"
# Of the addons outside this repository that ours depend on, these are AGPL-3.
AGPL_OUTSIDE = {"helpdesk_mgmt"}

VIEW_KINDS = "form|list|kanban|search|pivot|graph|calendar|activity"
VIEW_ID = re.compile(rf"^[a-z0-9_]+_view_({VIEW_KINDS})(_[a-z0-9_]+)?$")
# Written in two parts, so that this file does not find itself.
MACHINE_PATHS = re.compile(r"/(?:wor" r"k|roo" r"t|hom" r"e/[a-z]+|Use" r"rs/[a-z]+)/")
TEXT_SUFFIXES = {".py", ".xml", ".csv", ".md", ".txt", ".js", ".po", ".pot", ".toml", ".cfg"}
TEXT_SUFFIXES |= {".yaml", ".yml", ".conf", ".sh", ".scss", ".rst", ".html", ".json", ""}
FORMAT = re.compile(r"%(?:\([a-zA-Z_]\w*\))?[sdrfi]|%\([a-zA-Z_]\w*\)\.\d+f|\{\w*\}")

# Public methods that Odoo itself calls, for which the answer means nothing.
SILENT_BY_CONTRACT = {"init", "run", "default_get"}
SILENT_DECORATORS = {"private", "depends", "onchange", "constrains", "ondelete", "autovacuum"}


def listed(places):
    return "\n" + "\n".join(f"  {place}" for place in places)


@pytest.fixture(params=ADDONS, ids=NAMES)
def addon(request):
    return request.param


def test_there_are_addons():
    assert ADDONS, "addons/ holds no manifest"


# Manifests


def test_manifest_names_what_it_must(addon):
    manifest = addon.manifest
    assert re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", manifest["version"])
    assert manifest["summary"] and "\n" not in manifest["summary"]
    assert "description" not in manifest, "readme/ is for that"
    keys = [key for key in manifest if key in MANIFEST_ORDER]
    assert keys == sorted(keys, key=MANIFEST_ORDER.index)
    assert set(manifest) <= set(MANIFEST_ORDER)


def test_manifest_lists_dependencies_sorted_with_core_first(addon):
    depends = addon.manifest["depends"]
    assert depends == sorted(depends, key=lambda name: (name in LAYERS, name))
    assert len(depends) == len(set(depends))


def test_manifest_lists_every_data_file_once(addon):
    manifest = addon.manifest
    named = [*manifest.get("data", ()), *manifest.get("demo", ())]
    absent = [name for name in named if not (addon.folder / name).is_file()]
    assert not absent, listed(absent)
    twice = [name for name, number in Counter(named).items() if number > 1]
    assert not twice, listed(twice)
    folders = ("security", "data", "demo", "wizard", "wizards", "views", "report")
    present = [
        str(path.relative_to(addon.folder))
        for folder in folders
        if (addon.folder / folder).is_dir()
        for path in source.files(addon.folder / folder, ".xml", ".csv")
    ]
    forgotten = sorted(set(present) - set(named))
    assert not forgotten, f"in no list of the manifest:{listed(forgotten)}"


def test_licence_follows_what_the_addon_stands_on(addon):
    below = closure(addon.name)
    copyleft = bool(below & AGPL_OUTSIDE)
    assert addon.manifest["license"] == (AGPL if copyleft else LGPL)


def test_dependencies_point_one_way(addon):
    assert addon.name in LAYERS, f"{addon.name} has no place in design.md"
    place = LAYERS.index(addon.name)
    upward = [name for name in addon.manifest["depends"] if name in LAYERS[place:]]
    assert not upward, f"{addon.name} depends on what stands above it: {upward}"


def test_imports_name_only_dependencies(addon):
    known = closure(addon.name) | {addon.name}
    wrong = []
    for path, tree in addon.trees.items():
        for node in ast.walk(tree):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            if module and module.startswith("odoo.addons."):
                other = module.split(".")[2]
                if other in LAYERS and other not in known:
                    wrong.append(f"{source.relative(path)}:{node.lineno} {module}")
    assert not wrong, listed(wrong)


def closure(name):
    """Everything that an addon depends on, as far as our manifests tell."""
    by_name = {addon.name: addon for addon in ADDONS}
    found, open_names = set(), [name]
    while open_names:
        current = by_name.get(open_names.pop())
        for other in current.manifest["depends"] if current else ():
            if other not in found:
                found.add(other)
                open_names.append(other)
    return found


# Models and rights


def test_every_model_has_access_rows(addon):
    rows = {row["model_id:id"].rpartition(".")[2] for row in addon.access_rows}
    missing = [
        model.where
        for model in addon.models
        if model.is_new
        and model.kind != "AbstractModel"
        and f"model_{model.name.replace('.', '_')}" not in rows
    ]
    assert not missing, listed(missing)


def test_access_rows_name_a_group_and_have_ids_of_their_own(addon):
    ids = Counter(row["id"] for row in addon.access_rows)
    assert not [name for name, number in ids.items() if number > 1]
    open_to_all = [row["id"] for row in addon.access_rows if not row["group_id:id"]]
    assert not open_to_all, f"rows without a group are rows for everybody:{listed(open_to_all)}"


def test_every_model_has_a_docstring_and_a_description(addon):
    missing = []
    for model in addon.models:
        if not model.is_new:
            continue
        names = {
            target.id
            for statement in model.node.body
            if isinstance(statement, ast.Assign)
            for target in statement.targets
            if isinstance(target, ast.Name)
        }
        if "_description" not in names or not ast.get_docstring(model.node):
            missing.append(model.where)
    assert not missing, listed(missing)


def test_sudo_says_why(addon):
    bare = []
    for path in addon.python_files:
        lines = path.read_text(encoding="utf-8").splitlines()
        functions = functions_of(addon.trees[path])
        bare += [
            f"{source.relative(path)}:{number} {lines[number - 1].strip()}"
            for number in sudo_lines(path)
            if not explained(lines, number, functions)
        ]
    assert not bare, f"a comment above says whose right is lifted, and why:{listed(bare)}"


def sudo_lines(path):
    """Lines that lift rights. ``sudo(False)`` and ``sudo(self.env.su)`` lift none."""
    with tokenize.open(path) as file:
        found = list(tokenize.generate_tokens(file.readline))
    tokens = ["#" if token.type == tokenize.COMMENT else token.string for token in found]
    for position in range(len(tokens) - 3):
        if tokens[position : position + 3] == [".", "sudo", "("] and (
            tokens[position + 3] != "False"
            and tokens[position + 3 : position + 8] != ["self", ".", "env", ".", "su"]
        ):
            yield found[position].start[0]


def explained(lines, number, functions):
    """A comment on the line or right above its statement, or one on sudo above in its function."""
    position = number - 1
    if "#" in lines[position] or stands_above(lines, position):
        return True
    first = max((start for start, end in functions if start <= number <= end), default=number)
    return any(
        line.lstrip().startswith("#") and "sudo" in line for line in lines[first - 1 : position]
    )


def stands_above(lines, position):
    """Whether the lines above, back to the start of the statement, end in a comment."""
    while position and not lines[position - 1].lstrip().startswith("#"):
        line, above = lines[position], lines[position - 1]
        continued = line.lstrip().startswith((".", ")", "]", "}"))
        opens = above.rstrip().endswith(("(", "[", "{", ",", "\\", "=", "|", "&", "and", "or"))
        if not (continued or opens):
            return False
        position -= 1
    return bool(position)


def functions_of(tree):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(node.lineno, node.end_lineno) for node in ast.walk(tree) if isinstance(node, kinds)]


def test_public_methods_answer(addon):
    """A public method that returns None commits, and then fails, over XML-RPC."""
    silent = []
    for model in addon.models:
        silent += [
            f"{source.relative(model.path)}:{node.lineno} {node.name}"
            for node in model.node.body
            if isinstance(node, ast.FunctionDef) and is_silent(node)
        ]
    assert not silent, listed(silent)


def is_silent(function):
    if function.name.startswith("_") or function.name in SILENT_BY_CONTRACT:
        return False
    for decorator in function.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = getattr(target, "attr", getattr(target, "id", ""))
        if name in SILENT_DECORATORS or name in ("property", "setter", "staticmethod"):
            return False
    inner = [node for node in ast.walk(function) if node is not function]
    if isinstance(function.body[-1], ast.Raise):
        return False
    return not any(
        (isinstance(node, ast.Return) and not is_none(node.value))
        or isinstance(node, (ast.Yield, ast.YieldFrom))
        for node in inner
    )


def is_none(value):
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


# Forms that Odoo 19 ignores or refuses


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"^\s*_sql_constraints\b", "models.Constraint (19 ignores the old form)"),
        (r"\bcr\.commit\(", "a savepoint, or _commit_progress in a cron"),
        (r"\bgroups_id\b", "group_ids"),
        (r"except\s+Exception\b", "the named error, at the edge, logged with the record"),
        (r"\.ref\(\s*[\"']base\.main_company", "the company of the record"),
        (r"\btoggle_active\b", "action_archive and action_unarchive"),
    ],
    ids=lambda value: value if " " not in value else "",
)
def test_python_avoids(pattern, instead):
    search = re.compile(pattern)
    found = [
        f"{source.relative(path)}:{number} {line.strip()}"
        for addon in ADDONS
        for path in addon.python_files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        # A comment on the line says why this one is right.
        if search.search(line) and "#" not in line
    ]
    assert not found, f"instead: {instead}{listed(found)}"


@pytest.mark.parametrize("pattern", [r"<tree\b", r"\battrs=", r"\bstates=\"", r"\bgroups_id\b"])
def test_xml_avoids(pattern):
    search = re.compile(pattern)
    found = [
        f"{source.relative(path)}:{number} {line.strip()}"
        for addon in ADDONS
        for path in source.files(addon.folder, ".xml")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if search.search(line)
    ]
    assert not found, listed(found)


def test_tools_know_nothing_of_odoo(addon):
    """tools/ can be loaded by path and tried in milliseconds: style.md 2.2."""
    allowed = set(sys.stdlib_module_names) | {"cryptography", "stdnum"}
    wrong = []
    for path, tree in addon.trees.items():
        if "tools" not in path.relative_to(addon.folder).parts:
            continue
        for node in ast.walk(tree):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            wrong += [
                f"{source.relative(path)}:{node.lineno} {name}"
                for name in names
                if name.partition(".")[0] not in allowed
            ]
    assert not wrong, listed(wrong)


def test_ids_of_views_follow_the_style(addon):
    """style.md 2.8: <model>_view_<kind>; a view that inherits may keep its parent's id."""
    from lxml import etree

    wrong = []
    for path in source.files(addon.folder, ".xml"):
        if not {"views", "wizard", "wizards", "report"} & set(path.parts):
            continue
        for record in etree.parse(path).getroot().iter("record"):
            fields = {field.get("name") for field in record.iter("field")}
            if record.get("model") != "ir.ui.view" or "inherit_id" in fields:
                continue
            if not VIEW_ID.match(record.get("id")):
                wrong.append(f"{source.relative(path)}:{record.sourceline} {record.get('id')}")
    assert not wrong, listed(wrong)


def test_cards_load_what_they_ask_for(addon):
    """``record.x`` of a card without the field x breaks the screen, and phones show cards only."""
    from lxml import etree

    wrong = []
    for path in source.files(addon.folder, ".xml"):
        for cards in etree.parse(path).getroot().iter("kanban"):
            loaded = {field.get("name") for field in cards.iter("field")}
            asked = set(re.findall(r"\brecord\.(\w+)\.", etree.tostring(cards, encoding="unicode")))
            wrong += [f"{source.relative(path)}: {name}" for name in sorted(asked - loaded)]
    assert not wrong, listed(wrong)


# Words


def test_chinese_is_complete(addon):
    """Every term of the template has a Chinese text, none is fuzzy, none is left over."""
    template = addon.folder / "i18n" / f"{addon.name}.pot"
    if not template.is_file():
        strings = [path for path in addon.python_files if "_(" in path.read_text()]
        has_terms = bool(strings or addon.manifest.get("data"))
        assert not has_terms, f"{source.relative(template)} is missing"
        return
    pot = {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(template))}
    chinese = polib.pofile(str(addon.folder / "i18n" / "zh_CN.po"))
    terms = [entry for entry in chinese if not entry.obsolete]
    problems = [f"empty: {entry.msgid!r}" for entry in terms if not entry.msgstr.strip()]
    problems += [f"fuzzy: {entry.msgid!r}" for entry in terms if entry.fuzzy]
    known = {(entry.msgctxt, entry.msgid) for entry in terms}
    problems += [f"not translated: {msgid!r}" for _, msgid in sorted(pot - known, key=str)]
    problems += [f"left over: {msgid!r}" for _, msgid in sorted(known - pot, key=str)]
    assert not problems, listed(problems)


def test_translations_keep_their_placeholders(addon):
    problems = []
    for path in source.files(addon.folder, ".po"):
        for entry in polib.pofile(str(path)):
            wanted, given = (Counter(FORMAT.findall(t)) for t in (entry.msgid, entry.msgstr))
            if entry.msgstr and wanted != given:
                problems.append(f"{path.name}: {entry.msgid!r} -> {entry.msgstr!r}")
    assert not problems, listed(problems)


# The repository


def test_no_path_of_a_machine():
    found = []
    for path in source.tracked_files():
        if path.suffix not in TEXT_SUFFIXES:
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{source.relative(path)}:{number} {line.strip()[:100]}"
            for number, line in enumerate(lines, 1)
            if MACHINE_PATHS.search(line)
        ]
    assert not found, listed(found)


def test_addons_document_themselves(addon):
    pages = ("DESCRIPTION", "CONTEXT", "CONFIGURE", "USAGE", "ROADMAP", "HISTORY")
    missing = [page for page in pages if not (addon.folder / "readme" / f"{page}.md").is_file()]
    assert not missing, listed(missing)
