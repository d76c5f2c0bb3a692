from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DeviceCase
from .test_device_identity import CARRIER


@tagged("post_install", "-at_install")
class TestDeviceLoad(DeviceCase):
    """Batch loading: good rows stay, bad rows say why."""

    def _load(self, rows, role="intake"):
        return self._as(role, self.env["stock.lot"]).load_devices(rows)

    def _refused(self, field, **row):
        """The error of a single bad row between two good ones."""
        good = {"udi_di": "06901234567892"}
        count = self.env["stock.lot"].search_count([("product_id", "=", self.monitor.id)])
        results = self._load([good | {"serial": f"G{count}"}, row, good | {"serial": f"H{count}"}])
        self.assertEqual([r["status"] for r in results], ["created", "refused", "created"])
        self.assertEqual((results[1]["row"], results[1]["field"]), (2, field))
        self.assertIn("Row 2", results[1]["error"])
        return results[1]["error"]

    def test_rows_become_devices_and_again_nothing(self):
        rows = [
            {
                "udi_carrier": CARRIER,
                "serial": "MX8-000123",
                "manufacturer": "test maker",
                "customer": "Test Hospital",
                "department": "Ward",
                "room": "Room 12",
                "purchase_date": "2025-01-01",
                "shipping_date": "2025-02-01",
                "firmware_version": "3.1",
                "alias": "A-1",
            },
            {"product_code": "TM-1", "serial": "MX8-2", "row": 77},
            {"product": "Test Monitor", "serial": "MX8-3", "device_state": "installed"},
        ]
        results = self._load(rows)
        self.assertEqual([r["status"] for r in results], ["created"] * 3)
        self.assertEqual([r["row"] for r in results], [1, 77, 3])
        device = self.env["stock.lot"].browse(results[0]["id"])
        self.assertRecordValues(
            device,
            [
                {
                    "udi_di": "06901234567892",
                    "room_id": self.room.id,
                    "firmware_version": "3.1",
                    "origin": "legacy",
                }
            ],
        )
        events = len(device.event_ids)
        again = self._load(rows)
        self.assertEqual([r["status"] for r in again], ["unchanged"] * 3)
        self.assertEqual([r["id"] for r in again], [r["id"] for r in results])
        self.assertEqual(len(device.event_ids), events)
        changed = self._load(
            [
                {
                    "product_code": "TM-1",
                    "serial": "ｍｘ8-000123",
                    "firmware_version": "3.2",
                    "purchase_date": "2025-01-02",
                }
            ]
        )
        self.assertEqual(changed[0]["status"], "updated")
        self.assertEqual(device.firmware_version, "3.2")

    def test_unknown_product(self):
        self.assertIn(
            "04012345678901", self._refused("udi_di", udi_di="04012345678901", serial="X")
        )
        self._refused("product", product="No Such Thing", serial="X")
        self._refused("product", serial="X")
        self._refused("product", product="Test Cable", serial="X")

    def test_serial_of_another_maker(self):
        error = self._refused(
            "manufacturer", udi_di="06901234567892", serial="X", manufacturer="Other Maker"
        )
        self.assertIn("Test Maker", error)

    def test_duplicate_in_the_file(self):
        results = self._load([{"product_code": "TM-1", "serial": s} for s in ("SN-1", "sn -1")])
        self.assertEqual([r["status"] for r in results], ["created", "refused"])
        self.assertEqual(results[1]["field"], "serial")

    def test_bad_values_name_their_field(self):
        base = {"udi_di": "06901234567892", "serial": "X"}
        self._refused("udi_carrier", **base, udi_carrier="0" * 300)
        self._refused("udi_carrier", udi_carrier=CARRIER, serial="Y")
        self._refused("shipping_date", **base, shipping_date="31.02.2025")
        self._refused(
            "acceptance_date", **base, shipping_date="2025-02-01", acceptance_date="2025-01-01"
        )
        self._refused("device_state", **base, device_state="broken")
        self._refused("device_state", **base, device_state="scrapped")
        self._refused("customer", **base, customer="Nowhere Hospital")
        self._refused("department", **base, customer="Test Hospital", department="Other Ward")
        self._refused("colour", **base, colour="red")
        self._refused("serial", udi_di="06901234567892", serial=" ")
        self._refused("serial", udi_di="06901234567892", serial="A\x00B")
        self._refused("alias", **base, alias="\ud800")
        self._refused("serial", udi_di="06901234567892", serial={"a": 1})

    def test_dates_as_people_write_them(self):
        user = self.users["intake"]
        user.tz = "Asia/Shanghai"
        spellings = ("2026/3/1", 20260301, "46082", "2026-03-01 00:00:00", "2026-02-28T16:00:00Z")
        results = self._load(
            [
                {"product_code": "TM-1", "serial": f"D-{index}", "shipping_date": value}
                for index, value in enumerate(spellings)
            ]
        )
        devices = self.env["stock.lot"].browse([result["id"] for result in results])
        self.assertEqual({str(device.shipping_date) for device in devices}, {"2026-03-01"})
        for value in ("2026-02-30", "03/04/2026", "2026-03-01x", 12, [2026], "2026-13-01"):
            error = self._refused(
                "shipping_date", product_code="TM-1", serial="X", shipping_date=value
            )
            self.assertIn("Shipping Date", error)

    def test_one_bad_row_in_a_thousand(self):
        rows = [{"udi_di": "06901234567892", "serial": f"T-{n}"} for n in range(1000)]
        # An alias that is taken: only creating it tells.
        self.env["meddev.device.alias"].create({"lot_id": self._device("OLD").id, "value": "A-1"})
        rows[612]["alias"] = "ａ-1"
        results = self._load(rows)
        refused = [r for r in results if r["status"] == "refused"]
        self.assertEqual([r["row"] for r in refused], [613])
        self.assertEqual(refused[0]["field"], "alias")
        self.assertIn("names device OLD", refused[0]["error"])
        self.assertEqual(
            self.env["stock.lot"].search_count([("normalised_serial", "=like", "T-%")]), 999
        )
        self.assertFalse(self.env["stock.lot"].search([("name", "=", "T-612")]))

    def test_a_bad_update_changes_nothing_of_its_row(self):
        device = self._device("SN-1", shipping_date="2025-03-01")
        results = self._load(
            [
                {
                    "product_code": "TM-1",
                    "serial": "SN-1",
                    "batch_number": "B9",
                    "installation_date": "2025-02-01",
                    "firmware_version": "9",
                }
            ]
        )
        self.assertEqual(results[0]["status"], "refused")
        self.assertEqual(results[0]["field"], "installation_date")
        self.assertFalse(device.batch_number or device.firmware_version)

    def test_loading_needs_the_right(self):
        for role in ("engineer", "dispatcher", "auditor"):
            with self.assertRaises(AccessError):
                self._load([{"product_code": "TM-1", "serial": "SN-1"}], role=role)
        for rows in ("text", {"serial": "SN-1"}):
            with self.assertRaises(UserError):
                self._load(rows)

    def test_statements_do_not_grow_with_the_rows(self):
        def count(number, prefix):
            rows = [
                {"udi_di": "06901234567892", "serial": f"{prefix}-{n}", "customer": "Test Hospital"}
                for n in range(number)
            ]
            before = self.env.cr.sql_log_count
            self._load(rows)
            return self.env.cr.sql_log_count - before

        count(2, "warm")
        self.assertLessEqual(count(120, "many") - count(10, "few"), 10)

    def test_core_import_names_row_and_field(self):
        lots = self._as("intake", self.env["stock.lot"])
        fields_ = ["name", "product_id", "origin", "shipping_date", "acceptance_date"]
        rows = [
            ["I-1", "Test Monitor", "Sold Before Go-Live", "2025-01-01", ""],
            ["I-2", "Test Monitor", "Sold Before Go-Live", "2025-02-01", "2025-01-01"],
        ]
        result = lots.load(fields_, [list(row) for row in rows])
        # Core puts the error of the whole batch first, then those of single rows.
        message = result["messages"][-1]
        self.assertEqual(message["rows"], {"from": 1, "to": 1})
        self.assertIn("I-2", message["message"])
        self.assertIn("Acceptance Date", message["message"])
        self.assertFalse(result["ids"])
        result = lots.load(fields_, [list(rows[0]), ["i-1", *rows[0][1:]]])
        self.assertIn("recorded already", str(result["messages"]))
