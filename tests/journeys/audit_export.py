#!/usr/bin/env python3
"""The audit trail checked without Odoo, by whoever holds the published key.

    make journey ARGS=audit_export

Seals and exports the trail as the auditor, from outside, and keeps the file; has
``addons/audit_trail/tools/verify_export.py`` check it in a process that knows the public key and
nothing else; then changes one word in a copy, which must be refused. Ends with 0 when both came
out so.
"""

import argparse
import base64
import gzip
import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

from clients import APIS, ServerError, connect

HERE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("MEDDEV_HOME") or HERE.parents[1] / ".meddev")
VERIFIER = HERE.parents[1] / "addons/audit_trail/tools/verify_export.py"
MODEL = "audit.trail.export"
# The person of an entry, "Name (login)".
LOGIN = re.compile(r"(?<= \()[^\s()]+(?=\)\")")
SOMEBODY_ELSE = "nobody"


class AuditExport:
    """One export: made, kept, checked, forged. ``failures`` names what came out otherwise."""

    def __init__(self, client, folder, quiet=False):
        """
        :param client: of an auditor of all companies, see ``clients.connect``.
        :param folder: where the files are kept.
        """
        self.client = client
        self.folder = folder
        self.quiet = quiet
        self.failures = []

    def run(self):
        export = self.fetch()
        keys = self.read_public_keys()
        if self.verify(export, keys):
            self.failures.append("the export as it was made is refused")
        if not self.verify(self.forge(export), keys):
            self.failures.append("the export with a changed word is accepted")

    def fetch(self):
        """Seal, export, and keep the file as plain JSON lines.

        :return: its path.
        """
        number = self.client.call(MODEL, "create_export")
        fields = ["file", "file_name", "entry_count"]
        (row,) = self.client.call(MODEL, "read", ids=[number], fields=fields)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / row["file_name"].removesuffix(".gz")
        path.write_bytes(gzip.decompress(base64.b64decode(row["file"])))
        self.say(f"exported {row['entry_count']} entries: {path}")
        return path

    def read_public_keys(self):
        """What the server publishes to everybody: key id -> key."""
        request = urllib.request.Request(
            f"{self.client.url}/audit_trail/public_key",
            headers={**self.client.headers, "X-Odoo-Database": self.client.database},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def forge(self, export):
        """A copy in which one word is another: who did what the last sealed entry tells.

        :return: its path.
        """
        lines = export.read_text(encoding="utf-8").splitlines(keepends=True)
        for place in reversed(range(len(lines))):
            row = json.loads(lines[place])
            if row["type"] == "entry" and row["seal"] and LOGIN.search(row["canonical"]):
                break
        else:
            raise SystemExit(f"{export}: no sealed entry names a person, so none can be forged")
        login = LOGIN.search(row["canonical"])[0]
        row["canonical"] = LOGIN.sub(SOMEBODY_ELSE, row["canonical"], count=1)
        lines[place] = json.dumps(row, ensure_ascii=False) + "\n"
        path = export.with_name(f"{export.stem}-forged.jsonl")
        path.write_text("".join(lines), encoding="utf-8")
        self.say(f"line {place + 1}: {login} becomes {SOMEBODY_ELSE}: {path}")
        return path

    def verify(self, path, keys):
        """Run the stand-alone program, which finds no Odoo and no secret.

        :return: its exit code, 0 when everything holds.
        """
        options = [part for key in keys.items() for part in ("--public-key", "=".join(key))]
        done = subprocess.run(
            [sys.executable, "-B", "-I", VERIFIER, path, *options],
            capture_output=True,
            check=False,
            env={},
            text=True,
        )
        for line in (done.stdout + done.stderr).splitlines():
            self.say(f"  {line}")
        if done.returncode not in (0, 1):
            raise SystemExit(f"{VERIFIER} did not run: exit code {done.returncode}")
        self.say("  accepted" if done.returncode == 0 else "  refused")
        return done.returncode

    def say(self, text):
        if not self.quiet:
            print(text, flush=True)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="An export of the audit trail, verified outside.")
    parser.add_argument("--url", default="http://127.0.0.1:8069")
    parser.add_argument("--db", default="meddev")
    parser.add_argument("--api", choices=APIS, default="json2")
    parser.add_argument("--login", default="auditor", help="an auditor of all companies")
    parser.add_argument(
        "--password",
        default=os.environ.get("MEDDEV_AUDITOR_PASSWORD", "auditor"),
        help="default: the environment's MEDDEV_AUDITOR_PASSWORD, else auditor",
    )
    parser.add_argument("--report", type=Path, default=HOME / "journey", help="folder")
    options = parser.parse_args(arguments)
    try:
        client = connect(options.api, options.url, options.db, options.login, options.password)
        journey = AuditExport(client, options.report)
        journey.run()
    except (ServerError, OSError) as error:
        sys.exit(f"journey: {options.url}, database {options.db}: {error}")
    for failure in journey.failures:
        print(f"WRONG: {failure}")
    if not journey.failures:
        print("the export holds, and the copy with one changed word is refused")
    return 1 if journey.failures else 0


if __name__ == "__main__":
    sys.exit(main())
