import base64
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.models import BaseModel
from odoo.tests import tagged

from .common import SIGNATURE, DeviceCase


@tagged("post_install", "-at_install")
class TestDeviceAcceptance(DeviceCase):
    """A signed acceptance alone starts the warranty, and is frozen."""

    def setUp(self):
        super().setUp()
        self.device = self._device(
            "SN-1",
            device_state="shipped",
            customer_id=self.hospital.id,
            shipping_date="2026-01-05",
        )

    def _draft(self, role="engineer", **vals):
        acceptance = self._as(role, self.env["meddev.device.acceptance"]).create(
            {
                "lot_id": self.device.id,
                "installed_on": "2026-01-10",
                "accepted_on": "2026-01-31",
                "signer_name": "Dr. Li",
                "signature": SIGNATURE,
            }
            | vals
        )
        acceptance.checklist_line_ids.result = "pass"
        return acceptance

    def test_signing_starts_warranty_and_service(self):
        acceptance = self._draft()
        self.assertEqual(acceptance.warranty_months, 24)
        acceptance.action_sign()
        self.assertEqual(self.device.device_state, "in_service")
        self.assertEqual(self.device.acceptance_id, acceptance)
        self.assertEqual(
            [str(self.device[name]) for name in ("warranty_start", "warranty_end")],
            ["2026-01-31", "2028-01-30"],
        )
        self.assertEqual(acceptance.signed_by_id, self.users["engineer"])
        self.assertIn("acceptance", self.device.event_ids.mapped("kind"))

    def test_a_signed_acceptance_is_frozen_for_everyone(self):
        acceptance = self._draft()
        acceptance.action_sign()
        for records in (acceptance, acceptance.sudo(), acceptance.with_user(1)):
            with self.assertRaises(UserError):
                records.write({"note": "later"})
            with self.assertRaises(UserError):
                records.unlink()
            with self.assertRaises(UserError):
                records.checklist_line_ids[0].write({"result": "fail"})
            with self.assertRaises(UserError):
                records.checklist_line_ids.unlink()
            with self.assertRaises(UserError):
                self.env["meddev.device.acceptance.line"].create(
                    {"acceptance_id": acceptance.id, "name": "late"}
                )
        with self.assertRaises(UserError):
            acceptance.action_sign()

    def test_state_is_not_typed_in(self):
        with self.assertRaises(UserError):
            self._draft(state="signed")
        with self.assertRaises(UserError):
            self._draft().write({"state": "signed"})

    def test_signing_needs_signer_checks_customer_and_state(self):
        acceptance = self._draft(signer_name=False)
        with self.assertRaises(UserError):
            acceptance.action_sign()
        acceptance.signer_name = "Dr. Li"
        acceptance.checklist_line_ids[0].result = "fail"
        with self.assertRaises(UserError):
            acceptance.action_sign()
        acceptance.checklist_line_ids.result = "pass"
        self.device._move_device_state("quarantined", reason="test")
        self.assertFalse(acceptance.can_be_signed)
        with self.assertRaises(UserError):
            acceptance.action_sign()
        self.assertFalse(self.device.warranty_start)

    def test_signing_is_for_engineer_and_manager(self):
        acceptance = self._draft()
        for role in ("quality", "parts", "dispatcher", "auditor"):
            with self.assertRaises(UserError):
                self._as(role, acceptance).action_sign()
        self._as("manager", acceptance).action_sign()

    def test_dates_in_wrong_order_are_refused(self):
        for vals in (
            {"accepted_on": "2026-01-09"},
            {"installed_on": "2026-01-04"},
            {"accepted_on": "2999-01-01"},
        ):
            with self.assertRaises(ValidationError):
                self._draft(**vals)

    def test_proven_dates_are_not_typed_over(self):
        acceptance = self._draft()
        acceptance.action_sign()
        for name in ("installation_date", "acceptance_date"):
            with self.assertRaises(UserError):
                self.device.write({name: "2026-01-20"})
        self.device.write({"acceptance_date": "2026-01-31"})
        own = self._device("SN-2", origin="own_stock")
        with self.assertRaises(UserError):
            own.write({"acceptance_date": "2026-01-20"})
        legacy = self._device("SN-3", acceptance_date="2020-01-20")
        legacy.write({"acceptance_date": "2020-01-21"})
        self.assertFalse(legacy.warranty_start)
        self.assertIn("2020-01-20 → 2020-01-21", self._latest(legacy).summary)

    def test_a_correction_is_a_new_acceptance(self):
        first = self._draft()
        first.action_sign()
        second = self._draft(accepted_on="2026-02-05")
        with self.assertRaises(UserError):
            second.action_sign()
        second.correction_of_id = first
        second.action_sign()
        self.assertEqual(self.device.acceptance_id, second)
        self.assertEqual(str(self.device.warranty_start), "2026-02-05")
        self.assertEqual(first.state, "signed")

    def test_signing_needs_what_the_customer_signed(self):
        acceptance = self._draft(signature=False)
        with self.assertRaisesRegex(UserError, "Signature.*Signed Document"):
            acceptance.action_sign()
        acceptance.document = base64.b64encode(b"%PDF-1.7 signed")
        acceptance.action_sign()
        self.assertEqual(acceptance.state, "signed")
        with self.assertRaises(UserError):
            acceptance.write({"document": False})

    def test_any_bytes_are_no_signature(self):
        for content in (b"x", base64.b64encode(b"x"), base64.b64encode(b"%PDF-1.7")):
            with self.subTest(content=content), self.assertRaises(ValidationError):
                self._draft(signature=content)
        with self.assertRaises(ValidationError):
            self._draft(document=base64.b64encode(b"<html/>"))

    def test_two_drafts_in_one_call_do_not_both_win(self):
        drafts = self._draft() | self._draft(accepted_on="2026-02-05")
        with self.assertRaisesRegex(UserError, "Corrects"), self.env.cr.savepoint():
            drafts.action_sign()
        self.env.invalidate_all()
        self.assertEqual(set(drafts.mapped("state")), {"draft"})
        self.assertFalse(self.device.acceptance_id)
        other = self._device("SN-9", device_state="shipped", customer_id=self.hospital.id)
        both = drafts[0] | self._draft(lot_id=other.id)
        both.action_sign()
        self.assertEqual(set(both.mapped("state")), {"signed"})

    def test_the_device_is_locked_while_it_is_signed_for(self):
        acceptance = self._draft()
        locked = []

        def lock(records, **_options):
            locked.append(records._name)

        with patch.object(BaseModel, "lock_for_update", lock):
            acceptance.action_sign()
        self.assertEqual(locked[:2], ["meddev.device.acceptance", "stock.lot"])

    def test_who_signs_makes_no_check_optional(self):
        acceptance = self._draft()
        lines = acceptance.checklist_line_ids
        for vals in (
            {"is_required": False},
            {"name": "Something easy"},
            {"check_id": False},
            {"acceptance_id": self._draft().id},
        ):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                lines[0].write(vals)
        with self.assertRaises(UserError):
            lines[0].unlink()
        lines[0].write({"measured": "0.1 Ω", "note": "cold"})
        # A line of one's own is no way round either.
        own = self._draft(
            checklist_line_ids=[
                Command.create({"name": "Mine", "is_required": False}),
                Command.create({"check_id": lines[0].check_id.id, "is_required": False}),
            ]
        )
        self.assertEqual(len(own.checklist_line_ids), len(lines) + 1)
        self.assertTrue(all(own.checklist_line_ids.mapped("is_required")))
        own.checklist_line_ids.filtered(lambda line: not line.check_id).unlink()
        self.assertEqual(own.checklist_line_ids.check_id, lines.check_id)
        for result in ("na", "fail", False):
            own.checklist_line_ids[0].result = result
            with self.assertRaisesRegex(UserError, "Acceptance Checks"):
                own.action_sign()

    def test_results_are_not_copied(self):
        copy = self._draft().copy()
        self.assertFalse(any(copy.checklist_line_ids.mapped("result")))
        self.assertFalse(copy.signature)

    def test_checks_are_records_that_fit_the_product(self):
        checks = self._as("quality", self.env["meddev.device.acceptance.check"])
        category = self.env["product.category"].create({"name": "Monitors"})
        inner = self.env["product.category"].create({"name": "ICU", "parent_id": category.id})
        self.monitor.categ_id = inner
        product = self.monitor.product_tmpl_id
        other = self.reagent.product_tmpl_id
        fitting = checks.create(
            [
                {"name": "By class", "device_class": "2"},
                {"name": "By category", "categ_id": category.id},
                {"name": "By product", "product_tmpl_id": product.id},
                {"name": "Optional", "is_required": False},
            ]
        )
        strange = checks.create(
            [
                {"name": "Other class", "device_class": "3"},
                {"name": "Other product", "product_tmpl_id": other.id},
                {"name": "Switched off", "active": False},
            ]
        )
        lines = self._draft().checklist_line_ids
        self.assertFalse(fitting - lines.check_id)
        self.assertFalse(strange & lines.check_id)
        self.assertFalse(lines.filtered(lambda line: line.name == "Optional").is_required)
        fitting[0].name = "Changed later"
        self.assertIn("By class", lines.mapped("name"))
        with self.assertRaisesRegex(UserError, "Switch it off"):
            fitting[0].with_context(audit_trail_reason="test").unlink()

    def test_checks_of_another_device_replace_those_of_a_draft(self):
        checks = self._as("manager", self.env["meddev.device.acceptance.check"])
        mine = checks.create({"name": "Mine", "product_tmpl_id": self.monitor.product_tmpl_id.id})
        product = self.env["product.template"].create(
            self._prepare_product_vals("Other", tracking="serial")
        )
        theirs = checks.create({"name": "Theirs", "product_tmpl_id": product.id})
        other = self._device("SN-8", product_id=product.product_variant_id.id)
        draft = self._draft()
        self.assertIn(mine, draft.checklist_line_ids.check_id)
        draft.lot_id = other
        self.assertIn(theirs, draft.checklist_line_ids.check_id)
        self.assertNotIn(mine, draft.checklist_line_ids.check_id)

    def test_checks_are_read_by_all_and_edited_by_manager_and_quality(self):
        checks = self.env["meddev.device.acceptance.check"]
        for role in ("manager", "quality"):
            check = self._as(role, checks).create({"name": role})
            check.is_required = False
        for role in ("engineer", "parts", "dispatcher", "auditor"):
            with self.subTest(role=role):
                self.assertTrue(self._as(role, check).name)
                with self.assertRaises(AccessError):
                    self._as(role, check).write({"is_required": True})
                with self.assertRaises(AccessError):
                    self._as(role, checks).create({"name": role})

    def test_checks_are_written_in_every_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        check = self.env.ref("meddev_device.acceptance_check_safety")
        check.with_context(lang="en_US").name = "Electrical safety"
        check.with_context(lang="zh_CN").name = "电气安全"
        for code in ("en_US", "zh_CN"):
            self.users["engineer"].lang = code
            line = self._draft().checklist_line_ids.filtered(lambda line: line.check_id == check)
            self.assertEqual(line.with_context(lang="en_US").name, "Electrical safety")
            self.assertEqual(line.with_context(lang="zh_CN").name, "电气安全")

    def test_what_is_signed_is_frozen_below_write_as_well(self):
        draft, signed = self._draft(), self._draft()
        with self.assertRaises(UserError):
            draft._write({"state": "signed"})
        signed.action_sign()
        self.env.flush_all()
        for records, vals in (
            (signed, {"note": "forged"}),
            (signed.sudo(), {"warranty_end": "2099-01-01"}),
            (signed.checklist_line_ids[0].sudo(), {"result": "fail"}),
            (signed.checklist_line_ids[0], {"is_required": False}),
        ):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "frozen"):
                records._write(vals)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            signed.checklist_line_ids[0].update_field_translations("name", {"en_US": "forged"})
        events = self.device.event_ids
        with self.assertRaisesRegex(UserError, "never changed"):
            events[0].sudo()._write({"summary": "forged"})
        with self.assertRaisesRegex(UserError, "never changed"):
            events[0]._write_multi([{"summary": "forged"}])
