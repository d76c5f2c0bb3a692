from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools import key_ring
from ..tools.entry_ranges import read_ranges
from ..tools.verify_export import seal_digest
from .announcement import ring
from .audit_trail_entry import KIND_ACKNOWLEDGED, KIND_BASELINE, RELATION_KINDS, ROW_KINDS

AUDITOR = "audit_trail.group_auditor"
UNSEALED_PARAMETER = "audit_trail.unsealed_minutes"
UNSEALED_MINUTES = 15
#: Findings that are told one by one; the rest is counted.
MAX_PROBLEMS = 10_000
#: Entries of one range among which exchanged contents are looked for.
MAX_EXCHANGED = 200


class AuditTrailEntry(models.Model):
    """Verification: does the trail say what was written, and do the records say what it says?"""

    _inherit = "audit.trail.entry"

    @api.model
    def verify(self, anchor=None):
        """Check every entry, every seal and every tracked record.

        :param anchor: what ``get_anchor`` of ``audit.trail.seal`` once answered (or its digest),
            kept outside: finds a chain that was rebuilt after it.
        :return: dictionary ``ok``, ``checked`` (entries), ``sealed``, ``unsealed``, ``records``
            (rows compared), ``head`` (the present anchor) and ``problems``: list of dictionaries
            ``entry_id`` (or None), ``kind`` and what else is known (``seal``, ``model``,
            ``res_id``, ``detail``).
        :raise AccessError: the caller is no auditor.
        :raise UserError: the anchor cannot be read.
        """
        self.browse().check_access("read")
        self._ensure_auditor()
        self.env.flush_all()
        findings = []
        findings += self._verify_protection()
        sealed, chain = self._verify_chain()
        findings += chain
        findings += self._verify_anchor(self._read_anchor(anchor))
        unsealed, open_findings = self._verify_unsealed()
        findings += open_findings
        records, differences = self._verify_records()
        findings += differences
        findings = self._without_acknowledged(findings)
        return {
            "ok": not findings,
            "checked": sealed + unsealed,
            "sealed": sealed,
            "unsealed": unsealed,
            "records": records,
            "head": self.env["audit.trail.seal"]._get_anchor(),
            "problems": findings[:MAX_PROBLEMS],
            "problem_count": len(findings),
        }

    def _ensure_auditor(self):
        if not (self.env.su or self.env.user.has_group(AUDITOR)):
            raise AccessError(self.env._("Verifying the audit trail is for auditors."))

    # Protection

    @api.model
    def _verify_protection(self):
        """Triggers that are missing or switched off, on the trail or on a tracked table."""
        self.env.cr.execute(
            """
            SELECT wanted.table_name, wanted.trigger_name
              FROM (
                SELECT 'audit_trail_entry', 'audit_trail_stamp'
                UNION ALL
                SELECT evidence, name
                  FROM unnest(ARRAY['audit_trail_entry', 'audit_trail_seal', 'audit_trail_purge'])
                       evidence,
                       unnest(ARRAY['audit_trail_refuse', 'audit_trail_refuse_truncate']) name
                UNION ALL
                SELECT table_name, name FROM audit_trail_tracked,
                       unnest(ARRAY['audit_trail_record', 'audit_trail_refuse_truncate']) name
                 WHERE to_regclass(quote_ident(table_name)) IS NOT NULL
              ) wanted (table_name, trigger_name)
             WHERE NOT EXISTS (
                SELECT FROM pg_trigger
                 WHERE tgrelid = to_regclass(quote_ident(wanted.table_name))
                       AND tgname = wanted.trigger_name AND tgenabled = 'A'
                       AND tgfoid = to_regproc(wanted.trigger_name)::oid
             )
            """
        )
        return [
            {"entry_id": None, "kind": "protection_missing", "detail": f"{table}.{trigger}"}
            for table, trigger in self.env.cr.fetchall()
        ]

    # Seals

    @api.model
    def _verify_chain(self):
        """:return: number of entries under seals, findings."""
        seal_model = self.env["audit.trail.seal"]
        self.env.cr.execute("SELECT * FROM audit_trail_seal ORDER BY id")
        seals = self.env.cr.dictfetchall()
        purged, findings = self._verify_purges({seal["id"]: seal for seal in seals})
        contents = seal_model._get_content_digests()
        previous = None
        count = 0
        for seal in seals:
            findings += self._verify_link(seal, previous)
            previous = seal
            found, digest = contents[seal["id"]]
            if seal["id"] in purged and not found:
                continue
            count += found
            if found != seal["entry_count"] or digest != seal["content_digest"]:
                findings += self._find_altered(seal)
        return count, findings

    @api.model
    def _verify_link(self, seal, previous):
        def finding(kind, detail=None):
            return {"entry_id": None, "kind": kind, "seal": seal["id"], "detail": detail}

        if seal["id"] != (previous["id"] + 1 if previous else 1):
            yield finding("seal_missing", f"{(previous or {'id': 0})['id'] + 1}-{seal['id'] - 1}")
        elif seal["previous_digest"] != (previous["digest"] if previous else None):
            yield finding("chain_broken")
        if (
            previous
            and previous["generation"] == seal["generation"]
            and (seal["txid_from"] != previous["txid_to"])
        ):
            yield finding("chain_broken", "transactions")
        digest = seal_digest(seal)
        public = key_ring.public_key(ring().secret(seal["key_id"]))
        if digest != seal["digest"] or not key_ring.is_signed(public, digest, seal["signature"]):
            yield finding("seal_altered")
        if seal["clock_steps"]:
            yield finding("clock_set_back", str(seal["clock_steps"]))
        if previous and seal["sealed_at"] < previous["sealed_at"]:
            yield finding("clock_set_back", seal["sealed_at"].isoformat())

    @api.model
    def _find_altered(self, seal):
        """Name the entries for which a seal does not hold any more."""
        rows = {
            entry_id: (canonical, digest)
            for entry_id, canonical, digest in self._read_canonical(
                SQL(
                    "entry.generation = %s AND entry.txid >= %s AND entry.txid < %s",
                    seal["generation"],
                    seal["txid_from"],
                    seal["txid_to"],
                )
            )
        }
        sealed = read_ranges(seal["entry_ranges"])
        outside = read_ranges(seal["outside_ranges"])
        found = [(entry_id, "inserted") for entry_id in sorted(rows.keys() - sealed)]
        found += [(entry_id, "removed") for entry_id in sorted(sealed - rows.keys())]
        wrong = [
            entry_id
            for entry_id in sorted(rows.keys() & sealed)
            if entry_id not in outside and not self._is_authentic(*rows[entry_id])
        ]
        exchanged = self._find_exchanged({entry_id: rows[entry_id] for entry_id in wrong})
        found += [
            (entry_id, "reordered" if entry_id in exchanged else "altered") for entry_id in wrong
        ]
        if not found:
            # Only entries from outside Odoo, which no key protects, can have changed.
            found = [(entry_id, "altered") for entry_id in sorted(outside)]
        return [
            {"entry_id": entry_id, "kind": kind, "seal": seal["id"]} for entry_id, kind in found
        ]

    @api.model
    def _read_canonical(self, condition):
        return self.env.execute_query(
            SQL(
                "SELECT entry.id, audit_trail_canonical_v1(entry), entry.digest"
                "  FROM audit_trail_entry entry WHERE %s ORDER BY entry.id",
                condition,
            )
        )

    @api.model
    def _is_authentic(self, canonical, digest):
        """Whether the keyed digest of an entry fits its content."""
        version, nonce, value = ((digest or "").split(":") + [""] * 3)[:3]
        if version != "v1":
            return False
        try:
            secret = ring().secret(nonce.partition(".")[0])
        except key_ring.KeyRingError:
            return False
        return key_ring.row_digest(secret, nonce, canonical) == value

    @api.model
    def _find_exchanged(self, wrong):
        """Ids among wrong entries whose content belongs to another of them."""
        if len(wrong) > MAX_EXCHANGED:
            return set()
        exchanged = set()
        for entry_id, (canonical, digest) in wrong.items():
            own, rest = f'["v1", {entry_id}, ', canonical
            rest = rest.removeprefix(own)
            if any(
                other != entry_id and self._is_authentic(f'["v1", {other}, {rest}', digest)
                for other in wrong
            ):
                exchanged.add(entry_id)
        return exchanged

    # Purges

    @api.model
    def _verify_purges(self, seals):
        """:return: ids of seals whose entries were purged lawfully, findings."""
        self.env.cr.execute("SELECT * FROM audit_trail_purge ORDER BY id")
        purged, findings = set(), []
        for purge in self.env.cr.dictfetchall():
            if self.env["audit.trail.purge"]._is_authentic_purge(purge, seals):
                purged.update(range(purge["seal_from"], purge["seal_to"] + 1))
            else:
                findings.append(
                    {"entry_id": None, "kind": "purge_invalid", "detail": str(purge["id"])}
                )
        return purged, findings

    # Anchor

    @api.model
    def _read_anchor(self, anchor):
        if not anchor:
            return None
        if isinstance(anchor, str):
            return {"digest": anchor}
        if isinstance(anchor, dict) and isinstance(anchor.get("digest"), str):
            return anchor
        raise UserError(
            self.env._("The anchor is what get_anchor answered: a dictionary with a digest.")
        )

    @api.model
    def _verify_anchor(self, anchor):
        if not anchor:
            return []
        self.env.cr.execute("SELECT id FROM audit_trail_seal WHERE digest = %s", [anchor["digest"]])
        if self.env.cr.fetchone():
            return []
        self.env.cr.execute("SELECT MAX(id) FROM audit_trail_seal")
        last = self.env.cr.fetchone()[0] or 0
        seal = anchor.get("seal")
        if isinstance(seal, int) and seal > last:
            # An older backup was restored: what followed this entry is missing here.
            self.env.cr.execute("SELECT MAX(id) FROM audit_trail_entry")
            return [
                {
                    "entry_id": self.env.cr.fetchone()[0],
                    "kind": "older_than_anchor",
                    "seal": last,
                    "detail": f"{last} < {seal}",
                }
            ]
        return [{"entry_id": None, "kind": "rebuilt", "seal": seal, "detail": anchor["digest"]}]

    # What no seal covers yet

    @api.model
    def _verify_unsealed(self):
        minutes = int(
            self.env["ir.config_parameter"]
            .sudo()  # sudo: a setting of the check itself
            .get_param(UNSEALED_PARAMETER, UNSEALED_MINUTES)
        )
        self.env.cr.execute(
            """
            SELECT entry.id, audit_trail_canonical_v1(entry), entry.digest, entry.occurred_at,
                   entry.channel
              FROM audit_trail_entry entry
         LEFT JOIN (SELECT generation, MAX(txid_to) AS txid_to FROM audit_trail_seal GROUP BY 1)
                   sealed USING (generation)
             WHERE entry.txid >= COALESCE(sealed.txid_to, 0)
          ORDER BY entry.id
            """
        )
        rows = self.env.cr.fetchall()
        limit = fields.Datetime.now() - timedelta(minutes=minutes)
        findings = []
        for entry_id, canonical, digest, _moment, _channel in rows:
            if digest and not self._is_authentic(canonical, digest):
                findings.append({"entry_id": entry_id, "kind": "altered"})
        late = [entry_id for entry_id, _c, _d, moment, _ch in rows if moment < limit]
        if late:
            findings.append(
                {
                    "entry_id": late[0],
                    "kind": "unsealed_overdue",
                    "detail": f"{len(late)} > {minutes} min",
                }
            )
        self.env.cr.execute("SELECT id FROM audit_trail_entry WHERE digest IS NULL ORDER BY id")
        findings += [
            {"entry_id": entry_id, "kind": "outside"} for (entry_id,) in self.env.cr.fetchall()
        ]
        return len(rows), findings

    # Records against their last entries

    @api.model
    def _verify_records(self):
        """:return: number of rows compared, findings."""
        findings = []
        compared = 0
        for row in self.env["audit.trail.rule"]._get_known_tables().values():
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
                            audit_trail_state(to_jsonb(record) - %(ignored)s::text[])
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

    # Acknowledged findings

    def acknowledge(self, reason):
        """Note that an auditor has looked into entries from outside Odoo; they count no more.

        :param reason: what was found out.
        :return: ids of the entries.
        """
        self.check_access("read")
        self._ensure_auditor()
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say what was found out about these entries."))
        self._log_event(
            KIND_ACKNOWLEDGED, details={"entries": self.ids, "kind": "outside"}, reason=reason
        )
        return self.ids

    @api.model
    def _without_acknowledged(self, findings):
        self.env.cr.execute(
            "SELECT details->'entries' FROM audit_trail_entry"
            " WHERE kind = %s AND digest IS NOT NULL",
            [KIND_ACKNOWLEDGED],
        )
        known = {entry_id for (ids,) in self.env.cr.fetchall() for entry_id in ids or ()}
        return [
            finding
            for finding in findings
            if finding["kind"] != "outside" or finding["entry_id"] not in known
        ]
