from psycopg2 import Error

from odoo import api, models
from odoo.tools import SQL, mute_logger

from .kinds import KIND_BASELINE, KIND_INSERT, KIND_UPDATE, ROW_KINDS

_TEXTS = ("character varying", "text")


class AuditTrailEntry(models.Model):
    """Rows that differ from their last entry because of changed columns alone."""

    _inherit = "audit.trail.entry"

    @api.model
    def _find_explained(self, row, ids, known, present):
        """Which rows, seen with the columns of before, are as their last entry left them.

        An added column is left out, a dropped one gets the value that the entries last told, a
        retyped one is cast back. What cannot be shown to be the same is not explained.

        :param row: of ``audit_trail_tracked``.
        :param ids: rows that differ from their last entry.
        :param known: column -> type of before.
        :param present: column -> type of now.
        """
        ignored = set(row["ignored"])
        added = sorted(present.keys() - known.keys())
        dropped = sorted(known.keys() - present.keys() - ignored)
        retyped = sorted(
            name
            for name in (known.keys() & present.keys()) - ignored
            if known[name] != present[name]
        )
        queries = [self._query_explained(row, ids, added, dropped, SQL("'{}'::jsonb"))]
        if retyped:
            casts = [self._cast_back(name, known[name], present[name]) for name in retyped]
            former = SQL("jsonb_build_object(%s)", SQL(", ").join(casts))
            queries.append(self._query_explained(row, ids, added, dropped, former))
        explained = set()
        for query in queries:
            try:
                with mute_logger("odoo.sql_db"), self.env.cr.savepoint(flush=False):
                    explained.update(res_id for (res_id,) in self.env.execute_query(query))
            except Error:  # pylint: disable=except-pass
                # No cast leads back: nothing is explained by it.
                pass
        return sorted(explained)

    @api.model
    def _cast_back(self, name, known, present):
        """``'column', value`` as the column's former type would say it (Odoo's own conversions)."""
        column = SQL("record.%s", SQL.identifier(name))
        if known in _TEXTS and present == "jsonb":
            value = SQL("%s->>'en_US'", column)
        elif known == "jsonb" and present in _TEXTS:
            value = SQL("jsonb_build_object('en_US', %s)", column)
        else:
            self.env.cr.execute("SELECT to_regtype(%s)::text", [known])
            # PostgreSQL's own word for a type that it knows, or the column as it is.
            known = self.env.cr.fetchone()[0] or present
            value = SQL("%s::%s", column, SQL(known))
        return SQL("%s, CASE WHEN %s IS NOT NULL THEN to_jsonb(%s) END", name, column, value)

    @api.model
    def _query_explained(self, row, ids, added, dropped, former):
        """:param former: JSON of retyped columns with their values in the former type."""
        return SQL(
            """
            WITH told AS (
                SELECT id, res_id, state_digest, FALSE AS is_schema
                  FROM audit_trail_entry
                 WHERE res_model = %(model)s AND kind IN %(kinds)s AND res_id = ANY(%(ids)s)
             UNION ALL
                SELECT entry.id, state.key::bigint, state.value, entry.details ? 'columns'
                  FROM audit_trail_entry entry, jsonb_each_text(entry.details->'states') state
                 WHERE entry.res_model = %(model)s AND entry.kind = %(baseline)s
                       AND entry.details->>'table' = %(name)s
                       AND state.key::bigint = ANY(%(ids)s)
            ), counted AS (
                SELECT res_id, state_digest, COUNT(*) FILTER (WHERE NOT is_schema) OVER (
                           PARTITION BY res_id ORDER BY id DESC
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS later
                  FROM told
            ), said AS (
                -- The last state, and those before it that only changed columns set apart.
                SELECT res_id, ARRAY_AGG(state_digest) AS digests
                  FROM counted WHERE later = 0 GROUP BY res_id
            ), kept AS (
                SELECT res_id, jsonb_object_agg(name, value) AS content
                  FROM (
                    SELECT DISTINCT ON (entry.res_id, names.name) entry.res_id, names.name,
                           entry.changes->names.name->1 AS value
                      FROM audit_trail_entry entry, unnest(%(dropped)s::text[]) AS names(name)
                     WHERE entry.res_model = %(model)s AND entry.kind IN %(valued)s
                           AND entry.res_id = ANY(%(ids)s) AND entry.changes ? names.name
                  ORDER BY entry.res_id, names.name, entry.id DESC
                  ) last_values GROUP BY res_id
            )
            SELECT record.id
              FROM %(table)s record
              JOIN said ON said.res_id = record.id
         LEFT JOIN kept ON kept.res_id = record.id
             WHERE audit_trail_state((to_jsonb(record.*) - %(left_out)s::text[])
                       || COALESCE(kept.content, '{}'::jsonb) || %(former)s
                   ) = ANY(said.digests)
            """,
            model=row["model"],
            kinds=ROW_KINDS,
            valued=(KIND_INSERT, KIND_UPDATE),
            baseline=KIND_BASELINE,
            name=row["table_name"],
            ids=list(ids),
            dropped=list(dropped),
            left_out=[*row["ignored"], *added],
            former=former,
            table=SQL.identifier(row["table_name"]),
        )
