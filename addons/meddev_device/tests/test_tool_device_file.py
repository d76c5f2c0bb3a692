from datetime import date, datetime

from odoo.tests import BaseCase, tagged

from ..tools import device_file
from ..tools.device_file import FileProblem


@tagged("post_install", "-at_install")
class TestDeviceFile(BaseCase):
    """Columns and cells of a file with devices; no database."""

    def _problem(self, reason, call, *args):
        with self.assertRaises(FileProblem) as caught:
            call(*args)
        self.assertEqual(caught.exception.reason, reason)

    def test_every_encoding_that_excel_writes(self):
        text = "序列号,医院\r\nSN-1,协和医院\r\n"
        for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
            with self.subTest(encoding=encoding):
                rows = device_file.read_csv(text.encode(encoding))
                self.assertEqual(rows, [["序列号", "医院"], ["SN-1", "协和医院"]])

    def test_every_separator(self):
        for delimiter in ",;\t":
            text = f'Serial{delimiter}Product\nS 1{delimiter}"A, B; C"\n'
            rows = device_file.read_csv(text.encode())
            self.assertEqual(rows, [["Serial", "Product"], ["S 1", "A, B; C"]])

    def test_no_text_is_refused(self):
        for content in (b"\xd0\xcf\x11\xe0\xa1\xb1", b"a\x00b,c", b"\xff\xfe\x00"):
            self._problem(device_file.NOT_TEXT, device_file.read_csv, content)

    def test_an_open_quote_costs_one_line(self):
        rows = device_file.read_csv(b'serial,product\nS1,A\nS2,"B\nS3,C\nS4,"D ""x"""\n')
        self.assertEqual(rows[1], ["S1", "A"])
        self.assertIsInstance(rows[2][0], device_file.OpenQuote)
        self.assertEqual(rows[3:5], [["S3", "C"], ["S4", 'D "x"']])

    def test_titles_in_any_spelling(self):
        for title, key in (
            ("Serial_Number *", "serial"),
            ("\ufeffserial no.", "serial"),
            ("ＵＤＩ－ＤＩ", "udi_di"),
            ("安装日期（年-月-日）", "installation_date"),
            ("Shipping Date (YYYY-MM-DD)", "shipping_date"),
            ("使用科室", "department"),
            ("'@serial", None),
        ):
            with self.subTest(title=title):
                columns, _unknown, _twice = device_file._match_titles([title])
                self.assertEqual(next(iter(columns), None), key)

    def test_no_title_means_two_columns(self):
        plain = [
            (key, device_file._plain(title))
            for key, titles in device_file.COLUMN_TITLES.items()
            for title in {key, *titles}
        ]
        titles = {title for _key, title in plain}
        self.assertEqual(len({*plain}), len(titles))
        self.assertFalse(titles & device_file._REPORT_TITLES)

    def test_the_header_may_have_a_title_above(self):
        table = [["Our devices"], [], ["行", "序列号", "产品编码", "备注", None], ["1", "S"]]
        index, columns, unknown = device_file.find_header(table)
        self.assertEqual(index, 2)
        self.assertEqual(columns, {"serial": 1, "product_code": 2})
        self.assertEqual(unknown, ["备注"])

    def test_a_header_that_says_too_little_is_refused(self):
        find = device_file.find_header
        self._problem(device_file.NO_HEADER, find, [])
        self._problem(device_file.NO_HEADER, find, [["a", "b"]])
        self._problem(device_file.NO_PRODUCT_COLUMN, find, [["SN", "医院"]])
        self._problem(device_file.COLUMN_TWICE, find, [["SN", "产品", "序列号"]])

    def test_cells_are_what_was_typed(self):
        read = device_file.read_cell
        for key, cell, value in (
            ("serial", 123456, "123456"),
            ("serial", 123456.0, "123456"),
            ("firmware_version", 3.1, "3.1"),
            ("serial", " SN-1 ", "SN-1"),
            ("serial", None, ""),
            ("udi_carrier", "'+A123BJC5D6E71G", "+A123BJC5D6E71G"),
            ("udi_carrier", "01069_x001D_21A", "01069\x1d21A"),
            ("udi_di", 6901234567892, "06901234567892"),
            ("udi_di", "6901234567892", "06901234567892"),
            ("udi_di", "06901234567892", "06901234567892"),
            ("udi_di", "MA.156.1", "MA.156.1"),
            ("shipping_date", date(2026, 3, 1), "2026-03-01"),
            ("shipping_date", datetime(2026, 3, 1, 8), "2026-03-01"),
            ("shipping_date", 46082, "46082"),
            ("product_id", "7", 7),
            ("product_id", 7.0, 7),
            ("product_id", "seven", "seven"),
        ):
            with self.subTest(key=key, cell=cell):
                self.assertEqual(read(key, cell), value)

    def test_what_the_spreadsheet_spoilt_is_told(self):
        read = device_file.read_cell
        self._problem(device_file.BECAME_DATE, read, "serial", datetime(2012, 3, 1))
        self._problem(device_file.BECAME_NUMBER, read, "serial", 123456789012345680)
        self._problem(device_file.BECAME_NUMBER, read, "udi_carrier", 1.06901234567892e30)
        self._problem(device_file.BECAME_NUMBER, read, "udi_di", "6.90123E+12")
        self._problem(device_file.CELL_ERROR, read, "customer", "#N/A")

    def test_formulas_are_guarded_and_come_back(self):
        for text in ("=1+1", "+A12", "-5", "@x", "\tx", "＝cmd", " =1", "=HYPERLINK(1)"):
            guarded = device_file.add_guard(text)
            self.assertEqual(guarded, "'" + text)
            self.assertEqual(device_file.remove_guard(guarded), text)
        for text in ("SN-1", "", "'quoted'", 12, "a=b"):
            self.assertEqual(device_file.add_guard(text), str(text))
        self.assertEqual(device_file.remove_guard("'quoted'"), "'quoted'")
