import lxml.html
from markupsafe import Markup

from odoo import models

BLOCK = "electronic_signature.signature_block"


class IrActionsReport(models.Model):
    """Printed name, time with zone and meaning stand on every print of a signable record.

    Also on those of other addons that know nothing of signatures.
    Rule: 21 CFR 11.50(b).
    """

    _inherit = "ir.actions.report"

    def _render_qweb_html(self, report_ref, docids, data=None):
        html, kind = super()._render_qweb_html(report_ref, docids, data=data)
        model = self.env.get(self._get_report(report_ref).model)
        if docids and hasattr(model, "_get_signature_block"):
            html = self._add_signature_blocks(html, model.browse(docids))
        return html, kind

    def _add_signature_blocks(self, html, records):
        """Append the block to the page of each record whose own template has not placed it."""
        root = lxml.html.document_fromstring(html, lxml.html.HTMLParser(encoding="utf-8"))
        for record in records:
            if root.xpath("//*[@data-signed-record=$name]", name=f"{record._name},{record.id}"):
                continue
            page, lang = self._find_page(root, record)
            reader = record.with_context(lang=lang) if lang else record
            block = (
                self.env["ir.qweb"]
                .with_context(lang=reader.env.lang)
                ._render(BLOCK, {"signed_record": reader, "transition": None})
            )
            page.append(lxml.html.fragment_fromstring(Markup(block), create_parent="div"))
        return lxml.html.tostring(root, encoding="utf-8", doctype="<!DOCTYPE html>")

    def _find_page(self, root, record):
        """``(element, language or None)`` that shows this record in a rendered report."""
        pages = root.xpath(
            "//*[@data-oe-model=$model][@data-oe-id=$id]"
            "[contains(concat(' ', normalize-space(@class), ' '), ' article ')]",
            model=record._name,
            id=str(record.id),
        )
        if pages:
            return pages[-1], pages[-1].get("data-oe-lang")
        pages = root.xpath("//main | //body")
        return pages[-1], None
