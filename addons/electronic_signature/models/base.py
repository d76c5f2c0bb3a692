from odoo import api, models

from .electronic_signature_content import ATTACHMENTS
from .electronic_signature_void import CAUSE_CHANGE

_TOUCHED = "electronic_signature.touched"


class Base(models.AbstractModel):
    """Whoever writes what belongs to a signed record lets its signatures be looked at.

    That happens once, at the end of the transaction: what was changed and changed back voids
    nothing, and a thousand lines are one look.
    """

    _inherit = "base"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._touch_signed()
        return records

    def write(self, vals):
        self._touch_signed()
        result = super().write(vals)
        # A line that moves touches the record that it comes to as well.
        self._touch_signed()
        return result

    def _write_multi(self, vals_list):
        self._touch_signed()
        return super()._write_multi(vals_list)

    def unlink(self):
        self._touch_signed()
        return super().unlink()

    def _touch_signed(self):
        watch = self.env["electronic.signature.mixin"]._get_signature_watch().get(self._name)
        if not watch or not any(self._ids):
            return
        touched = self.env.cr.precommit.data.get(_TOUCHED)
        if touched is None:
            touched = self.env.cr.precommit.data[_TOUCHED] = {}
            env = self.env(su=False)
            self.env.cr.precommit.add(lambda: _void_touched(env))
        for signed_model, field_name in watch:
            known = touched.setdefault(signed_model, {})
            for record_id in self._find_signed_ids(signed_model, field_name):
                known.setdefault(record_id, self.env.uid)

    def _find_signed_ids(self, signed_model, field_name):
        """Ids of records of a signable model whose signed content these records belong to."""
        if field_name is None:
            return self._ids
        # sudo: who may change a line need not read what it belongs to
        records = self.sudo().with_context(active_test=False)
        if field_name == ATTACHMENTS:
            return records.filtered(lambda one: one.res_model == signed_model).mapped("res_id")
        field = self.env[signed_model]._fields[field_name]
        if field.type == "one2many" and records._fields[field.inverse_name].type == "many2one":
            return records[field.inverse_name].ids
        return self.env[signed_model].sudo().search([(field_name, "in", self.ids)]).ids


def _void_touched(env):
    env.flush_all()
    touched = env.cr.precommit.data.pop(_TOUCHED, {})
    for signed_model, known in touched.items():
        known = {number: uid for number, uid in known.items() if isinstance(number, int)}
        if known and signed_model in env:
            env[signed_model]._void_changed(known, CAUSE_CHANGE)
