import base64
import gzip
import json
import os
import subprocess
import sys
import tempfile
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools.misc import file_path

from odoo.addons.audit_trail.models import audit_trail_seal
from odoo.addons.audit_trail.models.audit_trail_seal import AuditTrailSeal

from .common import TrailCase


@tagged("post_install", "-at_install")
class TestExport(TrailCase):
    def setUp(self):
        super().setUp()
        self.env["res.partner.category"].create({"name": "导出"})
        self.seal()
        exports = self.env["audit.trail.export"].with_user(self.auditor)
        self.export = exports.browse(exports.create_export())
        self.content = base64.b64decode(self.export.file)

    def run_verifier(self, content, *options, keys=None):
        """The stand-alone program in a process of its own, which knows the public key alone."""
        keys = self.entries.get_public_keys() if keys is None else keys
        with tempfile.NamedTemporaryFile(suffix=".gz") as file:
            file.write(content)
            file.flush()
            return subprocess.run(
                [sys.executable, file_path("audit_trail/tools/verify_export.py"), file.name]
                + [part for item in keys.items() for part in ("--public-key", "=".join(item))]
                + list(options),
                capture_output=True,
                text=True,
                env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
                check=False,
            )

    def changed(self, change):
        lines = gzip.decompress(self.content).decode().splitlines(keepends=True)
        rows = [json.loads(line) for line in lines]
        change(rows)
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        return gzip.compress(text.encode())

    def test_the_stand_alone_program_verifies_an_export(self):
        result = self.run_verifier(self.content)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn(" 0 problems", result.stdout)
        self.assertTrue(self.export.is_verified)
        self.assertGreater(self.export.entry_count, 0)

    def test_seals_of_the_first_version_are_verified(self):
        """Given a database with seals of both versions, then its export holds."""
        self.without_triggers("audit_trail_seal", "DELETE FROM audit_trail_seal")
        self.patch(audit_trail_seal, "SEAL_SIZE", 1)
        self.patch(audit_trail_seal, "SEAL_VERSION", "v1")
        with patch.object(AuditTrailSeal, "_get_horizon", lambda seals: 2**61):
            self.env["audit.trail.seal"]._seal(limit=1)
        self.patch(audit_trail_seal, "SEAL_VERSION", "v2")
        self.seal()
        self.env.cr.execute("SELECT DISTINCT left(digest, 2) FROM audit_trail_seal ORDER BY 1")
        self.assertEqual(self.env.cr.fetchall(), [("v1",), ("v2",)])
        exports = self.env["audit.trail.export"].with_user(self.auditor)
        export = exports.browse(exports.create_export())
        result = self.run_verifier(base64.b64decode(export.file))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_every_change_of_the_file_is_found(self):
        """Given an export, when an entry, a seal or its end is changed or cut, then it is told."""

        def find(rows, kind):
            return next(
                row for row in rows if row["type"] == kind and row.get("seal", 1) is not None
            )

        def alter_entry(rows):
            entry = find(rows, "entry")
            entry["canonical"] = entry["canonical"].replace("v1", "v2")

        changes = {
            "altered entry": alter_entry,
            "removed entry": lambda rows: rows.remove(find(rows, "entry")),
            "altered seal": lambda rows: find(rows, "seal").update(entry_count=1),
            "altered times of a seal": lambda rows: find(rows, "seal").update(
                first_entry_at="2001-01-01T00:00:00.000000"
            ),
            "unknown version of a seal": lambda rows: find(rows, "seal").update(digest="v9:0"),
            "removed seal": lambda rows: rows.remove(find(rows, "seal")),
            "cut off": lambda rows: rows.pop(),
        }
        for name, change in changes.items():
            with self.subTest(name):
                result = self.run_verifier(self.changed(change))
                self.assertEqual(result.returncode, 1, result.stdout)

    def test_another_key_verifies_nothing(self):
        keys = {
            key_id: base64.b64encode(bytes(32)).decode()
            for key_id in self.entries.get_public_keys()
        }
        self.assertEqual(self.run_verifier(self.content, keys=keys).returncode, 1)

    def test_the_anchor_is_looked_for_in_the_export(self):
        anchor = self.env["audit.trail.seal"]._get_anchor()["digest"]
        self.assertEqual(self.run_verifier(self.content, "--anchor", anchor).returncode, 0)
        result = self.run_verifier(self.content, "--anchor", "v1:00")
        self.assertIn("rebuilt", result.stdout)

    def test_exports_are_made_by_auditors_and_kept(self):
        with self.assertRaises(AccessError):
            self.env["audit.trail.export"].with_user(self.employee).create_export()
        for act in (
            lambda: self.export.sudo().unlink(),
            lambda: self.export.sudo().write({"is_verified": True}),
            lambda: self.export.sudo().create({"is_verified": True, "seal_to": 10**6}),
        ):
            with self.assertRaises(UserError):
                act()


@tagged("post_install", "-at_install")
class TestPublicKey(HttpCase):
    def test_the_public_key_is_published(self):
        """Given nobody signed in, then the page answers with the keys and nothing secret."""
        answer = self.url_open("/audit_trail/public_key").json()
        self.assertEqual(answer, self.env["audit.trail.entry"].get_public_keys())
