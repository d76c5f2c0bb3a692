from odoo import models

from ..tools.print_pages import count_lines, split_pages

#: Room on a page of the printed record, in lines of the table, with some to spare.
FIRST_PAGE = 38
FURTHER_PAGE = 50
#: A row's frame, in lines.
ROW_FRAME = 0.6

#: Letters that fit into a column of the printed record; see report_incoming_inspection_pages.
WIDTHS = {
    "name": 24,
    "model": 20,
    "registration": 24,
    "maker": 34,
    "number": 26,
    "result": 26,
}


class MeddevIncomingInspection(models.Model):
    """The printed record."""

    _inherit = "meddev.incoming.inspection"

    def _get_print_rows(self):
        """What the printed record says per line, as dictionaries of texts; asked by the report."""
        self.ensure_one()
        labels = {
            name: dict(self.line_ids._fields[name]._description_selection(self.env))
            for name in ("result", "decision")
        }
        return [line._prepare_print_vals(labels) for line in self.line_ids]

    def _get_print_pages(self):
        """The rows of the printed record, page by page: list of lists of ``(number, row)``."""
        rows = self._get_print_rows()
        heights = [
            ROW_FRAME + max(count_lines(row[name], width) for name, width in WIDTHS.items())
            for row in rows
        ]
        return [
            [(position + 1, rows[position]) for position in page]
            for page in split_pages(heights, FIRST_PAGE, FURTHER_PAGE)
        ]

    def _get_print_waivers(self):
        """Who let the receipt go on without which papers, oldest first; asked by the report."""
        self.ensure_one()
        # sudo: it is part of the record, whoever may print it.
        waivers = self.env["meddev.paper.waiver"].sudo()
        return waivers.search(self.picking_id._get_paper_waiver_domain(), order="id")
