from io import BytesIO

from odoo.tests import HttpCase, tagged
from odoo.tools.pdf import PdfFileReader

from .access_review_common import AccessReviewCase

REPORT = "meddev_base.report_access_review"


@tagged("post_install", "-at_install")
class TestAccessReviewReport(AccessReviewCase, HttpCase):
    """The print of a review: what was decided by whom, and the signatures in full."""

    def render(self, lang="en_US"):
        self.auditor.lang = lang
        reports = self.env["ir.actions.report"].with_user(self.auditor).with_context(lang=lang)
        html = reports._render_qweb_html(REPORT, self.review.ids)[0].decode()
        return " ".join(html.split())

    def test_it_shows_the_list_the_decisions_and_the_signatures(self):
        """Rule: 21 CFR 11.50(b): name, time with zone and meaning on every print."""
        self.administrator.tz = "Asia/Shanghai"
        self.decide()
        line = self.line_of(self.users["dispatcher"], "dispatcher")
        line.write({"decision": "remove", "remark": "Left the team"})
        self.finish()
        html = self.render()
        for text in (
            "Autumn",
            "Period Looked At",
            line.user_name,
            "Left the team",
            "Remove",
            self.auditor.name,
            self.administrator.name,
            "Responsible",
            "Asia/Shanghai, UTC+08:00",
            "Valid",
        ):
            self.assertIn(text, html)
        self.assertEqual(html.count("data-signed-record"), 1)

    def test_a_void_signature_is_marked(self):
        self.decide()
        self.sign()
        self.line_of(self.users["dispatcher"], "dispatcher").remark = "Second thoughts"
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        html = self.render()
        self.assertIn("line-through", html)
        self.assertIn("Void", html)
        self.assertIn("Changed by", html)

    def test_a_draft_says_that_it_is_not_signed(self):
        self.assertIn("Not signed.", self.render())

    def test_it_is_in_chinese_for_a_chinese_reader(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"]._load_module_terms(
            ["electronic_signature", "meddev_base"], ["zh_CN"]
        )
        self.decide()
        self.sign()
        html = self.render("zh_CN")
        for text in ("签名含义", "负责", "有效"):
            self.assertIn(text, html)

    def test_it_becomes_a_pdf(self):
        self.decide()
        self.finish()
        reports = self.env["ir.actions.report"].with_user(self.auditor)
        with self.allow_pdf_render():
            content, kind = reports.with_context(force_report_rendering=True)._render_qweb_pdf(
                REPORT, self.review.ids
            )
        self.assertEqual(kind, "pdf")
        self.assertGreaterEqual(len(PdfFileReader(BytesIO(content)).pages), 1)
