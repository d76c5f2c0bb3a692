#!/usr/bin/env python3
"""Verify an export of the audit trail with nothing but the published public key.

    python3 verify_export.py EXPORT.jsonl[.gz] --public-key KEY_ID=BASE64 [--anchor DIGEST]

Needs Python 3.11 and the package cryptography; no Odoo, no database, no secret. It checks every
seal's signature, that the seals form one chain, that the entries are those that were sealed, and
that the file ends where its exporter signed it. It ends with 0 if all holds, else with 1 and the
findings.
"""

import argparse
import base64
import gzip
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "audit_trail/1"
_SEALED_FIELDS_V1 = (
    "id",
    "generation",
    "txid_from",
    "txid_to",
    "entry_count",
    "entry_ranges",
    "outside_ranges",
    "clock_steps",
    "content_digest",
    "previous_digest",
    "sealed_at",
    "key_id",
)
#: By the version that stands before a seal's digest; old versions stay verifiable.
SEALED_FIELDS = {
    "v1": _SEALED_FIELDS_V1,
    "v2": (*_SEALED_FIELDS_V1, "first_entry_at", "last_entry_at"),
}
SEAL_VERSION = "v2"
PURGED_FIELDS = (
    "seal_from",
    "seal_to",
    "entry_count",
    "last_entry_at",
    "head_digest",
    "reason",
    "user_id",
    "user_name",
    "purged_at",
    "key_id",
)


def write_canonical(record, names, version="v1"):
    """Canonical text of a seal or a purge: a JSON list of its fields in their fixed order."""
    values = [version, *(record[name] for name in names)]
    return json.dumps(
        [
            value.isoformat(timespec="microseconds") if hasattr(value, "isoformat") else value
            for value in values
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def seal_digest(seal, version=None):
    """Digest of a seal in a version, or in that of the digest that it has; None if unknown."""
    version = version or str(seal["digest"]).partition(":")[0]
    if version not in SEALED_FIELDS:
        return None
    text = write_canonical(seal, SEALED_FIELDS[version], version)
    return f"{version}:{hashlib.sha256(text.encode()).hexdigest()}"


def entry_line_digest(canonical, digest):
    return hashlib.sha256(f"{canonical}|{digest or ''}".encode()).digest()


class Verifier:
    """Reads an export line by line; ``problems`` names what does not hold."""

    def __init__(self, public_keys):
        self.public_keys = public_keys
        self.problems = []
        self.entries = 0
        self.seals = 0
        self.last_seal = None
        self.evidence = {}
        self.digests = set()
        self.purged = set()
        self._seal = None
        self._content = None
        self._found = 0
        self._whole = hashlib.sha256()
        self._ended = False

    def read(self, lines):
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                kind = row["type"]
            except (ValueError, KeyError, TypeError):
                self._tell(f"line {number} is no line of an export")
                continue
            if self._ended:
                self._tell(f"line {number} stands after the end")
            if kind != "end":
                self._whole.update(line.encode() if isinstance(line, str) else line)
            handler = getattr(self, f"_read_{kind}", None)
            if not handler:
                self._tell(f"line {number}: unknown type {kind!r}")
                continue
            try:
                handler(row)
            except (KeyError, TypeError, ValueError) as error:
                self._tell(f"line {number}: {error!r}")
        self._finish_seal()
        if not self._ended:
            self._tell("the export has no end: it was cut off")
        return not self.problems

    def _tell(self, text):
        self.problems.append(text)

    def _read_header(self, row):
        if row["format"] != FORMAT:
            self._tell(f"format {row['format']!r} is not {FORMAT}")
        for key_id, key in row["public_keys"].items():
            if self.public_keys.get(key_id) != key:
                self._tell(f"key {key_id} of the export is not the published one")

    def _read_purge(self, row):
        text = write_canonical(row, PURGED_FIELDS)
        if self._is_signed(row["key_id"], text, row["signature"]):
            self.purged.update(range(row["seal_from"], row["seal_to"] + 1))
        else:
            self._tell(f"purge of the seals {row['seal_from']}-{row['seal_to']} is not signed")

    def _read_seal(self, row):
        self._finish_seal()
        number = row["id"]
        if self.last_seal is None:
            if number != 1 or row["previous_digest"] is not None:
                self._tell(f"the chain begins with seal {number}")
        elif number != self.last_seal["id"] + 1:
            self._tell(f"seal {self.last_seal['id'] + 1} is missing")
        elif row["previous_digest"] != self.last_seal["digest"]:
            self._tell(f"seal {number} does not follow the one before it")
        if seal_digest(row) != row["digest"]:
            self._tell(f"seal {number} was altered")
        if not self._is_signed(row["key_id"], row["digest"], row["signature"]):
            self._tell(f"seal {number} is not signed by the published key")
        self.seals += 1
        self.last_seal = row
        self.digests.add(row["digest"])
        self._seal, self._content, self._found = row, hashlib.sha256(), 0

    def _read_entry(self, row):
        self.entries += 1
        if row["seal"] is None:
            self._finish_seal()
            return
        if not self._seal or row["seal"] != self._seal["id"]:
            self._tell(f"an entry of seal {row['seal']} stands elsewhere")
            return
        self._content.update(entry_line_digest(row["canonical"], row["digest"]))
        self._found += 1

    def _read_evidence(self, row):
        """A row of another evidence table; the signature at the end covers it."""
        self._finish_seal()
        if not isinstance(row["row"]["id"], int):
            self._tell(f"a row of {row['table']} has no number")
        self.evidence[row["table"]] = self.evidence.get(row["table"], 0) + 1

    def _finish_seal(self):
        seal, self._seal = self._seal, None
        if not seal or (seal["id"] in self.purged and not self._found):
            return
        if self._found != seal["entry_count"] or (
            self._content.hexdigest() != seal["content_digest"]
        ):
            self._tell(
                f"the entries {seal['entry_ranges']} of seal {seal['id']} are not those sealed"
            )

    def _read_end(self, row):
        self._ended = True
        if row["entries"] != self.entries:
            self._tell(f"{row['entries']} entries were exported, {self.entries} are here")
        if row["sha256"] != self._whole.hexdigest():
            self._tell("the export was altered")
        if not self._is_signed(row["key_id"], row["sha256"], row["signature"]):
            self._tell("the export is not signed by the published key")

    def _is_signed(self, key_id, text, signature):
        try:
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.public_keys[key_id]))
            key.verify(base64.b64decode(signature), text.encode())
        except (KeyError, InvalidSignature, ValueError, TypeError):
            return False
        return True


def open_lines(path):
    """Lines of a plain or gzip file, as text."""
    with open(path, "rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
    opener = gzip.open if is_packed else open
    return opener(path, "rt", encoding="utf-8", newline="\n")


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("export")
    parser.add_argument("--public-key", action="append", required=True, metavar="ID=BASE64")
    parser.add_argument("--anchor", help="digest of a seal that was kept outside")
    options = parser.parse_args(arguments)
    keys = dict(text.split("=", 1) for text in options.public_key)
    verifier = Verifier(keys)
    with open_lines(options.export) as lines:
        verifier.read(lines)
    if options.anchor and options.anchor not in verifier.digests:
        verifier.problems.append("no seal of this export is the anchor: the chain was rebuilt")
    output = sys.stdout
    for problem in verifier.problems:
        output.write(f"{problem}\n")
    output.write(
        f"{verifier.entries} entries, {verifier.seals} seals, {len(verifier.problems)} problems\n"
    )
    for table, count in sorted(verifier.evidence.items()):
        output.write(f"{count} rows of {table}\n")
    return 1 if verifier.problems else 0


if __name__ == "__main__":
    sys.exit(main())
