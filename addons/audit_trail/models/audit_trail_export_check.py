import base64
import binascii
import gzip
import hashlib
import io
import json

from odoo import api, models
from odoo.exceptions import UserError

from ..tools.verify_export import Verifier
from .kinds import (
    KIND_ANCHOR,
    KIND_EXPORT,
    KIND_LOGIN,
    KIND_LOGIN_FAILED,
    KIND_REFUSED,
    KIND_RUN,
    KIND_UNINSTALL,
)

#: What making an export, and signing in to do so, adds to the trail after it.
LATER_KINDS = (
    KIND_ANCHOR,
    KIND_EXPORT,
    KIND_LOGIN,
    KIND_LOGIN_FAILED,
    KIND_REFUSED,
    KIND_RUN,
    KIND_UNINSTALL,
)


class ExportReader(Verifier):
    """Verifies an export and remembers which entries it holds besides the sealed ones."""

    def __init__(self, public_keys):
        super().__init__(public_keys)
        self.unsealed_ids = set()

    def _read_entry(self, row):
        super()._read_entry(row)
        if row["seal"] is None:
            self.unsealed_ids.add(json.loads(row["canonical"])[1])


class AuditTrailExport(models.Model):
    """Whether what the trail says is safe in a file: asked before it is purged or uninstalled.

    No mark of the record is believed: the stored file is read and verified anew.
    """

    _inherit = "audit.trail.export"

    @api.model
    def _ensure_exported(self, seal_id):
        """Refuse unless an export, verified now, holds everything up to a seal."""
        # sudo: whether an export exists is asked for whoever wants to remove what it holds.
        exports = self.sudo().search([("seal_to", ">=", seal_id)], order="id desc")
        if not any(
            (reader := export._verify_file()) and reader.last_seal["id"] >= seal_id
            for export in exports
        ):
            raise UserError(
                self.env._(
                    "There is no verified export of the audit trail up to seal %s. An auditor makes"
                    " one under Audit Trail → Exports.",
                    seal_id,
                )
            )

    @api.model
    def _ensure_writes_exported(self, model_names=None):
        """Refuse unless an export, verified now, holds every write of some models up to now.

        :param model_names: of these models, or of all.
        """
        # sudo: as above; the newest holds most. pylint: disable-next=no-search-all
        for export in self.sudo().search([], order="id desc"):
            reader = export._verify_file()
            if reader and not self._find_later_entries(reader, model_names):
                return
        raise UserError(
            self.env._(
                "There is no verified export of the audit trail that holds the last change. An"
                " auditor makes one under Audit Trail → Exports; then repeat this before anything"
                " else is changed."
            )
        )

    def _verify_file(self):
        """The reader of the stored file, or None where it is missing, changed or not this trail."""
        self.ensure_one()
        try:
            content = base64.b64decode(self.with_context(bin_size=False).file or b"")
        except binascii.Error:
            return None
        if not content or hashlib.sha256(content).hexdigest() != self.sha256:
            return None
        reader = ExportReader(self.env["audit.trail.entry"].get_public_keys())
        try:
            with gzip.open(io.BytesIO(content), "rt", encoding="utf-8", newline="\n") as lines:
                is_verified = reader.read(lines)
        except (OSError, EOFError, ValueError):
            return None
        if not is_verified or not reader.last_seal:
            return None
        # Another database's export verifies as well where both share the secret.
        self.env.cr.execute(
            "SELECT digest FROM audit_trail_seal WHERE id = %s", [reader.last_seal["id"]]
        )
        return reader if self.env.cr.fetchone() == (reader.last_seal["digest"],) else None

    @api.model
    def _find_later_entries(self, reader, model_names):
        """Ids of entries that an export does not hold, but should."""
        self.env.cr.execute(
            """
            SELECT entry.id FROM audit_trail_entry entry
         LEFT JOIN (SELECT generation, MAX(txid_to) AS txid_to FROM audit_trail_seal
                     WHERE id <= %(seal)s GROUP BY 1) sealed USING (generation)
             WHERE entry.txid >= COALESCE(sealed.txid_to, 0) AND entry.kind <> ALL (%(later)s)
                   AND (%(names)s::text[] IS NULL OR entry.res_model = ANY (%(names)s::text[]))
            """,
            {
                "seal": reader.last_seal["id"],
                "later": list(LATER_KINDS),
                "names": None if model_names is None else list(model_names),
            },
        )
        return {entry_id for (entry_id,) in self.env.cr.fetchall()} - reader.unsealed_ids
