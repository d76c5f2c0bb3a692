from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class ElectronicSignatureMixin(models.AbstractModel):
    """The gate below ``write``: no form, import, superuser mode or server action passes it.

    A state that signatures open is entered with all of them, whoever writes it and however.
    """

    _inherit = "electronic.signature.mixin"

    def _register_hook(self):
        super()._register_hook()
        if not self._abstract:
            self._check_signed_states()

    @api.model
    def _check_signed_states(self):
        """A wrong declaration stops the server, not the first person who signs."""
        if self._signed_states is None:
            raise TypeError(f"{self._name} declares no _signed_states")
        transitions = self._get_signature_transitions()
        for name, steps in self._signed_states.items():
            field = self._fields.get(name)
            if field is None or field.type != "selection" or not field.store:
                raise TypeError(f"{self._name}: {name} is no stored selection")
            if unknown := steps.keys() - set(field.get_values(self.env)):
                raise TypeError(f"{self._name}: {name} has no value {sorted(unknown)}")
            if unknown := set(steps.values()) - transitions.keys():
                raise TypeError(f"{self._name}: no steps {sorted(unknown)}")

    def _create(self, data_list):
        for name, steps in (self._signed_states or {}).items():
            for data in data_list:
                if step := steps.get(data["stored"].get(name)):
                    raise UserError(
                        self.env._(
                            "%(model)s: %(field)s is reached by signing %(step)s, so nothing"
                            " begins with it. Create the record, then sign it.",
                            model=self._description,
                            field=self._fields[name]._description_string(self.env),
                            step=self._get_signature_transitions()[step],
                        )
                    )
        return super()._create(data_list)

    def _write_multi(self, vals_list):
        moves = self._find_signed_moves(vals_list)
        if not moves:
            super()._write_multi(vals_list)
            return
        try:
            # The content is judged as it will be; whoever catches the refusal has written nothing.
            with self.env.cr.savepoint(flush=False):
                super()._write_multi(vals_list)
                for transition, ids in moves.items():
                    # sudo: the rule holds for everybody, also for who may not read it
                    self.sudo().browse(ids)._ensure_signed(transition)
        except UserError:
            self.invalidate_recordset(list(self._signed_states), flush=False)
            raise

    def _find_signed_moves(self, vals_list):
        """``{transition: ids}`` of the records that these column values bring into its state."""
        moves = {}
        for name, steps in (self._signed_states or {}).items():
            wanted = {
                record.id: vals[name]
                for record, vals in zip(self, vals_list, strict=True)
                if vals.get(name) in steps
            }
            if not wanted:
                continue
            self.env.cr.execute(
                SQL(
                    "SELECT id, %s FROM %s WHERE id = ANY(%s)",
                    SQL.identifier(name),
                    SQL.identifier(self._table),
                    list(wanted),
                )
            )
            for record_id, present in self.env.cr.fetchall():
                if present != wanted[record_id]:
                    moves.setdefault(steps[wanted[record_id]], []).append(record_id)
        return moves
