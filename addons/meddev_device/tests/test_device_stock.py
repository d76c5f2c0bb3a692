from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import DeviceCase


@tagged("post_install", "-at_install")
class TestDeviceStock(DeviceCase):
    """Receipt, delivery, return and scrap move devices along without retyping."""

    def test_receipt_puts_devices_in_stock(self):
        devices = self._receive(["SN-1", "SN-2"], user=self.users["stock"])
        self.assertRecordValues(
            devices,
            [
                {"device_state": "in_stock", "origin": "own_stock", "serial_conflict": False},
                {"device_state": "in_stock", "origin": "own_stock", "serial_conflict": False},
            ],
        )
        event = devices[0].event_ids.filtered(lambda event: event.kind == "stock")
        self.assertEqual(
            (event.kind, event.state_to, event.res_model), ("stock", "in_stock", "stock.picking")
        )
        self.assertEqual(event.user_id, self.users["stock"])

    def test_duplicate_serial_never_blocks_a_receipt(self):
        first = self._device("SN-1", origin="own_stock")
        devices = self._receive(["ｓｎ-1", "SN-2", "SN-3"])
        self.assertEqual(devices.mapped("serial_conflict"), [True, False, False])
        self.assertFalse(first.serial_conflict)
        self.assertIn("awaits review", devices[0].device_banner)
        review = self.env.ref("meddev_device.serial_review_action")
        self.assertIn(devices[0], self.env["stock.lot"].search(eval(review.domain)))

    def test_review_is_for_quality_and_settles_the_serial(self):
        self._device("SN-1", origin="own_stock")
        wrong, twin = self._receive(["sn-1", "SN-2"])
        self.assertTrue(wrong.serial_conflict)

        def resolve(role, device, **vals):
            wizard = self._as(role, self.env["meddev.serial.resolve"]).create(
                {"lot_id": device.id, "note": "Label read wrongly"} | vals
            )
            return wizard.action_resolve()

        with self.assertRaises(UserError):
            resolve("parts", wrong, name="SN-7")
        with self.assertRaises(UserError):
            resolve("quality", wrong, name="SN-2")
        resolve("quality", wrong, name="SN-7")
        self.assertRecordValues(wrong, [{"name": "SN-7", "serial_conflict": False}])
        self._receive(["SN-8"])
        again = self._receive(["sn -7"])
        resolve("manager", again, decision="distinct")
        self.assertTrue(again.serial_conflict)
        self.assertEqual(again.serial_review_note, "Label read wrongly")
        self.assertFalse(twin.serial_conflict)

    def test_delivery_ships_to_the_department(self):
        devices = self._receive(["SN-1"])
        self._deliver(devices, self.ward, user=self.users["stock"])
        self.assertRecordValues(
            devices,
            [
                {
                    "device_state": "shipped",
                    "customer_id": self.hospital.id,
                    "department_id": self.ward.id,
                }
            ],
        )
        self.assertTrue(devices.shipping_date)
        situation = devices.device_at("2999-01-01")
        self.assertEqual(situation["department"]["id"], self.ward.id)

    def test_blocked_devices_are_not_delivered(self):
        good, bad, worse = self._receive(["SN-1", "SN-2", "SN-3"])
        bad._move_device_state("quarantined", reason="test")
        worse._move_device_state("recalled", reason="test")
        with self.assertRaises(UserError) as caught:
            self._deliver(good | bad | worse, self.hospital)
        self.assertIn("SN-2", str(caught.exception))
        self.assertIn("SN-3", str(caught.exception))
        self.assertNotIn("SN-1", str(caught.exception))

    def test_blocked_devices_are_not_delivered_by_a_bare_move(self):
        device = self._receive(["SN-1"])
        device._move_device_state("recalled", reason="test")
        move = self.env["stock.move"].create(
            {
                "product_id": self.monitor.id,
                "location_id": self.stock.id,
                "location_dest_id": self.customers.id,
                "product_uom_qty": 1,
                "picked": True,
                "move_line_ids": [
                    (
                        0,
                        0,
                        {
                            "lot_id": device.id,
                            "quantity": 1,
                            "picked": True,
                            "product_id": self.monitor.id,
                        },
                    )
                ],
            }
        )
        with self.assertRaises(UserError):
            move._action_done()

    def test_return_of_a_fresh_device_goes_to_stock(self):
        device = self._receive(["SN-1"])
        self._deliver(device, self.hospital)
        self._give_back(device, self.hospital)
        self.assertRecordValues(device, [{"device_state": "in_stock", "customer_id": False}])

    def test_return_of_a_used_device_is_quarantined(self):
        device = self._receive(["SN-1"])
        self._deliver(device, self.hospital)
        self._accept(device)
        self._give_back(device, self.hospital)
        self.assertEqual(device.device_state, "quarantined")
        self.assertEqual(self._latest(device).old_customer_id, self.hospital)

    def test_repaired_device_returns_with_its_warranty_and_a_resold_one_without(self):
        device = self._receive(["SN-1"])
        self._deliver(device, self.ward)
        self._accept(device)
        warranty_end = device.warranty_end
        self._give_back(device, self.hospital)
        device._move_device_state("in_stock", reason="repaired")
        self._deliver(device, self.ward)
        self.assertEqual(device.warranty_end, warranty_end)
        self.assertTrue(device.acceptance_id)
        self._give_back(device, self.hospital)
        self._deliver(device, self.other_hospital)
        self.assertFalse(device.warranty_end or device.acceptance_id or device.installation_date)
        self.assertEqual(len(device.acceptance_ids), 1)

    def test_scrap_ends_the_life_of_a_device(self):
        device = self._receive(["SN-1"])
        scrap = self.env["stock.scrap"].create(
            {
                "product_id": self.monitor.id,
                "lot_id": device.id,
                "scrap_qty": 1,
                "location_id": self.stock.id,
            }
        )
        scrap.action_validate()
        self.assertEqual(device.device_state, "scrapped")
        self.assertEqual(self._latest(device).res_model, "stock.scrap")

    def test_a_step_that_does_not_fit_is_marked_and_blocks_nothing(self):
        device = self._device("SN-1", device_state="in_service", customer_id=self.hospital.id)
        self.env["stock.quant"]._update_available_quantity(
            self.monitor, self.stock, 1, lot_id=device
        )
        self._deliver(device, self.hospital)
        self.assertEqual(device.device_state, "in_service")
        self.assertTrue(self._latest(device).is_anomaly)

    def test_receiving_5000_costs_no_more_statements_than_core(self):
        """Given receipts of 5 and of 60 devices, ours adds a constant number of statements."""

        def count(number, prefix):
            picking = self._picking(
                self.warehouse.in_type_id,
                self.suppliers,
                self.stock,
                [
                    {"product_id": self.monitor.id, "lot_name": f"{prefix}{index}"}
                    for index in range(number)
                ],
            )
            lines = picking.move_line_ids
            picking.button_validate()
            self.env.flush_all()
            self.env.invalidate_all()
            lots = lines.lot_id
            lots.mapped("device_state")
            # The same lines again: the cost of ours alone.
            before = self.env.cr.sql_log_count
            lines._move_devices_along()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        few, many = count(5, "few-"), count(60, "many-")
        self.assertLessEqual(many - few, 4)

    def test_delivery_search_shows_only_what_the_user_may_see(self):
        device = self._receive(["SN-1"])
        picking = self._deliver(device, self.hospital)
        self.assertEqual(self._as("stock", device).delivery_ids.ids, picking.ids)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.users["stock"].write({"company_ids": [(6, 0, company.ids)], "company_id": company.id})
        device.product_id.product_tmpl_id.company_id = False
        self.env.flush_all()
        self.env.invalidate_all()
        foreign = device.with_user(self.users["stock"]).with_context(
            allowed_company_ids=company.ids
        )
        self.assertFalse(foreign._find_delivery_ids_by_lot_iterative()[device.id])

    def test_batches_and_other_lots_pass_by(self):
        lots = self._receive(["B1"], product=self.reagent)
        self.assertFalse({"state", "place", "stock"} & set(lots.event_ids.mapped("kind")))
        self.assertFalse(lots.device_state)
        cables = self._receive(["C1", "C2"], product=self.cable)
        self._deliver(cables, self.hospital)
        self.assertFalse(cables.event_ids or cables.customer_id)

    def test_delivery_and_return_to_supplier(self):
        device = self._receive(["SN-1"])
        picking = self._picking(
            self.warehouse.out_type_id,
            self.stock,
            self.suppliers,
            [{"product_id": self.monitor.id, "lot_id": device.id}],
        )
        picking.button_validate()
        self.assertRecordValues(device, [{"device_state": "shipped", "customer_id": False}])
