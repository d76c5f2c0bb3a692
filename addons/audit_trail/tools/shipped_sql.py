"""What the shipped SQL says of each function, to be compared with what a database has."""

import re
from functools import cache
from pathlib import Path

FILE = Path(__file__).parents[1] / "sql" / "functions.sql"
_FUNCTION = re.compile(
    r"^CREATE OR REPLACE FUNCTION (?P<name>\w+)\((?P<arguments>.*?)\)\s+"
    r"RETURNS (?P<result>.+?)\s+LANGUAGE (?P<language>\w+)(?P<traits>[A-Z ]*) AS \$\$"
    r"(?P<body>.*?)\$\$;$",
    re.MULTILINE | re.DOTALL,
)
_VOLATILITY = {"IMMUTABLE": "i", "STABLE": "s"}


@cache
def shipped_functions():
    """``{name: facts}``; facts as PostgreSQL tells them, and the whole ``statement``."""
    return {match["name"]: _describe(match) for match in _FUNCTION.finditer(FILE.read_text())}


def _describe(match):
    traits = match["traits"].split()
    return {
        "statement": match[0],
        "arguments": _squeeze(match["arguments"]),
        "result": _squeeze(match["result"]),
        "language": match["language"],
        "volatility": next((_VOLATILITY[word] for word in traits if word in _VOLATILITY), "v"),
        "is_strict": "STRICT" in traits,
        "parallel": "s" if "SAFE" in traits else "u",
        "body": match["body"],
    }


def _squeeze(text):
    return re.sub(r"\( | \)", lambda space: space[0].strip(), " ".join(text.split()))
