from io import BytesIO

from odoo.tests import BaseCase, HttpCase, tagged
from odoo.tools.pdf import PdfFileReader

from ..tools.address import join_address
from ..tools.print_pages import count_lines, split_pages, text_width
from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestAddress(BaseCase):
    def test_parts_that_are_not_known_leave_no_gap(self):
        for text, expected in (
            ("China,, 科创街8号\n", "China, 科创街8号"),
            ("8 Kechuang Street\n\nBeijing  \nChina", "8 Kechuang Street, Beijing, China"),
            ("8 Main Street\n, \n ,  ,\nUnited States", "8 Main Street, United States"),
            ("Hauptstr. 1\n - Halle\n", "Hauptstr. 1, Halle"),
            (
                "中国, 江苏省 苏州市, 星湖街328号, 215123",
                "中国, 江苏省 苏州市, 星湖街328号, 215123",
            ),
            (" , ,\n", ""),
            (False, ""),
        ):
            self.assertEqual(join_address(text), expected)


@tagged("post_install", "-at_install")
class TestPrintPages(BaseCase):
    def test_chinese_is_twice_as_wide(self):
        self.assertEqual(text_width("MX8 监护仪"), 10)
        self.assertEqual(count_lines("监护仪", 4), 2)
        self.assertEqual(
            [count_lines(text, 10) for text in ("", False, "a\nb", "x" * 11)], [1, 1, 2, 2]
        )

    def test_rows_fill_the_pages_in_order(self):
        self.assertEqual(split_pages([1, 1, 1, 1, 1], 2, 3), [[0, 1], [2, 3, 4]])
        self.assertEqual(split_pages([], 2, 3), [[]])

    def test_row_higher_than_a_page_has_one_of_its_own(self):
        self.assertEqual(split_pages([1, 9, 1], 2, 3), [[0], [1], [2]])
        self.assertEqual(split_pages([9, 1], 2, 3), [[0], [1]])


@tagged("post_install", "-at_install")
class TestReport(PurchaseCommon, HttpCase):
    def _render(self, inspection, lang="en_US", user=None):
        user = user or self.parts
        user.lang = lang
        reports = self.env["ir.actions.report"].with_user(user).with_context(lang=lang)
        name = "meddev_purchase.report_incoming_inspection"
        return reports._render_qweb_html(name, inspection.ids)[0].decode()

    def test_address_of_a_country_that_separates_by_commas(self):
        """Given neither city nor postcode, the record has no commas in a row."""
        self.maker.write({"city": False, "zip": False, "country_id": self.env.ref("base.cn").id})
        self.maker.country_id.address_format = (
            "%(country_name)s, %(state_name)s %(city)s, %(street)s %(street2)s, %(zip)s"
        )
        _order, inspection = self._receive(self._carrier("REP-1"))
        self.assertEqual(inspection.supplier_address, "China, 8 Kechuang Street")

    def test_record_speaks_the_readers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        _order, inspection = self._receive(self._carrier("REP-2", lot="B7"))
        html = self._render(inspection, "zh_CN")
        for word in ("进货查验记录", "供应商", "批号 B7", "合格", "失效日期/使用期限"):
            self.assertIn(word, html)
        self.assertNotIn("Serial / Batch", html)

    def test_every_page_has_the_head_and_every_row_is_there_once(self):
        """Given 120 serials, each page repeats number and column heads; rows keep their order."""
        order = self._order((self.monitor, 120))
        inspection = self._inspection(order.picking_ids)
        inspection.capture("\n".join(self._carrier(f"PAGE-{n:03}") for n in range(120)))
        pages = inspection._get_print_pages()
        numbers = [number for page in pages for number, _row in page]
        self.assertEqual(numbers, list(range(1, 121)))
        html = self._render(inspection)
        self.assertGreater(len(pages), 2)
        self.assertEqual(html.count("<thead>"), len(pages))
        self.assertEqual(html.count(inspection.name), len(pages))
        for page in range(len(pages)):
            self.assertIn(f"{page + 1} / {len(pages)}", html)

    def test_decision_and_exception_are_printed(self):
        """Given goods that were released and papers that were missing, the record tells who."""
        order = self._order((self.monitor, 1), partner=self.distributor)
        order.picking_ids.with_user(self.quality).allow_papers("Licence in renewal")
        inspection = self._inspection(order.picking_ids)
        inspection.capture(self._carrier("REP-3"), result="quarantined", reason="Wet carton")
        inspection.action_confirm()
        inspection.line_ids.with_user(self.quality).decide("released", "Dry inside")
        html = self._render(inspection, user=self.auditor)
        for text in (
            "Wet carton",
            "Released: Dry inside",
            "Licence in renewal",
            "Distribution Licence",
        ):
            self.assertIn(text, html)
        self.assertEqual(html.count(self.quality.name), 2)

    def test_pdf_has_as_many_pages_as_were_cut(self):
        """Given rows with long texts, wkhtmltopdf breaks no page of ours in two."""
        order = self._order((self.monitor, 60))
        inspection = self._inspection(order.picking_ids)
        inspection.capture("\n".join(self._carrier(f"PDF-{n:03}", lot="B7") for n in range(50)))
        reason = "外包装破损，屏幕有划痕，合格证缺失，需要退回供应商处理。" * 3
        inspection.capture(
            "\n".join(self._carrier(f"PDF-{n:03}") for n in range(50, 60)),
            result="refused",
            reason=reason,
        )
        reports = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        with self.allow_pdf_render():
            pdf, kind = reports._render_qweb_pdf(
                "meddev_purchase.report_incoming_inspection", inspection.ids
            )
        self.assertEqual(kind, "pdf")
        cut = len(inspection._get_print_pages())
        # Totals and signatures may need a page of their own.
        self.assertIn(self._count_pages(pdf), (cut, cut + 1))

    def _count_pages(self, pdf):
        return len(PdfFileReader(BytesIO(pdf)).pages)
