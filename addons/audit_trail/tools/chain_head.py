"""The head of the chain as this server saw it last, kept in a file of its own for each database.

Whoever has the tables can cut off the end of the chain, and nothing in the database tells.
"""

import json
import os
import re

FIELDS = {"seal": int, "digest": str, "last_entry": int}


def path(folder, database, number):
    """:param number: what tells this database from another one of the same name."""
    name = re.sub(r"[^\w.-]", "_", f"{database}-{number}")
    return os.path.join(folder, "heads", f"{name}.json")


def read(file):
    """The head as it was written; empty if there is none.

    :raise OSError: the file is there, but cannot be read.
    :raise ValueError: it is no head.
    """
    try:
        with open(file, encoding="utf-8") as handle:
            head = json.load(handle)
    except FileNotFoundError:
        return {}
    if not isinstance(head, dict) or not all(
        isinstance(head.get(name), kind) for name, kind in FIELDS.items()
    ):
        raise ValueError(f"{file} holds no head of the audit trail")
    return head


def write(file, head):
    """Keep a head unless a younger one is kept already; a reader sees the old one or the new.

    :raise OSError: the folder cannot be written.
    """
    if read(file).get("seal", 0) >= head["seal"]:
        return
    os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
    draft = f"{file}.{os.getpid()}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(head, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(draft, file)
