from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..models.field_error import get_fields
from .test_device_import import ImportCase

DI = "06901234567892"


@tagged("post_install", "-at_install")
class TestDeviceLoadColumn(ImportCase):
    """A refused row names the column to correct, never another one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device = cls.env["stock.lot"].create(
            {
                "name": "SN-1",
                "product_id": cls.monitor.id,
                "origin": "legacy",
                "customer_id": cls.hospital.id,
                "production_date": "2025-06-01",
                "expiry_date": "2030-06-01",
                "shipping_date": "2025-07-01",
            }
        )

    def _refuse(self, role="intake", **row):
        """Field and error of a refused row, by default of the device that is there."""
        row = {"product_code": "TM-1", "serial": "SN-1"} | row
        (result,) = self._as(role, self.env["stock.lot"]).load_devices([row])
        self.assertEqual(result["status"], "refused")
        return result["field"], result["error"]

    def test_a_date_that_contradicts_the_record_is_the_wrong_one(self):
        """Given dates on record, the one that the row sends is named, earlier or later."""
        for key, value in (
            ("expiry_date", "2025-05-01"),
            ("production_date", "2030-07-01"),
            ("installation_date", "2025-06-30"),
            ("purchase_date", "2025-07-02"),
        ):
            self.assertEqual(self._refuse(**{key: value})[0], key)

    def test_a_carrier_that_contradicts_itself_or_the_record_is_the_wrong_one(self):
        itself = f"(01){DI}(11)250601(17)250501(21)SN-2"
        self.assertEqual(self._refuse(serial="SN-2", udi_carrier=itself)[0], "udi_carrier")
        record = f"(01){DI}(17)250501(21)SN-1"
        self.assertEqual(self._refuse(udi_carrier=record)[0], "udi_carrier")
        # What the row says in a column of its own goes before what the carrier says.
        production = {"udi_carrier": f"(01){DI}(17)300601(21)SN-1", "production_date": "2031-01-01"}
        self.assertEqual(self._refuse(**production)[0], "production_date")

    def test_a_carrier_of_an_unknown_or_another_product_is_the_wrong_one(self):
        unknown = "(01)04012345678901(21)SN-9"
        row = {"serial": "SN-9", "udi_carrier": unknown}
        (result,) = self._as("intake", self.env["stock.lot"]).load_devices([row])
        self.assertEqual((result["status"], result["field"]), ("refused", "udi_carrier"))
        other = self.env["product.product"].create(
            self._prepare_product_vals("Other Monitor", tracking="serial", default_code="OM-1")
        )
        row = {"product_id": other.id, "serial": "SN-9"}
        self.assertEqual(self._refuse(**row, udi_di=DI)[0], "udi_di")
        carrier = f"(01){DI}(21)SN-9"
        self.assertEqual(self._refuse(**row, udi_carrier=carrier)[0], "udi_carrier")

    def test_words_in_a_message_are_not_taken_for_columns(self):
        """Given names that contain the label State, the wrong date is still the date."""
        device = self._device("State Origin UDI-DI 7", shipping_date="2025-07-01")
        field, message = self._refuse(serial=device.name, installation_date="2025-06-30")
        self.assertEqual(field, "installation_date")
        self.assertIn("State", message)

    def test_state_origin_alias_and_identity_name_their_column(self):
        self.assertEqual(self._refuse(device_state="scrapped")[0], "device_state")
        self.assertEqual(self._refuse(device_state="in_stock")[0], "device_state")
        self.assertEqual(self._refuse(origin="third_party")[0], "origin")
        self.assertEqual(self._refuse(serial="SN-2", origin="own_stock")[0], "origin")
        other = self._device("SN-3", customer_id=self.hospital.id)
        self.env["meddev.device.alias"].create({"lot_id": other.id, "value": "A-1"})
        self.assertEqual(self._refuse(alias="a-1")[0], "alias")
        own = self._as("parts", self.env["stock.lot"]).create(
            {"name": "SN-4", "product_id": self.monitor.id, "origin": "own_stock"}
        )
        row = {"serial": own.name, "acceptance_date": "2025-08-01"}
        self.assertEqual(self._refuse(**row)[0], "acceptance_date")
        self.assertFalse(own.acceptance_date)

    def test_a_serial_that_awaits_review_is_the_serial_column(self):
        """Given a twin under review whose first was renamed, core refuses its name a third time."""
        first, twin = self._receive(["SN-5"]), self._receive(["sn-5"])
        self.assertTrue(twin.serial_conflict)
        self._as("parts", first).name = "SN-5A"
        self.assertEqual(self._refuse(serial=twin.name)[0], "serial")

    def test_what_is_about_no_column_names_none(self):
        """Given an error of another addon, which names no field, none is blamed."""
        lots = self.registry["stock.lot"]
        with patch.object(lots, "_create_extras", side_effect=UserError("State of things")):
            self.assertIs(self._refuse(batch_number="B-1")[0], False)
        self.assertFalse(self.device.batch_number)

    def test_a_company_that_is_not_there_or_not_ours_is_named(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        for company_id in (2**31 - 1, company.id):
            field, message = self._refuse(serial="SN-6", company_id=company_id)
            self.assertEqual(field, "company_id")
            self.assertNotIn("Elsewhere", message)

    def test_places_that_do_not_fit_are_named(self):
        """Given a place outside the other, the error says which field and what it clashes with."""
        device = self.device.sudo()
        with self.assertRaises(ValidationError) as caught, self.env.cr.savepoint():
            device.write({"customer_id": self.other_hospital.id, "department_id": self.ward.id})
        self.assertEqual(get_fields(caught.exception)[0], "department_id")
        find = self.env["stock.lot"]._find_wrong_key
        names = get_fields(caught.exception)
        self.assertEqual(find({"customer": "x"}, names), "customer")
        self.assertEqual(find({"customer": "x", "department": "y"}, names), "department")
        self.assertIs(find({"customer": "x"}, get_fields(UserError("something else"))), False)

    def test_the_screen_shows_that_column(self):
        header = ["serial", "product_code", "expiry_date", "production_date"]
        wizard = self._import([header, ["SN-1", "TM-1", "2025-05-01", ""]])
        self.assertEqual(wizard.line_ids.mapped("column"), ["Expiry Date"])
        wizard = self._import([header, ["SN-1", "TM-1", "", "2030-07-01"]])
        self.assertEqual(wizard.line_ids.mapped("column"), ["Production Date"])
