from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.orm.models import NO_ACCESS
from odoo.tools import SQL

from odoo.addons.audit_trail.models.events import log_event, log_refusal

from ..fields import (
    LOOKUP,
    Pending,
    Sealed,
    SensitiveValueError,
    acts_for,
    clear_value,
    is_superuser_session,
)
from ..tools import cipher
from . import key_store
from .audit_trail_entry import KIND_LOOKUP, KIND_REVEAL

MIN_REASON = 4


class SensitiveMixin(models.AbstractModel):
    """A model with sensitive fields: encrypts them, guards them, and reveals them with a reason."""

    _name = "sensitive.mixin"
    _description = "Sensitive Data"

    @api.model
    def _get_sensitive_fields(self):
        """The declared fields of this model."""
        return [field for field in self._fields.values() if getattr(field, "is_sensitive", False)]

    # Rights

    @api.model
    def _has_field_access(self, field, operation):
        if not getattr(field, "is_sensitive", False):
            return super()._has_field_access(field, operation)
        if operation == "read" and is_superuser_session(self.env):
            return False
        if self.env.su:
            # Code reads masks all the same, unless it acts for readers (``__get__``).
            return True
        if operation == "read":
            return acts_for(self.env, field.groups)
        return field.enter_groups != NO_ACCESS and self.env.user.has_groups(field.enter_groups)

    @api.model
    def _check_field_access(self, field, operation):
        """A refused value is told, once per field and transaction."""
        if getattr(field, "is_sensitive", False) and not self._has_field_access(field, operation):
            log_refusal(self.env, self, operation, by=f"field {field.name}")
        return super()._check_field_access(field, operation)

    @api.model
    def _get_view_field_attributes(self):
        return [*super()._get_view_field_attributes(), "sensitive_kind", "can_reveal"]

    # Writing: encrypted on the way to the database

    @api.model_create_multi
    def _create(self, data_list):
        sensitive = self._get_sensitive_fields()
        keys, searched = {}, {}
        for position, data in enumerate(data_list):
            stored = data["stored"]
            for field in sensitive:
                if field.name not in stored or isinstance(stored[field.name], Sealed):
                    continue
                value = field.convert_to_cache(stored[field.name], self)
                if value is None:
                    continue
                uid, key = keys.setdefault(position, cipher.new_key())
                text = field._to_text(value)
                token = cipher.encrypt(key, uid, f"{self._name}|{field.name}", text)
                stored[field.name] = Sealed(token, plain=value, is_open=True)
                if field.search_groups:
                    searched.setdefault(position, []).append((field, text))
        records = super()._create(data_list)
        ids = records.ids
        key_store.add(self.env, self._name, {ids[position]: key for position, key in keys.items()})
        self.env["sensitive.index"]._remember(
            self._name,
            [
                (ids[place], field, text)
                for place, pairs in searched.items()
                for field, text in pairs
            ],
        )
        return records

    def _write_multi(self, vals_list):
        sensitive = {field.name: field for field in self._get_sensitive_fields()}
        pending = [
            (res_id, name, value)
            for res_id, vals in zip(self._ids, vals_list, strict=True)
            for name, value in vals.items()
            if name in sensitive and (value is None or isinstance(value, Pending))
        ]
        if pending:
            vals_list = self._encrypt_pending(pending, vals_list)
            self.env["sensitive.index"]._remember(
                self._name,
                [
                    (res_id, sensitive[name], value and value.text)
                    for res_id, name, value in pending
                    if sensitive[name].search_groups
                ],
            )
        return super()._write_multi(vals_list)

    def _encrypt_pending(self, pending, vals_list):
        ids = list({res_id for res_id, _name, value in pending if value is not None})
        keys = key_store.for_writing(self.env, self._name, ids)
        encrypted = {}
        for res_id, name, value in pending:
            if value is not None:
                uid, key = keys[res_id]
                encrypted.setdefault(res_id, {})[name] = cipher.encrypt(
                    key, uid, f"{self._name}|{name}", value.text
                )
        return [
            vals | encrypted.get(res_id, {})
            for res_id, vals in zip(self._ids, vals_list, strict=True)
        ]

    def unlink(self):
        ids = self.ids
        result = super().unlink()
        self.env["sensitive.index"]._forget(self._name, ids)
        return result

    # Reading

    def _fetch_query(self, query, fields):
        """Sensitive columns are fetched by statements of their own: their fields give no SQL."""
        sensitive = [field for field in fields if getattr(field, "is_sensitive", False)]
        fetched = super()._fetch_query(query, [field for field in fields if field not in sensitive])
        if sensitive and fetched:
            columns = SQL(", ").join(SQL.identifier(field.name) for field in sensitive)
            self.env.cr.execute(
                SQL(
                    "SELECT id, %s FROM %s WHERE id IN %s",
                    columns,
                    SQL.identifier(self._table),
                    tuple(fetched.ids),
                )
            )
            if rows := self.env.cr.fetchall():
                ids, *values = zip(*rows, strict=True)
                for field, column in zip(sensitive, values, strict=True):
                    field._insert_cache(self.browse(ids), column)
        return fetched

    def _open_sensitive_value(self, field, sealed):
        """Decrypt a value in the cache.

        :raise SensitiveValueError: names record and field.
        """
        record = self._origin if self else self
        try:
            uid = cipher.key_uid(sealed.token)
            known = key_store.by_uid(self.env, self._get_uids_around(field, uid))
            res_model, res_id, key = known.get(uid) or (None, None, None)
            if (res_model, res_id) != (self._name, record.id):
                raise cipher.CipherError("its key is unknown or another record's")
            if key is None:
                sealed.is_erased = sealed.is_open = True
                return
            text = cipher.decrypt(key, f"{self._name}|{field.name}", sealed.token)
        except cipher.CipherError as error:
            raise SensitiveValueError(
                self.env._(
                    "%(field)s of %(model)s #%(id)s cannot be decrypted: %(problem)s. Have the"
                    " audit trail verified and the record restored from a backup.",
                    field=field._description_string(self.env),
                    model=self._description,
                    id=record.id,
                    problem=str(error),
                )
            ) from error
        sealed.plain = field.convert_to_cache(field._from_text(text), self)
        sealed.is_open = True

    def _get_uids_around(self, field, uid):
        """The key ids of all values that wait in the cache, so that one query fetches them."""
        uids = {uid}
        for value in field._get_cache(self.env).values():
            if isinstance(value, Sealed) and not value.is_open and len(uids) < 1000:
                try:
                    uids.add(cipher.key_uid(value.token))
                except cipher.CipherError:
                    continue
        return list(uids)

    def _read_format(self, fnames, load="_classic_read"):
        if self and not self.env.su:
            self.env["sensitive.usage"]._count("read", self._name, len(self))
        return super()._read_format(fnames, load=load)

    # Searching

    @api.model
    def _search_sensitive_value(self, name, operator, value):
        """Domain of the records with an exact value; counted and logged, whoever asks.

        :raise AccessError: somebody in whose name this runs may not search by it. Lifted rights
            help nobody: that a value is known would tell as much as the value.
        """
        field = self._fields[name]
        self._ensure_may_look_up(field)
        if operator not in ("=", "in"):
            raise UserError(
                self.env._(
                    "%s is found by its exact value only.", field._description_string(self.env)
                )
            )
        values = [value] if operator == "=" else list(value)
        if not values or not all(isinstance(item, str) and item.strip() for item in values):
            raise UserError(
                self.env._(
                    "Give the whole value of %s to be found.", field._description_string(self.env)
                )
            )
        self.env.flush_all()
        ids = self.env["sensitive.index"]._find(self._name, field, values)
        self.env["sensitive.usage"]._count("lookup", self._name, len(values))
        log_event(
            self.env,
            KIND_LOOKUP,
            self.browse(),
            details={"field": name, "values": len(values), "found": len(ids)},
        )
        return [("id", "in", ids)]

    @api.model
    def _ensure_may_look_up(self, field):
        if is_superuser_session(self.env) or not acts_for(self.env, field.search_groups):
            log_refusal(self.env, self, "lookup", by=f"field {field.name}")
            raise AccessError(
                self.env._(
                    "You may not search %(model)s by %(field)s. Ask somebody who may, or an"
                    " administrator for the right.",
                    model=self._description,
                    field=field._description_string(self.env),
                )
            )
        self._check_field_access(self._fields[field.name + LOOKUP], "read")

    # Revealing

    def reveal_sensitive_value(self, name, reason):
        """Show one value of one record to the caller, once, with a reason.

        :param name: the declared field.
        :param reason: why; goes into the audit trail, the value does not.
        :return: ``{"label": ..., "value": ...}``; an empty value is "".
        :raise AccessError: the caller is in none of the field's revealing groups.
        :raise UserError: no such field, no reason, or too many in this hour.
        """
        self.ensure_one()
        field = self._fields.get(name) if isinstance(name, str) else None
        if field is None or not getattr(field, "is_sensitive", False):
            raise UserError(self.env._("%s is not a sensitive field of this record.", name))
        self._ensure_may_reveal(field)
        reason = self._check_reveal_reason(reason)
        self.env["sensitive.usage"]._count("reveal", self._name, 1)
        value = clear_value(self, name)
        log_event(self.env, KIND_REVEAL, self, details={"field": name}, reason=reason)
        text = "" if value is False else field._to_text(value)
        return {"label": field._description_string(self.env), "value": text}

    def _ensure_may_reveal(self, field):
        self.check_access("read")
        self._ensure_in_revealing_groups(field)

    @api.model
    def _may_reveal(self, field):
        return not is_superuser_session(self.env) and acts_for(self.env, field.reveal_groups)

    def _ensure_in_revealing_groups(self, field):
        if not self._may_reveal(field):
            log_refusal(self.env, self, "reveal", by=f"field {field.name}")
            raise AccessError(
                self.env._(
                    "You may not see %(field)s of this record. Ask somebody who may, or an"
                    " administrator for the right.",
                    field=field._description_string(self.env),
                )
            )

    @api.model
    def _check_reveal_reason(self, reason):
        if not isinstance(reason, str) or len(reason.strip()) < MIN_REASON:
            raise UserError(
                self.env._("Say in a few words why you need to see it; the audit trail keeps it.")
            )
        return reason.strip()

    def erase_sensitive_data(self, reason):
        """Erase all sensitive values of these records for good, the trail's copies included.

        :param reason: whose demand it was; goes into the audit trail.
        :return: True.
        :raise AccessError: the caller is no privacy officer.
        """
        keys = self.env["sensitive.key"]
        # sudo: finding the keys; destroying them checks the caller's right.
        found = keys.sudo().search([("res_model", "=", self._name), ("res_id", "in", self.ids)])
        found.with_env(self.env)._destroy(reason)
        return True
