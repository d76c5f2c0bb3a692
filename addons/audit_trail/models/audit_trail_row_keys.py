from odoo import api, models

from .announcement import ROW_KEY_SECONDS

#: A transaction that began with a row key may go on writing with it for so long.
LONGEST_TRANSACTION_SECONDS = 3600
#: The database server's clock may be set back by so much while a key is in use.
CLOCK_TOLERANCE_SECONDS = 60


class AuditTrailEntry(models.Model):
    """Verification: was each entry written in the time of the row key that it is keyed with?

    A row key that somebody saw on its way to the database would else sign entries for ever.
    """

    _inherit = "audit.trail.entry"

    @api.model
    def _verify_row_keys(self):
        """:return: findings on entries that were written with a row key of another time.

        Row keys of former versions name no time: they may stand before the first dated one alone.
        """
        # Key by key first: reading every entry once is what this costs.
        self.env.cr.execute(
            """
            WITH keys AS (
                SELECT split_part(digest, ':', 2) AS nonce,
                       MIN(occurred_at) AS first_at, MAX(occurred_at) AS last_at
                  FROM audit_trail_entry WHERE digest IS NOT NULL GROUP BY 1
            ), dated AS (
                SELECT *, CASE WHEN nonce ~ '^[^.]+[.][0-9]{1,11}[.][^.]+$' THEN
                       to_timestamp(split_part(nonce, '.', 2)::bigint) AT TIME ZONE 'UTC'
                       END AS issued
                  FROM keys
            ), lives AS (
                SELECT *, issued - make_interval(secs => %(before)s) AS begins,
                       COALESCE(issued, MIN(first_at) FILTER (WHERE issued IS NOT NULL) OVER ())
                       + make_interval(secs => %(after)s) AS ends
                  FROM dated
            ), wrong AS (
                SELECT * FROM lives WHERE first_at < begins OR last_at > ends
            )
            SELECT entry.id, entry.occurred_at
              FROM audit_trail_entry entry
              JOIN wrong ON wrong.nonce = split_part(entry.digest, ':', 2)
             WHERE entry.occurred_at < wrong.begins OR entry.occurred_at > wrong.ends
          ORDER BY entry.id
            """,
            {
                "before": CLOCK_TOLERANCE_SECONDS,
                "after": ROW_KEY_SECONDS + LONGEST_TRANSACTION_SECONDS + CLOCK_TOLERANCE_SECONDS,
            },
        )
        return [
            {"entry_id": entry_id, "kind": "key_expired", "detail": f"{moment.isoformat()}Z"}
            for entry_id, moment in self.env.cr.fetchall()
        ]
