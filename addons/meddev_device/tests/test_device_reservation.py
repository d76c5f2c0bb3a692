from unittest.mock import patch

from odoo.tests import Form, freeze_time, tagged

from .common import DeviceCase


@tagged("post_install", "-at_install")
@freeze_time("2030-02-01 12:00:00")
class TestDeviceReservation(DeviceCase):
    """Core reserves nothing for a customer that must not be delivered; the rest is as it was."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.meddev_expired_policy = "block"
        # The first is the oldest, which core would take first.
        cls.bad, cls.good = cls.env["stock.lot"].create(
            [{"name": name, "product_id": cls.reagent.id} for name in ("B-BAD", "B-GOOD")]
        )
        cls.first, cls.second = cls.env["stock.lot"].create(
            [
                {"name": name, "product_id": cls.monitor.id, "origin": "own_stock"}
                for name in ("SN-1", "SN-2")
            ]
        )
        for lot, quantity, moment in (
            (cls.bad, 5, "2029-01-01"),
            (cls.good, 5, "2029-06-01"),
            (cls.first, 1, "2029-01-01"),
            (cls.second, 1, "2029-06-01"),
        ):
            cls.env["stock.quant"]._update_available_quantity(
                lot.product_id, cls.stock, quantity, lot_id=lot, in_date=moment
            )

    def _reserve(self, product, quantity=1, target=None, **vals):
        """A confirmed transfer of so many pieces, and what core reserved for it."""
        picking = (
            self.env["stock.picking"]
            .create(
                {
                    "picking_type_id": self.warehouse.out_type_id.id,
                    "location_id": self.stock.id,
                    "location_dest_id": (target or self.customers).id,
                    "move_ids": [
                        (
                            0,
                            0,
                            {
                                "product_id": product.id,
                                "product_uom_qty": quantity,
                                "location_id": self.stock.id,
                                "location_dest_id": (target or self.customers).id,
                            }
                            | vals,
                        )
                    ],
                }
            )
            .with_user(self.users["stock"])
        )
        picking.action_confirm()
        picking.action_assign()
        return picking

    def _reserved(self, *args, **kwargs):
        lines = self._reserve(*args, **kwargs).move_line_ids
        return {line.lot_id.name: line.quantity for line in lines}

    def test_a_recalled_batch_is_passed_over(self):
        self.assertEqual(self._reserved(self.reagent, 1), {"B-BAD": 1})
        self._as("quality", self.bad).recall_batch("Wrong calibrator")
        picking = self._reserve(self.reagent, 7)
        self.assertEqual(picking.move_line_ids.mapped("lot_id.name"), ["B-GOOD"])
        self.assertEqual(picking.move_line_ids.quantity, 5)
        self.assertEqual(picking.move_ids.state, "partially_available")
        picking.with_context(skip_backorder=True).button_validate()
        self.assertEqual(self.good.product_qty, 0)
        self._as("quality", self.bad).end_batch_recall("Calibrator replaced")
        self.assertEqual(self._reserved(self.reagent, 1), {"B-BAD": 1})

    def test_a_device_that_must_stay_is_passed_over(self):
        for state in ("quarantined", "recalled"):
            self.first._move_device_state(state, reason="test", check_roles=False)
            picking = self._reserve(self.monitor, 2)
            self.assertEqual(picking.move_line_ids.lot_id, self.second, state)
            picking.do_unreserve()
        self.first._move_device_state("in_stock", reason="test", check_roles=False)
        self.assertEqual(self._reserved(self.monitor, 2), {"SN-1": 1, "SN-2": 1})

    def test_expired_goods_are_passed_over_where_they_are_blocked(self):
        self.bad.expiry_date = "2030-01-31"
        self.good.expiry_date = "2030-02-01"
        self.assertEqual(self._reserved(self.reagent, 1), {"B-GOOD": 1})
        self.env.company.meddev_expired_policy = "warn"
        self.assertEqual(self._reserved(self.reagent, 1), {"B-BAD": 1})

    def test_inside_and_back_to_the_supplier_they_are_reserved(self):
        self._as("quality", self.bad).recall_batch("Wrong calibrator")
        shelf = self.env["stock.location"].create(
            {
                "name": "Blocked Shelf",
                "usage": "internal",
                "location_id": self.warehouse.view_location_id.id,
            }
        )
        for target in (shelf, self.suppliers):
            self.assertEqual(self._reserved(self.reagent, 1, target), {"B-BAD": 1})

    def test_the_first_step_of_a_delivery_passes_them_over(self):
        """Given pick and ship, the pick takes nothing that the ship would refuse."""
        self._as("quality", self.bad).recall_batch("Wrong calibrator")
        output = self.env["stock.location"].create(
            {
                "name": "Output",
                "usage": "internal",
                "location_id": self.warehouse.view_location_id.id,
            }
        )
        picked = self._reserved(self.reagent, 1, output, location_final_id=self.customers.id)
        self.assertEqual(picked, {"B-GOOD": 1})

    def test_a_quantity_that_is_typed_takes_none_of_them(self):
        self._as("quality", self.bad).recall_batch("Wrong calibrator")
        picking = self._reserve(self.reagent, 1)
        with Form(picking) as form, form.move_ids.edit(0) as move:
            move.quantity = 3
        self.assertEqual(picking.move_line_ids.lot_id, self.good)
        self.assertEqual(picking.move_ids.quantity, 3)

    def test_every_way_of_choosing_passes_them_over(self):
        self._as("quality", self.bad).recall_batch("Wrong calibrator")
        package = self.env["stock.package"].create({"name": "PACK-1"})
        self.bad.quant_ids.package_id = package
        category = self.env["product.category"].create({"name": "Reagents"})
        self.reagent.categ_id = category
        for strategy in self.env["product.removal"].search([]):
            with self.subTest(strategy=strategy.method):
                category.removal_strategy_id = strategy
                picking = self._reserve(self.reagent, 2)
                self.assertEqual(picking.move_line_ids.lot_id, self.good)
                picking.do_unreserve()

    def test_what_is_in_stock_is_counted_as_before(self):
        before = self.reagent.with_user(self.users["stock"]).free_qty
        self._as("quality", self.bad).recall_batch("Wrong calibrator")
        self.env.invalidate_all()
        self.assertEqual(self.reagent.with_user(self.users["stock"]).free_qty, before)

    def test_other_products_cost_nothing_more(self):
        """Given products without lots, or that are not medical, core looks as it always did."""
        swab, screw = self.env["product.product"].create(
            [
                self._prepare_product_vals("Swab", tracking="none"),
                self._prepare_product_vals("Screw", tracking="none", is_medical_device=False),
            ]
        )
        cable = self.env["stock.lot"].create({"name": "C-1", "product_id": self.cable.id})
        quants = self.env["stock.quant"]
        for product in (swab, screw):
            quants._update_available_quantity(product, self.stock, 5)
        quants._update_available_quantity(self.cable, self.stock, 1, lot_id=cable)
        with patch.object(
            self.registry["stock.lot"], "_get_deliverable_domain", side_effect=AssertionError
        ):
            for product in (swab, screw, self.cable):
                self.assertTrue(self._reserve(product).move_line_ids)

    def test_no_client_narrows_what_core_finds(self):
        """Given the key in a context, only our own mark does something."""
        self._as("quality", self.bad).recall_batch("Wrong calibrator")
        quants = self.env["stock.quant"].with_context(meddev_device_reservation=True)
        self.assertIn(self.bad, quants._gather(self.reagent, self.stock).lot_id)

    def test_many_lots_cost_as_many_statements_as_two(self):
        def count(number):
            lots = self.env["stock.lot"].create(
                [
                    {"name": f"N-{number}-{index}", "product_id": self.monitor.id}
                    | {"origin": "own_stock"}
                    for index in range(number)
                ]
            )
            for lot in lots:
                self.env["stock.quant"]._update_available_quantity(
                    self.monitor, self.stock, 1, lot_id=lot
                )
            moves = self.env["stock.move"].create(
                {
                    "product_id": self.monitor.id,
                    "product_uom_qty": 1,
                    "location_id": self.stock.id,
                    "location_dest_id": self.customers.id,
                }
            )
            moves._action_confirm()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            moves._action_assign()
            self.env.flush_all()
            self.assertTrue(moves.move_line_ids)
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertLessEqual(count(22), count(2) + 2)
