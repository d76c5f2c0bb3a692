"""Read the rows of an official code file: find the columns, check every row, name what is wrong.

Knows no database. A row that cannot be used becomes a :class:`Problem`; the others stay.
"""

import re
from dataclasses import dataclass, field

COLUMN_NAMES = {
    "code": (
        "code",
        "imdrf_code",
        "imdrf code",
        "nmpa_code",
        "代码",
        "编码",
        "分类编码",
        "code number",
    ),
    "term": ("term", "name", "imdrf term", "名称", "术语", "产品类别", "title"),
    "definition": ("definition", "description", "定义", "描述", "说明"),
    "external_code": ("fda_code", "fda code", "external_code", "external code", "对照编码"),
    "status": ("status", "状态"),
    "annex": ("annex", "附录"),
    "hierarchy": ("code_hierarchy", "code hierarchy", "codehierarchy", "层级"),
    "group_code": ("l1_code", "一级编码", "子目录编码"),
    "group_term": ("l1_name", "一级名称", "子目录"),
}
REQUIRED_COLUMNS = ("code", "term")

# Reasons of a refusal; the caller says them in the user's language.
MISSING_CODE = "missing_code"
MISSING_TERM = "missing_term"
BAD_SHAPE = "bad_shape"
TWICE = "twice"
UNKNOWN_LIST = "unknown_list"
UNKNOWN_STATUS = "unknown_status"
TOO_LONG = "too_long"

MAX_LENGTH = {"code": 32, "term": 500, "external_code": 32, "definition": 10000}
STATUS_WORDS = {
    "": (True, False),
    "active": (True, False),
    "new": (True, False),
    "modified": (True, False),
    "modified (technical)": (True, False),
    "modified (editorial)": (True, False),
    "not selectable": (False, False),
    "retired": (True, True),
    "有效": (True, False),
    "废止": (True, True),
}


@dataclass
class CodeRow:
    """One code of the file; ``row_number`` counts as a spreadsheet does (header = 1)."""

    row_number: int
    system: str
    code: str
    term: str
    definition: str = ""
    external_code: str = ""
    is_selectable: bool = True
    is_retired: bool = False
    parent_code: str = ""
    also_under: list = field(default_factory=list)


@dataclass
class Problem:
    row_number: int
    column: str
    reason: str
    value: str


def find_columns(header):
    """Map our names of columns to their positions in the header row."""
    positions = {}
    for index, title in enumerate(header):
        title = str(title or "").strip().lstrip("\ufeff").lower()
        for name, titles in COLUMN_NAMES.items():
            if title in titles:
                positions.setdefault(name, index)
    return positions


def read_rows(rows, systems, default_system=""):
    """Turn spreadsheet rows into codes.

    :param rows: iterable of sequences of cells; the first one is the header.
    :param systems: mapping of the key of a code list -> regular expression of its codes (or "").
        Rows with an ``annex`` column belong to ``IMDRF-<annex>``.
    :param default_system: key of the list for files without such a column.
    :return: ``(codes, problems, header)``: codes in the order of the file, headings that the
        file gives only as extra columns included; the third is the mapping of columns found.
    """
    rows = iter(rows)
    header = next(rows, ())
    columns = find_columns(header)
    codes, problems = {}, []
    if any(name not in columns for name in REQUIRED_COLUMNS):
        return [], [], columns
    for number, cells in enumerate(rows, start=2):
        row = {
            name: _text(cells[index]) if index < len(cells) else ""
            for name, index in columns.items()
        }
        if not any(row.values()):
            continue
        system = f"IMDRF-{row['annex'].upper()}" if row.get("annex") else default_system
        problem = _check(number, row, system, systems)
        if not problem:
            code = _code_of(number, row, system)
            problem = _add(codes, code, row)
        if problem:
            problems.append(problem)
    _find_parents(codes)
    return list(codes.values()), problems, columns


def _check(number, row, system, systems):
    if system not in systems:
        return Problem(number, "annex", UNKNOWN_LIST, row.get("annex", "") or system)
    if not row["code"]:
        return Problem(number, "code", MISSING_CODE, "")
    if not row["term"]:
        return Problem(number, "term", MISSING_TERM, row["code"])
    for name, limit in MAX_LENGTH.items():
        if len(row.get(name, "")) > limit:
            return Problem(number, name, TOO_LONG, row[name][:40])
    if systems[system] and not re.fullmatch(systems[system], row["code"]):
        return Problem(number, "code", BAD_SHAPE, row["code"])
    if any(word not in STATUS_WORDS for word in _status_words(row)):
        return Problem(number, "status", UNKNOWN_STATUS, row["status"])
    return None


def _status_words(row):
    return [word.strip().lower() for word in row.get("status", "").split(",")]


def _code_of(number, row, system):
    meanings = [STATUS_WORDS[word] for word in _status_words(row)]
    path = [part.strip() for part in row.get("hierarchy", "").split("|") if part.strip()]
    return CodeRow(
        row_number=number,
        system=system,
        code=row["code"],
        term=row["term"],
        definition=row.get("definition", ""),
        external_code=row.get("external_code", ""),
        is_selectable=all(selectable for selectable, _retired in meanings),
        is_retired=any(retired for _selectable, retired in meanings),
        also_under=path[-2:-1],
    )


def _add(codes, code, row):
    """Add a code; a repetition that only names another place in the tree adds that place."""
    known = codes.get((code.system, code.code))
    if known:
        if (known.term, known.external_code) != (code.term, code.external_code):
            return Problem(code.row_number, "code", TWICE, code.code)
        known.also_under += [place for place in code.also_under if place not in known.also_under]
        return None
    codes[code.system, code.code] = code
    group = row.get("group_code")
    if group and row.get("group_term") and (code.system, group) not in codes:
        codes[code.system, group] = CodeRow(
            code.row_number, code.system, group, row["group_term"], is_selectable=False
        )
    return None


def _find_parents(codes):
    """The parent is the longest other code that the code begins with."""
    for (system, value), code in codes.items():
        prefixes = (value[:length].rstrip("-.") for length in range(len(value) - 1, 0, -1))
        code.parent_code = next(
            (prefix for prefix in prefixes if prefix != value and (system, prefix) in codes), ""
        )
        code.also_under = [
            place
            for place in code.also_under
            if place not in (code.parent_code, value) and (system, place) in codes
        ]


def _text(cell):
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()
