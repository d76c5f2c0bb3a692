"""An export fetched by a client from outside, checked by the stand-alone program."""

import tempfile
from pathlib import Path
from unittest.mock import patch

from audit_export import AuditExport
from clients import ServerError, connect

from odoo.tests import HttpCase, new_test_user, tagged

PASSWORD = "journey-audit-export"


@tagged("post_install", "-at_install")
class TestAuditExport(HttpCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        companies = self.env["res.company"].with_context(active_test=False).search([])
        new_test_user(
            self.env,
            "journey_auditor",
            "meddev_base.group_compliance_auditor",
            password=PASSWORD,
            company_ids=[(6, 0, companies.ids)],
        )
        self.env.flush_all()

    def connect(self, login="journey_auditor", password=PASSWORD):
        return connect("json2", self.base_url(), self.env.cr.dbname, login, password)

    def travel(self):
        with self.allow_requests(all_requests=True):
            journey = AuditExport(self.connect(), self.folder, quiet=True)
            journey.run()
        return journey

    def test_export_holds_and_a_changed_word_is_refused(self):
        self.assertEqual(self.travel().failures, [])
        self.assertEqual(len(list(self.folder.glob("*.jsonl"))), 2)

    def test_a_copy_that_is_accepted_is_a_failure(self):
        """Given a verifier that sees nothing, then the journey says so."""
        with patch.object(AuditExport, "forge", lambda journey, export: export):
            self.assertEqual(self.travel().failures, ["the export with a changed word is accepted"])

    def test_an_export_that_is_refused_is_a_failure(self):
        """Given another published key, then the export itself does not hold."""
        with patch.object(AuditExport, "read_public_keys", lambda journey: {"other": "AAAA"}):
            self.assertEqual(self.travel().failures, ["the export as it was made is refused"])

    def test_who_is_no_auditor_is_refused(self):
        new_test_user(
            self.env, "journey_analyst", "meddev_base.group_analyst", password="journey_analyst"
        )
        with self.allow_requests(all_requests=True), self.assertRaises(ServerError):
            client = self.connect("journey_analyst", "journey_analyst")
            AuditExport(client, self.folder, quiet=True).run()
