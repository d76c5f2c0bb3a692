import base64
import gzip
import hashlib
import json
import tempfile

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools import key_ring
from ..tools.verify_export import FORMAT, Verifier, open_lines
from .announcement import ring
from .audit_trail_verify import AUDITOR
from .events import log_event, log_refusal
from .kinds import KIND_EXPORT

BATCH = 5000


class AuditTrailExport(models.Model):
    """A copy of the whole trail that can be verified without Odoo: signed JSON lines, gzipped.

    Written once; ``tools/verify_export.py`` checks it against the published key.
    Rule: 21 CFR 11.10(b).
    """

    _name = "audit.trail.export"
    _description = "Audit Trail Export"
    _order = "id desc"
    _rec_name = "file_name"
    _audit_trail_is_evidence = True

    exported_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one(
        "res.users", string="By", readonly=True, default=lambda self: self.env.user
    )
    entry_count = fields.Integer(string="Entries", readonly=True)
    seal_to = fields.Integer(string="Up to Seal", readonly=True)
    sha256 = fields.Char(string="SHA-256 of the File", readonly=True)
    is_verified = fields.Boolean(
        string="Verified", readonly=True, help="The file was read back and checked after writing."
    )
    file = fields.Binary(readonly=True, attachment=True)
    file_name = fields.Char(readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        log_refusal(self.env, self, "create", by="guard")
        raise UserError(self.env._("Use the button Export: it writes and verifies the file."))

    def write(self, vals):
        log_refusal(self.env, self, "write", by="guard")
        raise UserError(self.env._("An export is never changed. Make a new one."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        log_refusal(self.env, self, "unlink", by="guard")
        raise UserError(self.env._("Exports of the audit trail are kept."))

    @api.model
    def create_export(self):
        """Write and verify an export of everything.

        :return: id of the record that holds the file.
        :raise AccessError: the caller is no auditor, or not one of every company: an export that
            leaves entries out could not be verified.
        """
        if not self.env.user.has_group(AUDITOR):
            log_refusal(self.env, self.browse(), "export", by="role")
            raise AccessError(self.env._("Exporting the audit trail is for auditors."))
        if missing := self.env.user._audit_trail_get_missing_companies():
            log_refusal(self.env, self.browse(), "export", by="companies")
            raise AccessError(
                self.env._(
                    "An export holds the entries of every company. You are no auditor of"
                    " %(companies)s: an administrator adds them to your allowed companies, or an"
                    " auditor of all companies exports.",
                    companies=", ".join(missing.mapped("name")),
                )
            )
        self.env["audit.trail.seal"]._seal()
        with tempfile.NamedTemporaryFile(suffix=".jsonl.gz") as file:
            count, seal_to = self._write_file(file.name)
            verifier = Verifier(self.env["audit.trail.entry"].get_public_keys())
            with open_lines(file.name) as lines:
                is_verified = verifier.read(lines)
            content = file.read()
        vals = {
            "entry_count": count,
            "seal_to": seal_to,
            "sha256": hashlib.sha256(content).hexdigest(),
            "is_verified": is_verified,
            "file": base64.b64encode(content),
            "file_name": f"audit-trail-{self.env.cr.dbname}-{seal_to}.jsonl.gz",
        }
        # The guard of create is for everybody else; sudo: nobody has the right to create one.
        export = super(AuditTrailExport, self.sudo()).create([vals])
        log_event(
            self.env,
            KIND_EXPORT,
            export,
            details={"entries": count, "seal": seal_to, "sha256": vals["sha256"]},
        )
        return export.id

    def action_export(self):
        """Export and show the record."""
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.create_export(),
            "view_mode": "form",
        }

    @api.model
    def _write_file(self, path):
        """:return: number of entries, last seal."""
        whole = hashlib.sha256()
        entries = self.env["audit.trail.entry"]

        with gzip.open(path, "wt", encoding="utf-8", newline="\n") as file:

            def write(row):
                line = json.dumps(row, ensure_ascii=False, default=_isoformat) + "\n"
                whole.update(line.encode())
                file.write(line)

            write(
                {
                    "type": "header",
                    "format": FORMAT,
                    "database": self.env.cr.dbname,
                    "exported_at": fields.Datetime.now(),
                    "public_keys": entries.get_public_keys(),
                }
            )
            self.env.cr.execute("SELECT * FROM audit_trail_purge ORDER BY id")
            for purge in self.env.cr.dictfetchall():
                write({"type": "purge"} | purge)
            count = self._write_sealed(write) + self._write_unsealed(write)
            for table in self._get_evidence_tables():
                self._write_evidence(write, table)
            anchor = self.env["audit.trail.seal"]._get_anchor()
            key_id = entries._get_key_id()
            digest = whole.hexdigest()
            end = {
                "type": "end",
                "entries": count,
                "sha256": digest,
                "key_id": key_id,
                "signature": key_ring.sign(ring().secret(key_id), digest),
                "anchor": anchor,
            }
            file.write(json.dumps(end) + "\n")
        return count, anchor.get("seal", 0)

    @api.model
    def _write_sealed(self, write):
        self.env.cr.execute("SELECT * FROM audit_trail_seal ORDER BY id")
        count = 0
        for seal in self.env.cr.dictfetchall():
            write({"type": "seal"} | seal)
            self.env.cr.execute(
                """
                SELECT audit_trail_canonical_v1(entry), entry.digest FROM audit_trail_entry entry
                 WHERE generation = %s AND txid >= %s AND txid < %s ORDER BY txid, id
                """,
                [seal["generation"], seal["txid_from"], seal["txid_to"]],
            )
            while rows := self.env.cr.fetchmany(BATCH):
                for canonical, digest in rows:
                    write(
                        {
                            "type": "entry",
                            "seal": seal["id"],
                            "canonical": canonical,
                            "digest": digest,
                        }
                    )
                count += len(rows)
        return count

    @api.model
    def _write_unsealed(self, write):
        self.env.cr.execute(
            """
            SELECT audit_trail_canonical_v1(entry), entry.digest
              FROM audit_trail_entry entry
         LEFT JOIN (SELECT generation, MAX(txid_to) AS txid_to FROM audit_trail_seal GROUP BY 1)
                   sealed USING (generation)
             WHERE entry.txid >= COALESCE(sealed.txid_to, 0) ORDER BY entry.id
            """
        )
        rows = self.env.cr.fetchall()
        for canonical, digest in rows:
            write({"type": "entry", "seal": None, "canonical": canonical, "digest": digest})
        return len(rows)

    @api.model
    def _get_evidence_tables(self):
        """Names of further tables that an export holds; for addons with evidence of their own."""
        return []

    @api.model
    def _write_evidence(self, write, table):
        """Rows of another evidence table, as they stand; the export's signature covers them."""
        self.env.cr.execute(SQL("SELECT * FROM %s ORDER BY id", SQL.identifier(table)))
        while rows := self.env.cr.dictfetchmany(BATCH):
            for row in rows:
                write({"type": "evidence", "table": table, "row": row})


def _isoformat(value):
    if hasattr(value, "isoformat"):
        return value.isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} cannot be exported")
