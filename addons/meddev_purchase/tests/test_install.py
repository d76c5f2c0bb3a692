from datetime import date

from odoo.tests import tagged

from ..hooks import _fill_origin, _fill_retention, post_init_hook
from ..tools.retention import add_years
from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestInstall(PurchaseCommon):
    def test_lots_that_are_there_learn_their_origin(self):
        """Given devices received before, installing fills origin and retention by SQL."""
        order, inspection = self._receive(self._carrier("OLD-A"), self._carrier("OLD-B"))
        devices = inspection.line_ids.lot_id
        expected = devices.read(
            ["purchase_order_id", "purchase_line_id", "supplier_id", "receipt_id", "retain_until"]
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stock_lot SET purchase_order_id = NULL, purchase_line_id = NULL,"
            " supplier_id = NULL, receipt_id = NULL, purchase_date = NULL, retain_until = NULL"
            " WHERE id = ANY(%s)",
            [devices.ids],
        )
        devices.invalidate_recordset()
        post_init_hook(self.env)
        self.assertEqual(
            devices.read(
                [
                    "purchase_order_id",
                    "purchase_line_id",
                    "supplier_id",
                    "receipt_id",
                    "retain_until",
                ]
            ),
            expected,
        )
        self.assertEqual(devices.purchase_order_id, order)

    def test_product_flagged_after_the_purchase(self):
        """A serial bought as ordinary goods learns order, supplier, receipt and retention."""
        self.desk.tracking = "serial"
        order = self._order((self.desk, 1))
        picking = order.picking_ids
        picking.move_ids.move_line_ids.lot_name = "LATE-1"
        picking.with_user(self.stocker).button_validate()
        lot = picking.move_line_ids.lot_id
        self.assertFalse(lot.purchase_order_id)
        self.desk.is_medical_device = True
        self.assertEqual(lot.device_state, "in_stock")
        self.assertEqual(lot.purchase_order_id, order)
        self.assertEqual(lot.supplier_id, self.maker)
        self.assertEqual(lot.receipt_id, picking)
        self.assertEqual(lot.retain_until, add_years(lot.purchase_date, 5))

    def test_typed_facts_are_not_overwritten(self):
        order, inspection = self._receive(self._carrier("OLD-C"))
        device = inspection.line_ids.lot_id
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stock_lot SET purchase_date = '2020-02-29', supplier_id = %s WHERE id = %s",
            [self.distributor.id, device.id],
        )
        _fill_origin(self.env, device.id, device.id)
        _fill_retention(self.env, device.id, device.id)
        device.invalidate_recordset()
        self.assertEqual(device.purchase_date, date(2020, 2, 29))
        self.assertEqual(device.supplier_id, self.distributor)
        self.assertEqual(device.retain_until, date(2025, 2, 28))
        self.assertEqual(device.receipt_id, order.picking_ids)

    def test_lots_of_other_products_stay_as_they_are(self):
        self.desk.tracking = "lot"
        lot = self.env["stock.lot"].create({"name": "DESK-1", "product_id": self.desk.id})
        post_init_hook(self.env)
        self.assertFalse(lot.retain_until)
        self.assertFalse(lot.is_medical)
