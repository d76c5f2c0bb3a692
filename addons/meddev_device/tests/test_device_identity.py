from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import DeviceCase

CARRIER = "(01)06901234567892(11)250102(17)300101(10)B7(21)MX8-000123"


@tagged("post_install", "-at_install")
class TestDeviceIdentity(DeviceCase):
    """Serial, UDI, aliases, and what only devices have."""

    def test_serials_are_equal_in_any_spelling(self):
        self._device("MX8-000123")
        for spelling in ("mx8-000123", "ＭＸ８－０００１２３", " MX8 - 000123", "MX8–000123"):
            with self.assertRaises(ValidationError) as caught:
                self._device(spelling)
            self.assertIn("Test Monitor", str(caught.exception))
            self.assertIn("MX8-000123", str(caught.exception))

    def test_serial_of_another_product_is_free(self):
        self._device("MX8-000123")
        other = self.env["product.product"].create(
            self._prepare_product_vals(
                "Other Monitor", tracking="serial", manufacturer_id=self.other_maker.id
            )
        )
        device = self._device("MX8-000123", product_id=other.id)
        self.assertEqual(device.manufacturer_id, self.other_maker)

    def test_duplicates_are_refused_in_one_batch_and_on_writing(self):
        lots = self.env["stock.lot"]
        with self.assertRaises(ValidationError):
            lots.create(
                [
                    {"name": name, "product_id": self.monitor.id, "origin": "legacy"}
                    for name in ("SN-1", "sn-1")
                ]
            )
        self._device("SN-1")
        second = self._device("SN-2")
        with self.assertRaises(ValidationError):
            second.write({"name": "ＳＮ-1"})
        with self.assertRaises(ValidationError):
            (second | self._device("SN-3")).write({"name": "SN-4"})

    def test_the_index_refuses_what_python_did_not_see(self):
        device = self._device("SN-1")
        other = self._device("SN-2")
        self.env.flush_all()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.env.cr.execute(
                "UPDATE stock_lot SET normalised_serial = %s WHERE id = %s",
                [device.normalised_serial, other.id],
            )

    def test_serial_is_unique_per_company_and_against_shared_ones(self):
        first, second = self.env["res.company"].create([{"name": "First"}, {"name": "Second"}])
        lots = self.env["stock.lot"].with_context(
            allowed_company_ids=[self.env.company.id, first.id, second.id]
        )
        vals = {"product_id": self.monitor.id, "origin": "legacy"}
        lots.create({"name": "SN-1", "company_id": first.id} | vals)
        lots.create({"name": "SN-1", "company_id": second.id} | vals)
        with self.assertRaises(ValidationError):
            lots.create({"name": "sn-1", "company_id": second.id} | vals)
        with self.assertRaises(ValidationError):
            lots.create({"name": "sn-1"} | vals)

    def test_device_is_found_by_any_spelling_alias_and_di(self):
        device = self._device("MX8-000123", customer_id=self.hospital.id, udi_carrier=CARRIER)
        self.env["meddev.device.alias"].create({"lot_id": device.id, "value": "资产 0042"})
        lots = self._as("dispatcher", self.env["stock.lot"])
        for text in ("mx8000123"[:3], "ＭＸ８", "mx8-0001 23", "资产0042", "06901234567892"):
            with self.subTest(text=text):
                self.assertIn(device, lots.search([("device_search", "ilike", text)]))
        self.assertIn(device.id, [row[0] for row in lots.name_search("ｍｘ８-000123")])
        self.assertFalse(lots.search([("device_search", "ilike", "nothing-like-it")]))

    def test_an_alias_names_one_device_of_a_customer(self):
        one = self._device("SN-1", customer_id=self.hospital.id)
        two = self._device("SN-2", customer_id=self.hospital.id)
        far = self._device("SN-3", customer_id=self.other_hospital.id)
        aliases = self._as("intake", self.env["meddev.device.alias"])
        aliases.create({"lot_id": one.id, "value": "A 1"})
        aliases.create({"lot_id": far.id, "value": "a1"})
        with self.assertRaisesRegex(ValidationError, "names device SN-1"):
            aliases.create({"lot_id": two.id, "value": "ａ1"})

    def test_carrier_is_parsed_into_its_parts(self):
        device = self._device("MX8-000123", udi_carrier=CARRIER)
        self.assertRecordValues(
            device,
            [
                {
                    "udi_issuer": "gs1",
                    "udi_di": "06901234567892",
                    "batch_number": "B7",
                    "udi_check_status": "ok",
                }
            ],
        )
        self.assertEqual(str(device.production_date), "2025-01-02")
        self.assertEqual(str(device.expiry_date), "2030-01-01")

    def test_a_carrier_of_300_characters_is_refused(self):
        with self.assertRaises(ValidationError) as caught:
            self._device("SN-1", udi_carrier="0" * 300)
        self.assertIn("SN-1", str(caught.exception))
        self.assertIn("300", str(caught.exception))
        device = self._device("SN-2")
        with self.assertRaises(ValidationError):
            device.write({"udi_carrier": "0" * 300})

    def test_a_carrier_of_another_serial_or_batch_is_refused(self):
        """Given the label of another device or batch, form and API refuse it with both numbers."""
        with self.assertRaisesRegex(ValidationError, "SN-1.*MX8-000123"):
            self._device("SN-1", udi_carrier=CARRIER)
        device = self._device("ｍx8-000123", udi_carrier=CARRIER)
        with self.assertRaises(ValidationError):
            device.write({"udi_carrier": CARRIER.replace("MX8-000123", "MX8-000124")})
        device.write({"udi_carrier": "(01)06901234567892(10)B7"})
        lots = self._as("parts", self.env["stock.lot"])
        vals = {"product_id": self.reagent.id, "udi_carrier": "(01)16901234567899(10)B7"}
        with self.assertRaisesRegex(ValidationError, "B8.*B7"):
            lots.create(vals | {"name": "B8"})
        self.assertEqual(lots.create(vals | {"name": "b7"}).batch_number, "B7")

    def test_a_di_of_another_product_is_refused(self):
        other = self.env["product.product"].create(
            self._prepare_product_vals("Other Monitor", tracking="serial")
        )
        with self.assertRaises(ValidationError) as caught:
            self._device("SN-1", product_id=other.id, udi_di="06901234567892")
        self.assertIn("Test Monitor", str(caught.exception))

    def test_batch_lots_have_no_life_cycle(self):
        lots = self.env["stock.lot"]
        lot = lots.create(
            {"name": "B1", "product_id": self.reagent.id, "expiry_date": "2030-01-01"}
        )
        self.assertTrue(lot.is_medical)
        self.assertFalse(lot.is_device or lot.device_state or lot.origin)
        with self.assertRaises(ValidationError):
            lot.write({"customer_id": self.hospital.id})
        with self.assertRaises(ValidationError):
            self.env["meddev.device.firmware"].create({"lot_id": lot.id, "version": "1"})

    def test_other_lots_behave_as_before(self):
        lots = self._as("stock", self.env["stock.lot"])
        lot, twin = lots.create(
            [{"name": name, "product_id": self.cable.id} for name in ("c1", "C1")]
        )
        self.assertFalse(lot.is_medical or lot.normalised_serial or lot.event_ids)
        with self.assertRaises(ValidationError):
            lot.write({"device_state": "in_stock"})
        twin.unlink()
        lot.name = "c2"

    def test_dates_out_of_order_are_refused_with_their_labels(self):
        with self.assertRaises(ValidationError) as caught:
            self._device("SN-1", shipping_date="2025-05-01", acceptance_date="2025-04-01")
        for word in ("SN-1", "Acceptance Date", "Shipping Date", "2025-04-01"):
            self.assertIn(word, str(caught.exception))

    def test_derived_facts_are_not_typed_in(self):
        device = self._device("SN-1")
        for vals in (
            {"warranty_end": "2099-01-01"},
            {"is_device": False},
            {"serial_conflict": True},
            {"firmware_version": "9"},
        ):
            with self.assertRaises(UserError):
                device.write(vals)
            with self.assertRaises(UserError):
                self._device("SN-2", **vals | ({"is_device": True} if "is_device" in vals else {}))

    def test_a_device_with_history_is_not_deleted(self):
        device = self._device("SN-1", device_state="installed")
        device.action_put_in_service()
        with self.assertRaises(UserError):
            device.sudo().unlink()
        self._device("SN-2").unlink()
        with self.assertRaises(AccessError):
            self._as("manager", self._device("SN-3")).unlink()

    def test_the_engineer_does_not_rename_a_device(self):
        device = self._device("SN-1")
        with self.assertRaises(UserError):
            self._as("engineer", device).write({"name": "SN-9"})
        self._as("quality", device).write({"name": "SN-9"})
        self.assertEqual(self._latest(device).kind, "identity")
        self.assertIn("SN-1 → SN-9", self._latest(device).summary)

    def test_place_is_one_branch_of_one_hospital(self):
        device = self._device("SN-1", room_id=self.room.id)
        self.assertEqual(device.department_id, self.ward)
        self.assertEqual(device.customer_id, self.hospital)
        self.assertEqual(device.place_id, self.room)
        device.write({"department_id": self.icu.id})
        self.assertFalse(device.room_id)
        with self.assertRaises(ValidationError):
            device.write({"department_id": self.other_ward.id, "customer_id": self.hospital.id})
        device.write({"customer_id": self.other_hospital.id})
        self.assertEqual(device.place_id, self.other_hospital)

    def test_form_shows_a_legacy_device_to_intake(self):
        lots = self._as("intake", self.env["stock.lot"])
        with Form(lots, view="meddev_device.device_view_form") as form:
            form.product_id = self.monitor
            form.name = "SN-77"
            form.origin = "legacy"
            form.customer_id = self.hospital
        device = form.record
        self.assertEqual(device.device_state, "in_service")
        self.assertIn("No signed acceptance record", device.missing_evidence)

    def test_every_role_opens_the_form(self):
        device = self._device("SN-1", customer_id=self.hospital.id)
        view = self.env.ref("meddev_device.device_view_form")
        spec = [
            "name",
            "device_state",
            "event_ids",
            "missing_evidence",
            "device_banner",
            "registration_id",
            "alias_ids",
            "component_ids",
            "firmware_ids",
            "acceptance_ids",
        ]
        for role in (
            "manager",
            "intake",
            "dispatcher",
            "engineer",
            "parts",
            "quality",
            "knowledge",
            "analyst",
            "auditor",
            "stock",
        ):
            with self.subTest(role=role):
                self._as(role, device).read(spec)
                self._as(role, self.env["stock.lot"]).get_view(view.id, "form")
