from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.tests import Form, tagged

from ..models.guard import own_write
from .common import REAGENT_DI, PurchaseCommon


@tagged("post_install", "-at_install")
class TestInspection(PurchaseCommon):
    def test_receipt_leaves_its_origin_on_the_device(self):
        """Given a finished inspection, the device names order, supplier, receipt and date."""
        order, inspection = self._receive(self._carrier("D1"), self._carrier("D2"))
        devices = inspection.line_ids.lot_id
        self.assertEqual(inspection.state, "done")
        self.assertEqual(order.picking_ids.state, "done")
        self.assertEqual(set(devices.mapped("name")), {"D1", "D2"})
        bought_on = fields.Datetime.context_timestamp(order, order.date_approve).date()
        for device in devices:
            self.assertRecordValues(
                device,
                [
                    {
                        "purchase_order_id": order.id,
                        "purchase_line_id": order.order_line.id,
                        "supplier_id": self.maker.id,
                        "receipt_id": order.picking_ids.id,
                        "purchase_date": bought_on,
                        "received_on": self.today,
                        "device_state": "in_stock",
                        "inspection_count": 1,
                        "is_device": True,
                    }
                ],
            )
        self.assertEqual(order.order_line.qty_received, 2)
        self.assertIn("inspection", devices[0].event_ids.mapped("kind"))

    def test_finished_record_names_the_supplier(self):
        _order, inspection = self._receive(self._carrier("D3"))
        self.assertEqual(inspection.supplier_name, self.maker.name)
        self.assertIn("Kechuang", inspection.supplier_address)
        self.assertIn("京海药监械生产许可20200001号", inspection.supplier_licence)
        self.assertEqual(inspection.done_by_id, self.parts)
        self.assertRegex(inspection.name, r"^II/\d{4}/\d{5}$")

    def test_partial_delivery_leaves_a_back_order(self):
        order = self._order((self.monitor, 5))
        picking = order.picking_ids
        inspection = self._inspection(picking)
        inspection.capture("\n".join(self._carrier(f"P{number}") for number in range(3)))
        with self.assertRaisesRegex(UserError, "5 open on the order, 3 inspected, 2 missing"):
            inspection.action_confirm()
        inspection.is_partial_delivery = True
        inspection.action_confirm()
        backorder = order.picking_ids - picking
        self.assertEqual(picking.state, "done")
        self.assertEqual(backorder.move_ids.product_qty, 2)
        self.assertEqual(order.order_line.qty_received, 3)
        rest = self._inspection(backorder)
        rest.capture("\n".join(self._carrier(f"P{number}") for number in (3, 4)))
        rest.action_confirm()
        self.assertEqual(order.order_line.qty_received, 5)
        self.assertEqual(rest.line_ids.lot_id.receipt_id, backorder)

    def test_over_delivery_is_refused_with_the_difference(self):
        """Lines can be typed or imported as well: the last word is spoken at the end."""
        order = self._order((self.monitor, 1))
        inspection = self._inspection(order.picking_ids)
        inspection.line_ids = [
            Command.create({"product_id": self.monitor.id, "lot_name": name})
            for name in ("O1", "O2", "O3")
        ]
        with self.assertRaisesRegex(UserError, "1 open on the order, 3 inspected, 2 too many"):
            inspection.action_confirm()
        self.assertFalse(self.env["stock.lot"].search([("name", "in", ["O1", "O2", "O3"])]))

    def test_refused_goods_do_not_enter_the_stock(self):
        order = self._order((self.monitor, 2))
        picking = order.picking_ids
        inspection = self._inspection(picking)
        inspection.capture(self._carrier("R1"))
        inspection.capture(self._carrier("R2"), result="refused", reason="Housing broken")
        inspection.action_confirm()
        self.assertFalse(self.env["stock.lot"].search([("name", "=", "R2")]))
        self.assertEqual(order.order_line.qty_received, 1)
        backorder = order.picking_ids - picking
        self.assertEqual(backorder.move_ids.product_qty, 1)

    def test_everything_refused_keeps_the_receipt_open(self):
        order = self._order((self.monitor, 1))
        inspection = self._inspection(order.picking_ids)
        inspection.capture(self._carrier("R3"), result="refused", reason="Wet")
        inspection.action_confirm()
        self.assertEqual(inspection.state, "done")
        self.assertNotEqual(order.picking_ids.state, "done")
        again = self._inspection(order.picking_ids)
        answer = again.capture(self._carrier("R3"))
        self.assertIn(inspection.name, answer["rows"][0]["error"])
        inspection.line_ids.with_user(self.quality).decide("released", "Only the carton was wet")
        self.assertEqual(again.capture(self._carrier("R3"))["captured"], 1)
        again.action_confirm()
        self.assertEqual(order.picking_ids.state, "done")

    def test_batches_keep_lot_and_expiry_and_have_no_place(self):
        expiry = self.today + timedelta(days=400)
        order = self._order((self.reagent, 30))
        inspection = self._inspection(order.picking_ids)
        inspection.capture(
            f"{self._carrier(False, di=REAGENT_DI, expiry=expiry, lot='B1')}\t20\n"
            f"{self._carrier(False, di=REAGENT_DI, expiry=expiry, lot='B2')}\t10"
        )
        inspection.action_confirm()
        lots = inspection.line_ids.lot_id.sorted("name")
        self.assertEqual(lots.mapped("name"), ["B1", "B2"])
        self.assertEqual(lots.mapped("product_qty"), [20, 10])
        for lot in lots:
            self.assertFalse(lot.is_device)
            self.assertFalse(lot.device_state)
            self.assertFalse(lot.place_id)
            self.assertEqual(lot.expiry_date, expiry)
            self.assertEqual(lot.purchase_order_id, order)
            self.assertEqual(lot.retain_until, expiry.replace(year=expiry.year + 2))

    def test_batch_received_twice_is_one_lot(self):
        for _time in range(2):
            order = self._order((self.reagent, 5))
            inspection = self._inspection(order.picking_ids)
            inspection.capture("B9\t5\t2099-01-31", product_id=self.reagent.id)
            inspection.action_confirm()
        lot = inspection.line_ids.lot_id
        self.assertEqual(lot.product_qty, 10)
        self.assertEqual(lot.inspection_count, 2)
        self.assertEqual(lot.purchase_order_id, order)

    def test_mixed_receipt_takes_other_goods_along(self):
        """Goods that are no medical devices are received as core does, without lines."""
        order = self._order((self.monitor, 1), (self.desk, 4), (self.swab, 100))
        inspection = self._inspection(order.picking_ids)
        self.assertEqual(inspection.product_ids, self.monitor + self.swab)
        inspection.capture(self._carrier("X1"))
        inspection.line_ids = [Command.create({"product_id": self.swab.id, "quantity": 100})]
        inspection.action_confirm()
        self.assertEqual(order.picking_ids.state, "done")
        self.assertEqual(order.order_line.mapped("qty_received"), [1, 4, 100])

    def test_two_order_lines_of_one_product_are_filled_in_turn(self):
        order = self._order((self.monitor, 2), (self.monitor, 3))
        inspection = self._inspection(order.picking_ids)
        inspection.capture("\n".join(self._carrier(f"T{number}") for number in range(5)))
        inspection.action_confirm()
        self.assertEqual(sorted(order.order_line.mapped("qty_received")), [2, 3])
        self.assertEqual(
            sorted(
                len(lines) for lines in inspection.line_ids.grouped("purchase_line_id").values()
            ),
            [2, 3],
        )

    def test_fractions_that_add_up_are_the_same_goods(self):
        """Given order lines whose sum misses the inspected quantity by a hair, it is received."""
        for first, second in ((0.1, 0.2), (1.1, 2.2)):
            order = self._order((self.reagent, first), (self.reagent, second))
            inspection = self._inspection(order.picking_ids)
            row = f"FRACTION-{first}\t{round(first + second, 2)}"
            inspection.capture(row, product_id=self.reagent.id)
            self.assertNotIn("text-danger", inspection.reconciliation)
            inspection.action_confirm()
            self.assertEqual(order.picking_ids.state, "done")

    def test_other_unit_of_purchase(self):
        """Given a dozen ordered, twelve serials reconcile."""
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self._order((self.monitor, 1), confirm=False)
        order.order_line.product_uom_id = dozen
        order.button_confirm()
        inspection = self._inspection(order.picking_ids)
        inspection.capture("\n".join(self._carrier(f"U{number}") for number in range(12)))
        inspection.action_confirm()
        self.assertEqual(order.order_line.qty_received, 1)
        self.assertEqual(len(inspection.line_ids.lot_id), 12)

    def test_device_sent_back_to_its_supplier_may_come_again(self):
        order, inspection = self._receive(self._carrier("BACK-1"))
        device = inspection.line_ids.lot_id
        picking = order.picking_ids
        wizard = Form(
            self.env["stock.return.picking"].with_context(
                active_id=picking.id, active_model="stock.picking"
            )
        ).save()
        wizard.product_return_moves.quantity = 1
        back = wizard._create_return()
        back.move_ids.move_line_ids.lot_id = device
        back.move_ids.picked = True
        back.button_validate()
        self.assertEqual(back.state, "done")
        again = self._inspection(self._order((self.monitor, 1)).picking_ids)
        answer = again.capture(self._carrier("BACK-1"))
        self.assertEqual(answer["captured"], 1, answer)
        again.action_confirm()
        self.assertEqual(again.line_ids.lot_id, device)
        self.assertEqual(device.inspection_count, 2)

    # Core's own button

    def test_core_validate_leads_to_the_inspection(self):
        picking = self._order((self.monitor, 1)).picking_ids
        picking.move_ids.move_line_ids.lot_name = "CORE-1"
        for user in (self.env.user, self.stocker):
            with self.assertRaises(RedirectWarning) as refusal:
                picking.with_user(user).button_validate()
            self.assertIn(picking.name, refusal.exception.args[0])
            action = refusal.exception.args[1]
            self.assertEqual(action["res_model"], "meddev.incoming.inspection")
            self.assertEqual(action["context"]["default_picking_id"], picking.id)
        self.assertNotEqual(picking.state, "done")

    def test_no_context_and_no_shortcut_gets_round_the_inspection(self):
        picking = self._order((self.monitor, 1)).picking_ids
        picking.move_ids.move_line_ids.lot_name = "CORE-2"
        picking.move_ids.picked = True
        keys = ("meddev_purchase_own_write", "skip_backorder", "skip_sanity_check", "force")
        smuggled = picking.with_context(**dict.fromkeys(keys, True))
        with self.assertRaises(RedirectWarning):
            smuggled.button_validate()
        with self.assertRaises(RedirectWarning):
            smuggled._action_done()
        with self.assertRaises(RedirectWarning):
            smuggled.move_ids._action_done()

    def test_receipt_with_other_goods_than_inspected_is_refused(self):
        """Given an inspection that is finished, a further serial cannot slip into its receipt."""
        order = self._order((self.monitor, 2))
        inspection = self._inspection(order.picking_ids)
        inspection.capture(self._carrier("SLIP-1"))
        inspection.line_ids._assign_lots()
        own_write(inspection).state = "done"
        move = order.picking_ids.move_ids
        move.move_line_ids[0].lot_id = inspection.line_ids.lot_id
        move.move_line_ids[1].lot_name = "SLIP-2"
        move.picked = True
        with self.assertRaisesRegex(UserError, "other goods"):
            order.picking_ids.button_validate()

    def test_finished_receipt_is_not_topped_up(self):
        order, inspection = self._receive(self._carrier("TOP-1"))
        picking = order.picking_ids
        picking.is_locked = False
        other = self.env["stock.lot"].create({"name": "TOP-2", "product_id": self.monitor.id})
        with self.assertRaisesRegex(UserError, "finished"):
            self.env["stock.move.line"].create(
                {
                    "picking_id": picking.id,
                    "move_id": picking.move_ids.id,
                    "product_id": self.monitor.id,
                    "lot_id": other.id,
                    "quantity": 1,
                    "location_id": picking.location_id.id,
                    "location_dest_id": picking.location_dest_id.id,
                }
            )
        with self.assertRaisesRegex(UserError, "finished"):
            picking.move_line_ids.quantity = 2
        self.assertEqual(inspection.line_ids.lot_id.product_qty, 1)

    def test_optional_inspection_lets_core_receive(self):
        """With the setting off, core's receipt works and still leaves the origin."""
        self.company.meddev_inspection_policy = "optional"
        order = self._order((self.monitor, 1))
        picking = order.picking_ids
        picking.move_ids.move_line_ids.lot_name = "OPT-1"
        picking.with_user(self.stocker).button_validate()
        device = picking.move_line_ids.lot_id
        self.assertEqual(picking.state, "done")
        self.assertEqual(device.purchase_order_id, order)
        self.assertEqual(device.supplier_id, self.maker)
        self.assertIn("purchase", device.event_ids.mapped("kind"))

    def test_other_products_are_received_as_before(self):
        picking = self._order((self.desk, 3)).picking_ids
        self.assertFalse(picking.is_medical_receipt)
        picking.with_user(self.stocker).button_validate()
        self.assertEqual(picking.state, "done")
        with self.assertRaises(ValidationError):
            self._inspection(self._order((self.desk, 1)).picking_ids)

    # Evidence

    def test_finished_record_is_frozen_for_everyone(self):
        _order, inspection = self._receive(self._carrier("FRZ-1"))
        line = inspection.line_ids
        for user in (self.parts, self.env.ref("base.user_admin"), self.env.ref("base.user_root")):
            for records, vals in (
                (inspection, {"inspected_on": "2020-01-01"}),
                (inspection, {"state": "draft"}),
                (inspection, {"supplier_name": "Another"}),
                (line, {"expiry_date": "2099-01-01"}),
                (line, {"decision": "released"}),
                (line, {"lot_name": "FRZ-2"}),
            ):
                with self.assertRaises(UserError, msg=vals):
                    records.with_user(user).sudo().write(vals)
        with self.assertRaises(UserError):
            line.sudo().unlink()
        with self.assertRaises(UserError):
            inspection.sudo().unlink()
        with self.assertRaises(UserError):
            inspection.sudo().line_ids = [Command.create({"product_id": self.monitor.id})]
        smuggled = line.sudo().with_context(meddev_purchase_own_write=True)
        with self.assertRaises(UserError):
            smuggled.write({"lot_name": "FRZ-3"})
        inspection.message_post(body="A remark is no change of the record")

    def test_record_keeps_what_the_product_was(self):
        _order, inspection = self._receive(self._carrier("KEEP-1"))
        self.monitor.write({"device_model": "MX9", "name": "New Monitor"})
        self.assertEqual(inspection.line_ids.device_model, "MX8")
        self.assertEqual(inspection.line_ids.device_name, "Patient Monitor")

    def test_state_is_not_given_by_hand(self):
        inspection = self._inspection(self._order((self.monitor, 1)).picking_ids)
        for vals in ({"state": "done"}, {"name": "X"}, {"done_by_id": self.parts.id}):
            with self.assertRaises(UserError):
                inspection.write(vals)
        other = (
            self.env["meddev.incoming.inspection"]
            .with_user(self.parts)
            .create(
                {
                    "picking_id": self._order((self.monitor, 1)).picking_ids.id,
                    "state": "done",
                    "name": "II/1",
                }
            )
        )
        self.assertEqual(other.state, "draft")
        self.assertNotEqual(other.name, "II/1")

    def test_where_a_device_came_from_is_not_typed(self):
        order, inspection = self._receive(self._carrier("ORG-1"))
        device = inspection.line_ids.lot_id
        other = self._order((self.monitor, 1))
        for vals in (
            {"purchase_order_id": other.id},
            {"receipt_id": other.picking_ids.id},
            {"purchase_order_id": False},
            {"supplier_id": self.distributor.id},
            {"purchase_date": "2020-01-01"},
            {"purchase_date": False},
        ):
            with self.assertRaises(UserError):
                device.write(vals)
        device.write({"supplier_id": self.maker.id, "purchase_date": device.purchase_date})
        with self.assertRaises(UserError):
            self.env["stock.lot"].create(
                {"name": "ORG-2", "product_id": self.monitor.id, "receipt_id": order.picking_ids.id}
            )

    def test_one_inspection_under_way_per_receipt(self):
        picking = self._order((self.monitor, 1)).picking_ids
        action = picking.with_user(self.parts).action_inspect()
        self.assertEqual(picking.with_user(self.parts).action_inspect()["res_id"], action["res_id"])
        self.assertEqual(len(picking.inspection_ids), 1)

    def test_numbers_run_per_company_without_gaps(self):
        picking = self._order((self.monitor, 1)).picking_ids
        numbers = []
        for _time in range(2):
            inspection = self._inspection(picking)
            numbers.append(int(inspection.name.rpartition("/")[2]))
            inspection.action_cancel()
        self.assertEqual(numbers[1], numbers[0] + 1)
        other = self.env["res.company"].create({"name": "Counting Company"})
        sequences = self.env["ir.sequence"].search(
            [("code", "=", "meddev.incoming.inspection"), ("company_id", "=", other.id)]
        )
        self.assertEqual((len(sequences), sequences.implementation), (1, "no_gap"))
        sequence = self.env["ir.sequence"].with_company(other)
        number = sequence.next_by_code("meddev.incoming.inspection")
        self.assertTrue(number.endswith("/00001"), number)

    def test_cancelled_inspection_can_be_started_again(self):
        picking = self._order((self.monitor, 1)).picking_ids
        inspection = self._inspection(picking)
        inspection.action_cancel()
        self.assertEqual(inspection.state, "cancelled")
        self.assertEqual(self._inspection(picking).state, "draft")
        with self.assertRaises(UserError):
            inspection.note = "changed"

    def test_dates_are_checked(self):
        inspection = self._inspection(self._order((self.monitor, 1)).picking_ids)
        with self.assertRaisesRegex(ValidationError, "arrive"):
            inspection.inspected_on = self.today - timedelta(days=2)
        with self.assertRaisesRegex(ValidationError, "future"):
            inspection.inspected_on = self.today + timedelta(days=1)
        with self.assertRaisesRegex(ValidationError, "produced"):
            inspection.line_ids = [
                Command.create(
                    {
                        "product_id": self.monitor.id,
                        "lot_name": "DT",
                        "production_date": "2026-05-01",
                        "expiry_date": "2026-04-01",
                    }
                )
            ]

    def test_typed_line_goes_through_the_same_checks(self):
        """Given an expired serial typed into the form, finishing names line and remedy."""
        inspection = self._inspection(self._order((self.monitor, 1)).picking_ids)
        inspection.line_ids = [
            Command.create(
                {
                    "product_id": self.monitor.id,
                    "lot_name": "TYPED",
                    "expiry_date": self.today - timedelta(days=3),
                }
            )
        ]
        with self.assertRaisesRegex(UserError, "TYPED: It expired on"):
            inspection.action_confirm()

    def test_reason_is_required_at_the_end(self):
        inspection = self._inspection(self._order((self.monitor, 1)).picking_ids)
        inspection.line_ids = [
            Command.create(
                {"product_id": self.monitor.id, "lot_name": "NR", "result": "quarantined"}
            )
        ]
        with self.assertRaisesRegex(UserError, "Reason.*NR"):
            inspection.action_confirm()

    def test_form_as_the_parts_keeper_types_it(self):
        picking = self._order((self.monitor, 1)).picking_ids
        inspection = self._inspection(picking)
        with Form(inspection) as form:
            form.transport_condition = "2-8 °C"
            with form.line_ids.new() as line:
                line.product_id = self.monitor
                line.udi_carrier = self._carrier("FORM-1")
                self.assertEqual(line.lot_name, "FORM-1")
        inspection.action_confirm()
        self.assertEqual(picking.state, "done")
