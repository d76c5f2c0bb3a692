from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import cipher
from ..tools.normalisation import normalise
from . import key_store


class SensitiveIndex(models.Model):
    """Keyed digests by which exact values are found; nobody reads them.

    A table of its own, so that the audit trail never holds a digest: what is erased is gone here.
    """

    _name = "sensitive.index"
    _description = "Blind Index of Sensitive Values"
    _log_access = False
    _allow_sudo_commands = False
    _audit_trail_is_evidence = True

    res_model = fields.Char(required=True)
    field = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    digest = fields.Char(required=True)

    _record_unique = models.UniqueIndex("(res_model, field, res_id)")
    _digest_index = models.Index("(res_model, field, digest)")

    @api.model
    def _get_digest(self, res_model, field, text):
        key = key_store.index_key(self.env)
        return cipher.blind(key, f"{res_model}|{field.name}", normalise(field.kind, text))

    @api.model
    def _remember(self, res_model, values):
        """Follow new values.

        :param values: (record id, field, text or None) of fields that are searched.
        """
        gone = [(res_id, field.name) for res_id, field, text in values if text is None]
        for res_id, name in gone:
            self.env.cr.execute(
                "DELETE FROM sensitive_index WHERE res_model = %s AND field = %s AND res_id = %s",
                [res_model, name, res_id],
            )
        rows = [
            SQL(
                "(%s, %s, %s, %s)",
                res_model,
                field.name,
                res_id,
                self._get_digest(res_model, field, text),
            )
            for res_id, field, text in values
            if text is not None
        ]
        if rows:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO sensitive_index (res_model, field, res_id, digest) VALUES %s"
                    " ON CONFLICT (res_model, field, res_id)"
                    " DO UPDATE SET digest = EXCLUDED.digest",
                    SQL(", ").join(rows),
                )
            )

    @api.model
    def _find(self, res_model, field, texts):
        """:return: ids of records whose value is one of these."""
        digests = [self._get_digest(res_model, field, text) for text in texts]
        self.env.cr.execute(
            "SELECT res_id FROM sensitive_index"
            " WHERE res_model = %s AND field = %s AND digest = ANY(%s)",
            [res_model, field.name, digests],
        )
        return [res_id for (res_id,) in self.env.cr.fetchall()]

    @api.model
    def _forget(self, res_model, res_ids):
        self.env.cr.execute(
            "DELETE FROM sensitive_index WHERE res_model = %s AND res_id = ANY(%s)",
            [res_model, list(res_ids)],
        )
