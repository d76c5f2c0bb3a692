import base64
import gzip
import json
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.audit_trail.models.audit_trail_seal import AuditTrailSeal
from odoo.addons.audit_trail.tools.verify_export import Verifier

from .common import SigningCase


@tagged("post_install", "-at_install")
class TestExport(SigningCase):
    """An export of the audit trail holds the signatures, and tells when one was changed in it."""

    def setUp(self):
        super().setUp()
        self.signature = self.sign(self.paper, self.approver)
        exports = self.env["audit.trail.export"].with_user(self.auditor)
        with patch.object(AuditTrailSeal, "_get_horizon", lambda seals: 2**61):
            self.export = exports.browse(exports.create_export())
        content = gzip.decompress(base64.b64decode(self.export.file)).decode()
        self.lines = content.splitlines(keepends=True)

    def verify(self, lines):
        verifier = Verifier(self.env["audit.trail.entry"].get_public_keys())
        verifier.read(lines)
        return verifier

    def rows(self):
        return [row for row in map(json.loads, self.lines) if row["type"] == "evidence"]

    def test_signatures_are_in_the_export(self):
        found = {
            row["row"]["id"]: row["row"]
            for row in self.rows()
            if row["table"] == "electronic_signature"
        }
        self.assertEqual(found[self.signature.id]["user_name"], self.signature.user_name)
        self.assertTrue(self.export.is_verified)
        verifier = self.verify(self.lines)
        self.assertFalse(verifier.problems)
        self.assertEqual(verifier.evidence["electronic_signature"], len(found))

    def test_a_signature_that_was_changed_in_the_file_is_told(self):
        place = next(
            number for number, line in enumerate(self.lines) if '"electronic_signature"' in line
        )
        changed = list(self.lines)
        changed[place] = changed[place].replace('"approver"', '"author"')
        self.assertNotEqual(changed, self.lines)
        self.assertIn("the export was altered", self.verify(changed).problems)
        cut = self.lines[:place] + self.lines[place + 1 :]
        self.assertIn("the export was altered", self.verify(cut).problems)
