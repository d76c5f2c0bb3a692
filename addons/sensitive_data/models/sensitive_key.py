from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.audit_trail.models.events import log_event, log_refusal

from . import key_store

PRIVACY_OFFICER = "sensitive_data.group_privacy_officer"
REWRAP_BATCH = 1000


class SensitiveKey(models.Model):
    """The key of one record's sensitive values, wrapped by a master key from outside the database.

    Life: made with the first value; wrapped anew when the master key changes; destroyed once, which
    erases the values of its record wherever their ciphertext lies, the audit trail included.
    Rule: PIPL Art. 47, 51.
    """

    _name = "sensitive.key"
    _description = "Key of a Record's Sensitive Data"
    _order = "id desc"
    _rec_name = "uid"
    _allow_sudo_commands = False
    _audit_trail_is_evidence = True

    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", required=True, readonly=True
    )
    model_label = fields.Char(string="Kind of Record", compute="_compute_model_label")
    uid = fields.Char(string="Key", required=True, readonly=True)
    master_key_id = fields.Char(string="Wrapped by", readonly=True)
    wrapped = fields.Text(readonly=True, groups=".")
    is_destroyed = fields.Boolean(string="Erased", readonly=True)
    destroyed_at = fields.Datetime(string="Erased on", readonly=True)
    destroyed_by = fields.Many2one("res.users", string="Erased by", readonly=True)
    destroy_reason = fields.Char(string="Reason of the Erasure", readonly=True)

    _uid_unique = models.Constraint("UNIQUE (uid)", "A key has one id.")
    # One living key per record: two first writers cannot both win.
    _record_unique = models.UniqueIndex("(res_model, res_id) WHERE wrapped IS NOT NULL")

    @api.depends("res_model")
    @api.depends_context("lang")
    def _compute_model_label(self):
        for key in self:
            # sudo: the label of a model is no secret.
            models = self.env["ir.model"].sudo()
            known = key.res_model in self.env
            key.model_label = models._get(key.res_model).name if known else key.res_model

    # Refusals

    def _make_refusal(self, operation):
        log_refusal(self.env, self, operation, by="guard")
        return UserError(
            self.env._(
                "Keys of sensitive data are made, wrapped and destroyed by the system alone."
            )
        )

    @api.model_create_multi
    def create(self, vals_list):
        raise self._make_refusal("create")

    def write(self, vals):
        raise self._make_refusal("write")

    def unlink(self):
        raise self._make_refusal("unlink")

    # Rotation

    @api.model
    def _cron_rewrap_keys(self):
        """Wrap by the newest master key what older ones wrap; values stay as they are."""
        while count := key_store.rewrap(self.env, REWRAP_BATCH):
            self.env.invalidate_all(flush=False)
            self.env["ir.cron"]._commit_progress(count)

    # Erasure

    def action_ask_erasure(self):
        """The dialogue that asks why the values of these records are erased."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Erase Sensitive Values"),
            "res_model": "sensitive.erase",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_key_ids": self.ids},
        }

    def _destroy(self, reason):
        """Destroy keys for good; what they opened is erased everywhere.

        :raise AccessError: the caller is no privacy officer.
        """
        if not self.env.user.has_group(PRIVACY_OFFICER):
            log_refusal(self.env, self, "erase", by="role")
            raise AccessError(self.env._("Erasing sensitive data is for privacy officers."))
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say why the data are erased; the audit trail keeps it."))
        # sudo: keys are nobody's to write; the right was checked above.
        living = self.sudo().filtered(
            lambda key: not key.is_destroyed and key.res_model != key_store.INDEX_MODEL
        )
        self.env.flush_all()
        for key in living:
            log_event(
                self.env,
                "erase",
                self._get_record(key),
                details={"key": key.uid},
                reason=reason.strip(),
            )
        self.env.cr.execute(
            """
            UPDATE sensitive_key SET wrapped = NULL, is_destroyed = TRUE, destroyed_at = %s,
                   destroyed_by = %s, destroy_reason = %s WHERE id = ANY(%s)
            """,
            [fields.Datetime.now(), self.env.uid, reason.strip(), living.ids],
        )
        for key in living:
            self.env["sensitive.index"]._forget(key.res_model, [key.res_id])
        key_store.forget(self.env)
        self.env.invalidate_all(flush=False)
        return living

    @api.model
    def _get_record(self, key):
        return self.env[key.res_model].browse(key.res_id) if key.res_model in self.env else None
