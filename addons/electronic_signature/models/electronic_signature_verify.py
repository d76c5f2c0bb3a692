from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from odoo.addons.audit_trail.models.announcement import describe
from odoo.addons.audit_trail.models.audit_trail_entry import KIND_REPAIR
from odoo.addons.audit_trail.models.events import log_event

from ..tools.canonical import content_version
from . import evidence
from .audit_trail_entry import KIND_SIGNATURE_VOIDED, KIND_SIGNED
from .electronic_signature import CHANGED, DELETED, FORGED, UNKNOWN
from .electronic_signature_void import CAUSE_FOUND

AUDITOR = "audit_trail.group_auditor"
BATCH = 500
#: Verdicts that an auditor must look into; a void one was ended in the open.
_FINDINGS = {CHANGED, FORGED, DELETED, UNKNOWN}
#: Trigger of each evidence table, which bears its function's name: moment and level.
PROTECTIONS = {
    "audit_trail_refuse": ("BEFORE DELETE OR UPDATE", "ROW"),
    "audit_trail_refuse_truncate": ("BEFORE TRUNCATE", "STATEMENT"),
}


class ElectronicSignature(models.Model):
    """Verification for auditors, the daily look for silent changes, and voiding."""

    _inherit = "electronic.signature"

    def _register_hook(self):
        super()._register_hook()
        self.env.cr.execute("SELECT electronic_signature_protect()")
        if repaired := self.env.cr.fetchone()[0]:
            log_event(self.env, KIND_REPAIR, details={"triggers": repaired})

    # Verification

    @api.model
    def verify_signatures(self):
        """Look at every signature and void event: row, content, and what the trail says of it.

        :return: dictionary ``ok``, ``checked`` and ``problems``: a list of dictionaries ``kind``
            (``forged``, ``changed``, ``deleted``, ``unknown``, ``removed``, ``void_forged``,
            ``void_removed``, ``protection_missing``, ``protection_foreign``), ``signature_id``,
            ``model``, ``res_id``, ``detail``.
        :raise AccessError: for auditors only.
        """
        if not (self.env.su or self.env.user.has_group(AUDITOR)):
            raise AccessError(self.env._("Verifying signatures is for auditors."))
        checked, problems = 0, self._find_protection_problems()
        for rows in self._read_in_batches():
            checked += len(rows)
            problems += self._find_problems(rows)
        problems += self._find_removed() + self._find_forged_voids()
        return {"ok": not problems, "checked": checked, "problems": problems}

    @api.model
    def _read_in_batches(self):
        last = 0
        while rows := evidence.read(
            self.env,
            evidence.SIGNATURE_TABLE,
            SQL(
                "id IN (SELECT id FROM electronic_signature WHERE id > %s ORDER BY id LIMIT %s)",
                last,
                BATCH,
            ),
        ):
            yield rows
            last = rows[-1]["id"]

    def _find_problems(self, rows):
        # sudo: an auditor of one company vouches for the whole; names are told of their own only
        verdicts = self.sudo().browse([row["id"] for row in rows])._get_verdicts()
        return [
            _problem(verdicts[row["id"]], row, self.env.companies.ids)
            for row in rows
            if verdicts[row["id"]] in _FINDINGS
        ]

    @api.model
    def _find_removed(self):
        """Signatures and void events of which the trail tells and which are not there."""
        self.env.cr.execute(
            """
            SELECT CASE entry.kind WHEN %(signed)s THEN 'removed' ELSE 'void_removed' END,
                   (entry.details->>'signature')::bigint, entry.res_model, entry.res_id
              FROM audit_trail_entry entry
             WHERE entry.kind IN (%(signed)s, %(voided)s) AND entry.digest IS NOT NULL
               AND NOT EXISTS (
                   SELECT FROM electronic_signature signature
                    WHERE entry.kind = %(signed)s
                          AND signature.digest = entry.details->>'digest')
               AND NOT EXISTS (
                   SELECT FROM electronic_signature_void void
                    WHERE entry.kind = %(voided)s AND void.digest = entry.details->>'digest')
          ORDER BY entry.id
            """,
            {"signed": KIND_SIGNED, "voided": KIND_SIGNATURE_VOIDED},
        )
        return [
            {"kind": kind, "signature_id": number, "model": model, "res_id": res_id, "detail": ""}
            for kind, number, model, res_id in self.env.cr.fetchall()
        ]

    @api.model
    def _find_forged_voids(self):
        rows = evidence.read(self.env, evidence.VOID_TABLE, SQL("TRUE"))
        return [
            {
                "kind": "void_forged",
                "signature_id": row["signature_id"],
                "model": "",
                "res_id": 0,
                "detail": f"#{row['id']}",
            }
            for row in rows
            if not evidence.is_authentic(evidence.VOID_TABLE, row)
        ]

    @api.model
    def _find_protection_problems(self):
        """Triggers of the evidence tables that are not as shipped, and what is there besides."""
        tables = [evidence.SIGNATURE_TABLE, evidence.VOID_TABLE]
        # Read with the shipped functions: a replaced one would say what it likes, and refuse less.
        with self.env["audit.trail.entry"]._shipped_functions_in_place() as findings:
            missing = [finding["detail"] for finding in findings]
            missing += self._find_changed_triggers(tables)
            foreign = self._find_foreign_objects(tables)
        return [
            {"kind": kind, "signature_id": 0, "model": "", "res_id": 0, "detail": detail}
            for kind, details in (("protection_missing", missing), ("protection_foreign", foreign))
            for detail in details
        ]

    @api.model
    def _find_changed_triggers(self, tables):
        self.env.cr.execute(
            """
            SELECT evidence.name || '.' || wanted.name
              FROM unnest(%s) AS evidence(name)
        CROSS JOIN unnest(%s, %s, %s) AS wanted(name, moment, level)
         LEFT JOIN pg_trigger present ON present.tgname = wanted.name
                   AND present.tgrelid = to_regclass(evidence.name)
             WHERE present.tgenabled IS DISTINCT FROM 'A'
                   OR pg_get_triggerdef(present.oid, TRUE) <> audit_trail_trigger_definition(
                       evidence.name, wanted.name, wanted.moment, wanted.level, wanted.name)
          ORDER BY 1
            """,
            [tables, list(PROTECTIONS), *map(list, zip(*PROTECTIONS.values(), strict=True))],
        )
        return [name for (name,) in self.env.cr.fetchall()]

    @api.model
    def _find_foreign_objects(self, tables):
        """Further triggers and rewrite rules, and row security: each can swallow a row."""
        self.env.cr.execute(
            """
            SELECT evidence.name || '.' || trigger.tgname
              FROM unnest(%(tables)s) AS evidence(name)
              JOIN pg_trigger trigger ON trigger.tgrelid = to_regclass(evidence.name)
             WHERE NOT trigger.tgisinternal AND trigger.tgname <> ALL (%(known)s)
         UNION ALL
            SELECT evidence.name || '.' || rule.rulename
              FROM unnest(%(tables)s) AS evidence(name)
              JOIN pg_rewrite rule ON rule.ev_class = to_regclass(evidence.name)
         UNION ALL
            SELECT evidence.name
              FROM unnest(%(tables)s) AS evidence(name)
              JOIN pg_class present ON present.oid = to_regclass(evidence.name)
             WHERE present.relrowsecurity OR present.relforcerowsecurity
          ORDER BY 1
            """,
            {"tables": tables, "known": list(PROTECTIONS)},
        )
        return [name for (name,) in self.env.cr.fetchall()]

    # Voiding

    @api.model
    def _void_rows(self, rows, touched, cause):
        """Append void events for those of these signatures whose content has changed.

        :param touched: ``{record id: id of the user who touched it}``.
        """
        # sudo: whoever changes the content voids the signature, readable to them or not
        verdicts = self.sudo().browse([row["id"] for row in rows])._get_verdicts()
        changed = [row for row in rows if verdicts[row["id"]] == CHANGED]
        for row in changed:
            _append_void(self.env, row, touched.get(row["res_id"]), cause)
        return [row["id"] for row in changed]

    @api.model
    def _cron_void_changed(self):
        """Once a day: signatures whose content changed behind Odoo become void in the open."""
        progress = self.env["ir.cron"]
        for rows in self._read_in_batches():
            self._void_rows(rows, {}, CAUSE_FOUND)
            if not progress._commit_progress(len(rows)):
                break


def _problem(kind, row, company_ids):
    return {
        "kind": kind,
        "signature_id": row["id"],
        "model": row["res_model"],
        "res_id": row["res_id"],
        "detail": (row["company_id"] in (None, *company_ids) and row["res_name"]) or "",
    }


def _append_void(env, row, uid, cause):
    """End one signature. Who may change the content may void: this only ever takes away."""
    model = env[row["res_model"]]
    version = content_version(row["content_digest"])
    content = model.browse(row["res_id"])._get_signed_content(version)[row["res_id"]]
    marks = model._get_marks(content, evidence.marks_key(row["digest"]))
    signed = row["content_marks"]
    user = env["res.users"].sudo().browse(uid or ())  # sudo: the name at the time
    void = evidence.append(
        env,
        evidence.VOID_TABLE,
        {
            "signature_id": row["id"],
            "company_id": row["company_id"],
            "user_id": user.id or None,
            "user_name": user.name if user else None,
            "cause": cause,
            "field_names": sorted(
                name for name in marks.keys() | signed.keys() if marks.get(name) != signed.get(name)
            ),
            "content_digest": env[row["res_model"]]
            .browse(row["res_id"])
            ._get_content_digests(version)[row["res_id"]],
            "channel": describe(env).get("channel"),
        },
        "voided_at",
    )
    log_event(
        env,
        KIND_SIGNATURE_VOIDED,
        model.browse(row["res_id"]),
        details={
            "signature": row["id"],
            "void": void["id"],
            "fields": void["field_names"],
            "digest": void["digest"],
        },
    )
