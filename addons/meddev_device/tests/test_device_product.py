from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import DeviceCase


@tagged("post_install", "-at_install")
class TestDeviceProduct(DeviceCase):
    """Medical products: certificates and identifiers."""

    def _register(self, number, role="quality", **vals):
        return self._as(role, self.env["meddev.registration"]).create(
            {"number": number, "product_tmpl_ids": self.monitor.product_tmpl_id.ids} | vals
        )

    def test_malformed_number_is_refused_with_the_reason(self):
        for number in ("国械注准20201070123", "nonsense", "粤械注进20203070123"):
            with self.assertRaises(ValidationError) as caught:
                self._register(number)
            self.assertIn(number, str(caught.exception))
        self._register("K123456", kind="other")

    def test_an_odd_number_only_warns(self):
        registration = self._register("国械注准20202070123")
        self.assertTrue(registration.number_warning)
        self.assertFalse(self._register("国械注准20203070123").number_warning)

    def test_number_is_unique_until_renewed(self):
        first = self._register("国械注准20203070123", valid_to="2025-12-31")
        with self.assertRaisesRegex(ValidationError, "recorded already"):
            self._register(" 国械注准２０２０３０７０１２３")
        action = first.action_renew()
        second = (
            self._as("quality", self.env["meddev.registration"])
            .with_context(**action["context"])
            .create({"valid_to": "2030-12-31"})
        )
        self.assertTrue(first.is_superseded)
        self.assertEqual(str(second.valid_from), "2026-01-01")
        self.assertEqual(second.product_tmpl_ids, first.product_tmpl_ids)
        with self.assertRaises(UserError):
            first.sudo().with_context(audit_trail_reason="Entered twice").unlink()

    def test_current_certificate_and_status(self):
        template = self._as("analyst", self.monitor.product_tmpl_id)
        self.assertEqual(template.registration_status, "none")
        today = fields.Date.today()
        self._register("国械注准20203070123", valid_to=fields.Date.subtract(today, days=1))
        self.assertEqual(template.registration_status, "expired")
        self._register("国械注准20203070124", valid_to=fields.Date.add(today, days=30))
        self.assertEqual(template.registration_status, "expiring")
        last = self._register("国械注准20203070125", valid_to=fields.Date.add(today, years=4))
        self.assertEqual(template.registration_status, "valid")
        self.assertEqual(template.registration_id.id, last.id)
        for status in ("none", "valid", "expiring", "expired"):
            found = self.env["product.template"].search(
                [("registration_status", "=", status), ("id", "=", template.id)]
            )
            self.assertEqual(bool(found), status == "valid", status)

    def test_expired_certificate_shows_on_the_device(self):
        device = self._device("SN-1")
        self.assertFalse(device.device_banner)
        self._register("国械注准20203070123", valid_to="2020-12-31")
        device.invalidate_recordset()
        self.assertTrue(self._as("analyst", device).is_certificate_expired)
        self.assertIn("expired", device.device_banner)

    def test_certificates_are_for_quality_and_manager(self):
        self._register("国械注准20203070123", role="manager")
        for role in ("engineer", "parts", "intake"):
            with self.assertRaises(AccessError):
                self._register("国械注准20203070124", role=role)

    def test_di_is_unique_in_the_world(self):
        with self.assertRaisesRegex(ValidationError, "belongs to product"):
            self.env["meddev.udi.di"].create(
                {"product_tmpl_id": self.reagent.product_tmpl_id.id, "di": " ０6901234567892"}
            )
        box = self.env["meddev.udi.di"].create(
            {
                "product_tmpl_id": self.monitor.product_tmpl_id.id,
                "di": "16901234567899",
                "packaging_level": "box",
                "contains_quantity": 5,
                "child_di_id": self.di.id,
            }
        )
        with self.assertRaises(UserError):
            self.di.child_di_id = box
