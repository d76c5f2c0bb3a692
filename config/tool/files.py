"""Files that remember something between two commands, whatever ends a command in the middle."""

import json


def replace(path, text):
    """Write a file so that others, and the next command, find the old text or the new one."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.rename(path)


def read_json(path):
    """What the file says, or None when it is not there or was cut off."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
