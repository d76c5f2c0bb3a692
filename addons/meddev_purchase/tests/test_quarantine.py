from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestQuarantine(PurchaseCommon):
    def _quarantine(self, *serials, location=None):
        self.company.meddev_quarantine_location_id = location
        order = self._order((self.monitor, len(serials)))
        inspection = self._inspection(order.picking_ids)
        inspection.capture(
            "\n".join(map(self._carrier, serials)), result="quarantined", reason="No certificate"
        )
        inspection.action_confirm()
        return inspection

    def _location(self):
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        return self.env["stock.location"].create(
            {"name": "Quarantine", "location_id": warehouse.view_location_id.id}
        )

    def test_quarantined_device_is_in_quarantine(self):
        inspection = self._quarantine("Q1")
        device = inspection.line_ids.lot_id
        self.assertEqual(device.device_state, "quarantined")
        self.assertTrue(device.is_quarantined)
        event = device.event_ids.filtered(lambda event: event.state_to == "quarantined")
        self.assertEqual(event.summary, "No certificate")
        self.assertEqual(event.user_id, self.parts)

    def test_quarantined_device_is_put_in_its_location(self):
        location = self._location()
        device = self._quarantine("Q2", location=location).line_ids.lot_id
        self.assertEqual(device.location_id, location)

    def test_release_by_quality(self):
        """Given quarantine with a place of its own, release moves and frees the device."""
        inspection = self._quarantine("Q3", location=self._location())
        line, device = inspection.line_ids, inspection.line_ids.lot_id
        wizard = Form(
            self.env["meddev.quarantine.decide"]
            .with_user(self.quality)
            .with_context(default_line_ids=line.ids)
        )
        wizard.decision = "released"
        wizard.reason = "Certificate came by mail"
        wizard.save().action_decide()
        self.assertEqual(device.device_state, "in_stock")
        self.assertEqual(device.location_id, inspection.picking_id.location_dest_id)
        self.assertRecordValues(
            line,
            [
                {
                    "decision": "released",
                    "decision_reason": "Certificate came by mail",
                    "decided_by_id": self.quality.id,
                    "result": "quarantined",
                }
            ],
        )
        with self.assertRaisesRegex(UserError, "already"):
            line.with_user(self.quality).decide("refused", "Changed my mind")

    def test_refusal_by_quality_keeps_the_device_quarantined(self):
        line = self._quarantine("Q4").line_ids
        line.with_user(self.quality).decide("refused", "Counterfeit")
        self.assertEqual(line.lot_id.device_state, "quarantined")
        self.assertEqual(line.decision, "refused")

    def test_only_quality_decides(self):
        line = self._quarantine("Q5").line_ids
        for user in (self.parts, self.manager, self.engineer, self.stocker, self.buyer):
            with self.assertRaises(AccessError, msg=user.login):
                line.with_user(user).decide("released", "Looks good")
            with self.assertRaises(AccessError, msg=user.login):
                line.with_user(user).action_decide()
        self.assertFalse(line.with_user(self.parts).can_be_decided)
        self.assertTrue(line.with_user(self.quality).can_be_decided)

    def test_decision_needs_a_reason_and_a_known_word(self):
        line = self._quarantine("Q6").line_ids.with_user(self.quality)
        for decision, reason in (("released", " "), ("released", None), ("maybe", "why")):
            with self.assertRaises(UserError):
                line.decide(decision, reason)

    def test_decision_is_not_taken_with_the_line(self):
        """Given a line that is created with its own release, the release is not taken over."""
        inspection = self._inspection(self._order((self.monitor, 1)).picking_ids)
        line = (
            self.env["meddev.incoming.inspection.line"]
            .with_user(self.parts)
            .create(
                {
                    "inspection_id": inspection.id,
                    "product_id": self.monitor.id,
                    "lot_name": "Q8",
                    "result": "quarantined",
                    "reason": "x",
                    "decision": "released",
                    "decision_reason": "mine",
                    "decided_by_id": self.quality.id,
                }
            )
        )
        self.assertFalse(line.decision or line.decision_reason or line.decided_by_id)

    def test_accepted_goods_are_not_decided(self):
        _order, inspection = self._receive(self._carrier("Q7"))
        with self.assertRaises(UserError):
            inspection.line_ids.with_user(self.quality).decide("refused", "Too late")

    def test_batches_need_a_quarantine_location(self):
        order = self._order((self.reagent, 5))
        inspection = self._inspection(order.picking_ids)
        inspection.capture(
            "QB\t5", product_id=self.reagent.id, result="quarantined", reason="Too warm"
        )
        with self.assertRaisesRegex(UserError, "Quarantine Location"):
            inspection.action_confirm()
        location = self.company.meddev_quarantine_location_id = self._location()
        inspection.action_confirm()
        lot = inspection.line_ids.lot_id
        self.assertEqual(lot.location_id, location)
        inspection.line_ids.with_user(self.quality).decide("released", "Logger shows 6 °C")
        self.assertEqual(lot.location_id, order.picking_ids.location_dest_id)

    def _lie_in_quarantine(self, parent):
        """Four pieces of a batch and of a product without numbers, released goods beside them."""
        stock = self._stock()
        location = self.env["stock.location"].create(
            {"name": "Quarantine", "location_id": parent.id}
        )
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": location.id})
        self.company.meddev_quarantine_location_id = location
        self.held, self.good = self.env["stock.lot"].create(
            [{"name": name, "product_id": self.reagent.id} for name in ("HELD-1", "GOOD-1")]
        )
        quants = self.env["stock.quant"]
        for product, place, lot, moment in (
            (self.reagent, shelf, self.held, "2020-01-01"),
            (self.reagent, stock, self.good, "2021-01-01"),
            (self.swab, shelf, self.env["stock.lot"], "2020-01-01"),
        ):
            quants._update_available_quantity(product, place, 4, lot_id=lot, in_date=moment)
        return shelf

    def _stock(self):
        warehouses = self.env["stock.warehouse"]
        return warehouses.search([("company_id", "=", self.company.id)], limit=1).lot_stock_id

    def _deliver(self, product, target=None, **vals):
        customers = self.env.ref("stock.stock_location_customers")
        places = {"location_id": self._stock().id, "location_dest_id": (target or customers).id}
        move = {"product_id": product.id, "product_uom_qty": 1, **places, **vals}
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self._stock().warehouse_id.out_type_id.id,
                "move_ids": [Command.create(move)],
                **places,
            }
        )
        picking = picking.with_user(self.stocker)
        picking.action_confirm()
        picking.action_assign()
        return picking

    def test_what_lies_in_quarantine_is_reserved_for_no_customer(self):
        """Given quarantine inside of the stock, core takes from it for a supplier alone."""
        self._lie_in_quarantine(self._stock())
        self.assertEqual(self._deliver(self.reagent).move_line_ids.lot_id, self.good)
        self.assertFalse(self._deliver(self.swab).move_line_ids)
        output = self._stock().warehouse_id.wh_output_stock_loc_id
        final = self.env.ref("stock.stock_location_customers").id
        picked = self._deliver(self.reagent, output, location_final_id=final)
        self.assertEqual(picked.move_line_ids.lot_id, self.good)
        suppliers = self.env.ref("stock.stock_location_suppliers")
        self.assertEqual(self._deliver(self.reagent, suppliers).move_line_ids.lot_id, self.held)

    def test_what_lies_in_quarantine_is_picked_by_nobody(self):
        """Given quarantine beside the stock, who picks from it by hand is told what to do."""
        shelf = self._lie_in_quarantine(self._stock().warehouse_id.view_location_id)
        output = self._stock().warehouse_id.wh_output_stock_loc_id
        final = {"location_final_id": self.env.ref("stock.stock_location_customers").id}
        for product, lot, target, vals in (
            (self.reagent, self.held, None, {}),
            (self.swab, self.env["stock.lot"], None, {}),
            (self.reagent, self.held, output, final),
        ):
            picking = self._deliver(product, target, **vals)
            picking.move_line_ids.unlink()
            picking.move_ids.move_line_ids = [
                Command.create(
                    {
                        "product_id": product.id,
                        "lot_id": lot.id,
                        "location_id": shelf.id,
                        "quantity": 1,
                        "picked": True,
                    }
                )
            ]
            message = rf"{product.name} {lot.name or ''}.*Quarantine/Shelf.*quality specialist"
            with self.assertRaisesRegex(UserError, message):
                picking.button_validate()
            with self.assertRaisesRegex(UserError, message):
                picking.move_ids._action_done()
        quants = self.env["stock.quant"].search([("lot_id", "=", self.held.id)])
        quants.move_quants(location_dest_id=self._stock(), message="Released")
        self.assertEqual(self._deliver(self.reagent).move_line_ids.lot_id, self.held)
