import csv
import io
import json

from odoo.http import request

from odoo.addons.web.controllers.export import (
    CSVExport,
    ExcelExport,
    ExportXlsxWriter,
    GroupExportXlsxWriter,
)

from ..models.export_session import ExportSession, current_session

SHEET = "Watermark"


def _get_watermark():
    session = current_session(request.env)
    return session and session.get_watermark()


class _Controlled:
    """An export that is watermarked, and whose file's digest is in the trail."""

    def base(self, data):
        with ExportSession(request.env, json.loads(data)) as session:
            response = super().base(data)
            session.log(response.get_data(), self.extension)
        return response


class _Marked:
    """A workbook with its watermark: on every printed page, in the properties, on its own sheet.

    Not among the rows, so that the file can be imported again.
    """

    def close(self):
        if mark := _get_watermark():
            self.worksheet.set_footer("&L&8" + mark.replace("&", "&&")[:250])
            self.workbook.set_properties({"comments": mark, "author": request.env.user.name})
            self.workbook.add_worksheet(SHEET).write(0, 0, mark)
        super().close()


class MarkedXlsxWriter(_Marked, ExportXlsxWriter):
    pass


class MarkedGroupXlsxWriter(_Marked, GroupExportXlsxWriter):
    pass


class ControlledCSVExport(_Controlled, CSVExport):
    def from_data(self, fields, columns_headers, rows):
        text = super().from_data(fields, columns_headers, rows)
        if mark := _get_watermark():
            line = io.StringIO()
            csv.writer(line, quoting=1).writerow([f"# {mark}"])
            text += line.getvalue()
        return text


class ControlledExcelExport(_Controlled, ExcelExport):
    # The two methods are core's (web/controllers/export.py, 19.0) with another writer: core names
    # its writers in the methods themselves.

    def from_group_data(self, fields, columns_headers, groups):
        with MarkedGroupXlsxWriter(fields, columns_headers, groups.count) as xlsx_writer:
            x, y = 1, 0
            for group_name, group in groups.children.items():
                x, y = xlsx_writer.write_group(x, y, group_name, group)
        return xlsx_writer.value

    def from_data(self, fields, columns_headers, rows):
        with MarkedXlsxWriter(fields, columns_headers, len(rows)) as xlsx_writer:
            for row_index, row in enumerate(rows):
                for cell_index, cell_value in enumerate(row):
                    xlsx_writer.write_cell(row_index + 1, cell_index, cell_value)
        return xlsx_writer.value
