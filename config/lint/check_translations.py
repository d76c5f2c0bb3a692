"""Chinese is complete: nothing empty, nothing fuzzy, nothing of the template left out.

Usage: check_translations.py ADDONS_FOLDER
"""

import sys
from pathlib import Path

import polib

LANGUAGE = "zh_CN"


def main(folder):
    problems = []
    for manifest in sorted(folder.glob("*/__manifest__.py")):
        problems += [f"{manifest.parent.name}: {problem}" for problem in _problems(manifest.parent)]
    print("\n".join(problems))
    return 1 if problems else 0


def _problems(addon):
    translated = addon / "i18n" / f"{LANGUAGE}.po"
    template = addon / "i18n" / f"{addon.name}.pot"
    for file in (template, translated):
        if not file.is_file():
            yield f"i18n/{file.name} is missing"
    for file in sorted(addon.glob(f"i18n*/{LANGUAGE}.po")):
        yield from _entry_problems(file)
    if template.is_file() and translated.is_file():
        known = {_key(entry) for entry in polib.pofile(translated)}
        missing = [entry for entry in polib.pofile(template) if _key(entry) not in known]
        yield from (f"{translated.name} lacks {entry.msgid!r}" for entry in missing)


def _entry_problems(file):
    for entry in polib.pofile(file):
        if entry.obsolete:
            continue
        place = f"{file.parent.name}/{file.name}:{entry.linenum}"
        if "fuzzy" in entry.flags:
            yield f"{place} is fuzzy: {entry.msgid!r}"
        elif not entry.translated():
            yield f"{place} is empty: {entry.msgid!r}"


def _key(entry):
    return entry.msgctxt, entry.msgid


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
