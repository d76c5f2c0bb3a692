from odoo.tests import tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestReport(PurchaseCommon):
    def _render(self, inspection, user, lang):
        user.lang = lang
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(user)
            .with_context(lang=lang)
            ._render_qweb_html("meddev_purchase.report_incoming_inspection", inspection.ids)
        )
        return html.decode()

    def test_record_holds_what_the_rule_wants(self):
        """SAMR Order No. 54 (2022) Art. 32: names, numbers, dates, quantities, supplier."""
        order, inspection = self._receive(self._carrier("REP-1"))
        html = self._render(inspection, self.parts, "en_US")
        for text in (
            inspection.name,
            order.name,
            "Patient Monitor",
            "MX8",
            "12 inch",
            "国械注准20203070123",
            "REP-1",
            self.maker.name,
            "Kechuang",
            "京海药监械生产许可20200001号",
            "Accepted",
        ):
            self.assertIn(text, html)

    def test_record_speaks_the_readers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        _order, inspection = self._receive(self._carrier("REP-2"))
        self.assertIn("进货查验记录", self._render(inspection, self.parts, "zh_CN"))
