import json

from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import InternalServerError

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.web.controllers.pivot import TableExporter

from ..models.export_session import table_export


def is_read_only(_controller, _rule, _arguments):
    """Never: core's route is, but what leaves is told. Core warns of a plain ``False``."""
    return False


class ControlledTableExporter(TableExporter):
    """The table of a pivot view leaves as every other export: by policy, marked, told.

    The browser sends the finished table: what kind of record it is of, the browser says.
    """

    @http.route(readonly=is_read_only)
    def export_xlsx(self, data, **kw):
        table = json.load(data) if isinstance(data, FileStorage) else json.loads(data)
        try:
            return self._export_table(table, kw)
        except UserError as error:
            # In the form that the web client shows, as in core's other exports.
            payload = {
                "code": 0,
                "message": "Odoo Server Error",
                "data": http.serialize_exception(error),
            }
            raise InternalServerError(json.dumps(payload)) from error

    def _export_table(self, table, options):
        records, row_count, headers = _measure(table)
        with table_export(request.env, records, row_count, headers) as session:
            if mark := session.get_watermark():
                table["rows"].append({"title": mark, "indent": 0, "values": []})
            response = super().export_xlsx(json.dumps(table), **options)
            session.log(response.get_data(), "pivot.xlsx", cells=_count_cells(table))
        return response


def _measure(table):
    """:return: the model of a posted table, its rows or columns, whichever are more, its measures.

    :raise UserError: it is no table of a kind of record.
    """
    table = table if isinstance(table, dict) else {}
    name, rows, headers = (table.get(key) for key in ("model", "rows", "measure_headers"))
    if not isinstance(name, str) or name not in request.env:
        raise UserError(
            request.env._("%s is no kind of record: open the table anew and export it again.", name)
        )
    lists = [items if isinstance(items, list) else [None] for items in (rows, headers)]
    if not rows or not all(isinstance(item, dict) for items in lists for item in items):
        raise UserError(
            request.env._(
                "The table of %s has no rows: choose other filters, then export it again.",
                request.env[name]._description,
            )
        )
    titles = dict.fromkeys(str(header.get("title")) for header in headers)
    columns = len(headers) // max(1, len(titles))
    return request.env[name], max(len(rows), columns), list(titles)


def _count_cells(table):
    return sum(len(row.get("values") or ()) for row in table["rows"])
