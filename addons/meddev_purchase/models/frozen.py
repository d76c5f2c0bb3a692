"""What reaches a table below ``write``, where the code of a server action also comes."""

from odoo.models import MAGIC_COLUMNS
from odoo.tools import SQL


def find_changed_columns(record, vals):
    """Columns of ``record`` whose value in the database is another one than in ``vals``.

    What the ORM computes anew and finds the same is no change.
    """
    names = sorted(vals.keys() - set(MAGIC_COLUMNS))
    if not names:
        return []
    differences = [
        SQL(
            "%s IS DISTINCT FROM %s::%s",
            SQL.identifier(name),
            vals[name],
            SQL(record._fields[name].column_type[1]),
        )
        for name in names
    ]
    rows = record.env.execute_query(
        SQL(
            "SELECT %s FROM %s WHERE id = %s",
            SQL(", ").join(differences),
            SQL.identifier(record._table),
            record.id,
        )
    )
    return [name for name, differs in zip(names, rows[0], strict=True) if differs]
