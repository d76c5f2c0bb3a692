"""A million devices in minutes: a small true story, entered through Odoo, copied by SQL.

The story (bench_story.py) is a few devices with their hospital, stock moves, timeline and tickets,
made by the addons themselves, so that every stored column holds what the addons put there. Here
every row that belongs to the story is copied in bulk: identifiers are counted up, links inside the
story follow their copy, serials and numbers get new values, dates are spread over three years.
A new table or column of any addon is picked up by itself: tables are found by their foreign keys.
"""

from dataclasses import dataclass, field

SPREAD_DAYS = 3 * 365
# Links to other records that are no foreign keys: table, model column, id column. Followers count,
# because record rules ask for them; messages are read by the chatter alone, which is not measured.
SOFT_LINKS = (
    ("mail_followers", "res_model", "res_id"),
    ("meddev_device_event", "res_model", "res_id"),
)
# What a story row never drags along, however it points to it.
NOT_FOLLOWED = {"res_users", "res_company", "bus_bus", "mail_notification", "ir_attachment"}
SETTINGS = (
    # Rows are copies of rows that Odoo wrote; links follow them by construction.
    "session_replication_role = replica",
    "work_mem = '256MB'",
    "maintenance_work_mem = '512MB'",
    "synchronous_commit = off",
)
CHUNK = 20_000
# Dates of records that last, rather than of things that happened.
SAME_DATES = {"res_partner"}


@dataclass
class Part:
    """The story's rows of one table."""

    table: str
    ids: list
    slower: int = 1
    overrides: dict = field(default_factory=dict)
    base: int = 0

    @property
    def count(self):
        return len(self.ids)


class Copier:
    """Copies the story.

    :param cr: a psycopg2 cursor of a superuser (constraints are checked by their design, not by
        triggers, while rows are copied).
    :param copies: how many copies to make.
    """

    def __init__(self, cr, copies, tell=None):
        self.cr = cr
        self.copies = copies
        self.parts = {}
        self.links = {}
        self.models = {}
        self.tell = tell or (lambda text: None)

    # Collecting

    def add(self, table, ids, slower=1, **overrides):
        """Rows to copy. ``slower``: one copy of them serves so many copies of the rest."""
        ids = sorted(set(ids))
        if ids:
            part = self.parts.setdefault(table, Part(table, [], slower))
            part.ids = sorted({*part.ids, *ids})
            part.overrides.update(overrides)
        return self

    def collect(self, *roots):
        """Add the rows of other tables that point to rows of the given tables, and theirs."""
        open_tables = list(roots)
        while open_tables:
            target = open_tables.pop()
            for table, column in self.tables_pointing_to(target):
                if table in NOT_FOLLOWED or table == target:
                    continue
                if self.has_id(table):
                    self.cr.execute(
                        f'SELECT id FROM "{table}" WHERE "{column}" = ANY(%s)',
                        [self.parts[target].ids],
                    )
                    found = {row[0] for row in self.cr.fetchall()}
                    known = set(self.parts[table].ids) if table in self.parts else set()
                    if found - known:
                        self.add(table, found)
                        open_tables.append(table)
                else:
                    self.links.setdefault(table, {})[column] = target
        return self

    def collect_soft(self, models):
        """Add followers and the like of the story's records.

        :param models: model name -> table, for every model of the story with such links.
        """
        self.models = models
        for table, model_column, id_column in SOFT_LINKS:
            if not self.exists(table) or table in self.parts:
                continue
            for model, target in models.items():
                if target in self.parts:
                    self.cr.execute(
                        f'SELECT id FROM "{table}" WHERE "{model_column}" = %s'
                        f' AND "{id_column}" = ANY(%s)',
                        [model, self.parts[target].ids],
                    )
                    self.add(table, [row[0] for row in self.cr.fetchall()])
        return self

    # Copying

    def run(self):
        """Copy everything; return the number of rows written per table."""
        for setting in SETTINGS:
            self.cr.execute(f"SET {setting}")
        self.prepare()
        written = {}
        for part in self.parts.values():
            written[part.table] = self.copy_part(part)
        for table, columns in self.links.items():
            if number := self.copy_links(table, columns):
                written[table] = number
        self.cr.execute("DROP TABLE bench_rank")
        self.cr.execute("RESET ALL")
        return written

    def prepare(self):
        """Number the story's rows, and set aside identifiers for their copies."""
        self.cr.execute("DROP TABLE IF EXISTS bench_rank")
        self.cr.execute("CREATE UNLOGGED TABLE bench_rank (t text, old int, rank int)")
        for part in self.parts.values():
            self.cr.execute(
                "INSERT INTO bench_rank SELECT %s, old, rank - 1"
                " FROM unnest(%s::int[]) WITH ORDINALITY AS x(old, rank)",
                [part.table, part.ids],
            )
            self.cr.execute(f'SELECT max(id) + 1 FROM "{part.table}"')
            part.base = self.cr.fetchone()[0]
        self.cr.execute("CREATE UNIQUE INDEX ON bench_rank (t, old)")
        self.cr.execute("ANALYZE bench_rank")

    def moved(self, ranks, target, column):
        """SQL: a link into the story follows its copy; a link that leaves it stays as it is.

        :param ranks: dictionary that collects what the source rows must bring along.
        """
        part = self.parts[target]
        name = f"{column}__{target}"
        ranks[name] = (
            f"(SELECT r.rank FROM bench_rank r WHERE r.t = '{target}' AND r.old = s.\"{column}\")"
        )
        copy = f"(g / {part.slower})"
        return f'COALESCE({part.base} + {copy} * {part.count} + src."{name}", src."{column}")'

    def expressions(self, part):
        """SQL per column of the copies, and what the source rows must bring along for it."""
        foreign = dict(self.foreign_keys(part.table))
        soft = {id_column: model for table, model, id_column in SOFT_LINKS if table == part.table}
        ranks = {}
        expressions = {}
        for name, kind in self.columns(part.table).items():
            quoted = f'src."{name}"'
            if name == "id":
                expression = f"{part.base} + (g / {part.slower}) * {part.count} + src.own_rank"
            elif name in soft:
                whens = " ".join(
                    f"WHEN src.\"{soft[name]}\" = '{model}' THEN {self.moved(ranks, table, name)}"
                    for model, table in self.models.items()
                    if table in self.parts
                )
                expression = f"CASE {whens} ELSE {quoted} END" if whens else quoted
            elif foreign.get(name) in self.parts:
                expression = self.moved(ranks, foreign[name], name)
            elif kind.startswith("timestamp") and part.table not in SAME_DATES:
                days = f"{SPREAD_DAYS}.0 * ({self.copies} - g) / {self.copies}"
                expression = f"{quoted} - make_interval(secs => 86400 * {days})"
            else:
                expression = quoted
            if name in part.overrides:
                # A particular value may still fall back on the general rule.
                expression = part.overrides[name].replace("{general}", expression)
            expressions[name] = expression
        return expressions, ranks

    def copy_part(self, part):
        expressions, ranks = self.expressions(part)
        indexes = self.drop_indexes(part.table)
        brought = "".join(f', {sql} AS "{name}"' for name, sql in ranks.items())
        names = ", ".join(f'"{name}"' for name in expressions)
        written = 0
        for first in range(0, self.copies, CHUNK):
            last = min(first + CHUNK, self.copies) - 1
            self.cr.execute(
                f"WITH src AS MATERIALIZED (SELECT s.*, own.rank AS own_rank{brought}"
                f' FROM bench_rank own JOIN "{part.table}" s ON s.id = own.old'
                f" WHERE own.t = '{part.table}')"
                f' INSERT INTO "{part.table}" ({names}) SELECT {", ".join(expressions.values())}'
                f" FROM generate_series({first}, {last}, {part.slower}) g CROSS JOIN src"
                " ORDER BY g, src.own_rank"
            )
            written += self.cr.rowcount
        for _, definition in indexes:
            self.cr.execute(definition)
        self.cr.execute(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'),"
            f' (SELECT max(id) FROM "{part.table}"))',
            [part.table],
        )
        self.tell(f"{part.table} {written:,}")
        return written

    def copy_links(self, table, columns):
        """Rows of a relation (no id): copied where at least one side belongs to the story."""
        foreign = dict(self.foreign_keys(table))
        ranks = {}
        expressions = {
            name: self.moved(ranks, foreign[name], name)
            if foreign.get(name) in self.parts
            else f'src."{name}"'
            for name in self.columns(table)
        }
        slower = min(self.parts[target].slower for target in columns.values())
        brought = "".join(f', {sql} AS "{name}"' for name, sql in ranks.items())
        inside = " OR ".join(f'"{name}" IS NOT NULL' for name in ranks)
        names = ", ".join(f'"{name}"' for name in expressions)
        self.cr.execute(
            f"WITH src AS MATERIALIZED (SELECT * FROM (SELECT s.*{brought}"
            f' FROM "{table}" s) x WHERE {inside})'
            f' INSERT INTO "{table}" ({names}) SELECT {", ".join(expressions.values())}'
            f" FROM generate_series(0, {self.copies - 1}, {slower}) g CROSS JOIN src"
            " ON CONFLICT DO NOTHING"
        )
        if self.cr.rowcount:
            self.tell(f"{table} {self.cr.rowcount:,}")
        return self.cr.rowcount

    # Catalogue

    def exists(self, table):
        self.cr.execute("SELECT to_regclass(%s)", [table])
        return self.cr.fetchone()[0] is not None

    def has_id(self, table):
        return "id" in self.columns(table)

    def columns(self, table):
        self.cr.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = %s AND table_schema = 'public' AND is_generated = 'NEVER'"
            " ORDER BY ordinal_position",
            [table],
        )
        return dict(self.cr.fetchall())

    def foreign_keys(self, table):
        self.cr.execute(
            "SELECT a.attname, f.relname FROM pg_constraint c"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
            " JOIN pg_class k ON k.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid"
            " WHERE c.contype = 'f' AND k.relname = %s",
            [table],
        )
        return self.cr.fetchall()

    def tables_pointing_to(self, table):
        self.cr.execute(
            "SELECT k.relname, a.attname FROM pg_constraint c"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
            " JOIN pg_class k ON k.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid"
            " WHERE c.contype = 'f' AND k.relkind = 'r' AND f.relname = %s"
            " ORDER BY 1, 2",
            [table],
        )
        return self.cr.fetchall()

    def drop_indexes(self, table):
        """Drop the indexes that no constraint needs; building them afterwards is much faster."""
        self.cr.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
            " WHERE i.indrelid = %s::regclass AND NOT EXISTS"
            " (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
            [table],
        )
        found = self.cr.fetchall()
        for name, _ in found:
            self.cr.execute(f"DROP INDEX {name}")
        return found
