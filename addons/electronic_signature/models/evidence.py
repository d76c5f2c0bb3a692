"""Rows of evidence: appended here alone, keyed with a secret that the database never sees.

Plain functions, not methods of a model: a server action reaches every method of every model,
private ones too, but no function of a module.
"""

from datetime import datetime

from psycopg2.extras import Json

from odoo.tools import SQL

from odoo.addons.audit_trail.models.announcement import ring
from odoo.addons.audit_trail.tools import key_ring

from ..tools import canonical

SIGNATURE_TABLE = "electronic_signature"
VOID_TABLE = "electronic_signature_void"
_PURPOSE = "electronic_signature"
#: What the digest of a row covers, in tables that hold more columns one day: never change a list,
#: a new one goes with a new prefix of the digest.
COLUMNS = {
    SIGNATURE_TABLE: (
        "id",
        "res_model",
        "res_id",
        "res_name",
        "company_id",
        "transition",
        "meaning",
        "user_id",
        "user_login",
        "user_name",
        "signed_at",
        "timezone",
        "methods",
        "channel",
        "address",
        "session",
        "reason",
        "content_digest",
        "content_marks",
    ),
    VOID_TABLE: (
        "id",
        "signature_id",
        "company_id",
        "voided_at",
        "user_id",
        "user_name",
        "cause",
        "field_names",
        "content_digest",
        "channel",
    ),
}


def append(env, table, row, moment_column):
    """Write one row of evidence; id and moment come from the database.

    :param row: dictionary by column.
    :return: the row as written.
    """
    env.cr.execute(
        "SELECT nextval(pg_get_serial_sequence(%s, 'id')), clock_timestamp() AT TIME ZONE 'UTC'",
        [table],
    )
    row_id, moment = env.cr.fetchone()
    written = dict.fromkeys(COLUMNS[table]) | row | {"id": row_id, moment_column: moment}
    key_id = env["audit.trail.entry"]._get_key_id()
    written["digest"] = canonical.row_digest(_key(key_id), key_id, table, _plain(table, written))
    values = [
        Json(value) if isinstance(value, dict | list) else value for value in written.values()
    ]
    env.cr.execute(
        SQL(
            "INSERT INTO %s (%s) VALUES %s",
            SQL.identifier(table),
            SQL(", ").join(map(SQL.identifier, written)),
            tuple(values),
        )
    )
    return written


def read(env, table, condition):
    """Rows of a table as dictionaries, oldest first; the condition is an ``SQL`` object."""
    env.cr.execute(SQL("SELECT * FROM %s WHERE %s ORDER BY id", SQL.identifier(table), condition))
    return env.cr.dictfetchall()


def is_authentic(table, row):
    """Whether a row was written by ``append``, and stands as it was written."""
    key_id = canonical.row_key_id(row["digest"])
    if not key_id:
        return False
    try:
        key = _key(key_id)
    except key_ring.KeyRingError:
        return False
    expected = canonical.row_digest(key, key_id, table, _plain(table, row))
    return canonical.is_same(row["digest"], expected)


def marks_key(digest):
    """Key of the field marks of the row that carries this digest."""
    return _key(canonical.row_key_id(digest))


def current_marks_key(env):
    return _key(env["audit.trail.entry"]._get_key_id())


def take_turn(env, res_model, res_id):
    """Wait until nobody else signs this record.

    Whoever waited and then would work on what was true before gets a serialization failure, which
    the server answers by doing the whole request again.
    """
    env.cr.execute(
        """
        INSERT INTO electronic_signature_turn (res_model, res_id) VALUES (%s, %s)
        ON CONFLICT (res_model, res_id) DO UPDATE SET turn = electronic_signature_turn.turn + 1
        """,
        [res_model, res_id],
    )


def _key(key_id):
    return key_ring.derive(ring().secret(key_id), _PURPOSE)


def _plain(table, row):
    """The digested columns as JSON-able values."""
    return {
        name: value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value
        for name, value in ((name, row[name]) for name in COLUMNS[table])
    }
