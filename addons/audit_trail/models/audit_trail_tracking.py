import json
import logging

from odoo import api, models
from odoo.tools import SQL, file_open, sql

from .announcement import announce, ring
from .audit_trail_rule import TRACKED_COLUMNS
from .baseline import write_baseline
from .events import log_event
from .kinds import KIND_REPAIR, KIND_TRACKING, RELATION_KINDS, ROW_KINDS

_logger = logging.getLogger(__name__)


class AuditTrailRule(models.Model):
    """Keeping what the row triggers read, and the triggers themselves, as the rules say.

    What changed by another hand is put back and told, and no state is noted anew for it: records
    that differ from their last entries stay findings.
    """

    _inherit = "audit.trail.rule"

    def _register_hook(self):
        super()._register_hook()
        # Refuses to start without the secret: what was written could not be verified any more.
        ring().secret(self.env["audit.trail.entry"]._get_key_id())
        self._complete_tables()
        self._begin_generation()
        self._sync_tracking(at_start=True)

    @api.model
    def _complete_tables(self):
        """Columns of a newer version, where another addon was updated and this one not yet."""
        present = sql.table_columns(self.env.cr, "audit_trail_tracked")
        if set(TRACKED_COLUMNS) - present.keys():
            with file_open("audit_trail/sql/tables.sql") as file:
                self.env.cr.execute(file.read())

    @api.model
    def _begin_generation(self):
        """A restored database may run in a PostgreSQL that counts transactions anew."""
        announce(self.env)
        self.env.cr.execute(
            """
            UPDATE audit_trail_generation SET generation = generation + 1
             WHERE (SELECT MAX(seal.txid_to) FROM audit_trail_seal seal
                     WHERE seal.generation = audit_trail_generation.generation)
                   > pg_current_xact_id()::text::bigint + 1
         RETURNING generation
            """
        )
        if row := self.env.cr.fetchone():
            log_event(
                self.env,
                KIND_REPAIR,
                details={"new generation of transactions": row[0]},
            )

    @api.model
    def _sync_tracking(self, at_start=False):
        """Make the triggers follow the rules; say in the trail what was changed or repaired."""
        self.env.cr.execute("SELECT pg_advisory_xact_lock(hashtext('audit_trail_tracking'))")
        repaired = self.env["audit.trail.entry"]._repair_protection()
        wanted = self._get_wanted_tables()
        known = self._get_known_tables()
        known_columns = self._get_known_columns()
        lawful = self._get_lawful_tables(wanted, known)
        # Changes of audit_trail_tracked are told by its own trigger.
        announce(self.env)
        for table in sorted(known.keys() - wanted.keys()):
            self._stop_tracking(table)
        lost, untracked = [], []
        for table, row in sorted(wanted.items()):
            former = known.get(table)
            present = None if row["is_relation"] else self._get_columns(table)
            if table not in lawful:
                lost.append(table)
            elif former:
                self._follow_rule(row, former)
                self._follow_schema(row, known_columns[table], present)
            if (former, known_columns.get(table)) != (row, present):
                self._save_table(row, present)
            self.env.cr.execute("SELECT audit_trail_track(%s)", [table])
            (made,) = self.env.cr.fetchone()
            if former and made:
                untracked.append(table)
            elif not former and table in lawful:
                write_baseline(self.env, row)
        if untracked:
            repaired.setdefault("triggers", []).extend(untracked)
        if lost:
            repaired["tracking"] = lost
        if repaired:
            _logger.warning("audit trail: put back what was missing or changed: %s", repaired)
            log_event(self.env, KIND_REPAIR, details=repaired | {"at start": at_start})
        self.env.registry.clear_cache()

    @api.model
    def _get_told_tables(self):
        """Table -> what the last keyed entry said of it: its ``row``, or where it ``ended``."""
        entries = self.env["audit.trail.entry"]
        self.env.cr.execute(
            """
            SELECT DISTINCT ON (told.name) told.name, entry.id, entry.details,
                   audit_trail_canonical_v1(entry), entry.digest
              FROM audit_trail_entry entry
        CROSS JOIN LATERAL (SELECT COALESCE(
                       entry.details->>'started', entry.details->>'changed',
                       entry.details->>'stopped')) told(name)
             WHERE entry.kind = %s AND entry.digest IS NOT NULL AND told.name IS NOT NULL
          ORDER BY told.name, entry.id DESC
            """,
            [KIND_TRACKING],
        )
        return {
            name: {
                "row": details.get("row") or {},
                "ended": entry_id if "stopped" in details else None,
            }
            for name, entry_id, details, canonical, digest in self.env.cr.fetchall()
            if entries._is_authentic(canonical, digest)
        }

    @api.model
    def _get_lawful_tables(self, wanted, known):
        """Tables that are tracked, or not tracked, as their entries say."""
        told = self._get_told_tables()
        self.env.cr.execute(
            "SELECT table_name, audit_trail_describe_tracked(tracked)"
            "  FROM audit_trail_tracked tracked"
        )
        described = dict(self.env.cr.fetchall())

        def is_lawful(table):
            said = told.get(table)
            if table in known:
                # A key that a later version brought stands in no entry yet.
                row = said["row"] if said else {}
                return all(described[table].get(name) == value for name, value in row.items())
            if not said:
                return not self._has_states(wanted[table])
            return bool(said["ended"]) and self._is_wanted_anew(wanted[table], said["ended"])

        return {table for table in wanted.keys() | known.keys() if is_lawful(table)}

    @api.model
    def _is_wanted_anew(self, row, entry_id):
        """Whether a rule asked for this table after an entry; else its tracking never ended.

        Tables of relations come and go with the fields of other addons, without a word of a rule.
        """
        self.env.cr.execute(
            """
            SELECT EXISTS (
                SELECT FROM audit_trail_entry
                 WHERE res_model = %s AND res_name = %s AND kind IN %s AND id > %s)
            """,
            [self._name, row["model"], ROW_KINDS, entry_id],
        )
        return row["is_relation"] or self.env.cr.fetchone()[0]

    @api.model
    def _has_states(self, row):
        """Whether entries tell of rows of this table."""
        kinds = RELATION_KINDS if row["is_relation"] else ROW_KINDS
        self.env.cr.execute(
            """
            SELECT EXISTS (
                SELECT FROM audit_trail_entry
                 WHERE res_model = %(model)s AND kind IN %(kinds)s
                       AND details->>'relation' IS NOT DISTINCT FROM %(relation)s)
            """,
            {
                "model": row["model"],
                "kinds": kinds,
                "relation": row["table_name"] if row["is_relation"] else None,
            },
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _find_tracking_differences(self):
        """What is tracked otherwise than the rules or the entries say.

        :return: list of kind of finding and table.
        """
        wanted, known = self._get_wanted_tables(), self._get_known_tables()
        lawful = self._get_lawful_tables(wanted, known)
        return [
            ("tracking_changed" if table in known else "tracking_missing", table)
            for table in sorted(wanted.keys() | known.keys())
            if wanted.get(table) != known.get(table) or table not in lawful
        ]

    # The table that the row triggers read

    @api.model
    def _get_known_tables(self):
        columns = SQL(", ").join(map(SQL.identifier, TRACKED_COLUMNS))
        self.env.cr.execute(SQL("SELECT %s FROM audit_trail_tracked", columns))
        return {row["table_name"]: row for row in self.env.cr.dictfetchall()}

    @api.model
    def _get_known_columns(self):
        """Table -> columns and types with which its states were last noted."""
        self.env.cr.execute("SELECT table_name, known_columns FROM audit_trail_tracked")
        return dict(self.env.cr.fetchall())

    @api.model
    def _get_columns(self, table):
        """Column -> type of a table."""
        self.env.cr.execute(
            """
            SELECT jsonb_object_agg(attname, format_type(atttypid, NULL)) FROM pg_attribute
             WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0 AND NOT attisdropped
            """,
            [table],
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _save_table(self, row, columns_present):
        columns = [SQL.identifier(name) for name in (*TRACKED_COLUMNS, "known_columns")]
        self.env.cr.execute(
            SQL(
                "INSERT INTO audit_trail_tracked (%s) VALUES (%s, %s::jsonb)"
                " ON CONFLICT (table_name) DO UPDATE SET %s",
                SQL(", ").join(columns),
                SQL(", ").join(SQL("%s", row[name]) for name in TRACKED_COLUMNS),
                columns_present and json.dumps(columns_present),
                SQL(", ").join(SQL("%s = EXCLUDED.%s", column, column) for column in columns),
            )
        )

    @api.model
    def _stop_tracking(self, table):
        self.env.cr.execute("DELETE FROM audit_trail_tracked WHERE table_name = %s", [table])
        self._drop_trigger(table)

    @api.model
    def _drop_trigger(self, table):
        self.env.cr.execute("SELECT to_regclass(quote_ident(%s))", [table])
        if self.env.cr.fetchone()[0]:
            for name in ("audit_trail_record", "audit_trail_refuse_truncate"):
                self.env.cr.execute(
                    SQL(
                        "DROP TRIGGER IF EXISTS %s ON %s",
                        SQL.identifier(name),
                        SQL.identifier(table),
                    )
                )

    @api.model
    def _drop_triggers(self):
        for table in self._get_known_tables():
            self._drop_trigger(table)

    # Rows that differ from their last entry without a write

    @api.model
    def _follow_rule(self, row, former):
        """Another list of ignored fields makes another state of the same row."""
        if row["is_relation"] or row["ignored"] == former["ignored"]:
            return
        entries = self.env["audit.trail.entry"]
        before = set(entries._find_state_differences(former)["changed"])
        after = entries._find_state_differences(row)["changed"]
        if explained := [res_id for res_id in after if res_id not in before]:
            write_baseline(self.env, row, explained, {"ignored": row["ignored"]})

    @api.model
    def _follow_schema(self, row, known, present):
        """After an upgrade that added, dropped or retyped columns: rows differ without a write.

        Only rows that nothing but these columns sets apart from their last entry are noted anew.

        :param known: column -> type as they were; None if that was never noted.
        :param present: as they are.
        """
        if not known or present == known:
            return
        entries = self.env["audit.trail.entry"]
        differing = entries._find_state_differences(row)["changed"]
        if explained := differing and entries._find_explained(row, differing, known, present):
            changed = sorted(
                name
                for name in present.keys() | known.keys()
                if present.get(name) != known.get(name)
            )
            write_baseline(self.env, row, explained, {"columns": changed})
