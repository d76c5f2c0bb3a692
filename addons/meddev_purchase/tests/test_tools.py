from datetime import date

from odoo.tests import BaseCase, tagged

from ..tools.capture_lines import parse_day, parse_quantity, split_rows
from ..tools.retention import add_months, add_years, retain_until


@tagged("post_install", "-at_install")
class TestRetention(BaseCase):
    """SAMR Order No. 54 (2022) Art. 38."""

    def test_two_years_after_expiry(self):
        self.assertEqual(retain_until(date(2026, 1, 1), date(2027, 6, 30)), date(2029, 6, 30))

    def test_five_years_without_expiry(self):
        self.assertEqual(retain_until(date(2026, 1, 1)), date(2031, 1, 1))

    def test_leap_day_becomes_28_february(self):
        self.assertEqual(add_years(date(2024, 2, 29), 5), date(2029, 2, 28))
        self.assertEqual(retain_until(None, date(2028, 2, 29)), date(2030, 2, 28))

    def test_longer_service_life_wins(self):
        end = retain_until(date(2026, 1, 31), None, date(2025, 12, 31), 120)
        self.assertEqual(end, date(2035, 12, 31))
        self.assertEqual(
            retain_until(date(2026, 1, 1), date(2027, 1, 1), None, 12), date(2029, 1, 1)
        )

    def test_months_end_on_the_last_day(self):
        self.assertEqual(add_months(date(2026, 1, 31), 1), date(2026, 2, 28))
        self.assertEqual(add_months(date(2026, 8, 31), 1), date(2026, 9, 30))

    def test_nothing_known_gives_nothing(self):
        self.assertIsNone(retain_until(None))


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
