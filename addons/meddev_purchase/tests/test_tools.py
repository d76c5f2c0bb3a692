from datetime import date

from odoo.tests import BaseCase, tagged

from ..tools.capture_lines import parse_day, parse_quantity, split_rows
from ..tools.retention import Goods, Rule, add_months, is_kept_forever, retain_until

DISTRIBUTOR = (Rule("any", "expiry", 24), Rule("any", "receipt_no_expiry", 60))


@tagged("post_install", "-at_install")
class TestRetention(BaseCase):
    """What the rules mean; SAMR Order No. 54 (2022) Art. 38 as the example."""

    def test_two_years_after_expiry(self):
        goods = Goods(date(2026, 1, 1), date(2027, 6, 30))
        self.assertEqual(retain_until(DISTRIBUTOR, goods), date(2029, 6, 30))

    def test_five_years_without_expiry(self):
        self.assertEqual(retain_until(DISTRIBUTOR, Goods(date(2026, 1, 1))), date(2031, 1, 1))

    def test_leap_day_becomes_28_february(self):
        self.assertEqual(add_months(date(2024, 2, 29), 60), date(2029, 2, 28))
        self.assertEqual(
            retain_until(DISTRIBUTOR, Goods(None, date(2028, 2, 29))), date(2030, 2, 28)
        )

    def test_latest_of_all_that_apply(self):
        rules = [*DISTRIBUTOR, Rule("any", "service_life", 0)]
        for received_on, expires_on, produced_on, life, end in (
            (date(2026, 1, 31), None, date(2025, 12, 31), 120, date(2035, 12, 31)),
            (date(2026, 1, 1), date(2027, 1, 1), None, 12, date(2029, 1, 1)),
            (date(2026, 1, 1), date(2027, 1, 1), None, 0, date(2029, 1, 1)),
        ):
            goods = Goods(received_on, expires_on, produced_on, life)
            self.assertEqual(retain_until(rules, goods), end, goods)

    def test_for_ever_beats_every_date(self):
        rules = [*DISTRIBUTOR, Rule("implant", "permanent", 0)]
        implant = Goods(date(2026, 1, 1), date(2027, 1, 1), is_implant=True)
        self.assertIsNone(retain_until(rules, implant))
        self.assertTrue(is_kept_forever(rules, implant))
        self.assertFalse(is_kept_forever(rules, Goods(date(2026, 1, 1))))

    def test_validity_is_by_day_of_receipt(self):
        rules = [Rule("any", "receipt", 12, date(2026, 5, 1), date(2026, 5, 31))]
        for day, is_kept in ((1, True), (31, True)):
            goods = Goods(date(2026, 5, day))
            self.assertEqual(bool(retain_until(rules, goods)), is_kept)
        for day in (date(2026, 4, 30), date(2026, 6, 1), None):
            self.assertIsNone(retain_until(rules, Goods(day, date(2027, 1, 1))), day)

    def test_months_end_on_the_last_day(self):
        self.assertEqual(add_months(date(2026, 1, 31), 1), date(2026, 2, 28))
        self.assertEqual(add_months(date(2026, 8, 31), 1), date(2026, 9, 30))

    def test_dates_end_with_the_calendar(self):
        """9999-12-31 stands for "no end" in many files, and a slip may add many months."""
        self.assertEqual(retain_until(DISTRIBUTOR, Goods(None, date.max)), date.max)
        self.assertEqual(add_months(date(2026, 1, 1), 10**12), date.max)

    def test_nothing_known_gives_nothing(self):
        self.assertIsNone(retain_until(DISTRIBUTOR, Goods()))
        self.assertIsNone(retain_until([], Goods(date(2026, 1, 1))))


@tagged("post_install", "-at_install")
class TestCaptureLines(BaseCase):
    def test_group_separator_stays_in_its_row(self):
        rows = split_rows("0106901234567892\x1d21A1\r\n\nB2\rC3")
        self.assertEqual([row.number for row in rows], [1, 3, 4])
        self.assertEqual(rows[0].code, "0106901234567892\x1d21A1")

    def test_columns_come_from_tabs(self):
        row = split_rows("A1\t5\t2027-01-31\tignored")[0]
        self.assertEqual((row.code, row.second, row.third), ("A1", "5", "2027-01-31"))

    def test_dates_as_people_write_them(self):
        for text in ("2027-01-31", "2027/1/31", "20270131", "2027年1月31日", "２０２７.１.３１"):
            self.assertEqual(parse_day(text), date(2027, 1, 31), text)

    def test_unclear_dates_are_refused(self):
        for text in ("31-01-27", "270131", "2027-02-30", "soon", ""):
            with self.assertRaises(ValueError, msg=text):
                parse_day(text)

    def test_quantities_are_positive_and_finite(self):
        self.assertEqual(parse_quantity("１２"), 12)
        for text in ("0", "-1", "nan", "inf", "ten", "1e99"):
            with self.assertRaises(ValueError, msg=text):
                parse_quantity(text)
