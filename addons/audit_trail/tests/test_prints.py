import json
from urllib.parse import urlencode

from odoo.exceptions import MissingError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

REPORT = "audit_trail.test_print"


@tagged("post_install", "-at_install")
class TestPrints(HttpCase):
    """Every way in which core prints a tracked record."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        model = cls.env.ref("base.model_res_partner_category")
        cls.env["audit.trail.rule"].create({"model_id": model.id})
        cls.env["ir.ui.view"].create(
            {
                "name": "Print",
                "type": "qweb",
                "key": REPORT,
                "arch": """<t t-name="audit_trail.test_print"><html><main><div class="article"
                    t-foreach="docs" t-as="doc"><t t-out="doc.name" /></div></main></html></t>""",
            }
        )
        cls.report = cls.env["ir.actions.report"].create(
            {"name": "Print", "model": "res.partner.category", "report_name": REPORT}
        )
        categories = cls.env["res.partner.category"]
        cls.tags = categories.create([{"name": "First"}, {"name": "Second"}])
        cls.user = new_test_user(cls.env, "trail_printer", "base.group_user")

    def prints(self):
        domain = [("kind", "=", "print"), ("res_model", "=", "res.partner.category")]
        return self.env["audit.trail.entry"].search(domain, order="id")

    def assert_one_print(self, entry, print_format, records):
        """One print is told, with report, format, records and user."""
        self.assertEqual(len(entry), 1)
        self.assertEqual(entry.user_id, self.user)
        self.assertEqual(
            entry.details,
            {
                "report": REPORT,
                "format": print_format,
                "ids": records.ids,
                "count": len(records),
            },
        )

    @mute_logger("odoo.http")
    def open_and_tell(self, path):
        """The prints that opening a page tells; a read-only cursor is given up for them."""
        before = self.prints()
        answer = self.url_open(path)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertIn("First", answer.text)
        return self.prints() - before

    def test_core_routes(self):
        """Given a user, when core's routes print, then once each, whatever the context says."""
        self.authenticate("trail_printer", "trail_printer")
        context = urlencode(
            {"context": json.dumps({"audit_trail_print": True, "report_pdf_no_attachment": True})}
        )
        for print_format in ("html", "pdf", "text"):
            for query in ("", f"?{context}"):
                with self.subTest(print_format, query=query):
                    entry = self.open_and_tell(
                        f"/report/{print_format}/{REPORT}/{self.tags[0].id}{query}"
                    )
                    self.assert_one_print(entry, print_format, self.tags[0])
                    self.assertEqual((entry.res_id, entry.channel), (self.tags[0].id, "web"))
                    self.assertEqual(entry.res_name, "First")

    def test_several_records(self):
        self.authenticate("trail_printer", "trail_printer")
        ids = ",".join(map(str, self.tags.ids))
        entry = self.open_and_tell(f"/report/pdf/{REPORT}/{ids}")
        self.assert_one_print(entry, "pdf", self.tags)
        self.assertFalse(entry.res_id)

    def test_the_download(self):
        """Given the button of the web client, when it downloads, then the print is told once."""
        self.authenticate("trail_printer", "trail_printer")
        for print_format in ("pdf", "text"):
            with self.subTest(print_format):
                url = f"/report/{print_format}/{REPORT}/{self.tags[0].id}"
                data = json.dumps([url, f"qweb-{print_format}"])
                entry = self.open_and_tell(f"/report/download?{urlencode({'data': data})}")
                self.assert_one_print(entry, print_format, self.tags[0])

    def test_from_code(self):
        """Given a mail template's or an addon's print, then it is told once as well."""
        reports = self.env["ir.actions.report"].with_user(self.user).sudo()
        for print_once, print_format in (
            (lambda: reports._render(REPORT, self.tags.ids), "pdf"),
            (lambda: reports._render_qweb_pdf(REPORT, self.tags.ids), "pdf"),
            (lambda: reports._pre_render_qweb_pdf(REPORT, self.tags.ids), "pdf"),
            (lambda: reports._render_qweb_html(REPORT, self.tags.ids), "html"),
        ):
            before = self.prints()
            print_once()
            self.assert_one_print(self.prints() - before, print_format, self.tags)

    def test_a_failed_print_leaves_no_guard_behind(self):
        """Given a print that failed, then it is not told, and the next one is."""
        before = self.prints()
        reports = self.env["ir.actions.report"].with_user(self.user)
        self.report.report_name = "audit_trail.no_such_template"
        with self.assertRaises(MissingError):
            reports._render_qweb_html(self.report.id, self.tags.ids)
        self.report.report_name = REPORT
        self.assertFalse(self.prints() - before)
        reports._render_qweb_html(self.report.id, self.tags.ids)
        self.assert_one_print(self.prints() - before, "html", self.tags)

    def test_reports_of_untracked_models_are_not_told(self):
        self.report.model = "res.lang"
        before = self.env["audit.trail.entry"].search_count([("kind", "=", "print")])
        language = self.env.ref("base.lang_en")
        self.env["ir.actions.report"]._render_qweb_html(REPORT, language.ids)
        after = self.env["audit.trail.entry"].search_count([("kind", "=", "print")])
        self.assertEqual(after, before)
