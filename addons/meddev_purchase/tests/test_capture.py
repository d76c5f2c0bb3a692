from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import MONITOR_DI, REAGENT_CARTON_DI, REAGENT_DI, PurchaseCommon, gtin


@tagged("post_install", "-at_install")
class TestCapture(PurchaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._order((cls.monitor, 10), (cls.reagent, 50))
        cls.inspection = cls._inspection(cls.order.picking_ids)

    def _capture(self, *rows, **options):
        return self.inspection.capture("\n".join(rows), **options)

    def _assert_refused(self, row, field, *words, **options):
        answer = self._capture(row, **options)
        self.assertEqual((answer["captured"], answer["refused"]), (0, 1), answer)
        self.assertEqual(answer["rows"][0]["field"], field, answer)
        for word in words:
            self.assertIn(word, answer["rows"][0]["error"])

    def test_carrier_fills_the_line(self):
        """Given a carrier with serial and dates, the line holds every part of it."""
        expiry = self.today + timedelta(days=500)
        carrier = f"(01){MONITOR_DI}(11)250131(17){expiry:%y%m%d}(10)B7(21)SN-1"
        answer = self._capture(carrier)
        line = self.inspection.line_ids
        self.assertEqual(answer["rows"][0]["line_id"], line.id)
        self.assertRecordValues(
            line,
            [
                {
                    "product_id": self.monitor.id,
                    "lot_name": "SN-1",
                    "batch_number": "B7",
                    "udi_issuer": "gs1",
                    "udi_di": MONITOR_DI,
                    "udi_carrier": carrier,
                    "udi_check_status": "ok",
                    "expiry_date": expiry,
                    "quantity": 1,
                    "result": "accepted",
                    "device_model": "MX8",
                    "specification": "12 inch",
                    "registration_number": "国械注准20203070123",
                    "holder_name": self.maker.name,
                    "manufacturer_name": self.maker.name,
                    "manufacturer_licence": "京海药监械生产许可20200001号",
                }
            ],
        )
        self.assertEqual(str(line.production_date), "2025-01-31")

    def test_group_separator_is_understood(self):
        answer = self._capture(f"01{MONITOR_DI}10B7\x1d21SN-GS")
        self.assertEqual(answer["captured"], 1, answer)
        self.assertEqual(self.inspection.line_ids.lot_name, "SN-GS")

    def test_serial_alone_needs_a_product_when_several_are_expected(self):
        self._assert_refused("SN-ALONE", "product_id", "SN-ALONE", "choose the product")
        answer = self._capture("SN-ALONE", product_id=self.monitor.id)
        self.assertEqual(answer["captured"], 1)

    def test_digits_alone_are_a_serial_number(self):
        answer = self._capture("20260001", "12345678901231", product_id=self.monitor.id)
        self.assertEqual(answer["captured"], 2, answer)
        self.assertEqual(
            set(self.inspection.line_ids.mapped("lot_name")), {"20260001", "12345678901231"}
        )

    def test_good_rows_are_kept_beside_bad_ones(self):
        """Given one bad row in a hundred, ninety-nine are captured and the bad one is named."""
        order = self._order((self.monitor, 100))
        inspection = self._inspection(order.picking_ids)
        rows = [self._carrier(f"S{number:03}") for number in range(100)]
        rows[57] = "(01)06901234567892"
        answer = inspection.capture("\n".join(rows))
        self.assertEqual((answer["captured"], answer["refused"]), (99, 1))
        refused = [row for row in answer["rows"] if row["error"]]
        self.assertEqual([row["row"] for row in refused], [58])
        self.assertEqual(len(inspection.line_ids), 99)

    def test_serial_twice_in_the_paste(self):
        answer = self._capture(self._carrier("DUP-1"), self._carrier("ｄｕｐ－１"))
        self.assertEqual((answer["captured"], answer["refused"]), (1, 1))
        self.assertIn("twice", answer["rows"][1]["error"])
        self.assertIn("row 1", answer["rows"][1]["error"])

    def test_serial_captured_before(self):
        self._capture(self._carrier("DUP-2"))
        self._assert_refused(self._carrier("dup-2"), "lot_name", self.inspection.name)

    def test_serial_of_another_open_inspection(self):
        other = self._inspection(self._order((self.monitor, 2)).picking_ids)
        other.capture(self._carrier("OTHER-1"))
        self._assert_refused(self._carrier("OTHER-1"), "lot_name", other.name)

    def test_serial_that_is_a_known_device(self):
        self.env["stock.lot"].create({"name": "KNOWN-1", "product_id": self.monitor.id})
        self._assert_refused(self._carrier("known-1"), "lot_name", "KNOWN-1")

    def test_same_serial_of_another_product_is_another_device(self):
        self.env["stock.lot"].create({"name": "SAME-1", "product_id": self.implant.id})
        self.assertEqual(self._capture(self._carrier("SAME-1"))["captured"], 1)

    def test_unknown_di(self):
        di = gtin("7690123456789")
        self._assert_refused(self._carrier("X1", di=di), "udi_di", di, "unknown")

    def test_di_of_a_product_that_is_not_expected(self):
        row = self._carrier("X2", di=gtin("5690123456789"))
        self._assert_refused(row, "product_id", "Stent", self.order.picking_ids.name)

    def test_expired_goods_are_refused_unless_refused(self):
        row = self._carrier("OLD-1", expiry=self.today - timedelta(days=1))
        self._assert_refused(row, "expiry_date", "expired")
        answer = self._capture(row, result="refused", reason="Expired on arrival")
        self.assertEqual(answer["captured"], 1)
        self.assertEqual(self.inspection.line_ids.result, "refused")

    def test_goods_expire_after_their_last_day(self):
        self.assertEqual(self._capture(self._carrier("TODAY", expiry=self.today))["captured"], 1)

    def test_overlong_code(self):
        self._assert_refused("(01)06901234567892(21)" + "A" * 300, "udi_carrier", "322")

    def test_row_that_cannot_be_stored_is_refused_alone(self):
        """Given a NUL from a broken scanner, that row is named and the others are kept."""
        rows = [self._carrier("NUL-1"), "NUL\x00-2", "\ud800", self._carrier("NUL-3")]
        answer = self._capture(*rows)
        self.assertEqual((answer["captured"], answer["refused"]), (2, 2))
        self.assertIn("cannot be stored", answer["rows"][1]["error"])

    def test_missing_separator_is_not_guessed(self):
        answer = self._capture(f"01{MONITOR_DI}10B72126SN15210526")
        self.assertEqual(answer["captured"], 0, answer)

    def test_code_that_may_lack_a_separator_is_not_guessed(self):
        """Given a plain reading that is possible beside another one, the row names both."""
        for row, one, other in (
            (f"01{MONITOR_DI}21ABC17400131", "number ABC17400131", "number ABC, Expiry date 2040"),
            (f"01{REAGENT_DI}10LOT717400131", "number LOT717400131", "number LOT7, Expiry date"),
        ):
            self._assert_refused(row, "udi_carrier", "FNC1", one, other, "[GS]", "brackets")
        rows = [f"01{MONITOR_DI}21ABC[GS]17400131", f"(01){REAGENT_DI}(10)LOT7(17)400131"]
        answer = self._capture(*rows)
        self.assertEqual(answer["captured"], 2, answer)
        self.assertEqual(set(self.inspection.line_ids.mapped("lot_name")), {"ABC", "LOT7"})

    def test_bare_item_number_with_the_serial_beside_it(self):
        """Given an item number that could be cut like a UDI, its product decides."""
        di = gtin("1012345678901")
        self.monitor.product_tmpl_id.udi_di_ids.di = di
        answer = self._capture(f"{di}\tSN-78")
        self.assertEqual(answer["captured"], 1, answer)

    def test_udi_without_serial_takes_it_from_the_second_column(self):
        carrier = f"(01){MONITOR_DI}(10)B7"
        self._assert_refused(carrier, "lot_name", "second column")
        answer = self._capture(f"{carrier}\tSN-77")
        self.assertEqual(answer["captured"], 1, answer)
        self.assertEqual(self.inspection.line_ids.lot_name, "SN-77")
        self.assertEqual(self.inspection.line_ids.batch_number, "B7")

    def test_serial_columns_that_contradict(self):
        self._assert_refused(f"{self._carrier('A1')}\tA2", "lot_name", "A1", "A2")

    def test_batches_add_up(self):
        """Given a batch scanned three times and a carton of ten, there is one line of 13."""
        expiry = self.today + timedelta(days=300)
        unit = self._carrier(False, di=REAGENT_DI, expiry=expiry, lot="L1")
        carton = self._carrier(False, di=REAGENT_CARTON_DI, expiry=expiry, lot="L1")
        answer = self._capture(unit, unit, unit, carton)
        self.assertEqual(answer["captured"], 4, answer)
        self.assertRecordValues(
            self.inspection.line_ids, [{"lot_name": "L1", "quantity": 13, "expiry_date": expiry}]
        )
        self._capture(f"{unit}\t7")
        self.assertEqual(self.inspection.line_ids.quantity, 20)

    def test_batch_alone_with_quantity_and_expiry(self):
        self._capture("L2\t25\t2099/12/31", product_id=self.reagent.id)
        line = self.inspection.line_ids
        self.assertEqual((line.lot_name, line.quantity), ("L2", 25))
        self.assertEqual(str(line.expiry_date), "2099-12-31")

    def test_bad_columns(self):
        self._assert_refused("L3\tmany", "quantity", "many", product_id=self.reagent.id)
        self._assert_refused("L3\t5\tsoon", "expiry_date", "soon", product_id=self.reagent.id)
        self._assert_refused("L3\t-5", "quantity", "-5", product_id=self.reagent.id)

    def test_batch_known_with_another_expiry(self):
        self.env["stock.lot"].create(
            {"name": "L4", "product_id": self.reagent.id, "expiry_date": "2098-01-01"}
        )
        self._assert_refused(
            "L4\t5\t2099-01-01", "expiry_date", "2098-01-01", product_id=self.reagent.id
        )

    def test_more_than_ordered(self):
        rows = [self._carrier(f"M{number}") for number in range(11)]
        answer = self._capture(*rows)
        self.assertEqual((answer["captured"], answer["refused"]), (10, 1))
        error = answer["rows"][-1]["error"]
        self.assertIn("10", error)
        self.assertIn("too many", error)
        surplus = self._capture(rows[-1], result="refused", reason="Not ordered")
        self.assertEqual(surplus["captured"], 1)

    def test_garbage_never_raises(self):
        rows = ["\x00\x01", "]d2", "(01)", "+", "MA.", "=/", "\u200b", "(21)", "𠮷" * 40, "''--"]
        answer = self._capture(*rows)
        self.assertEqual(answer["captured"], 0)
        self.assertTrue(all(row["error"] for row in answer["rows"]))

    def test_reason_is_required_for_what_is_not_accepted(self):
        with self.assertRaisesRegex(UserError, "reason"):
            self._capture(self._carrier("Q1"), result="quarantined")

    def test_only_parts_keepers_capture(self):
        for user in (self.quality, self.engineer, self.stocker, self.buyer):
            with self.assertRaises(AccessError, msg=user.login):
                self.inspection.with_user(user).capture(self._carrier("Z1"))

    def test_wizard_keeps_the_refused_rows(self):
        """Given three rows of which one is wrong, the box holds the wrong one afterwards."""
        wizard = (
            self.env["meddev.incoming.capture"]
            .with_user(self.parts)
            .create(
                {
                    "inspection_id": self.inspection.id,
                    "text": "\n".join([self._carrier("W1"), "???", self._carrier("W2")]),
                }
            )
        )
        wizard.action_capture()
        self.assertRecordValues(
            wizard, [{"captured_count": 2, "refused_count": 1, "text": "???", "has_run": True}]
        )
        self.assertEqual(len(wizard.row_ids), 1)

    def test_imported_line_with_its_carrier_alone_is_read(self):
        line = (
            self.env["meddev.incoming.inspection.line"]
            .with_user(self.parts)
            .create(
                {
                    "inspection_id": self.inspection.id,
                    "product_id": self.monitor.id,
                    "udi_carrier": self._carrier("IMP-1"),
                }
            )
        )
        self.assertEqual((line.lot_name, line.udi_di), ("IMP-1", MONITOR_DI))

    def test_carrier_of_several_readings_fills_the_product_only(self):
        """Given a lost separator, typing and importing take what all readings say."""
        carrier = f"01{MONITOR_DI}21ABC17400131"
        lines = self.env["meddev.incoming.inspection.line"].with_user(self.parts)
        vals = {"inspection_id": self.inspection.id, "product_id": self.monitor.id}
        imported = lines.create(vals | {"udi_carrier": carrier})
        form = Form(lines.with_context(default_inspection_id=self.inspection.id))
        form.product_id = self.monitor
        form.udi_carrier = carrier
        for line in (imported, form):
            self.assertEqual((line.udi_di, line.udi_carrier), (MONITOR_DI, carrier))
            self.assertFalse(line.lot_name or line.expiry_date)
        self.assertIn("FNC1", imported.udi_warning_text)
        self.assertNotIn("separator_ambiguous", imported.udi_warning_text)
