from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.audit_trail.models.events import log_refusal


class ElectronicSignatureEvidence(models.AbstractModel):
    """Rows that nobody enters, changes, copies or deletes through a model, whatever their rights.

    The database refuses update, delete and truncate as well, and what is inserted there behind
    our back lacks the keyed digest.
    Rule: 21 CFR 11.70; Electronic Signature Law of the PRC, Art. 13.
    """

    _name = "electronic.signature.evidence"
    _description = "Evidence of Signatures"
    _log_access = False
    _allow_sudo_commands = False
    _audit_trail_is_evidence = True

    def _get_refusal(self, operation):
        """The error to raise; that somebody tried is in the trail, whatever becomes of it."""
        log_refusal(self.env, self, operation, by="guard")
        return UserError(
            self.env._(
                "Signatures are made by signing alone: they are never entered, changed, copied,"
                " imported or deleted. A change of the signed record voids them."
            )
        )

    @api.model_create_multi
    def create(self, vals_list):
        raise self._get_refusal("create")

    @api.model
    def _load_records(self, data_list, update=False):
        raise self._get_refusal("import")

    def write(self, vals):
        raise self._get_refusal("write")

    def unlink(self):
        raise self._get_refusal("unlink")

    def copy(self, default=None):
        raise self._get_refusal("copy")

    def _create(self, data_list):
        raise self._get_refusal("create")

    def _write_multi(self, vals_list):
        raise self._get_refusal("write")

    @api.model
    def load(self, fields, data):
        raise self._get_refusal("import")
