from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from odoo.tests import BaseCase, tagged

from ..tools.calendar_text import read_date, read_moment

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


@tagged("post_install", "-at_install")
class TestCalendarText(BaseCase):
    """Dates as people and spreadsheets write them; no database."""

    def test_one_day_in_many_spellings(self):
        for value in (
            "2026-03-01",
            "2026-3-1",
            "2026/3/1",
            "2026/03/01",
            "2026.3.1",
            "20260301",
            20260301,
            "2026年3月1日",
            " 2026-03-01 ",
            "2026/3/1 0:00:00",
            "2026-03-01 23:59",
            "2026-03-01T23:59:59.123",
            "2026-03-01T23:59:59+08:00",
            "2026-03-01T00:00:00-0500",
            46082,
            46082.75,
            "46082",
            date(2026, 3, 1),
            datetime(2026, 3, 1, 23, 0),
        ):
            with self.subTest(value=value):
                self.assertEqual(read_date(value, SHANGHAI), date(2026, 3, 1))

    def test_a_moment_in_utc_is_the_readers_day(self):
        """JavaScript writes the midnight of Shanghai as 16:00Z of the day before."""
        for value in ("2026-02-28T16:00:00Z", "2026-02-28T16:00:00.000Z", "2026-02-28 16:00+00:00"):
            self.assertEqual(read_date(value, SHANGHAI), date(2026, 3, 1))
            self.assertEqual(read_date(value, NEW_YORK), date(2026, 2, 28))

    def test_no_date_is_refused(self):
        for value in (
            "2026-02-30",
            "20261301",
            "2026-02-30T00:00:00Z",
            "01/03/2026",
            "1.3.26",
            "31.02.2025",
            "2026-03-01 25:00",
            "2026-03-01garbage",
            "2026-W10-7",
            "0026-03-01",
            "9999-12-31T23:59:59Z",
            "later",
            "",
            7,
            -46082,
            1e300,
            float("nan"),
            float("inf"),
            True,
            None,
            [],
        ):
            with self.subTest(value=value), self.assertRaises(ValueError):
                read_date(value, SHANGHAI)

    def test_offsets_of_moments_are_honoured(self):
        for value, expected in (
            ("2026-03-31T08:00:00+08:00", "2026-03-31 00:00:00"),
            ("2026-03-31T08:00:00+0800", "2026-03-31 00:00:00"),
            ("2026-03-31T08:00:00.9-05:30", "2026-03-31 13:30:00"),
            ("2026-03-31T08:00:00Z", "2026-03-31 08:00:00"),
            ("2026-03-31 08:00:00", "2026-03-31 08:00:00"),
            ("2026-03-31T08:00", "2026-03-31 08:00:00"),
            (datetime(2026, 3, 31, 8), "2026-03-31 08:00:00"),
            (datetime(2026, 3, 31, 8, tzinfo=SHANGHAI), "2026-03-31 00:00:00"),
        ):
            with self.subTest(value=value):
                self.assertEqual(str(read_moment(value, NEW_YORK)), expected)

    def test_a_bare_date_is_the_end_of_the_readers_day(self):
        for timezone, expected in (
            (UTC, "2026-03-31 23:59:59"),
            (SHANGHAI, "2026-03-31 15:59:59"),
            (NEW_YORK, "2026-04-01 03:59:59"),
        ):
            self.assertEqual(str(read_moment("2026-03-31", timezone)), expected)
            self.assertEqual(str(read_moment(date(2026, 3, 31), timezone)), expected)

    def test_the_day_that_clocks_change(self):
        self.assertEqual(str(read_moment("2026-03-08", NEW_YORK)), "2026-03-09 03:59:59")
        self.assertEqual(str(read_moment("2026-11-01", NEW_YORK)), "2026-11-02 04:59:59")

    def test_no_moment_is_refused(self):
        for value in (
            "some day",
            "",
            "2026-02-30",
            "2026-03-31T25:00:00",
            "2026-03-31T08:00:00+08:00x",
            "2026-03-31x08:00:00",
            "0001-01-01T00:00:00+14:00",
            20260331,
            1.5,
            True,
            None,
            [],
        ):
            with self.subTest(value=value), self.assertRaises(ValueError):
                read_moment(value, SHANGHAI)
