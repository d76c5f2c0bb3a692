from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import ROLES, DeviceCase


@tagged("post_install", "-at_install")
class TestDeviceOrigin(DeviceCase):
    """How a device came to us is said once, so that nobody declares what must be signed."""

    def _load(self, role, device, **vals):
        """The core import of one row, by database id."""
        lots = self._as(role, self.env["stock.lot"])
        return lots.load([".id", *vals], [[str(device.id), *vals.values()]])

    def test_an_own_device_becomes_no_legacy_device_with_a_declared_acceptance(self):
        """Form, RPC and import: the origin stays, and so does the lack of an acceptance date."""
        device = self._receive(["SN-1"])
        for role in ("manager", "quality", "parts", "intake"):
            for vals in (
                {"origin": "legacy"},
                {"origin": "third_party", "acceptance_date": "2020-01-01"},
                {"origin": False},
                {"acceptance_date": "2020-01-01"},
            ):
                with self.subTest(role=role, vals=vals), self.assertRaises(UserError):
                    self._as(role, device).write(vals)
            with self.assertRaises(UserError):
                self._as(role, device).sudo().write({"origin": "legacy"})
            result = self._load(role, device, origin="Sold Before Go-Live")
            self.assertFalse(result["ids"])
            self.assertIn("SN-1", result["messages"][0]["message"])
        self.assertRecordValues(device, [{"origin": "own_stock", "acceptance_date": False}])
        self._as("quality", device).write({"origin": "own_stock"})

    def test_loading_refuses_another_origin_and_keeps_the_same(self):
        self._receive(["SN-1"])
        row = {"serial": "SN-1", "product": "Test Monitor"}
        results = self._as("manager", self.env["stock.lot"]).load_devices(
            [row | {"origin": "legacy", "acceptance_date": "2020-01-01"}]
        )
        self.assertEqual((results[0]["status"], results[0]["field"]), ("refused", "origin"))
        for same in (row, row | {"origin": "own_stock"}):
            results = self._as("manager", self.env["stock.lot"]).load_devices([same])
            self.assertEqual(results[0]["status"], "unchanged")

    def test_what_went_through_our_stock_is_signed_whatever_its_origin(self):
        """Given a device entered as legacy and then received, its acceptance is not declared."""
        device = self._device("SN-1", device_state="in_stock")
        picking = self._picking(
            self.warehouse.in_type_id,
            self.suppliers,
            self.stock,
            [{"product_id": self.monitor.id, "lot_id": device.id}],
        )
        picking.button_validate()
        self.assertEqual(device.origin, "legacy")
        self._deliver(device, self.ward)
        with self.assertRaisesRegex(UserError, "signed acceptance"):
            self._as("manager", device).write({"acceptance_date": "2020-01-01"})
        self._accept(device)
        self.assertTrue(device.acceptance_date and device.warranty_start)

    def test_devices_that_never_were_in_our_stock_are_full_citizens(self):
        for origin in ("legacy", "third_party"):
            device = self._device(f"SN-{origin}", origin=origin, customer_id=self.hospital.id)
            self._as("intake", device).write({"acceptance_date": "2020-01-02"})
            self._as("intake", device).write({"acceptance_date": "2020-01-01"})
            self.assertEqual(str(device.acceptance_date), "2020-01-01")

    def test_quality_corrects_the_origin_with_a_reason(self):
        """Given a device that the keeper entered by hand as our own, quality corrects it."""
        device = self._as("parts", self.env["stock.lot"]).create(
            {"name": "SN-1", "product_id": self.monitor.id}
        )
        self.assertEqual(device.origin, "own_stock")
        quality = self._as("quality", device)
        action = quality.action_correct_origin()
        form = Form(
            self._as("quality", self.env[action["res_model"]]).with_context(**action["context"])
        )
        form.origin = "legacy"
        form.reason = "Sold in 2019, entered late"
        form.save().action_correct()
        self.assertEqual(device.origin, "legacy")
        self.assertEqual(
            self._latest(device).summary,
            "Origin: Own Stock → Sold Before Go-Live · Sold in 2019, entered late",
        )
        self.assertEqual(self._latest(device).user_id, self.users["quality"])
        quality.write({"acceptance_date": "2019-05-01"})
        with self.assertRaisesRegex(UserError, "empty the date first"):
            quality.correct_origin("own_stock", "after all ours")
        quality.write({"acceptance_date": False})
        self.assertEqual(
            quality.correct_origin("own_stock", "after all ours"),
            {"ids": device.ids, "origin": "own_stock"},
        )

    def test_correcting_is_for_quality_alone_and_needs_a_reason(self):
        device = self._device("SN-1", origin="own_stock")
        for role in set(ROLES) - {"quality"} | {"stock"}:
            with self.subTest(role=role):
                for records in (self._as(role, device), self._as(role, device).sudo()):
                    with self.assertRaises(UserError):
                        records.correct_origin("legacy", "why")
        for role in ("manager", "parts"):
            with self.assertRaises(AccessError):
                self._as(role, self.env["meddev.device.origin"]).create(
                    {"lot_id": device.id, "origin": "legacy", "reason": "why"}
                )
        for origin, reason in (("legacy", None), ("legacy", "  "), ("stolen", "why"), (None, "x")):
            with self.assertRaises(UserError):
                self._as("quality", device).correct_origin(origin, reason)
        batch = self.env["stock.lot"].create({"name": "B-1", "product_id": self.reagent.id})
        with self.assertRaises(UserError):
            self._as("quality", batch).correct_origin("legacy", "why")
        self.assertEqual(device.origin, "own_stock")

    def test_quality_of_another_company_corrects_nothing(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        device = self._device("SN-1", company_id=company.id)
        with self.assertRaises(AccessError):
            self._as("quality", device).correct_origin("third_party", "why")
