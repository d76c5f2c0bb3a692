"""What README and docs claim is what manifests, menus and the Makefile hold."""

import ast
import re

import pytest
from lxml import etree
from tool import cli
from tooling import ROOT

ROOT_MENU = "meddev_base.menu_root"
CONFIGURATION = "menu_config"
PAGES = ("README.md", *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md"))))
# Words of the column "menus of its own" that name no branch of After-Sales.
OTHER_APPLICATIONS = {"Audit Trail"}
# Roles of the page, and their groups.
ROLES = {
    "Service Manager": "group_service_manager",
    "Intake Agent": "group_intake_agent",
    "Dispatcher": "group_dispatcher",
    "Field Engineer": "group_field_engineer",
    "Parts Keeper": "group_parts_keeper",
    "Quality Specialist": "group_quality_specialist",
    "Knowledge and Training Manager": "group_knowledge_manager",
    "Analyst": "group_analyst",
    "Compliance Auditor": "group_compliance_auditor",
}


def manifests():
    return {
        file.parent.name: ast.literal_eval(file.read_text())
        for file in sorted(ROOT.glob("addons/*/__manifest__.py"))
    }


def table(page, heading):
    """Rows of the table that begins with a heading, as lists of cells."""
    lines = (ROOT / page).read_text().split(f"| {heading} |", 1)[1].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def elements(kind):
    """``(addon, element)`` of every XML file that an addon loads."""
    for file in sorted(ROOT.glob("addons/*/*/*.xml")):
        for element in etree.parse(file).getroot().iter(kind):
            yield file.relative_to(ROOT / "addons").parts[0], element


def short(name):
    """An external id without its addon: ours are told apart by the name alone."""
    return name.rpartition(".")[2]


@pytest.fixture(scope="module")
def leaves():
    """``(branch, name, groups)`` of every entry of After-Sales."""
    actions = {
        record.get("id"): record.findtext("field[@name='name']")
        for _, record in elements("record")
        if record.get("model", "").startswith("ir.actions.")
    }
    branches = {
        menu.get("id"): menu.get("name")
        for _, menu in elements("menuitem")
        if menu.get("parent") == short(ROOT_MENU)
    }
    found = []
    for _, menu in elements("menuitem"):
        branch = short(menu.get("parent", ""))
        if branch in branches:
            name = menu.get("name") or actions.get(short(menu.get("action"))) or ""
            groups = {short(group) for group in menu.get("groups", "").split(",")}
            found.append((branches[branch], name.lower(), groups))
    return found


def test_readme_names_every_addon_and_its_licence():
    told = {name.strip("`"): licence for name, _, licence in table("README.md", "addon")}
    assert told == {name: manifest["license"] for name, manifest in manifests().items()}


def test_requirements_are_what_the_manifests_ask_for():
    """What only a test imports is no requirement of an installation."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    told = {re.split(r"[<>=]", line)[0] for line in lines if line and not line.startswith("#")}
    asked = {
        name
        for manifest in manifests().values()
        for name in manifest.get("external_dependencies", {}).get("python", ())
    }
    assert told == asked


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_a_page_exist(page):
    told = set(re.findall(r"(?:`|^)make ([a-z]+)", (ROOT / page).read_text(), re.MULTILINE))
    assert told <= set(cli.COMMANDS), told - set(cli.COMMANDS)


@pytest.mark.parametrize("page", PAGES)
def test_files_of_a_page_exist(page):
    """Paths of the checkout that a page names; a placeholder is no path."""
    text = (ROOT / page).read_text()
    told = re.findall(r"(?<![\w/<])((?:addons|config|tests|docs)/[\w./-]*\w)", text)
    assert [name for name in told if not (ROOT / name).exists()] == []


def test_roles_see_the_menus_that_the_page_names(leaves):
    for role, *_, menus in table("docs/roles.md", "role")[: len(ROLES)]:
        told = {re.sub(r" \(.*\)", "", part) for part in re.split(r", (?![^(]*\))", menus)}
        group = ROLES[role]
        seen = {branch for branch, _, groups in leaves if groups & {group, "group_staff"}}
        assert told - OTHER_APPLICATIONS == seen, role


def test_configuration_of_a_role_is_what_it_sees(leaves):
    """Every entry that the page names, under the name that the menu has."""
    for role, *_, menus in table("docs/roles.md", "role")[: len(ROLES)]:
        named = re.search(r"Configuration \(([^)]*)\)", menus)
        told = set(named[1].split(", ")) if named else set()
        seen = {
            re.sub(r" \(.*\)", "", name)
            for branch, name, groups in leaves
            if branch == "Configuration" and ROLES[role] in groups
        }
        assert told <= seen, (role, told - seen)
