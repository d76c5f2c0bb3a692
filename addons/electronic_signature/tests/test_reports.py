import lxml.html

from odoo.tests import tagged

from .common import SigningCase

NAMES_NOTHING = """
<t t-name="electronic_signature.test_paper_report">
    <t t-call="web.html_container">
        <t t-foreach="docs" t-as="doc">
            <t t-call="web.external_layout"><p t-out="doc.name" /></t>
        </t>
    </t>
</t>
"""
PLACES_IT = NAMES_NOTHING.replace(
    "<p ",
    '<t t-call="electronic_signature.signature_block">'
    '<t t-set="signed_record" t-value="doc" /></t><p ',
)


@tagged("post_install", "-at_install")
class TestReports(SigningCase):
    """Every print of a signed record shows the signatures, whoever wrote its template."""

    def render(self, arch, papers):
        name = "electronic_signature.test_paper_report"
        self.env["ir.ui.view"].create(
            {"name": name, "key": name, "type": "qweb", "arch": arch.strip()}
        )
        self.env["ir.actions.report"].create(
            {"name": "Paper", "model": papers._name, "report_name": name}
        )
        reports = self.env["ir.actions.report"].with_user(self.employee)
        html = reports._render_qweb_html(name, papers.ids)[0]
        root = lxml.html.document_fromstring(html)
        return [
            (block.get("data-signed-record"), " ".join(block.text_content().split()), block)
            for block in root.xpath("//*[@data-signed-record]")
        ]

    def test_a_report_that_knows_of_no_signatures_shows_them(self):
        """Given two papers, one signed and changed since, then each page has its own block."""
        second = self.new_paper(name="Second report")
        self.sign(self.paper, self.approver, reason="Looked at 100 %")
        self.sign(second, self.other_approver)
        second.name = "Changed"
        self.commit()
        blocks = self.render(NAMES_NOTHING, self.paper | second)
        self.assertEqual(
            [name for name, _text, _block in blocks],
            [f"{self.paper._name},{paper.id}" for paper in (self.paper, second)],
        )
        for _name, _text, block in blocks:
            self.assertTrue(block.xpath("ancestor::*[contains(@class, 'article')]"))
        for text in (
            self.approver.name,
            "Approver",
            "Asia/Shanghai, UTC+08:00",
            "Valid",
            "Looked at 100 %",
        ):
            self.assertIn(text, blocks[0][1])
        self.assertIn("Void", blocks[1][1])
        self.assertIn("Changed by", blocks[1][1])
        self.assertNotIn(self.other_approver.name, blocks[0][1])

    def test_where_the_template_places_it_it_stands_once(self):
        self.sign(self.paper, self.approver)
        self.assertEqual(len(self.render(PLACES_IT, self.paper)), 1)

    def test_an_unsigned_record_says_so(self):
        self.assertIn("Not signed.", self.render(NAMES_NOTHING, self.paper)[0][1])
