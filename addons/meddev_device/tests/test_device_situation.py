from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged

from .common import DeviceCase


@tagged("post_install", "-at_install")
class TestDeviceSituation(DeviceCase):
    """What was so at a moment, and what no record tells of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-03-10 08:00:00"):
            cls.device = cls.env["stock.lot"].create(
                {
                    "name": "SN-1",
                    "product_id": cls.monitor.id,
                    "origin": "legacy",
                    "customer_id": cls.hospital.id,
                    "shipping_date": "2020-05-01",
                    "installation_date": "2020-06-01",
                }
            )
        with freeze_time("2026-04-10 08:00:00"):
            for moment, serial in (("2021-01-01", "OLD"), ("2026-04-01", "NEW")):
                cls.env["meddev.device.component"].create(
                    {
                        "lot_id": cls.device.id,
                        "product_id": cls.cable.id,
                        "serial": serial,
                        "installed_at": f"{moment} 08:00:00",
                    }
                )
                cls.env["meddev.device.firmware"].create(
                    {
                        "lot_id": cls.device.id,
                        "version": serial,
                        "installed_at": f"{moment} 08:00:00",
                    }
                )

    def _ask(self, moment):
        return self._as("analyst", self.device).device_at(moment)

    def test_before_every_record_nothing_is_filled_in_from_later(self):
        """Given a device recorded in 2026, of 2019 nothing is known but that."""
        answer = self._ask("2019-01-01")
        self.assertFalse(answer["is_known"] or answer["state"] or answer["customer"])
        self.assertFalse(answer["firmware"] or answer["components"])
        self.assertEqual(answer["unknown"], ["state", "place", "firmware", "components"])
        self.assertEqual(answer["recorded_since"], "2026-03-10 08:00:00")
        for words in ("on record since", "No firmware version", "No components"):
            self.assertIn(words, answer["note"])
        self.assertNotIn("Declared", answer["note"])

    def test_before_the_first_record_only_what_has_a_date_of_its_own_is_known(self):
        answer = self._ask("2022-01-01")
        self.assertFalse(answer["is_known"] or answer["state"] or answer["customer"])
        self.assertEqual(answer["unknown"], ["state", "place"])
        self.assertEqual(answer["firmware"], "OLD")
        self.assertEqual([row["serial"] for row in answer["components"]], ["OLD"])
        self.assertGreater(answer["components"][0]["recorded_at"], answer["moment"])
        self.assertIn("Declared by then: Shipping Date 05/01/2020", answer["note"])
        self.assertIn("Installation Date 06/01/2020", answer["note"])
        self.assertNotIn("Installation Date", self._ask("2020-05-15")["note"])

    def test_between_the_records_later_ones_are_not_listed(self):
        answer = self._ask("2026-03-20")
        self.assertTrue(answer["is_known"])
        self.assertEqual((answer["unknown"], answer["note"]), ([], ""))
        self.assertEqual(answer["firmware"], "OLD")
        self.assertEqual([row["serial"] for row in answer["components"]], ["OLD"])
        after = self._ask("2026-04-02")
        self.assertEqual(after["firmware"], "NEW")
        self.assertEqual(len(after["components"]), 2)

    def test_the_screen_says_the_same(self):
        action = self._as("analyst", self.device).action_view_as_of()
        wizards = self._as("analyst", self.env["meddev.device.as.of"])
        with Form(wizards.with_context(**action["context"])) as form:
            form.moment = "2019-01-01 00:00:00"
            self.assertFalse(form.is_known or form.firmware or form.component_ids.ids)
            self.assertIn("on record since", form.situation_note)
            form.moment = "2022-01-01 00:00:00"
            self.assertEqual(form.firmware, "OLD")
            self.assertEqual(len(form.component_ids), 1)

    def test_notes_are_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        note = self._as("analyst", self.device).with_context(lang="zh_CN").device_at("2019-01-01")
        self.assertIn("此前", note["note"])
        self.assertNotIn("on record since", note["note"])

    def test_the_future_is_the_present_and_says_so(self):
        with freeze_time("2026-05-01 08:00:00"):
            answer = self._ask("2026-06-01")
        self.assertEqual(answer["customer"]["id"], self.hospital.id)
        self.assertIn("future", answer["note"])

    def test_a_batch_has_no_place(self):
        batch = self.env["stock.lot"].create({"name": "B-1", "product_id": self.reagent.id})
        with self.assertRaises(ValidationError):
            batch.device_at("2026-01-01")
        for moment in ("0001-01-01", "9999-12-31", "1899-12-31T00:00:00"):
            with self.assertRaises(UserError):
                self._ask(moment)

    def test_many_devices_cost_as_many_statements_as_two(self):
        devices = self.env["stock.lot"].create(
            [
                {
                    "name": f"MANY-{number}",
                    "product_id": self.monitor.id,
                    "origin": "legacy",
                    "customer_id": self.hospital.id,
                }
                for number in range(24)
            ]
        )

        def count(lots):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            answers = self._as("analyst", lots).device_at("2999-01-01")
            self.assertTrue(all(answer["is_known"] for answer in answers))
            return self.env.cr.sql_log_count - before

        count(devices[:2])
        few, many = count(devices[:2]), count(devices[2:])
        self.assertLessEqual(many, few + 1)

    def test_goods_in_our_house_have_a_stock_location(self):
        """Given two warehouses, the serial was in the one, then in the other, then delivered."""
        other = self.env["stock.warehouse"].create({"name": "Second House", "code": "HSE2"})
        with freeze_time("2026-05-01 08:00:00"):
            device = self._receive(["STOCKED"])
        with freeze_time("2026-05-10 08:00:00"):
            lines = [{"product_id": device.product_id.id, "lot_id": device.id}]
            moved = self._picking(self.warehouse.int_type_id, self.stock, other.lot_stock_id, lines)
            moved.button_validate()
        with freeze_time("2026-05-20 08:00:00"):
            lines = [{"product_id": device.product_id.id, "lot_id": device.id}]
            self._picking(
                self.warehouse.out_type_id, other.lot_stock_id, self.customers, lines, self.ward
            ).button_validate()
        device = self._as("analyst", device)
        first, second = self.stock.complete_name, other.lot_stock_id.complete_name
        self.assertNotEqual(first, second)
        for day, location in (
            ("2026-04-30", False),
            ("2026-05-01", first),
            ("2026-05-09", first),
            ("2026-05-11", second),
            ("2026-05-21", False),
        ):
            with self.subTest(day=day):
                answer = device.device_at(day)
                self.assertEqual(answer["location"], location)
                self.assertNotIn("location", answer["unknown"])
        self.assertEqual(answer["department"]["id"], self.ward.id)
        wizards = self._as("analyst", self.env["meddev.device.as.of"])
        with Form(wizards.with_context(default_lot_id=device.id)) as form:
            form.moment = "2026-05-11 08:00:00"
            self.assertEqual(form.location, second)

    def test_in_stock_without_a_transfer_says_that_no_location_is_recorded(self):
        device = self._as("analyst", self._device("BY-HAND", device_state="in_stock"))
        answer = device.device_at("2999-01-01")
        self.assertEqual((answer["location"], answer["unknown"][0]), (False, "location"))
        self.assertIn("No stock location", answer["note"])

    def test_who_may_not_read_the_timeline_is_told_no_location(self):
        device = self._receive(["STOCKED"])
        rights = self.env["ir.model.access"].search(
            [("model_id.model", "=", "meddev.device.event")]
        )
        rights.perm_read = False
        answer = self._as("analyst", device).device_at("2999-01-01")
        self.assertEqual((answer["state"], answer["location"]), ("in_stock", False))
