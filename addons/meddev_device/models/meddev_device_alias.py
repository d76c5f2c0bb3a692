from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.serial_number import normalise_serial
from ..tools.twice import find_twice
from .meddev_device_event import EVENT_IDENTITY


class MeddevDeviceAlias(models.Model):
    """Another name that somebody gave to a device, such as the hospital's asset number."""

    _name = "meddev.device.alias"
    _description = "Device Alias"
    _order = "value, id"
    _rec_name = "value"

    lot_id = fields.Many2one(
        "stock.lot",
        string="Device",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('is_device', '=', True)]",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Used By", index="btree_not_null", ondelete="restrict"
    )
    value = fields.Char(string="Alias", required=True)
    normalised_value = fields.Char(
        compute="_compute_normalised_value", store=True, precompute=True, index="trigram"
    )
    company_id = fields.Many2one(related="lot_id.company_id", store=True, index="btree_not_null")

    _value_unique = models.UniqueIndex(
        "(COALESCE(partner_id, 0), normalised_value)",
        "This alias already names another device of the same customer.",
    )
    _lookup_index = models.Index("(normalised_value)")

    @api.depends("value")
    def _compute_normalised_value(self):
        for alias in self:
            alias.normalised_value = normalise_serial(alias.value)

    @api.constrains("value")
    def _check_value_is_readable(self):
        if any(not alias.normalised_value for alias in self):
            raise ValidationError(
                self.env._(
                    "An alias needs at least one printable character. Type what the hospital"
                    " calls the device."
                )
            )

    @api.constrains("lot_id")
    def _check_lot_is_device(self):
        self.lot_id._ensure_devices()

    @api.model_create_multi
    def create(self, vals_list):
        # The alias belongs to the hospital where the device stands unless somebody says else.
        lots = self.env["stock.lot"].browse(
            vals["lot_id"] for vals in vals_list if vals.get("lot_id")
        )
        customers = {lot.id: lot.customer_id.id for lot in lots}
        vals_list = [{"partner_id": customers.get(vals.get("lot_id"))} | vals for vals in vals_list]
        self.check_access("create")
        rows = [(vals["partner_id"], vals.get("value")) for vals in vals_list]
        self.browse()._ensure_no_twins(rows)
        aliases = super().create(vals_list)
        self._log_alias_changes({}, aliases._snapshot())
        return aliases

    def write(self, vals):
        if not {"lot_id", "value", "partner_id"} & vals.keys():
            return super().write(vals)
        if {"value", "partner_id"} & vals.keys():
            self.check_access("write")
            self._ensure_no_twins(
                [
                    (vals.get("partner_id", alias.partner_id.id), vals.get("value", alias.value))
                    for alias in self
                ]
            )
        before = self._snapshot()
        result = super().write(vals)
        self._log_alias_changes(before, self._snapshot())
        return result

    def unlink(self):
        before = self._snapshot()
        result = super().unlink()
        self._log_alias_changes(before, {})
        return result

    def _ensure_no_twins(self, rows):
        """Refuse names that another device, or another row, has already: the index is blind.

        :param rows: pairs of the id of who uses the name and the name, of these aliases or of
            new ones.
        """
        keys = [(partner_id or False, normalise_serial(value)) for partner_id, value in rows]
        if twice := find_twice([key for key in keys if key[1]]):
            raise ValidationError(
                self.env._(
                    "Alias %s occurs more than once in what was entered. Keep one of them, or"
                    " correct Alias.",
                    next(row[1] for row, key in zip(rows, keys, strict=True) if key == twice),
                )
            )
        # sudo: a name is taken even if the user may not see its device; what is told of it
        # follows the user's rights.
        found = self.sudo().search(
            [
                ("normalised_value", "in", [word for _partner, word in keys if word]),
                ("id", "not in", self.ids),
            ]
        )
        taken = {(alias.partner_id.id, alias.normalised_value): alias for alias in found}
        if twin := next((taken[key] for key in keys if key in taken), None):
            raise ValidationError(twin.with_user(self.env.uid)._describe_twin())

    def _describe_twin(self):
        """What is wrong and what to do, as far as the user may see the device."""
        # sudo: only the id, whose access is asked at once.
        device = self.sudo().lot_id.with_env(self.env)._filtered_access("read")
        _lot_id, alias = self._snapshot()[self.id]
        if not device:
            return self.env._(
                "Alias %s names a device that you may not see. Correct Alias, or ask an"
                " administrator.",
                alias,
            )
        return self.env._(
            "Alias %(alias)s names device %(device)s of %(product)s already. Open that device, or"
            " correct Alias.",
            alias=alias,
            device=device.name,
            product=device.product_id.display_name,
        )

    def _snapshot(self):
        """Device and readable name per alias: what the timeline tells of it."""
        # sudo: whoever may name a device may read in its timeline who uses the name.
        return {
            alias.id: (
                alias.lot_id.id,
                f"{alias.value} ({alias.partner_id.display_name})"
                if alias.partner_id
                else alias.value,
            )
            for alias in self.sudo()
        }

    @api.model
    def _log_alias_changes(self, before, after):
        """Old → new on the timeline of every device that got, changed or lost a name.

        :param before: map alias id -> (device id, name), as :meth:`_snapshot` before the change.
        :param after: the same after it.
        """
        changes = []
        for alias_id in before.keys() | after.keys():
            old_lot_id, old = before.get(alias_id, (False, False))
            lot_id, new = after.get(alias_id, (False, False))
            if lot_id == old_lot_id:
                changes.append((lot_id, old, new))
            else:
                changes += [(old_lot_id, old, False), (lot_id, False, new)]
        label = self.env._("Alias")
        self.env["stock.lot"]._log_device_events(
            [
                {
                    "lot_id": lot_id,
                    "kind": EVENT_IDENTITY,
                    "summary": f"{label}: {old or '–'} → {new or '–'}",
                    "data": {"alias": [old, new]},
                }
                for lot_id, old, new in sorted(changes, key=lambda change: change[0])
                if lot_id and old != new
            ]
        )
