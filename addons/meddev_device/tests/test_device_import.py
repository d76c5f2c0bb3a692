import base64
import csv
import io
from datetime import datetime

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged

from ..models import stock_lot_load
from ..tools import device_file
from ..wizard import meddev_device_import
from .common import DeviceCase

DI = "06901234567892"


class ImportCase(DeviceCase):
    """Offers ``_import`` of a table or of bytes, and ``_refused`` of its result."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")

    def _csv(self, table, encoding="utf-8"):
        stream = io.StringIO()
        csv.writer(stream).writerows(table)
        return stream.getvalue().encode(encoding)

    def _xlsx(self, table):
        workbook = openpyxl.Workbook()
        for row in table:
            workbook.active.append(row)
        stream = io.BytesIO()
        workbook.save(stream)
        return stream.getvalue()

    def _import(self, content, role="intake", lang="en_US"):
        if isinstance(content, list):
            content = self._csv(content)
        wizards = self._as(role, self.env["meddev.device.import"]).with_context(lang=lang)
        wizard = wizards.create({"file": base64.b64encode(content), "filename": "devices"})
        action = wizard.action_import()
        self.assertEqual((action["res_model"], action["res_id"]), (wizard._name, wizard.id))
        return wizard

    def _counts(self, wizard):
        return (
            wizard.created_count,
            wizard.updated_count,
            wizard.unchanged_count,
            wizard.refused_count,
        )

    def _devices(self, prefix):
        return self.env["stock.lot"].search([("name", "=like", f"{prefix}%")], order="name")


@tagged("post_install", "-at_install")
class TestDeviceImport(ImportCase):
    """The import screen: good rows stay, refused ones come back with their reasons."""

    def test_chinese_excel_file_again_changes_nothing(self):
        table = [
            ["序列号", "产品编码", "生产企业", "医院", "科室", "设备状态", "安装日期", "固件版本"],
            ["CN-1", "TM-1", "Test Maker", "Test Hospital", "Ward", "在用", "2026/3/1", "3.1"],
            ["CN-2", "TM-1", "", "", "", "", "", ""],
            [],
        ]
        for encoding in ("gb18030", "utf-8", "utf-8-sig"):
            wizard = self._import(self._csv(table, encoding), lang="zh_CN")
            expected = (2, 0, 0, 0) if encoding == "gb18030" else (0, 0, 2, 0)
            self.assertEqual(self._counts(wizard), expected, encoding)
        device = self._devices("CN-1")
        self.assertRecordValues(
            device,
            [
                {
                    "customer_id": self.hospital.id,
                    "department_id": self.ward.id,
                    "device_state": "in_service",
                    "firmware_version": "3.1",
                }
            ],
        )
        self.assertEqual(str(device.installation_date), "2026-03-01")
        table[1][4] = "ICU"
        self.assertEqual(self._counts(self._import(table)), (0, 1, 1, 0))
        self.assertEqual(device.department_id, self.icu)

    def test_xlsx_with_cells_of_every_kind(self):
        table = [
            ["Devices of 2026", None],
            ["Serial No.", "GTIN", "Shipping Date", "Firmware", "State", "Remark"],
            [1000123, 6901234567892, datetime(2026, 3, 1), 3.1, "In Stock", "x"],
            ["X-2", DI, "20260301", "4", "shipped", None],
            [datetime(2012, 3, 1), DI, None, None, None, None],
        ]
        wizard = self._import(self._xlsx(table))
        self.assertEqual(self._counts(wizard), (2, 0, 0, 1))
        self.assertEqual(wizard.unknown_columns, "Remark")
        self.assertEqual((wizard.line_ids.row_number, wizard.line_ids.column), (5, "Serial Number"))
        devices = self._devices("1000123") | self._devices("X-2")
        self.assertEqual(devices.mapped("device_state"), ["in_stock", "shipped"])
        self.assertEqual({str(device.shipping_date) for device in devices}, {"2026-03-01"})

    def test_every_bad_row_names_row_field_and_remedy(self):
        """Issue 2, section 8: the good rows around each bad one are kept."""
        self._device("OLD-1")
        header = ["serial", "product_code", "manufacturer", "udi_carrier", "shipping_date"]
        table = [
            [*header, "acceptance_date"],
            ["B-1", "TM-1"],
            ["B-2", "No Such Product"],
            ["B-3", "TM-1", "Other Maker"],
            ["B-4", "TM-1", "", "0" * 300],
            ["B-5", "TM-1", "", "", "2026-02-30"],
            ["B-6", "TM-1", "", "", "2026-03-01", "2026-02-01"],
            ["b-1", "TM-1"],
            ["", "TM-1"],
            ["9.1E+17", "TM-1"],
            ["B-7", "TM-1"],
        ]
        wizard = self._import(table)
        self.assertEqual(self._counts(wizard), (2, 0, 0, 8))
        self.assertEqual(self._devices("B-").mapped("name"), ["B-1", "B-7"])
        expected = [
            (3, "Product Code", "unknown product"),
            (4, "Manufacturer", "another manufacturer"),
            (5, "UDI Carrier", "300 characters"),
            (6, "Shipping Date", "2026-02-30"),
            (7, "Acceptance Date", "lies before"),
            (8, "Serial Number", "occurs in row 2 already"),
            (9, "Serial Number", "missing"),
            (10, "Serial Number", "shortened"),
        ]
        self.assertEqual(wizard.line_ids.mapped("row_number"), [row for row, *_rest in expected])
        for line, (number, column, words) in zip(wizard.line_ids, expected, strict=True):
            self.assertEqual(line.column, column)
            self.assertIn(words.lower(), line.message.lower())
            self.assertNotIn(f"Row {number}", line.message)

    def test_reasons_are_in_the_users_language(self):
        wizard = self._import([["序列号", "产品编码"], ["Z-1", "没有"]], lang="zh_CN")
        self.assertEqual(wizard.line_ids.column, "产品编码")
        self.assertIn("未知产品", wizard.line_ids.message)

    def test_one_bad_row_in_a_thousand(self):
        table = [["serial", "udi_di"], *([f"T-{number}", DI] for number in range(1000))]
        table[613][1] = "09999999999999"
        wizard = self._import(table)
        self.assertEqual(self._counts(wizard), (999, 0, 0, 1))
        self.assertEqual(wizard.line_ids.row_number, 614)
        self.assertFalse(self._devices("T-612"))

    def test_refused_rows_come_back_corrected(self):
        """Download, correct, upload: the guard against formulas is taken off again."""
        carrier = "+A99912345/$$+7SN9"
        table = [
            ["Serial Number", "Product Code", "Alias", "Ward of"],
            ["=cmd|'/c calc'!A0", "nope", "@asset", "-1+1"],
            ["R-2", "TM-1", carrier, ""],
            ["R-3", "nope", "+1", "x"],
        ]
        wizard = self._import(table)
        self.assertEqual(self._counts(wizard), (1, 0, 0, 2))
        text = base64.b64decode(wizard.refused_csv).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        self.assertEqual(rows[0], [*table[0], "Row", "Wrong Column", "Reason"])
        self.assertEqual(rows[1][:5], ["'=cmd|'/c calc'!A0", "nope", "'@asset", "'-1+1", "2"])
        self.assertTrue(rows[1][6].startswith("Unknown product"))
        book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(wizard.refused_xlsx)))
        sheet = book.worksheets[0]
        self.assertEqual([cell.value for cell in sheet[3]][:2], ["R-3", "nope"])
        self.assertEqual({cell.data_type for row in sheet for cell in row} - {"n"}, {"s"})
        for row in rows[1:]:
            row[1] = "TM-1"
        self.assertEqual(self._counts(self._import(rows)), (2, 0, 0, 0))
        device = self.env["stock.lot"].search([("name", "=", "=cmd|'/c calc'!A0")])
        self.assertEqual(device.alias_ids.value, "@asset")
        self.assertEqual(self._devices("R-2").alias_ids.value, carrier)
        for row in sheet.iter_rows(min_row=2):
            row[1].value = "TM-1"
        stream = io.BytesIO()
        book.save(stream)
        again = self._import(stream.getvalue())
        self.assertEqual(self._counts(again), (0, 0, 2, 0))
        self.assertFalse(again.unknown_columns == "Row")

    def test_an_open_quotation_mark_costs_its_own_row(self):
        content = b'serial,product_code\nQ-1,TM-1\nQ-2,"TM-1\nQ-3,TM-1\n'
        wizard = self._import(content)
        self.assertEqual(self._counts(wizard), (2, 0, 0, 1))
        self.assertEqual(wizard.line_ids.row_number, 3)
        self.assertTrue(wizard.refused_csv)

    def test_files_that_are_none(self):
        zipped = b"PK\x03\x04 no archive"
        workbook = self._xlsx([["serial"], ["x"]])
        for content, words in (
            (b"", "Choose a file"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", "no CSV or XLSX"),
            (zipped, "not readable as XLSX"),
            (workbook[: len(workbook) // 2], "not readable as XLSX"),
            (b"name,colour\n1,2\n", "no column for the serial number"),
            (b"serial,colour\n1,2\n", "no column for the product"),
            (b"serial,product,sn\n1,2,3\n", "Two columns"),
            (workbook, "no column for the product"),
        ):
            with self.subTest(words=words), self.assertRaisesRegex(UserError, words):
                self._import(content)

    def test_a_file_too_long_is_refused_whole(self):
        self.patch(meddev_device_import, "MOST_LINES", 4)
        table = [["serial", "product_code"], *([f"L-{n}", "TM-1"] for n in range(4))]
        for content in (table, self._xlsx(table)):
            with self.assertRaisesRegex(UserError, "split it"):
                self._import(content)
        self.assertFalse(self._devices("L-"))
        self.assertEqual(self._import([*table[:4], [], [" "]]).created_count, 3)

    def test_labels_of_both_languages_are_recognised(self):
        """Whatever the screens call a field, the file may call it too."""
        keys = stock_lot_load.ROW_KEYS - {"row"}
        self.assertEqual(keys, set(device_file.COLUMN_TITLES))
        for lang in ("en_US", "zh_CN"):
            devices = self.env["stock.lot"].with_context(lang=lang)
            for key in keys - {"company_id"}:
                title = devices._get_row_label(key)
                with self.subTest(lang=lang, title=title):
                    self.assertEqual(list(device_file._match_titles([title])[0]), [key])

    def test_template_is_empty_and_recognised(self):
        for lang in ("en_US", "zh_CN"):
            wizard = self._as("parts", self.env["meddev.device.import"]).with_context(lang=lang)
            wizard = wizard.create({})
            content = base64.b64decode(wizard.template_xlsx)
            book = openpyxl.load_workbook(io.BytesIO(content))
            sheet = book.worksheets[0]
            _index, columns, unknown = device_file.find_header([[c.value for c in sheet[1]]])
            self.assertEqual(tuple(columns), device_file.TEMPLATE_KEYS)
            self.assertFalse(unknown)
            self.assertEqual({cell.number_format for cell in sheet[2]}, {"@"})
            self.assertEqual(self._counts(self._import(content, lang=lang)), (0, 0, 0, 0))

    def test_the_dialogue(self):
        form = Form(self._as("quality", self.env["meddev.device.import"]))
        self.assertIn("/template_xlsx/", form.save().action_download_template()["url"])
        with self.assertRaises(UserError):
            form.save().action_import()
        form.file = base64.b64encode(b"serial,product_code\nF-1,nope\n")
        wizard = form.save()
        wizard.action_import()
        self.assertEqual(wizard.refused_count, 1)
        self.assertIn("/refused_csv/", wizard.action_download_refused_csv()["url"])
        wizard.action_start_again()
        self.assertFalse(wizard.file or wizard.line_ids)
        self.assertEqual(wizard.state, "upload")

    def test_only_who_may_enter_devices_imports(self):
        for role in ("manager", "intake", "parts", "quality"):
            table = [["serial", "product_code"], [f"ROLE-{role}", "TM-1"]]
            self.assertEqual(self._import(table, role=role).created_count, 1)
        for role in ("engineer", "dispatcher", "analyst", "auditor", "knowledge", "outsider"):
            with self.assertRaises(AccessError):
                self._import([["serial", "product_code"]], role=role)
        menu = self.env.ref("meddev_device.meddev_device_import_menu")
        self.assertIn(menu.id, self._as("intake", menu)._visible_menu_ids())
        self.assertNotIn(menu.id, self._as("engineer", menu)._visible_menu_ids())

    def test_core_import_names_row_and_field_of_a_certificate(self):
        registrations = self._as("quality", self.env["meddev.registration"])
        names = ["number", "kind", "holder_id", "valid_from", "valid_to"]
        good = ["国械注准20203010001", "Registration", "Test Maker", "2024-01-01", "2029-01-01"]
        bad = ["国械注准2020", *good[1:]]
        result = registrations.load(names, [good, bad])
        self.assertFalse(result["ids"])
        message = result["messages"][-1]
        self.assertEqual(message["rows"], {"from": 1, "to": 1})
        self.assertIn("Certificate number 国械注准2020", message["message"])


@tagged("post_install", "-at_install")
class TestDeviceImportDownload(HttpCase, ImportCase):
    """The refused rows over HTTP: for who uploaded them, and nobody else."""

    def test_download(self):
        wizard = self._import([["serial", "product_code"], ["H-1", "nope"]])
        for name, start in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")):
            action = getattr(wizard, f"action_download_refused_{name}")()
            self.authenticate("device_intake", "device_intake")
            answer = self.url_open(action["url"])
            self.assertEqual(answer.status_code, 200)
            self.assertTrue(answer.content.startswith(start))
            self.assertIn("attachment", answer.headers["Content-Disposition"])
            for login in ("device_parts", "device_engineer"):
                self.authenticate(login, login)
                self.assertEqual(self.url_open(action["url"]).status_code, 404)
        self.authenticate("device_intake", "device_intake")
        template = self.url_open(wizard.action_download_template()["url"])
        self.assertEqual(template.status_code, 200)
        self.assertTrue(template.content.startswith(b"PK"))
