from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools import key_ring
from ..tools.entry_ranges import read_ranges
from ..tools.verify_export import seal_digest
from .announcement import describe, ring
from .events import log_event, log_refusal
from .kinds import KIND_ACKNOWLEDGED

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
        with self._shipped_functions_in_place() as findings:
            findings += self._verify_protection()
            findings += self._verify_tracking()
            sealed, chain = self._verify_chain()
            findings += chain
            findings += self._verify_head()
            findings += self._verify_anchor(self._read_anchor(anchor))
            unsealed, open_findings = self._verify_unsealed()
            findings += open_findings
            findings += self._verify_row_keys()
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
            log_refusal(self.env, self.browse(), "verify", by="role")
            raise AccessError(self.env._("Verifying the audit trail is for auditors."))

    @api.model
    def _verify_tracking(self):
        """Tables that are tracked otherwise than the rules or the entries about it say."""
        return [
            {"entry_id": None, "kind": kind, "detail": table}
            for kind, table in self.env["audit.trail.rule"]._find_tracking_differences()
        ]

    # Seals

    @api.model
    def _verify_chain(self):
        """:return: number of entries under seals, findings."""
        seal_model = self.env["audit.trail.seal"]
        self.env.cr.execute("SELECT * FROM audit_trail_seal ORDER BY id")
        seals = self.env.cr.dictfetchall()
        purged, findings = self._verify_purges({seal["id"]: seal for seal in seals})
        findings += self._verify_forged({seal["id"]: seal["outside_ranges"] for seal in seals})
        findings += self._verify_seal_times()
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
    def _verify_forged(self, outside_ranges):
        """Entries that were sealed as from outside although they claim a key: it never fitted."""
        numbers = {
            entry_id: seal_id
            for seal_id, ranges in outside_ranges.items()
            for entry_id in read_ranges(ranges)
        }
        self.env.cr.execute(
            "SELECT id FROM audit_trail_entry"
            " WHERE id = ANY(%s) AND digest IS NOT NULL ORDER BY id",
            [list(numbers)],
        )
        return [
            {"entry_id": entry_id, "kind": "altered", "seal": numbers[entry_id]}
            for (entry_id,) in self.env.cr.fetchall()
        ]

    @api.model
    def _verify_seal_times(self):
        """Digests of the first version leave out the times of the entries: the entries tell."""
        self.env.cr.execute(
            """
            SELECT seal.id
              FROM audit_trail_seal seal
        CROSS JOIN LATERAL (
                SELECT MIN(occurred_at) AS first_at, MAX(occurred_at) AS last_at
                  FROM audit_trail_entry entry
                 WHERE entry.generation = seal.generation
                       AND entry.txid >= seal.txid_from AND entry.txid < seal.txid_to
              ) entries
             WHERE seal.digest LIKE 'v1:%' AND entries.last_at IS NOT NULL
                   AND (entries.first_at, entries.last_at)
                       IS DISTINCT FROM (seal.first_entry_at, seal.last_entry_at)
          ORDER BY seal.id
            """
        )
        return [
            {"entry_id": None, "kind": "seal_altered", "seal": seal_id, "detail": "times"}
            for (seal_id,) in self.env.cr.fetchall()
        ]

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
    def _find_unkeyed(self, generation, txid_from, txid_to):
        """Ids in a range that no key protects: without a digest, or with one that does not fit."""
        rows = self._read_canonical(
            SQL(
                "entry.generation = %s AND entry.txid >= %s AND entry.txid < %s",
                generation,
                txid_from,
                txid_to,
            )
        )
        return [
            entry_id
            for entry_id, canonical, digest in rows
            if not self._is_authentic(canonical, digest)
        ]

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

    @api.model
    def _verify_head(self):
        """The head that this server keeps of the chain, against the chain."""
        try:
            head = self.env["audit.trail.seal"]._get_kept_head()
        except (OSError, ValueError) as error:
            return [{"entry_id": None, "kind": "head_unreadable", "detail": str(error)}]
        findings = self._verify_anchor(head)
        if not findings or findings[0]["kind"] != "older_than_anchor":
            return findings
        self.env.cr.execute("SELECT last_value FROM audit_trail_entry_id_seq")
        if self.env.cr.fetchone()[0] >= head["last_entry"]:
            # This database knew the entries that are gone: the end of its chain was cut off.
            self.env.cr.execute("SELECT COALESCE(MAX(id), 0) FROM audit_trail_seal")
            (last,) = self.env.cr.fetchone()
            findings[0] |= {"kind": "seal_missing", "detail": f"{last + 1}-{head['seal']}"}
        return findings

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
        findings += [{"entry_id": entry_id, "kind": "outside"} for entry_id in self._find_outside()]
        return len(rows), findings

    # Acknowledged findings

    def acknowledge(self, reason):
        """Note that an auditor has looked into entries from outside Odoo; they count no more.

        :param reason: what was found out.
        :return: ids of the entries.
        :raise UserError: no reason, somebody else's session, or an entry that is no such finding.
        """
        self.check_access("read")
        self._ensure_auditor()
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say what was found out about these entries."))
        if describe(self.env).get("login_uid") not in (None, self.env.uid):
            raise UserError(
                self.env._(
                    "Findings are acknowledged by the auditor who signed in, in no other session."
                )
            )
        outside = self._find_outside(self.ids)
        if not self or set(outside) != set(self.ids):
            raise UserError(
                self.env._(
                    "Only entries that were written outside Odoo are acknowledged: choose those"
                    " that the verification names as such."
                )
            )
        log_event(
            self.env,
            KIND_ACKNOWLEDGED,
            details={"entries": outside, "kind": "outside"},
            reason=reason.strip(),
        )
        return outside

    @api.model
    def _find_outside(self, ids=None):
        """Ids of entries from outside Odoo, oldest first; among some or all."""
        condition = SQL("AND id = ANY(%s)", list(ids)) if ids is not None else SQL()
        rows = self.env.execute_query(
            SQL("SELECT id FROM audit_trail_entry WHERE digest IS NULL %s ORDER BY id", condition)
        )
        return [entry_id for (entry_id,) in rows]

    @api.model
    def _without_acknowledged(self, findings):
        # An acknowledgement knows what was there before it, and nothing that came later.
        self.env.cr.execute(
            "SELECT id, details->'entries' FROM audit_trail_entry"
            " WHERE kind = %s AND digest IS NOT NULL",
            [KIND_ACKNOWLEDGED],
        )
        known = {
            entry_id
            for said_id, ids in self.env.cr.fetchall()
            for entry_id in ids or ()
            if entry_id < said_id
        }
        return [
            finding
            for finding in findings
            if finding["kind"] != "outside" or finding["entry_id"] not in known
        ]
