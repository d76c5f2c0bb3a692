from odoo import api, models
from odoo.tools import SQL

from .kinds import KIND_BASELINE, RELATION_KINDS, ROW_KINDS


class AuditTrailEntry(models.Model):
    """Verification: are the records as their last entries left them?"""

    _inherit = "audit.trail.entry"

    @api.model
    def _verify_records(self):
        """:return: number of rows compared, findings."""
        findings = []
        compared = 0
        rules = self.env["audit.trail.rule"]
        # What the rules want is compared too when it is not tracked any more.
        for row in (rules._get_known_tables() | rules._get_wanted_tables()).values():
            self.env.cr.execute("SELECT to_regclass(quote_ident(%s))", [row["table_name"]])
            if not self.env.cr.fetchone()[0]:
                findings.append(
                    {"entry_id": None, "kind": "table_missing", "detail": row["table_name"]}
                )
                continue
            differences = self._find_state_differences(row)
            compared += differences.pop("compared")
            for kind, ids in differences.items():
                findings += [
                    {
                        "entry_id": None,
                        "kind": f"{kind}_without_entry",
                        "model": row["model"],
                        "field": row["field"],
                        "res_id": res_id,
                    }
                    for res_id in ids
                ]
        return compared, findings

    @api.model
    def _find_state_differences(self, row):
        """Rows that are not as their last entry left them.

        :param row: of ``audit_trail_tracked``.
        :return: dictionary ``compared``, ``changed``, ``created``, ``deleted`` (ids of records).
        """
        query = self._query_relation(row) if row["is_relation"] else self._query_records(row)
        found = {"compared": 0, "changed": [], "created": [], "deleted": []}
        for kind, res_id, number in self.env.execute_query(query):
            if kind == "compared":
                found["compared"] = number
            else:
                found[kind].append(res_id)
        return found

    @api.model
    def _query_records(self, row):
        return SQL(
            """
            WITH said AS (
                SELECT DISTINCT ON (res_id) res_id, kind, state_digest
                  FROM (
                    SELECT id, res_id, kind, state_digest FROM audit_trail_entry
                     WHERE res_model = %(model)s AND kind IN %(kinds)s
                 UNION ALL
                    SELECT entry.id, state.key::bigint, entry.kind, state.value
                      FROM audit_trail_entry entry, jsonb_each_text(entry.details->'states') state
                     WHERE entry.res_model = %(model)s AND entry.kind = %(baseline)s
                           AND entry.details->>'table' = %(name)s
                  ) entries
              ORDER BY res_id, id DESC
            ), compared AS (
                SELECT COALESCE(record.id, said.res_id) AS res_id, CASE
                       WHEN record.id IS NULL AND said.kind <> 'delete' THEN 'deleted'
                       WHEN record.id IS NULL THEN NULL
                       WHEN said.res_id IS NULL OR said.kind = 'delete' THEN 'created'
                       WHEN said.state_digest IS DISTINCT FROM
                            audit_trail_state(to_jsonb(record.*) - %(ignored)s::text[])
                       THEN 'changed' END AS difference
                  FROM %(table)s record FULL JOIN said ON said.res_id = record.id
            )
            SELECT difference, res_id, NULL FROM compared WHERE difference IS NOT NULL
         UNION ALL
            SELECT 'compared', NULL, COUNT(*) FROM %(table)s
            """,
            model=row["model"],
            kinds=ROW_KINDS,
            baseline=KIND_BASELINE,
            name=row["table_name"],
            ignored=list(row["ignored"]),
            table=SQL.identifier(row["table_name"]),
        )

    @api.model
    def _query_relation(self, row):
        return SQL(
            """
            WITH said AS (
                SELECT DISTINCT ON (res_id, other) res_id, other, kind
                  FROM (
                    SELECT id, res_id, state_digest AS other, kind FROM audit_trail_entry
                     WHERE res_model = %(model)s AND kind IN %(kinds)s
                           AND details->>'relation' = %(name)s
                 UNION ALL
                    SELECT entry.id, (pair->>0)::bigint, pair->>1, 'link'
                      FROM audit_trail_entry entry,
                           jsonb_array_elements(entry.details->'pairs') pair
                     WHERE entry.res_model = %(model)s AND entry.kind = %(baseline)s
                           AND entry.details->>'relation' = %(name)s
                  ) entries
              ORDER BY res_id, other, id DESC
            ), linked AS (
                SELECT res_id, other FROM said WHERE kind = 'link'
            ), present AS (
                SELECT %(column1)s AS res_id, %(column2)s::text AS other FROM %(table)s
            )
            SELECT CASE WHEN linked.res_id IS NULL THEN 'created' ELSE 'deleted' END,
                   COALESCE(linked.res_id, present.res_id), NULL
              FROM present FULL JOIN linked USING (res_id, other)
             WHERE linked.res_id IS NULL OR present.res_id IS NULL
         UNION ALL
            SELECT 'compared', NULL, COUNT(*) FROM present
            """,
            model=row["model"],
            kinds=RELATION_KINDS,
            baseline=KIND_BASELINE,
            name=row["table_name"],
            column1=SQL.identifier(row["column1"]),
            column2=SQL.identifier(row["column2"]),
            table=SQL.identifier(row["table_name"]),
        )
