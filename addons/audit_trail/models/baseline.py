"""Noting the state of rows as it is, without a write: a baseline becomes their last entry.

Functions, not methods: a server action reaches every method, and a baseline makes a record that
was changed behind the trail's back look as if it had always been so.
"""

from psycopg2.extras import Json

from odoo.tools import SQL

from .announcement import announce
from .kinds import KIND_BASELINE

BASELINE_CHUNK = 1000


def write_baseline(env, row, only_ids=None, details=None):
    """Note the state of rows as it is now, without values, a thousand to an entry.

    :param row: of ``audit_trail_tracked``.
    :param only_ids: ids of records; None for all rows.
    :param details: further facts for the entries.
    """
    announce(env)
    numbered, content = _query_relation(row) if row["is_relation"] else _query(row, only_ids)
    env.cr.execute(
        SQL(
            """
            INSERT INTO audit_trail_entry (kind, res_model, details)
                 SELECT %s, %s, %s::jsonb || %s FROM (%s) numbered GROUP BY chunk
            """,
            KIND_BASELINE,
            row["model"],
            content,
            Json(details or {}),
            numbered,
        )
    )


def _query_relation(row):
    columns = SQL.identifier(row["column1"]), SQL.identifier(row["column2"])
    numbered = SQL(
        "SELECT json_build_array(%s, %s) AS item,"
        " (ROW_NUMBER() OVER (ORDER BY %s, %s) - 1) / %s AS chunk FROM %s",
        *columns,
        *columns,
        BASELINE_CHUNK,
        SQL.identifier(row["table_name"]),
    )
    content = SQL("json_build_object('relation', %s, 'pairs', json_agg(item))", row["table_name"])
    return numbered, content


def _query(row, only_ids):
    numbered = SQL(
        "SELECT id, audit_trail_state(to_jsonb(audited.*) - %s::text[]) AS item,"
        " (ROW_NUMBER() OVER (ORDER BY id) - 1) / %s AS chunk FROM %s audited %s",
        list(row["ignored"]),
        BASELINE_CHUNK,
        SQL.identifier(row["table_name"]),
        SQL("WHERE id = ANY(%s)", list(only_ids)) if only_ids is not None else SQL(),
    )
    content = SQL(
        "json_build_object('table', %s, 'states', json_object_agg(id, item))", row["table_name"]
    )
    return numbered, content
