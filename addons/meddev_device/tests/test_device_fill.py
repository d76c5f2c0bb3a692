from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models import stock_lot_fill
from .common import DeviceCase


@tagged("post_install", "-at_install")
class TestDeviceFill(DeviceCase):
    """Flagging a product whose lots exist already."""

    def setUp(self):
        super().setUp()
        self.patch(stock_lot_fill, "BATCH_SIZE", 700)
        self.template = self.cable.product_tmpl_id

    def _insert_lots(self, count):
        """Lots as they lie in a database that never heard of us."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO stock_lot (name, product_id, company_id, create_date)
            SELECT CASE WHEN n %% 100 = 0 THEN ' sn-' || (n - 1) ELSE 'SN-' || n END,
                   %s, NULL, '2020-01-01'
              FROM generate_series(1, %s) n
            """,
            [self.cable.id, count],
        )
        return self.env["stock.lot"].search([("product_id", "=", self.cable.id)])

    def test_flagging_fills_thousands_by_sql(self):
        lots = self._insert_lots(3000)
        at_customer, in_stock = lots.filtered(lambda lot: lot.name in ("SN-1", "SN-2")).sorted(
            "name"
        )
        quants = self.env["stock.quant"]
        quants._update_available_quantity(self.cable, self.stock, 1, lot_id=in_stock)
        quants._update_available_quantity(self.cable, self.stock, 1, lot_id=at_customer)
        self._deliver(at_customer, self.ward)
        before = self.env.cr.sql_log_count
        self.template.write({"is_medical_device": True, "manufacturer_id": self.maker.id})
        self.env.flush_all()
        # How many there are depends on what is in the caches: the point is none for each device.
        self.assertLess(self.env.cr.sql_log_count - before, len(lots) / 10)
        self.assertRecordValues(
            at_customer,
            [
                {
                    "is_device": True,
                    "device_state": "shipped",
                    "origin": "own_stock",
                    "customer_id": self.hospital.id,
                    "department_id": self.ward.id,
                    "place_id": self.ward.id,
                }
            ],
        )
        self.assertTrue(at_customer.shipping_date)
        self.assertEqual(in_stock.device_state, "in_stock")
        legacy = lots.filtered(lambda lot: lot.name == "SN-3")
        self.assertRecordValues(
            legacy,
            [
                {
                    "device_state": "in_service",
                    "origin": "legacy",
                    "normalised_serial": "SN-3",
                    "manufacturer_id": self.maker.id,
                }
            ],
        )
        conflicts = lots.filtered("serial_conflict")
        self.assertEqual(len(conflicts), 30)
        self.assertTrue(all(lot.name.startswith(" sn-") for lot in conflicts))
        self.assertEqual(len(lots.event_ids), 3000)
        self.assertTrue(legacy.device_at("2021-01-01")["is_known"])
        self._receive(["sn-3"], product=self.cable)

    def test_flagging_twice_changes_nothing(self):
        lots = self._insert_lots(200)
        self.template.is_medical_device = True
        self.template.is_medical_device = True
        self.template.manufacturer_id = self.other_maker
        self.assertEqual(lots.manufacturer_id, self.other_maker)
        self.assertEqual(len(lots.event_ids), 200)

    def test_unflagging_is_possible_until_there_is_history(self):
        lots = self._insert_lots(200)
        self.template.is_medical_device = True
        self.template.is_medical_device = False
        self.assertFalse(any(lot.is_device or lot.device_state for lot in lots))
        self.template.is_medical_device = True
        lots[0].log_note("looked at")
        with self.assertRaises(UserError):
            self.template.is_medical_device = False
        with self.assertRaises(UserError):
            self.template.tracking = "none"

    def test_batch_lots_get_no_life_cycle(self):
        self.template.tracking = "lot"
        lots = self._insert_lots(200)
        self.template.is_medical_device = True
        self.assertTrue(all(lot.is_medical and not lot.is_device for lot in lots))
        self.assertFalse(lots.event_ids)

    def test_sql_and_python_spell_serials_alike(self):
        self.env.flush_all()
        names = ["ＳＮ－９", " a\tb ", "x–1", "ß", "①", "序列 12", "ａＢ\u200bC", "%s%%"]
        for name in names:
            self.env.cr.execute(
                "INSERT INTO stock_lot (name, product_id) VALUES (%s, %s)", [name, self.cable.id]
            )
        lots = self.env["stock.lot"].search([("product_id", "=", self.cable.id)])
        self.template.is_medical_device = True
        spelled = dict(zip(lots.ids, lots.mapped("normalised_serial"), strict=True))
        self.env.add_to_compute(lots._fields["normalised_serial"], lots)
        self.assertEqual(
            spelled, dict(zip(lots.ids, lots.mapped("normalised_serial"), strict=True))
        )
