import json
import logging
import os

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import chain_head, key_ring
from ..tools.entry_ranges import write_ranges
from ..tools.verify_export import SEAL_VERSION, seal_digest
from .announcement import key_file, ring
from .events import log_event
from .kinds import KIND_ANCHOR

_logger = logging.getLogger(__name__)

#: Entries of one seal; a transaction is never divided.
SEAL_SIZE = 10_000
#: A step back of the server's clock that no concurrency explains.
CLOCK_TOLERANCE_SECONDS = 1


class AuditTrailSeal(models.Model):
    """A signed link of the chain: what a range of finished transactions wrote into the trail.

    Ranges are of transaction numbers below the oldest one still running, so that nothing can be
    added to them later, and ids of rolled-back transactions are no gaps.
    """

    _name = "audit.trail.seal"
    _description = "Audit Trail Seal"
    _order = "id desc"
    _rec_name = "id"
    _auto = False
    _log_access = False
    _audit_trail_is_evidence = True

    generation = fields.Integer(readonly=True)
    txid_from = fields.Float(string="From Transaction", digits=(20, 0), readonly=True)
    txid_to = fields.Float(string="To Transaction (Excluded)", digits=(20, 0), readonly=True)
    entry_count = fields.Integer(string="Entries", readonly=True)
    entry_ranges = fields.Char(string="Entry Numbers", readonly=True)
    first_entry_at = fields.Datetime(string="First Entry", readonly=True)
    last_entry_at = fields.Datetime(string="Last Entry", readonly=True)
    clock_steps = fields.Integer(string="Clock Set Back", readonly=True)
    content_digest = fields.Char(readonly=True)
    previous_digest = fields.Char(readonly=True)
    sealed_at = fields.Datetime(readonly=True)
    key_id = fields.Char(string="Secret", readonly=True)
    digest = fields.Char(readonly=True)
    signature = fields.Char(readonly=True)

    def _get_refusal(self):
        return UserError(self.env._("Seals are made by the scheduled job alone."))

    @api.model_create_multi
    def create(self, vals_list):
        raise self._get_refusal()

    def write(self, vals):
        raise self._get_refusal()

    def unlink(self):
        raise self._get_refusal()

    # Sealing

    @api.model
    def _cron_seal(self):
        """Seal what is finished, a few ranges at a time, then send the anchor out."""
        sealed = self._seal(limit=20)
        while sealed and self.env["ir.cron"]._commit_progress(sealed):
            sealed = self._seal(limit=20)
        self._send_anchor_when_due()

    @api.model
    def _seal(self, limit=None):
        """Append seals for all finished transactions.

        :param limit: at most so many seals.
        :return: number of seals made.
        """
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(hashtext('audit_trail_seal'))")
        if not self.env.cr.fetchone()[0]:
            return 0
        made = 0
        while (limit is None or made < limit) and (bounds := self._find_next_range()):
            self._append_seal(*bounds)
            made += 1
        if made:
            self._keep_head()
        return made

    @api.model
    def _get_horizon(self):
        """Number of the oldest transaction that may still write."""
        self.env.cr.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return self.env.cr.fetchone()[0]

    @api.model
    def _find_next_range(self):
        """``(generation, from, to)`` of the next seal, or None when nothing is finished."""
        self.env.cr.execute("SELECT generation FROM audit_trail_generation")
        (current,) = self.env.cr.fetchone()
        self.env.cr.execute("SELECT generation, MAX(txid_to) FROM audit_trail_seal GROUP BY 1")
        sealed_to = dict(self.env.cr.fetchall())
        for generation in range(1, current + 1):
            start = sealed_to.get(generation, 0)
            # What a former cluster wrote is finished as a whole.
            horizon = self._get_horizon() if generation == current else 2**62
            self.env.cr.execute(
                """
                SELECT txid FROM audit_trail_entry
                 WHERE generation = %(generation)s AND txid >= %(start)s AND txid < %(horizon)s
              ORDER BY txid, id OFFSET %(offset)s LIMIT 1
                """,
                {
                    "generation": generation,
                    "start": start,
                    "horizon": horizon,
                    "offset": SEAL_SIZE - 1,
                },
            )
            if row := self.env.cr.fetchone():
                return generation, start, row[0] + 1
            self.env.cr.execute(
                """
                SELECT MAX(txid) FROM audit_trail_entry
                 WHERE generation = %s AND txid >= %s AND txid < %s
                """,
                [generation, start, horizon],
            )
            if (last := self.env.cr.fetchone()[0]) is not None:
                return generation, start, last + 1
        return None

    @api.model
    def _append_seal(self, generation, txid_from, txid_to):
        self.env.cr.execute(
            """
            SELECT COUNT(*), ARRAY_AGG(id), MIN(occurred_at), MAX(occurred_at),
                   COUNT(*) FILTER (WHERE is_step)
              FROM (
                SELECT id, occurred_at,
                       occurred_at < LAG(occurred_at) OVER (ORDER BY id)
                           - make_interval(secs => %s) AS is_step
                  FROM audit_trail_entry
                 WHERE generation = %s AND txid >= %s AND txid < %s
              ) entries
            """,
            [CLOCK_TOLERANCE_SECONDS, generation, txid_from, txid_to],
        )
        count, ids, first_at, last_at, clock_steps = self.env.cr.fetchone()
        outside = self.env["audit.trail.entry"]._find_unkeyed(generation, txid_from, txid_to)
        content = self._get_content_digests(generation, txid_from, txid_to)[None]
        self.env.cr.execute("SELECT id, digest FROM audit_trail_seal ORDER BY id DESC LIMIT 1")
        last_id, previous_digest = self.env.cr.fetchone() or (0, None)
        self.env.cr.execute("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
        (sealed_at,) = self.env.cr.fetchone()
        seal = {
            "id": last_id + 1,
            "generation": generation,
            "txid_from": txid_from,
            "txid_to": txid_to,
            "entry_count": count,
            "entry_ranges": write_ranges(ids),
            "outside_ranges": write_ranges(outside),
            "first_entry_at": first_at,
            "last_entry_at": last_at,
            "clock_steps": clock_steps,
            "content_digest": content[1],
            "previous_digest": previous_digest,
            "sealed_at": sealed_at,
            "key_id": self.env["audit.trail.entry"]._get_key_id(),
        }
        seal["digest"] = seal_digest(seal, SEAL_VERSION)
        seal["signature"] = key_ring.sign(ring().secret(seal["key_id"]), seal["digest"])
        self.env.cr.execute(
            SQL(
                "INSERT INTO audit_trail_seal (%s) VALUES %s",
                SQL(", ").join(map(SQL.identifier, seal)),
                tuple(seal.values()),
            )
        )
        return seal

    @api.model
    def _get_content_digests(self, generation=None, txid_from=None, txid_to=None):
        """Digest over the entries of each seal, or of one range that is not sealed yet.

        :return: ``{seal id (None for the range): (number of entries, digest)}``.
        """
        lines = SQL(
            """
            COUNT(*), encode(sha256(string_agg(sha256(convert_to(
                audit_trail_canonical_v1(entry) || '|' || COALESCE(entry.digest, ''), 'UTF8'
            )), ''::bytea ORDER BY entry.txid, entry.id)), 'hex')
            """
        )
        if generation is not None:
            query = SQL(
                "SELECT NULL, %s FROM audit_trail_entry entry"
                " WHERE generation = %s AND txid >= %s AND txid < %s",
                lines,
                generation,
                txid_from,
                txid_to,
            )
        else:
            return self._get_all_content_digests()
        return {key: (count, digest) for key, count, digest in self.env.execute_query(query)}

    @api.model
    def _get_all_content_digests(self):
        """The same for every seal: lines are made by parallel workers, then put in order.

        The order inside keeps the planner from making the lines after the workers have finished.
        """
        self.env.cr.execute(
            "SELECT generation, ARRAY_AGG(txid_from ORDER BY id), ARRAY_AGG(id ORDER BY id),"
            "       MAX(txid_to) FROM audit_trail_seal GROUP BY generation"
        )
        found = {}
        for generation, starts, seal_ids, end in self.env.cr.fetchall():
            found |= dict.fromkeys(seal_ids, (0, None))
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT place, COUNT(*), encode(sha256(
                               string_agg(line, ''::bytea ORDER BY txid, id)), 'hex')
                      FROM (
                        SELECT width_bucket(entry.txid, %s::bigint[]) AS place,
                               entry.txid, entry.id,
                               sha256(convert_to(audit_trail_canonical_v1(entry) || '|'
                                      || COALESCE(entry.digest, ''), 'UTF8')) AS line
                          FROM audit_trail_entry entry
                         WHERE entry.generation = %s AND entry.txid < %s
                      ORDER BY place, entry.txid, entry.id
                      ) lines
                     WHERE place > 0
                  GROUP BY place
                    """,
                    starts,
                    generation,
                    end,
                )
            )
            found |= {seal_ids[place - 1]: (count, digest) for place, count, digest in rows}
        return found

    # Head, kept beside the secrets: an end that is cut off is missed

    @api.model
    def _get_head_file(self):
        # sudo: which database this is; its number tells it from another one of the same name.
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return chain_head.path(os.path.dirname(key_file()), self.env.cr.dbname, uuid)

    @api.model
    def _get_kept_head(self):
        """The youngest head that this server saw, as an anchor; empty if it saw none."""
        return chain_head.read(self._get_head_file())

    @api.model
    def _keep_head(self):
        """Keep the present head as soon as it is committed; one that is missed here stays."""
        try:
            kept = self._get_kept_head()
        except (OSError, ValueError) as error:
            _logger.warning("audit trail: the head of the chain is not kept: %s", error)
            return
        if kept and self.env["audit.trail.entry"]._verify_anchor(kept):
            return
        self.env.cr.execute("SELECT generation FROM audit_trail_generation")
        (generation,) = self.env.cr.fetchone()
        head = self._get_anchor() | {"generation": generation}
        file = self._get_head_file()

        @self.env.cr.postcommit.add
        def keep():
            try:
                chain_head.write(file, head)
            except (OSError, ValueError) as error:
                _logger.warning("audit trail: the head of the chain is not kept: %s", error)

    # Anchor

    @api.model
    def get_anchor(self):
        """Head of the chain, to be kept outside: with it a rebuilt chain is found.

        :return: dictionary ``seal``, ``digest``, ``signature``, ``key_id``, ``entries``,
            ``sealed_at`` (UTC, ISO 8601); empty while nothing is sealed.
        """
        self.browse().check_access("read")
        return self._get_anchor()

    @api.model
    def _get_anchor(self):
        self.env.cr.execute(
            "SELECT id, digest, signature, key_id, sealed_at, entry_ranges"
            "  FROM audit_trail_seal ORDER BY id DESC LIMIT 1"
        )
        row = self.env.cr.dictfetchone()
        if not row:
            return {}
        return {
            "seal": row["id"],
            "digest": row["digest"],
            "signature": row["signature"],
            "key_id": row["key_id"],
            "sealed_at": row["sealed_at"].isoformat(timespec="microseconds") + "Z",
            "last_entry": int(row["entry_ranges"].replace(",", "-").rpartition("-")[2] or 0),
        }

    @api.model
    def _send_anchor_when_due(self):
        """Send the head out, at most once a day; also written to a folder of the server's."""
        parameters = self.env["ir.config_parameter"].sudo()  # sudo: the job reads its own settings
        anchor = self._get_anchor()
        today = fields.Date.today().isoformat()
        if not anchor or parameters.get_param("audit_trail.anchor_sent_on") == today:
            return
        addressees = parameters.get_param("audit_trail.anchor_email")
        sent = self._send_anchor(anchor, addressees)
        if sent:
            parameters.set_param("audit_trail.anchor_sent_on", today)
            log_event(self.env, KIND_ANCHOR, details={"anchor": anchor, "to": sent})

    @api.model
    def _send_anchor(self, anchor, addressees):
        """:return: where the anchor went, as text; empty if nowhere is set."""
        sent = []
        text = json.dumps(anchor, indent=1)
        folder = os.environ.get("AUDIT_TRAIL_ANCHOR_DIR")
        if folder:
            name = f"{self.env.cr.dbname}-seal-{anchor['seal']}.json"
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
            sent.append(name)
        if addressees:
            server = self.env["ir.mail_server"].sudo()  # sudo: the job sends with the company's
            message = server._build_email__(
                self.env.company.email or server._get_default_from_address() or addressees,
                addressees.split(","),
                self.env._("Audit trail anchor of %s", self.env.cr.dbname),
                text,
            )
            server.send_email(message)
            sent.append(addressees)
        return ", ".join(sent)
