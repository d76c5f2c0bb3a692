from functools import lru_cache

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.audit_trail.tools.key_ring import KeyRingError, derive

from ..tools import cipher

PRIVACY_OFFICER = "sensitive_data.group_privacy_officer"
INDEX_MODEL = "sensitive.index"
REWRAP_BATCH = 1000
_OPENED = "sensitive_data.keys"


@lru_cache(maxsize=32)
def _master(secret):
    return derive(secret, "sensitive_data/wrap")


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

    def _make_refusal(self):
        return UserError(
            self.env._(
                "Keys of sensitive data are made, wrapped and destroyed by the system alone."
            )
        )

    @api.model_create_multi
    def create(self, vals_list):
        raise self._make_refusal()

    def write(self, vals):
        raise self._make_refusal()

    def unlink(self):
        raise self._make_refusal()

    # Master keys

    @api.model
    def _get_master(self, key_id):
        """:raise UserError: the secret is in none of the places where the trail keeps its own."""
        try:
            return _master(self.env["audit.trail.entry"]._get_secret(key_id))
        except KeyRingError as error:
            raise UserError(
                self.env._("Sensitive data cannot be opened: %s", str(error))
            ) from error

    @api.model
    def _get_master_id(self):
        return self.env["audit.trail.entry"]._get_key_id()

    @api.model
    def _ensure_master_keys(self):
        """Refuse to start when values exist that no present secret opens: they are not lost yet.

        :raise KeyRingError: names the missing secret and the remedy.
        """
        self.env.cr.execute(
            """
            SELECT DISTINCT ON (master_key_id) master_key_id, uid, res_model, res_id, wrapped
              FROM sensitive_key WHERE wrapped IS NOT NULL ORDER BY master_key_id, id
            """
        )
        for master_key_id, uid, res_model, res_id, wrapped in self.env.cr.fetchall():
            try:
                master = _master(self.env["audit.trail.entry"]._get_secret(master_key_id))
                cipher.unwrap(master, uid, f"{res_model}|{res_id}", wrapped)
            except KeyRingError as error:
                raise KeyRingError(
                    f"encrypted values exist, but {error} Odoo does not start without it, so that"
                    " nothing is written that could not be read again."
                ) from error
            except cipher.CipherError as error:
                raise KeyRingError(
                    f"secret {master_key_id!r} is not the one that the encrypted values were"
                    " written with. Restore the right one from its backup."
                ) from error

    # Keys of records

    @api.model
    def _add(self, res_model, keys):
        """Store fresh keys.

        :param keys: record id -> (uid, key).
        """
        if not keys:
            return
        key_id = self._get_master_id()
        master = self._get_master(key_id)
        rows = [
            SQL(
                "(%s, %s, %s, %s, %s, %s, %s)",
                res_model,
                res_id,
                uid,
                key_id,
                cipher.wrap(master, uid, f"{res_model}|{res_id}", key),
                self.env.uid,
                self.env.cr.now(),
            )
            for res_id, (uid, key) in keys.items()
        ]
        # A concurrent first writer makes this fail as any concurrent update does: Odoo repeats it.
        self.env.cr.execute(
            SQL(
                "INSERT INTO sensitive_key (res_model, res_id, uid, master_key_id, wrapped,"
                " create_uid, create_date) VALUES %s"
                " ON CONFLICT (res_model, res_id) WHERE wrapped IS NOT NULL DO NOTHING",
                SQL(", ").join(rows),
            )
        )

    @api.model
    def _get_for_writing(self, res_model, res_ids):
        """Keys to encrypt values of records with; those that have none get one.

        Always from the database: what an earlier savepoint made may be gone.

        :return: record id -> (uid, key).
        """
        found = self._get_living(res_model, res_ids)
        missing = [res_id for res_id in res_ids if res_id not in found]
        if missing:
            self._add(res_model, {res_id: cipher.new_key() for res_id in missing})
            found |= self._get_living(res_model, missing)
        return found

    @api.model
    def _get_living(self, res_model, res_ids):
        self.env.cr.execute(
            """
            SELECT res_id, uid, master_key_id, wrapped FROM sensitive_key
             WHERE res_model = %s AND res_id = ANY(%s) AND wrapped IS NOT NULL
            """,
            [res_model, list(res_ids)],
        )
        return {
            res_id: (uid, self._unwrap(res_model, res_id, uid, master_key_id, wrapped))
            for res_id, uid, master_key_id, wrapped in self.env.cr.fetchall()
        }

    @api.model
    def _unwrap(self, res_model, res_id, uid, master_key_id, wrapped):
        return cipher.unwrap(self._get_master(master_key_id), uid, f"{res_model}|{res_id}", wrapped)

    @api.model
    def _get_by_uid(self, uids):
        """Keys by their ids, for reading: uid -> (model, record id, key, or None if destroyed).

        A key that cannot be unwrapped is left out, as if it were unknown.
        """
        opened = self.env.cr.cache.setdefault(_OPENED, {})
        missing = [uid for uid in uids if uid not in opened]
        if missing:
            self.env.cr.execute(
                "SELECT uid, res_model, res_id, master_key_id, wrapped FROM sensitive_key"
                " WHERE uid = ANY(%s)",
                [missing],
            )
            for uid, res_model, res_id, master_key_id, wrapped in self.env.cr.fetchall():
                try:
                    key = wrapped and self._unwrap(res_model, res_id, uid, master_key_id, wrapped)
                except cipher.CipherError:
                    continue
                opened[uid] = (res_model, res_id, key)
        return {uid: opened[uid] for uid in uids if uid in opened}

    @api.model
    def _get_index_key(self):
        """The one key of all blind indexes."""
        (_uid, key) = self._get_for_writing(INDEX_MODEL, [0])[0]
        return key

    # Rotation

    @api.model
    def _cron_rewrap_keys(self):
        """Wrap by the newest master key what older ones wrap; values stay as they are."""
        current = self._get_master_id()
        master = self._get_master(current)
        while True:
            self.env.cr.execute(
                """
                SELECT id, res_model, res_id, uid, master_key_id, wrapped FROM sensitive_key
                 WHERE wrapped IS NOT NULL AND master_key_id <> %s ORDER BY id LIMIT %s
                """,
                [current, REWRAP_BATCH],
            )
            rows = self.env.cr.fetchall()
            if not rows:
                return
            for key_id, res_model, res_id, uid, former, wrapped in rows:
                key = self._unwrap(res_model, res_id, uid, former, wrapped)
                self.env.cr.execute(
                    "UPDATE sensitive_key SET master_key_id = %s, wrapped = %s WHERE id = %s",
                    [current, cipher.wrap(master, uid, f"{res_model}|{res_id}", key), key_id],
                )
            self.env.invalidate_all(flush=False)
            self.env["ir.cron"]._commit_progress(len(rows))

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
            raise AccessError(self.env._("Erasing sensitive data is for privacy officers."))
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say why the data are erased; the audit trail keeps it."))
        # sudo: keys are nobody's to write; the right was checked above.
        living = self.sudo().filtered(
            lambda key: not key.is_destroyed and key.res_model != INDEX_MODEL
        )
        self.env.flush_all()
        for key in living:
            self.env["audit.trail.entry"]._log_event(
                "erase", self._get_record(key), details={"key": key.uid}, reason=reason.strip()
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
        self.env.cr.cache.pop(_OPENED, None)
        self.env.invalidate_all(flush=False)
        return living

    @api.model
    def _get_record(self, key):
        return self.env[key.res_model].browse(key.res_id) if key.res_model in self.env else None
