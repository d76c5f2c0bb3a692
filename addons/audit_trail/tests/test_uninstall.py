import base64
import json
import os
import tempfile
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models import events
from .common import TrailCase


@tagged("post_install", "-at_install")
class TestUninstall(TrailCase):
    """Evidence goes only when a file that verifies now holds it, and the anchor is out."""

    def setUp(self):
        super().setUp()
        self.module = self.env.ref("base.module_audit_trail")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.enterContext(patch.dict(os.environ, {"AUDIT_TRAIL_ANCHOR_DIR": self.folder}))
        # Not sealed: a seal of the test's own transaction would cover what it writes later, too.
        self.env["res.partner.category"].create({"name": "Evidence"})

    def export(self):
        exports = self.env["audit.trail.export"].with_user(self.auditor)
        return exports.browse(exports.create_export())

    def ask(self):
        self.env.flush_all()
        with self.cr.savepoint():
            self.module._ensure_evidence_is_exported()

    def test_an_exported_trail_may_go_and_says_so(self):
        """Given an export after the last write, then the removal is told, inside and outside."""
        self.export()
        self.ask()
        entry = self.entries.search([("kind", "=", "uninstall")], limit=1)
        self.assertIn("audit_trail", entry.details["addons"])
        self.assertTrue(entry.details["anchor"]["digest"])
        (name,) = os.listdir(self.folder)
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            sent = json.load(file)
        self.assertEqual(sent["digest"], entry.details["anchor"]["digest"])
        self.assertEqual(sent["uninstall"]["entry"], entry.id)
        self.assertEqual(sent["uninstall"]["digest"], entry.digest)
        # The removal itself goes on in another transaction, and asks no more.
        self.env["res.partner.category"].create({"name": "In between"})
        self.ask()
        self.assertEqual(self.entries.search([("kind", "=", "uninstall")], limit=1), entry)

    def test_a_later_write_needs_another_export(self):
        """Given writes after the export, sealed or not, then refused by both ways."""
        self.export()
        self.env["res.partner.category"].create([{"name": str(number)} for number in range(50)])
        self.env.flush_all()
        for act in (self.module.button_uninstall, self.module.module_uninstall):
            with self.assertRaisesRegex(UserError, "no verified export"):
                act()
        self.seal()
        with self.assertRaisesRegex(UserError, "no verified export"):
            self.module.button_uninstall()
        self.export()
        self.ask()

    def test_a_record_without_its_file_is_no_export(self):
        """Given a forged record, then an export whose file was changed or removed: refused."""
        export = self.export()
        forged = {
            "is_verified": True,
            "seal_to": 10**6,
            "entry_count": 1,
            "sha256": export.sha256,
            "file_name": "forged",
        }
        content = export.file
        self.env.cr.execute("DELETE FROM audit_trail_export")
        self.env.cr.execute(
            "INSERT INTO audit_trail_export (is_verified, seal_to, entry_count, sha256, file_name)"
            " VALUES (%(is_verified)s, %(seal_to)s, %(entry_count)s, %(sha256)s, %(file_name)s)"
            " RETURNING id",
            forged,
        )
        (export_id,) = self.env.cr.fetchone()
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "no verified export"):
            self.ask()
        attachment = self.env["ir.attachment"].create(
            {
                "name": "file",
                "res_model": "audit.trail.export",
                "res_field": "file",
                "res_id": export_id,
                "datas": base64.b64encode(base64.b64decode(content)[:-9]),
            }
        )
        with self.assertRaisesRegex(UserError, "no verified export"):
            self.ask()
        attachment.datas = content
        self.env.invalidate_all()
        self.ask()
        with self.assertRaisesRegex(UserError, "no verified export"):
            self.env["audit.trail.export"]._ensure_exported(10**6)

    def test_an_addon_that_widens_a_tracked_model_asks_as_well(self):
        """Given an addon to which a tracked column belongs, then refused without export, and told.

        A column that another addon keeps as well goes nowhere.
        """
        addon = self.env["ir.module.module"].create({"name": "widening", "state": "installed"})
        self.assertFalse(addon._get_widened_model_names(["widening"]))
        addon._ensure_evidence_is_exported()
        field = self.env["ir.model.fields"]._get("res.partner.category", "color")
        self.env.cr.execute(
            "UPDATE ir_model_data SET module = 'widening'"
            " WHERE model = 'ir.model.fields' AND res_id = %s",
            [field.id],
        )
        self.assertEqual(addon._get_widened_model_names(["widening"]), {"res.partner.category"})
        told = []
        self.patch(
            events,
            "log_event",
            lambda env, kind, record=None, **options: told.append((kind, options["details"])),
        )
        with self.assertRaisesRegex(UserError, "no verified export"):
            addon.button_uninstall()
        ((kind, details),) = told
        self.assertEqual((kind, details["operation"]), ("refused", "uninstall"))
        self.assertEqual(details["addons"], ["widening"])
        self.env["ir.model.data"].create(
            {
                "module": "keeping",
                "name": "field_color",
                "model": "ir.model.fields",
                "res_id": field.id,
            }
        )
        self.assertFalse(addon._get_widened_model_names(["widening"]))

    def test_without_an_address_nothing_goes(self):
        """Given no place for the anchor, or one that fails, then refused with the remedy."""
        self.export()
        self.env["ir.config_parameter"].set_param("audit_trail.anchor_email", False)
        for folder, message in (
            ("", "Send the Anchor to"),
            ("/nonexistent", "could not be sent"),
        ):
            with (
                patch.dict(os.environ, {"AUDIT_TRAIL_ANCHOR_DIR": folder}),
                self.assertRaisesRegex(UserError, message),
            ):
                self.ask()
        self.assertFalse(
            self.entries.search([("kind", "=", "uninstall"), ("txid", "=", self.txid())])
        )

    def txid(self):
        self.env.cr.execute("SELECT pg_current_xact_id()::text::bigint")
        return self.env.cr.fetchone()[0]


@tagged("post_install", "-at_install")
class TestExportCompanies(TrailCase):
    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_an_auditor_of_one_company_exports_no_others_values(self):
        """Given entries of another company, then only an auditor of both exports and reads it."""
        exports = self.env["audit.trail.export"]
        export = exports.browse(exports.with_user(self.auditor).create_export())
        self.assertTrue(export.with_user(self.auditor).sha256)
        self.env["res.company"].create({"name": "Other Company"})
        with self.assertRaisesRegex(AccessError, "Other Company"):
            exports.with_user(self.auditor).create_export()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            export.with_user(self.auditor).read(["sha256", "file"])
        self.assertFalse(exports.with_user(self.auditor).search([("id", "=", export.id)]))
        other_auditor = new_test_user(
            self.env,
            "both_auditor",
            "audit_trail.group_auditor",
            company_ids=[
                Command.set(self.env["res.company"].with_context(active_test=False).search([]).ids)
            ],
        )
        self.assertTrue(exports.with_user(other_auditor).create_export())
        self.assertTrue(export.with_user(other_auditor).read(["sha256"]))
