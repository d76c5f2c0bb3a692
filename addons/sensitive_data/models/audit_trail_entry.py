from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.audit_trail.models.events import log_event, log_refusal

from ..tools import cipher, masking
from . import key_store

KIND_REVEAL = "reveal"
KIND_LOOKUP = "lookup"
KIND_ERASE = "erase"
KIND_ALERT = "alert"
#: Name of a side -> its place in the pair of values that an entry keeps.
SIDES = {"before": 0, "after": 1}


class AuditTrailEntry(models.Model):
    """What is done with sensitive values; of the trail's own copies everybody sees the masks.

    The trail keeps ciphertext. It opens while the record's key lives, and is erased with it.
    """

    _inherit = "audit.trail.entry"

    kind = fields.Selection(
        selection_add=[
            (KIND_REVEAL, "Revealed"),
            (KIND_LOOKUP, "Looked Up"),
            (KIND_ERASE, "Erased"),
            (KIND_ALERT, "Alert"),
        ]
    )

    def _may_see_field(self, model, field):
        # That a sensitive value was changed is shown to whoever may see the record, with masks.
        return getattr(field, "is_sensitive", False) or super()._may_see_field(model, field)

    def _describe_value(self, model, field, value):
        if not _is_copy(field, value):
            return super()._describe_value(model, field, value)
        try:
            text = _open_copy(self, field, value)
        except cipher.CipherError:
            return self.env._("(unreadable)")
        return self.env._("(erased)") if text is None else masking.mask(field.kind, text)

    def _describe_more(self, model, field, pair):
        more = super()._describe_more(model, field, pair)
        if not getattr(field, "is_sensitive", False) or not model._may_reveal(field):
            return more
        shown = [side for side, place in SIDES.items() if _is_copy(field, pair[place])]
        return more | {"reveal": {"entry": self.id, "name": field.name, "sides": shown}}

    def reveal_sensitive_change(self, name, reason):
        """Show one value that an entry keeps to the caller, once, with a reason.

        :param name: the declared field and the side, as ``patient_name/before``.
        :param reason: why; goes into the audit trail, the value does not.
        :return: ``{"label": ..., "value": ...}``.
        :raise AccessError: the entry is not the caller's to see, or they are in none of the
            field's revealing groups.
        :raise UserError: no such value, no reason, erased, or too many in this hour.
        """
        entry = self._ensure_one_to_reveal()
        name, _separator, side = name.partition("/") if isinstance(name, str) else ("", "", "")
        model = self.env[entry.res_model]
        field = model._fields.get(name)
        pair = (entry.changes or {}).get(name)
        value = pair[SIDES[side]] if pair and side in SIDES else None
        if not _is_copy(field, value):
            raise UserError(self.env._("This entry keeps no such sensitive value."))
        record = model.browse(entry.res_id)
        record._ensure_in_revealing_groups(field)
        reason = model._check_reveal_reason(reason)
        label = field._description_string(self.env)
        try:
            text = _open_copy(entry, field, value)
        except cipher.CipherError as error:
            raise UserError(
                self.env._(
                    "%(field)s of entry %(id)s cannot be decrypted: %(problem)s. Have the audit"
                    " trail verified.",
                    field=label,
                    id=entry.id,
                    problem=str(error),
                )
            ) from error
        if text is None:
            raise UserError(self.env._("%s was erased for good, here as well.", label))
        self.env["sensitive.usage"]._count("reveal", model._name, 1)
        log_event(
            self.env,
            KIND_REVEAL,
            record,
            details={"field": name, "entry": entry.id, "side": side},
            reason=reason,
        )
        return {"label": label, "value": text}

    def _ensure_one_to_reveal(self):
        """The entry, with the rights under which its history shows it to this person."""
        # sudo: which record it is of; the right to see that is asked at once.
        known = self.sudo().exists()
        if len(known) != 1 or known.res_model not in self.env or not known.res_id:
            raise UserError(self.env._("Reveal a value of one entry of one record."))
        entries = self.sudo(False)._get_readable_entries(known.res_model, known.res_id)
        # An auditor finds entries of their own companies alone.
        if entry := entries.search([("id", "=", known.id)]):
            return entry
        log_refusal(self.env, self, "reveal", by="rule")
        raise AccessError(self.env._("This entry is not among those that you may see."))


def _is_copy(field, value):
    """Whether an entry keeps a sensitive value here: ciphertext, and no mark that stands for it."""
    return getattr(field, "is_sensitive", False) and isinstance(value, str) and bool(value)


def _open_copy(entry, field, token):
    """The value of which an entry keeps the ciphertext, or None where its key is destroyed.

    Callers check the rights. A function: server actions reach every method, but no function.

    :raise CipherError: it was altered, or is another record's.
    """
    # sudo: whose it is; the caller was let see the entry.
    owner = entry.sudo()
    uid = cipher.key_uid(token)
    res_model, res_id, key = key_store.by_uid(entry.env, [uid]).get(uid) or (None, None, None)
    if (res_model, res_id) != (owner.res_model, owner.res_id):
        raise cipher.CipherError("its key is unknown or another record's")
    return None if key is None else cipher.decrypt(key, f"{res_model}|{field.name}", token)
