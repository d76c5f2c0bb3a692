from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools import key_ring
from ..tools.verify_export import PURGED_FIELDS, write_canonical
from .announcement import announce, ring
from .baseline import write_baseline
from .events import log_event, log_refusal
from .kinds import KIND_PURGE

OFFICER = "audit_trail.group_retention_officer"
EVENTS_PARAMETER = "audit_trail.event_retention_months"


class AuditTrailPurge(models.Model):
    """A signed record that a run of sealed ranges was purged after its retention had ended.

    The seals stay, so that the chain stays whole; the database lets go of no other entry.
    Rule: ISO 13485:2016 4.2.5 (retention); PIPL Art. 19, 47.
    """

    _name = "audit.trail.purge"
    _description = "Audit Trail Purge"
    _order = "id desc"
    _rec_name = "purged_at"
    _auto = False
    _log_access = False
    _audit_trail_is_evidence = True

    seal_from = fields.Integer(string="From Seal", readonly=True)
    seal_to = fields.Integer(string="To Seal", readonly=True)
    entry_count = fields.Integer(string="Entries", readonly=True)
    last_entry_at = fields.Datetime(string="Youngest Entry", readonly=True)
    head_digest = fields.Char(string="Digest of the Last Seal", readonly=True)
    reason = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="By", readonly=True)
    user_name = fields.Char(string="Name at the Time", readonly=True)
    purged_at = fields.Datetime(readonly=True)
    key_id = fields.Char(string="Secret", readonly=True)
    signature = fields.Char(readonly=True)

    def _get_refusal(self, operation):
        log_refusal(self.env, self, operation, by="guard")
        return UserError(self.env._("Purge records are made by purging alone."))

    @api.model_create_multi
    def create(self, vals_list):
        raise self._get_refusal("create")

    def write(self, vals):
        raise self._get_refusal("write")

    def unlink(self):
        raise self._get_refusal("unlink")

    @api.model
    def purge_expired(self, reason):
        """Purge the sealed ranges in which every entry is past the retention of its model.

        Needs a verified export that holds them, and a trail without findings.

        :return: dictionary ``seals`` and ``entries`` purged.
        :raise UserError: no reason, findings, or no export.
        """
        if not self.env.user.has_group(OFFICER):
            log_refusal(self.env, self.browse(), "purge", by="role")
            raise AccessError(self.env._("Purging the audit trail is for retention officers."))
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say why the entries are purged."))
        # sudo: a retention officer need not be an auditor; only the outcome is used.
        entries = self.env["audit.trail.entry"].sudo()
        if not entries.verify()["ok"]:
            raise UserError(
                self.env._("The audit trail has findings. Clear them up before anything is purged.")
            )
        expired = self._find_expired_seals()
        if not expired:
            return {"seals": 0, "entries": 0}
        self.env["audit.trail.export"]._ensure_exported(expired[-1])
        _keep_states(self.env, expired)
        purged = 0
        for first, last in _runs(expired):
            purged += _purge_run(self.env, first, last, reason.strip())
        return {"seals": len(expired), "entries": purged}

    @api.model
    def _find_expired_seals(self):
        """Ids of seals that hold entries, all of them past their retention."""
        events = int(
            self.env["ir.config_parameter"].sudo().get_param(EVENTS_PARAMETER, 0)  # sudo: setting
        )
        self.env.cr.execute(
            """
            SELECT seal.id
              FROM audit_trail_seal seal
             WHERE seal.last_entry_at < NOW() AT TIME ZONE 'UTC'
               AND EXISTS (
                SELECT FROM audit_trail_entry entry
                 WHERE entry.generation = seal.generation
                       AND entry.txid >= seal.txid_from AND entry.txid < seal.txid_to
             ) AND NOT EXISTS (
                SELECT FROM audit_trail_entry entry
             LEFT JOIN audit_trail_rule rule ON rule.model = entry.res_model
                 WHERE entry.generation = seal.generation
                       AND entry.txid >= seal.txid_from AND entry.txid < seal.txid_to
                       AND (COALESCE(rule.retention_months, %(events)s) = 0
                            OR entry.occurred_at >= (NOW() AT TIME ZONE 'UTC')
                               - make_interval(
                                   months => COALESCE(rule.retention_months, %(events)s)))
             )
          ORDER BY seal.id
            """,
            {"events": events},
        )
        return [seal_id for (seal_id,) in self.env.cr.fetchall()]

    @api.model
    def _is_authentic_purge(self, purge, seals):
        """Whether a purge was signed by us, and ends at the seal that it names."""
        seal = seals.get(purge["seal_to"])
        if not seal or seal["digest"] != purge["head_digest"]:
            return False
        try:
            secret = ring().secret(purge["key_id"])
        except key_ring.KeyRingError:
            return False
        text = write_canonical(purge, PURGED_FIELDS)
        return key_ring.is_signed(key_ring.public_key(secret), text, purge["signature"])


def _keep_states(env, seal_ids):
    """Note anew the state of records of which the purged entries were the last word."""
    for row in env["audit.trail.rule"]._get_known_tables().values():
        env.cr.execute(
            """
            SELECT EXISTS (
                SELECT FROM audit_trail_entry entry
                  JOIN audit_trail_seal seal ON seal.generation = entry.generation
                       AND entry.txid >= seal.txid_from AND entry.txid < seal.txid_to
                 WHERE seal.id = ANY(%s) AND entry.res_model = %s)
            """,
            [seal_ids, row["model"]],
        )
        if env.cr.fetchone()[0]:
            write_baseline(env, row, details={"purged seals": [seal_ids[0], seal_ids[-1]]})


def _purge_run(env, first, last, reason):
    """Sign a purge of these seals and let their entries go.

    A function: a server action reaches every method, and would get any range signed.
    """
    entries = env["audit.trail.entry"]
    env.cr.execute(
        "SELECT SUM(entry_count), MAX(last_entry_at) FROM audit_trail_seal"
        " WHERE id BETWEEN %s AND %s",
        [first, last],
    )
    count, last_entry_at = env.cr.fetchone()
    env.cr.execute("SELECT digest FROM audit_trail_seal WHERE id = %s", [last])
    (head,) = env.cr.fetchone()
    env.cr.execute("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
    (purged_at,) = env.cr.fetchone()
    purge = {
        "seal_from": first,
        "seal_to": last,
        "entry_count": count,
        "last_entry_at": last_entry_at,
        "head_digest": head,
        "reason": reason,
        "user_id": env.uid,
        "user_name": env.user.name,
        "purged_at": purged_at,
        "key_id": entries._get_key_id(),
    }
    secret = ring().secret(purge["key_id"])
    purge["signature"] = key_ring.sign(secret, write_canonical(purge, PURGED_FIELDS))
    announce(env)
    env.cr.execute(
        SQL(
            "INSERT INTO audit_trail_purge (%s) VALUES %s",
            SQL(", ").join(map(SQL.identifier, purge)),
            tuple(purge.values()),
        )
    )
    env.cr.execute(
        """
        DELETE FROM audit_trail_entry entry USING audit_trail_seal seal
         WHERE seal.id BETWEEN %s AND %s AND entry.generation = seal.generation
               AND entry.txid >= seal.txid_from AND entry.txid < seal.txid_to
        """,
        [first, last],
    )
    log_event(
        env,
        KIND_PURGE,
        details={"seals": [first, last], "entries": count},
        reason=reason,
    )
    return count


def _runs(numbers):
    """``(first, last)`` of each run of consecutive numbers."""
    first = previous = None
    for number in numbers:
        if previous is None or number != previous + 1:
            if first is not None:
                yield first, previous
            first = number
        previous = number
    if first is not None:
        yield first, previous
