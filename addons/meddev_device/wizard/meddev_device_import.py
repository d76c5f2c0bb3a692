import base64
import binascii
import csv
import io
import zipfile
from urllib.parse import quote

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.escape import escape
from openpyxl.utils.exceptions import InvalidFileException

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.argument import ensure_single
from ..models.stock_lot_load import (
    STATUS_CREATED,
    STATUS_REFUSED,
    STATUS_UNCHANGED,
    STATUS_UPDATED,
)
from ..tools import device_file

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
#: With the header; a request to the web server must end in time.
MOST_LINES = 10_001
SHOWN_TEXT_LENGTH = 60
SHOWN_WARNINGS = 100
STATE_UPLOAD = "upload"
STATE_DONE = "done"
CHOICE_KEYS = ("device_state", "origin")


class MeddevDeviceImport(models.TransientModel):
    """Loads devices from a file: good rows are kept, every other row is named and given back.

    Uploading the same file again changes nothing.
    """

    _name = "meddev.device.import"
    _description = "Import of Devices"

    state = fields.Selection(
        [(STATE_UPLOAD, "Upload"), (STATE_DONE, "Done")], default=STATE_UPLOAD, readonly=True
    )
    file = fields.Binary(help="CSV or XLSX with a header row, in English or Chinese.")
    filename = fields.Char()
    created_count = fields.Integer("Created", readonly=True)
    updated_count = fields.Integer("Changed", readonly=True)
    unchanged_count = fields.Integer("Unchanged", readonly=True)
    refused_count = fields.Integer("Refused", readonly=True)
    unknown_columns = fields.Char("Columns Not Read", readonly=True)
    warnings = fields.Text("Loaded Rows to Check", readonly=True)
    header = fields.Json(readonly=True)
    line_ids = fields.One2many(
        "meddev.device.import.line", "import_id", "Refused Rows", readonly=True
    )
    refused_csv = fields.Binary(compute="_compute_refused_csv")
    refused_xlsx = fields.Binary(compute="_compute_refused_xlsx")
    template_xlsx = fields.Binary(compute="_compute_template_xlsx")

    # Downloads

    def _compute_refused_csv(self):
        for wizard in self:
            stream = io.StringIO()
            csv.writer(stream).writerows(wizard._get_refused_table())
            # With a BOM, or Excel takes the text for the code page of the machine.
            wizard.refused_csv = base64.b64encode(stream.getvalue().encode("utf-8-sig"))

    def _compute_refused_xlsx(self):
        for wizard in self:
            sheets = {self.env._("Refused Rows"): wizard._get_refused_table()}
            wizard.refused_xlsx = self._write_xlsx(sheets)

    def _compute_template_xlsx(self):
        devices = self.env["stock.lot"]
        titles = [devices._get_row_label(key) for key in device_file.TEMPLATE_KEYS]
        explained = [
            [title, self._explain_column(key)]
            for key, title in zip(device_file.TEMPLATE_KEYS, titles, strict=True)
        ]
        sheets = {self.env._("Devices"): [titles], self.env._("Explanation"): explained}
        self.template_xlsx = self._write_xlsx(sheets, blank_rows=500)

    def _get_refused_table(self):
        """The refused rows as they were sent, each with its number, column and reason."""
        self.ensure_one()
        header = self.header or []
        table = [[*header, self.env._("Row"), self.env._("Wrong Column"), self.env._("Reason")]]
        for line in self.line_ids:
            cells = (line.cells or [])[: len(header)]
            cells += [""] * (len(header) - len(cells))
            table.append([*cells, line.row_number, line.column or "", line.message])
        return [[device_file.add_guard(cell) for cell in row] for row in table]

    def _explain_column(self, key):
        if key in CHOICE_KEYS:
            return self.env["stock.lot"]._describe_choices(key)
        if key in device_file.DATE_KEYS:
            return self.env._("A date, for example 2026-03-31")
        texts = {
            "serial": self.env._("Required"),
            "product_code": self.env._("One of product code, UDI-DI or UDI carrier is required"),
            "manufacturer": self.env._("If given, compared with the product's manufacturer"),
            "customer": self.env._("Name of the hospital, as recorded"),
            "department": self.env._("Name of the department in this hospital, as recorded"),
            "room": self.env._("Name of the room in this department, as recorded"),
            "alias": self.env._("The hospital's own number, such as its asset number"),
        }
        return texts.get(key, "")

    def _write_xlsx(self, sheets, blank_rows=0):
        """All cells are texts: no formula, no lost zero, no serial number that becomes a date."""
        workbook = openpyxl.Workbook(write_only=True)
        for title, table in sheets.items():
            sheet = workbook.create_sheet(title)
            blank = [[""] * len(table[0])] * blank_rows if sheet is workbook.worksheets[0] else []
            for row in [*table, *blank]:
                sheet.append([self._text_cell(sheet, text) for text in row])
        stream = io.BytesIO()
        workbook.save(stream)
        return base64.b64encode(stream.getvalue())

    def _text_cell(self, sheet, text):
        cell = WriteOnlyCell(sheet, escape(str(text)) or None)
        cell.number_format = "@"
        if text:
            cell.data_type = "s"
        return cell

    # Buttons

    def action_import(self):
        """Load the file, and show the result in the same dialogue."""
        ensure_single(self)
        self.env["stock.lot"].check_access("create")
        if not self.file:
            raise UserError(self.env._("Choose a file."))
        table = self._read_file()
        try:
            start, columns, unknown = device_file.find_header(table)
        except device_file.FileProblem as problem:
            raise UserError(self._describe_problem(problem)) from problem
        rows, refused = self._read_rows(table, start, columns)
        results = self.env["stock.lot"].load_devices(rows)
        refused += [result for result in results if result["status"] == STATUS_REFUSED]
        self._write_result(table, start, unknown, results, refused)
        return self._reopen()

    def action_start_again(self):
        """Empty the dialogue for the next file, such as the corrected one."""
        ensure_single(self)
        self.write(
            {
                "state": STATE_UPLOAD,
                "file": False,
                "filename": False,
                "line_ids": [fields.Command.clear()],
            }
        )
        return self._reopen()

    def action_download_refused_csv(self):
        """Give the refused rows back as CSV."""
        return self._download("refused_csv", self.env._("refused_devices.csv"))

    def action_download_refused_xlsx(self):
        """Give the refused rows back as XLSX."""
        return self._download("refused_xlsx", self.env._("refused_devices.xlsx"))

    def action_download_template(self):
        """Give an empty file with the columns that can be filled in."""
        return self._download("template_xlsx", self.env._("devices.xlsx"))

    def _download(self, name, filename):
        ensure_single(self)
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{name}/{quote(filename)}?download=true",
            "target": "download",
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import Devices"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # File

    def _read_file(self):
        """Rows of cells of the file's first sheet."""
        try:
            content = base64.b64decode(self.file)
        except (binascii.Error, ValueError) as error:
            raise UserError(self.env._("The file arrived damaged: upload it again.")) from error
        if len(content) > MAX_FILE_BYTES:
            raise UserError(self.env._("The file is larger than 20 MB: split it."))
        if content.startswith(b"PK"):
            table = self._read_xlsx(content)
        else:
            try:
                table = device_file.read_csv(content)
            except device_file.FileProblem as problem:
                raise UserError(self._describe_problem(problem)) from problem
        if sum(map(_has_content, table)) > MOST_LINES:
            raise UserError(
                self.env._("The file has more than %s rows: split it.", f"{MOST_LINES - 1:,}")
            )
        return table

    def _read_xlsx(self, content):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                unpacked = sum(part.file_size for part in archive.infolist())
            if unpacked > MAX_UNPACKED_BYTES:
                raise UserError(self.env._("The file is too large when unpacked: split it."))
            workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheet = workbook.worksheets[0]
            # What a file says of its size may be a million columns.
            sheet.reset_dimensions()
            table, filled = [], 0
            for cells in sheet.iter_rows(values_only=True):
                # A format may reach down to the last row of the sheet.
                table.append(cells if _has_content(cells) else ())
                filled += bool(table[-1])
                if filled > MOST_LINES:
                    break
            return table
        except (
            zipfile.BadZipFile,
            InvalidFileException,
            SyntaxError,  # of the XML inside
            AttributeError,
            IndexError,
            KeyError,
            NotImplementedError,
            OSError,
            TypeError,
            ValueError,
        ) as error:
            raise UserError(
                self.env._("The file is not readable as XLSX: save it again, or as CSV.")
            ) from error

    # Rows

    def _read_rows(self, table, start, columns):
        """What can be loaded, and results of the rows that the file itself has spoilt."""
        choices = self._get_choices()
        rows, refused = [], []
        for number, cells in enumerate(table[start + 1 :], start + 2):
            if not _has_content(cells):
                continue
            row, key = {"row": number}, False
            try:
                if isinstance(cells[0], device_file.OpenQuote):
                    raise device_file.FileProblem(device_file.OPEN_QUOTE)
                for key, position in columns.items():
                    value = cells[position] if position < len(cells) else None
                    row[key] = device_file.read_cell(key, value)
            except device_file.FileProblem as problem:
                message = self._describe_problem(problem)
                refused.append(self.env["stock.lot"]._refuse_row(number, row, key, message))
                continue
            for key in CHOICE_KEYS:
                if row.get(key):
                    row[key] = choices[key].get(row[key].casefold(), row[key])
            rows.append(row)
        return rows, refused

    def _get_choices(self):
        """Word of a selection by what it is called in any language in use."""
        choices = {}
        for key in CHOICE_KEYS:
            choices[key] = {}
            for lang, _name in self.env["res.lang"].get_installed():
                devices = self.env["stock.lot"].with_context(lang=lang)
                for value, label in devices._fields[key]._description_selection(devices.env):
                    choices[key] |= {label.casefold(): value, value.casefold(): value}
        return choices

    # Result

    def _write_result(self, table, start, unknown, results, refused):
        counts = dict.fromkeys((STATUS_CREATED, STATUS_UPDATED, STATUS_UNCHANGED), 0)
        for result in results:
            if result["status"] in counts:
                counts[result["status"]] += 1
        devices = self.env["stock.lot"]
        warned = [result for result in results if result["warning"]]
        warnings = [
            self.env._("Row %(row)s: %(error)s", row=result["row"], error=result["warning"])
            for result in warned[:SHOWN_WARNINGS]
        ]
        if len(warned) > SHOWN_WARNINGS:
            warnings.append(self.env._("And %s rows more.", len(warned) - SHOWN_WARNINGS))
        lines = [
            {
                "row_number": result["row"],
                "column": result["field"] and devices._get_row_label(result["field"]),
                "message": self._get_reason(result),
                "cells": [device_file.show_cell(cell) for cell in table[result["row"] - 1]],
            }
            for result in sorted(refused, key=lambda result: result["row"])
        ]
        self.write(
            {
                "state": STATE_DONE,
                "created_count": counts[STATUS_CREATED],
                "updated_count": counts[STATUS_UPDATED],
                "unchanged_count": counts[STATUS_UNCHANGED],
                "refused_count": len(lines),
                "unknown_columns": ", ".join(unknown)[:500],
                "warnings": "\n".join(warnings) or False,
                "header": [device_file.show_cell(cell) for cell in table[start]],
                "line_ids": [
                    fields.Command.clear(),
                    *(fields.Command.create(line) for line in lines),
                ],
            }
        )

    def _get_reason(self, result):
        """The error without its row number, which has a column of its own."""
        before = self.env._("Row %(row)s: %(error)s", row=result["row"], error="")
        reason = result["error"].removeprefix(before)
        return reason[:1].upper() + reason[1:]

    def _describe_problem(self, problem):
        """What is wrong with the file or a cell of it, and what to do."""
        value = problem.value[:SHOWN_TEXT_LENGTH]
        messages = {
            device_file.NOT_TEXT: self.env._(
                "This is no CSV or XLSX file. Open it in the spreadsheet program and save it as"
                " XLSX."
            ),
            device_file.NO_HEADER: self.env._(
                "The file has no column for the serial number. Name it Serial Number, or fill in"
                " the template."
            ),
            device_file.NO_PRODUCT_COLUMN: self.env._(
                "The file has no column for the product. Add UDI-DI, UDI Carrier, Product Code or"
                " Product."
            ),
            device_file.COLUMN_TWICE: self.env._(
                "Two columns of the file are the same thing; the second is %s. Remove one.", value
            ),
            device_file.BECAME_DATE: self.env._(
                "the spreadsheet program turned it into a date (%s). Format the column as text and"
                " type it again.",
                value,
            ),
            device_file.BECAME_NUMBER: self.env._(
                "the spreadsheet program shortened it to %s. Format the column as text and type it"
                " again.",
                value,
            ),
            device_file.CELL_ERROR: self.env._(
                "the cell shows the error %s. Enter the value itself.", value
            ),
            device_file.OPEN_QUOTE: self.env._(
                "a quotation mark in this line is never closed. Remove or double it."
            ),
        }
        return messages[problem.reason]


class MeddevDeviceImportLine(models.TransientModel):
    """One row of the file that was refused."""

    _name = "meddev.device.import.line"
    _description = "Refused Row of a Device File"
    _order = "row_number, id"

    import_id = fields.Many2one(
        "meddev.device.import", required=True, ondelete="cascade", index=True
    )
    row_number = fields.Integer("Row")
    column = fields.Char("Wrong Column")
    message = fields.Text("Reason")
    cells = fields.Json()


def _has_content(cells):
    return any(cell not in (None, "") and str(cell).strip() for cell in cells)
