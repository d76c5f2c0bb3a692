from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import DeviceCase


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
