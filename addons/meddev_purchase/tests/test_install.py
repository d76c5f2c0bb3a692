from datetime import date

from odoo.tests import tagged

from odoo.addons.meddev_device.models import stock_lot_fill

from ..hooks import post_init_hook
from ..tools.retention import add_months
from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestInstall(PurchaseCommon):
    def test_lots_that_are_there_learn_their_origin(self):
        """Given devices received before, installing fills origin and retention by SQL."""
        order, inspection = self._receive(self._carrier("OLD-A"), self._carrier("OLD-B"))
        devices = inspection.line_ids.lot_id
        expected = devices.read(
            [
                "purchase_order_id",
                "purchase_line_id",
                "supplier_id",
                "receipt_id",
                "received_on",
                "retain_until",
            ]
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stock_lot SET purchase_order_id = NULL, purchase_line_id = NULL,"
            " supplier_id = NULL, receipt_id = NULL, purchase_date = NULL, received_on = NULL,"
            " retain_until = NULL"
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
                    "received_on",
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
        self.assertEqual(lot.retain_until, add_months(lot.received_on, 60))

    def test_typed_facts_are_not_overwritten(self):
        order, inspection = self._receive(self._carrier("OLD-C"))
        device = inspection.line_ids.lot_id
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stock_lot SET purchase_date = '2020-02-29', supplier_id = %s,"
            " receipt_id = NULL, received_on = NULL WHERE id = %s",
            [self.distributor.id, device.id],
        )
        device.invalidate_recordset()
        post_init_hook(self.env)
        self.assertEqual(device.purchase_date, date(2020, 2, 29))
        self.assertEqual(device.supplier_id, self.distributor)
        self.assertEqual(device.received_on, self.today)
        self.assertEqual(device.retain_until, add_months(self.today, 60))
        self.assertEqual(device.receipt_id, order.picking_ids)

    def test_lots_of_other_products_stay_as_they_are(self):
        self.desk.tracking = "lot"
        lot = self.env["stock.lot"].create({"name": "DESK-1", "product_id": self.desk.id})
        post_init_hook(self.env)
        self.assertFalse(lot.retain_until)
        self.assertFalse(lot.is_medical)

    def test_thousands_of_lots_are_filled_in_batches(self):
        """Given 2,500 received lots and batches of 1,000, flagging and installing take three each.

        No statement touches more lots than a batch, and every lot is filled.
        """
        self.patch(stock_lot_fill, "BATCH_SIZE", 1000)
        self.desk.write({"tracking": "serial", "service_life_months": 120})
        receipt = self._receive_by_sql(self.desk, 2500)
        self.desk.is_medical_device = True
        self._assert_filled(receipt)
        self.env.cr.execute(
            "UPDATE stock_lot SET receipt_id = NULL, retain_until = NULL WHERE product_id = %s",
            [self.desk.id],
        )
        sizes = self._record_batches()
        post_init_hook(self.env)
        self._assert_filled(receipt)
        self.assertEqual(sizes["receipt_id"], [1000, 1000, 500])
        self.assertEqual(sizes["retain_until"], [1000, 1000, 500])

    def test_lots_that_are_right_already_are_not_written_again(self):
        """Given lots with the right date, a change of the product that changes nothing is free."""
        self._receive(self._carrier("STAY-1"), self._carrier("STAY-2"))
        sizes = self._record_batches()
        self.env["stock.lot"]._fill_retention(self.monitor.product_tmpl_id)
        self.assertEqual(sizes["retain_until"], [0])

    def _receive_by_sql(self, product, count):
        """A done receipt of ``count`` lots as they lie in a database that never heard of us."""
        picking = self._order((product, 1)).picking_ids
        self.env.flush_all()
        self.env.cr.execute(
            """
            WITH lots AS (
                INSERT INTO stock_lot (name, product_id, create_date)
                SELECT 'BULK-' || n, %(product)s, NOW() FROM generate_series(1, %(count)s) n
             RETURNING id
            )
            INSERT INTO stock_move_line (
                lot_id, move_id, picking_id, product_id, product_uom_id, company_id, state,
                date, location_id, location_dest_id
            )
            SELECT lots.id, move.id, move.picking_id, move.product_id, move.product_uom,
                   move.company_id, 'done', '2026-03-01', move.location_id, move.location_dest_id
              FROM lots, stock_move move
             WHERE move.id = %(move)s
            """,
            {"product": product.id, "count": count, "move": picking.move_ids.id},
        )
        self.env.invalidate_all()
        return picking

    def _assert_filled(self, receipt):
        lots = self.env["stock.lot"].search([("product_id", "=", self.desk.id)])
        self.assertEqual(len(lots), 2500)
        self.assertEqual(lots.receipt_id, receipt)
        self.assertEqual(lots.purchase_order_id, receipt.purchase_id)
        self.assertEqual(set(lots.mapped("retain_until")), {add_months(date(2026, 3, 1), 120)})

    def _record_batches(self):
        """Row counts of the UPDATEs on lots from now on, by the column that they set."""
        sizes = {"receipt_id": [], "retain_until": []}
        cursor = self.env.cr
        execute = cursor.execute

        def record(query, *args, **kwargs):
            result = execute(query, *args, **kwargs)
            text = str(getattr(query, "code", query))
            if "UPDATE stock_lot" in text:
                for column, counts in sizes.items():
                    if f"{column} =" in text.partition("FROM")[0]:
                        counts.append(cursor.rowcount)
            return result

        self.patch(cursor, "execute", record)
        return sizes
