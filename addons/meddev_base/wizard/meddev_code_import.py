import base64
import binascii
import csv
import io
import re
import zipfile

import openpyxl

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.argument import ensure_single
from ..models.meddev_code import STATUS_ACTIVE, STATUS_RETIRED
from ..tools import code_file

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_ROWS = 100_000
STATE_UPLOAD = "upload"
STATE_DONE = "done"


class MeddevCodeImport(models.TransientModel):
    """Load the official file of a release: good rows are kept, every other row is named.

    Loading the same file again changes nothing.
    """

    _name = "meddev.code.import"
    _description = "Import of a Code List"

    state = fields.Selection(
        [(STATE_UPLOAD, "Upload"), (STATE_DONE, "Done")], default=STATE_UPLOAD, readonly=True
    )
    file = fields.Binary(help="CSV (UTF-8) or XLSX, with a header row.")
    filename = fields.Char()
    system_id = fields.Many2one(
        "meddev.code.system",
        "Code List",
        help="Not needed for a file with a column annex: its rows go to the IMDRF lists.",
    )
    release_name = fields.Char(
        "Release",
        compute="_compute_release_name",
        store=True,
        readonly=False,
        help="An existing release of this name is completed.",
    )
    valid_from = fields.Date(default=fields.Date.context_today)
    created_count = fields.Integer("Created", readonly=True)
    updated_count = fields.Integer("Changed", readonly=True)
    unchanged_count = fields.Integer("Unchanged", readonly=True)
    refused_count = fields.Integer("Refused", readonly=True)
    line_ids = fields.One2many(
        "meddev.code.import.line", "import_id", "Refused Rows", readonly=True
    )

    @api.depends("filename")
    def _compute_release_name(self):
        for wizard in self:
            year = re.search(r"(?<!\d)(20\d\d)(?!\d)", wizard.filename or "")
            if year and not wizard.release_name:
                wizard.release_name = year[1]

    def action_import(self):
        """Load the file, and show the result in the same dialogue."""
        ensure_single(self)
        self.env["meddev.code"].check_access("create")
        if not self.file or not self.release_name:
            raise UserError(self.env._("Choose a File and fill in the Release."))
        # There are a handful of code systems. pylint: disable-next=no-search-all
        systems = self.env["meddev.code.system"].search([])
        codes, problems, columns = code_file.read_rows(
            self._read_file(),
            {system.code: system.code_pattern or "" for system in systems},
            self.system_id.code or "",
        )
        self._ensure_columns_found(columns)
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        for system in systems:
            rows = [row for row in codes if row.system == system.code]
            if rows:
                for key, count in self._load(system, rows).items():
                    counts[key] += count
        self._write_result(counts, problems)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import of a Code List"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _ensure_columns_found(self, columns):
        missing = [name for name in code_file.REQUIRED_COLUMNS if name not in columns]
        if missing:
            raise UserError(
                self.env._(
                    "The first row of the file has no column for: %s. Name the columns as the "
                    "official file does, for example imdrf_code and term.",
                    ", ".join(missing),
                )
            )
        if "annex" not in columns and not self.system_id:
            raise UserError(
                self.env._("The file does not say which list it is: choose the Code List.")
            )

    def _read_file(self):
        try:
            content = base64.b64decode(self.file)
        except binascii.Error as error:
            raise UserError(self.env._("The file arrived damaged: upload it again.")) from error
        if len(content) > MAX_FILE_BYTES:
            raise UserError(self.env._("The file is larger than 20 MB: split it."))
        rows = self._read_xlsx(content) if content[:2] == b"PK" else self._read_csv(content)
        if len(rows) > MAX_ROWS:
            raise UserError(self.env._("The file has more than 100,000 rows: split it."))
        return rows

    def _read_csv(self, content):
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                text = content.decode(encoding)
            except UnicodeDecodeError:
                continue
            try:
                return list(csv.reader(io.StringIO(text, newline=""), strict=False))
            except csv.Error as error:
                raise UserError(
                    self.env._("The file is not readable as CSV: %s.", error)
                ) from error
        raise UserError(self.env._("The text of the file is not UTF-8: save it as CSV UTF-8."))

    def _read_xlsx(self, content):
        try:
            workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            rows = []
            for row in workbook.worksheets[0].iter_rows(values_only=True):
                rows.append(row)
                if len(rows) > MAX_ROWS:
                    break
            return rows
        except (zipfile.BadZipFile, KeyError, ValueError, IndexError, OSError) as error:
            raise UserError(
                self.env._("The file is not readable as XLSX: save it again, or as CSV.")
            ) from error

    def _load(self, system, rows):
        """Create and update the codes of one list, level by level and in bulk."""
        release = self._get_or_create_release(system)
        lang = system.lang or "en_US"
        release_codes = (
            self.env["meddev.code"]
            .with_context(lang=lang)
            .search([("release_id", "=", release.id)])
        )
        known = {code.code: code for code in release_codes}
        by_code = {row.code: row for row in rows}
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        for level_rows in self._by_level(rows, by_code):
            vals_list = []
            for row in level_rows:
                vals = self._prepare_code_vals(row, release, known)
                if row.code not in known:
                    vals_list.append(vals)
                elif changes := self._changes(known[row.code], vals):
                    known[row.code].write(changes)
                    counts["updated"] += 1
                else:
                    counts["unchanged"] += 1
            created = self.env["meddev.code"].with_context(lang=lang).create(vals_list)
            known |= {code.code: code for code in created}
            counts["created"] += len(created)
        self._place_also_under(rows, known)
        return counts

    def _get_or_create_release(self, system):
        domain = [("system_id", "=", system.id), ("name", "=", self.release_name.strip())]
        release = self.env["meddev.code.release"].search(domain, limit=1)
        if release:
            return release
        return release.create(
            {
                "system_id": system.id,
                "name": self.release_name.strip(),
                "valid_from": self.valid_from or fields.Date.context_today(self),
                "source": self.filename,
            }
        )

    @api.model
    def _by_level(self, rows, by_code):
        """Rows in groups: those without a parent in the file first, then their children, …"""
        depths = {}

        def depth(row):
            if row.code not in depths:
                parent = by_code.get(row.parent_code)
                depths[row.code] = depth(parent) + 1 if parent else 0
            return depths[row.code]

        levels = {}
        for row in rows:
            levels.setdefault(depth(row), []).append(row)
        return [levels[level] for level in sorted(levels)]

    @api.model
    def _prepare_code_vals(self, row, release, known):
        parent = known.get(row.parent_code)
        vals = {
            "release_id": release.id,
            "code": row.code,
            "term": row.term,
            "is_selectable": row.is_selectable,
            "status": STATUS_RETIRED if row.is_retired else STATUS_ACTIVE,
        }
        # A column that the file lacks says nothing about what we know.
        if row.definition:
            vals["definition"] = row.definition
        if row.external_code:
            vals["external_code"] = row.external_code
        if parent:
            vals["parent_id"] = parent.id
        return vals

    @api.model
    def _changes(self, code, vals):
        return {
            name: value
            for name, value in vals.items()
            if code._fields[name].convert_to_write(code[name], code) != value
        }

    @api.model
    def _place_also_under(self, rows, known):
        for row in rows:
            places = [known[place].id for place in row.also_under]
            code = known[row.code]
            if places and sorted(code.also_under_ids.ids) != sorted(places):
                code.also_under_ids = [fields.Command.set(places)]

    def _write_result(self, counts, problems):
        self.write(
            {
                "state": STATE_DONE,
                "created_count": counts["created"],
                "updated_count": counts["updated"],
                "unchanged_count": counts["unchanged"],
                "refused_count": len(problems),
                "line_ids": [fields.Command.clear()]
                + [
                    fields.Command.create(
                        {
                            "row_number": problem.row_number,
                            "column": problem.column,
                            "message": self._get_problem_message(problem),
                        }
                    )
                    for problem in problems
                ],
            }
        )

    def _get_problem_message(self, problem):
        """What is wrong with a row, and what to do, in the user's language."""
        value = problem.value
        messages = {
            code_file.MISSING_CODE: self.env._("The code is missing: fill it in."),
            code_file.MISSING_TERM: self.env._(
                "The term of code %s is missing: fill it in.", value
            ),
            code_file.BAD_SHAPE: self.env._(
                "%s does not have the shape of this list's codes: compare it with the official "
                "file.",
                value,
            ),
            code_file.TWICE: self.env._(
                "The code %s stands in the file twice with different content: keep one row.", value
            ),
            code_file.UNKNOWN_LIST: self.env._(
                "There is no code list for %s: create it, or correct the annex.", value
            ),
            code_file.UNKNOWN_STATUS: self.env._(
                "The status %s is not known: use New, Modified, Retired or Not selectable.", value
            ),
            code_file.TOO_LONG: self.env._("The text is too long (%s…): shorten it.", value),
        }
        return messages[problem.reason]


class MeddevCodeImportLine(models.TransientModel):
    """One row of the file that was refused."""

    _name = "meddev.code.import.line"
    _description = "Refused Row of a Code File"
    _order = "row_number, id"

    import_id = fields.Many2one("meddev.code.import", required=True, ondelete="cascade", index=True)
    row_number = fields.Integer("Row")
    column = fields.Char()
    message = fields.Char()
