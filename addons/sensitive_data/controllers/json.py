import json

from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.json import WebJsonController

from ..models.export_session import table_export
from .pivot import is_read_only


class ControlledJson(WebJsonController):
    """What a program fetches of a view leaves as every other export: by policy, told.

    Asked of what core has read, before it leaves: which records those are, core alone finds out.
    """

    @http.route(readonly=is_read_only)
    def web_json_1(self, subpath, **kwargs):
        response = super().web_json_1(subpath, **kwargs)
        if response.status_code != 200:
            # Core sends the caller on to an address that says more.
            return response
        action, *_rest = self._get_action(subpath)
        records = request.env[action.res_model]
        rows = _get_rows(json.loads(response.get_data()))
        paths = sorted({path for row in rows for path in _get_paths(row)})
        ids = [row["id"] for row in rows if isinstance(row.get("id"), int)]
        policies = request.env["sensitive.export.policy"]
        raw_paths = [path for path in paths if policies._check_path(records, path)]
        with table_export(request.env, records.browse(ids), len(rows), paths) as session:
            session.verdict.raw_paths = raw_paths
            session.log(response.get_data(), "json")
        return response


def _get_rows(answer):
    """The records or groups in what core answers: a list of either, or one record."""
    for name in ("records", "groups"):
        if isinstance(answer.get(name), list) and "length" in answer:
            return answer[name]
    return [answer]


def _get_paths(row):
    """Field paths of a record as the web client reads it, the records in its fields included."""
    for name, value in row.items():
        yield name
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, dict):
                yield from (f"{name}/{path}" for path in _get_paths(child))
