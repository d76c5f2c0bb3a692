from contextlib import closing, contextmanager

from odoo import api, models
from odoo.sql_db import Savepoint
from odoo.tools import SQL

from ..tools.shipped_sql import shipped_functions

EVIDENCE_TABLES = (
    "audit_trail_entry",
    "audit_trail_seal",
    "audit_trail_purge",
    "audit_trail_tracked",
    "audit_trail_generation",
)
#: Facts of a function that can differ while its name, arguments and result are the same.
COMPARED = ("language", "volatility", "is_strict", "parallel", "body")


class AuditTrailEntry(models.Model):
    """Whether functions, triggers and rewrite rules of the trail are those that are shipped.

    Whoever owns the tables can replace what protects them, and what verification reads with.
    """

    _inherit = "audit.trail.entry"

    @api.model
    def _verify_protection(self):
        """Functions, triggers, rewrite rules and settings that are not as this addon makes them.

        To be called with the shipped functions in place (``_shipped_functions_in_place``).
        """
        found = self._find_changed_triggers()
        self.env.cr.execute("SELECT kind, table_name, name FROM audit_trail_foreign_objects()")
        found += [
            (f"{kind.lower()}_foreign", f"{table}.{name}")
            for kind, table, name in self.env.cr.fetchall()
        ]
        found += [("table_changed", detail) for detail in self._find_changed_tables()]
        return [{"entry_id": None, "kind": kind, "detail": detail} for kind, detail in found]

    # Functions

    @api.model
    def _find_changed_functions(self):
        """Functions that are missing or not as shipped, and others that would stand in for one.

        :return: dictionary: the function as a finding names it, and what must be dropped before
            it can be made again (or None).
        """
        shipped = shipped_functions()
        self.env.cr.execute(
            """
            SELECT code.oid::regprocedure::text AS identity, place.nspname AS schema,
                   place.oid = home.oid AS is_home, code.proname AS name,
                   pg_get_function_identity_arguments(code.oid) AS arguments,
                   pg_get_function_result(code.oid) AS result, language.lanname AS language,
                   code.provolatile AS volatility, code.proisstrict AS is_strict,
                   code.proparallel AS parallel, code.prosrc AS body,
                   code.prosecdef OR code.proconfig IS NOT NULL OR code.prokind <> 'f' AS is_odd
              FROM pg_proc code
              JOIN pg_namespace place ON place.oid = code.pronamespace
              JOIN pg_language language ON language.oid = code.prolang
        CROSS JOIN (SELECT relnamespace AS oid FROM pg_class
                     WHERE oid = 'audit_trail_entry'::regclass) home
             WHERE code.proname = ANY(%s)
                   AND (place.oid = home.oid OR place.nspname = ANY(current_schemas(TRUE)))
            """,
            [list(shipped)],
        )
        found = {}
        missing = set(shipped)
        for row in self.env.cr.dictfetchall():
            facts = shipped[row["name"]]
            signature = f"{row['name']}({row['arguments']})"
            if not row["is_home"]:
                found[f"{row['schema']}.{signature}"] = row["identity"]
                continue
            missing.discard(row["name"])
            is_other = (row["arguments"], row["result"]) != (facts["arguments"], facts["result"])
            if is_other or row["is_odd"]:
                found[signature] = row["identity"]
            elif any(row[name] != facts[name] for name in COMPARED):
                found[signature] = None
        return found | {f"{name}({shipped[name]['arguments']})": None for name in missing}

    @api.model
    def _restore_functions(self, changed):
        """Make the functions again as they are shipped.

        :param changed: what ``_find_changed_functions`` answered.
        """
        for identity in filter(None, changed.values()):
            # PostgreSQL wrote the identity itself, quotes and all.
            routine = SQL(identity.replace("%", "%%"))
            self.env.cr.execute(SQL("DROP ROUTINE IF EXISTS %s CASCADE", routine))
        self.env.cr.execute(
            "SELECT relnamespace::regnamespace::text FROM pg_class"
            " WHERE oid = 'audit_trail_entry'::regclass"
        )
        (home,) = self.env.cr.fetchone()
        for name, facts in shipped_functions().items():
            statement = facts["statement"].replace(f" {name}(", f" {home}.{name}(", 1)
            self.env.cr.execute(statement.replace("%", "%%"), ())

    @contextmanager
    def _shipped_functions_in_place(self):
        """Within it the functions are the shipped ones; afterwards what was found is back.

        :return: findings about functions that were not.
        """
        changed = self._find_changed_functions()
        findings = [
            {"entry_id": None, "kind": "function_changed", "detail": name}
            for name in sorted(changed)
        ]
        if not changed:
            yield findings
            return
        with closing(Savepoint(self.env.cr)):
            self._restore_functions(changed)
            yield findings

    # Triggers and tables

    @api.model
    def _find_changed_triggers(self):
        """:return: list of kind of finding and ``table.trigger``."""
        self.env.cr.execute(
            """
            SELECT CASE WHEN present.tgenabled = 'A' THEN 'trigger_changed'
                        ELSE 'protection_missing' END,
                   wanted.table_name || '.' || wanted.trigger_name
              FROM audit_trail_wanted_triggers() wanted
         LEFT JOIN pg_trigger present ON present.tgname = wanted.trigger_name
                   AND present.tgrelid = to_regclass(quote_ident(wanted.table_name))
             WHERE present.tgenabled IS DISTINCT FROM 'A'
                   OR pg_get_triggerdef(present.oid, TRUE) <> audit_trail_trigger_definition(
                       wanted.table_name, wanted.trigger_name, wanted.moment, wanted.level,
                       wanted.function_name)
          ORDER BY 2
            """
        )
        return self.env.cr.fetchall()

    @api.model
    def _find_changed_tables(self):
        """What makes a name or a row mean something else: a view, row security, a search path."""
        self.env.cr.execute(
            """
            SELECT present.relname FROM pg_class present
             WHERE present.oid = ANY(%(tables)s::regclass[]::oid[])
                   AND (present.relkind <> 'r' OR present.relrowsecurity
                        OR present.relforcerowsecurity)
         UNION ALL
            SELECT 'search_path' FROM pg_class home
             WHERE home.oid = 'audit_trail_entry'::regclass
                   AND array_position(current_schemas(TRUE), 'pg_catalog')
                       > array_position(
                           current_schemas(TRUE), home.relnamespace::regnamespace::name)
            """,
            {"tables": list(EVIDENCE_TABLES)},
        )
        return [name for (name,) in self.env.cr.fetchall()]

    # Repair

    @api.model
    def _repair_protection(self):
        """Put back what is missing or changed.

        :return: dictionary of the lists ``functions``, ``triggers`` and ``removed``; empty if all
            was in order.
        """
        changed = self._find_changed_functions()
        if changed:
            self._restore_functions(changed)
        self.env.cr.execute("SELECT audit_trail_protect(), audit_trail_drop_foreign()")
        triggers, removed = self.env.cr.fetchone()
        found = {"functions": sorted(changed), "triggers": triggers, "removed": removed}
        return {name: list(names) for name, names in found.items() if names}
