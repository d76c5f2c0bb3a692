from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..tools.serial_number import normalise_serial
from .argument import ensure_single
from .guard import is_trusted, trusted, without_defaults
from .meddev_device_event import EVENT_COMPONENT, FITTED, TAKEN_OUT

FROZEN_FIELDS = (
    "lot_id",
    "component_lot_id",
    "product_id",
    "serial",
    "installed_at",
    "installed_by_id",
    "removed_at",
    "removed_by_id",
    "removal_reason",
    "replaced_by_id",
)
REMOVAL_FIELDS = {"removed_at", "removed_by_id", "removal_reason", "replaced_by_id"}


class MeddevDeviceComponent(models.Model):
    """One part with its own identity in a device: installed -> removed (often by a swap).

    What it is and when it came and went is frozen; position and note may be edited while it is
    installed.
    """

    _name = "meddev.device.component"
    _description = "Device Component"
    _order = "removed_at desc, position, installed_at, id"
    _rec_name = "serial"

    lot_id = fields.Many2one(
        "stock.lot",
        string="Device",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('is_device', '=', True)]",
    )
    position = fields.Char()
    component_lot_id = fields.Many2one(
        "stock.lot", string="Component Serial", index="btree_not_null", ondelete="restrict"
    )
    product_id = fields.Many2one(
        "product.product",
        string="Component",
        compute="_compute_identity",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        ondelete="restrict",
    )
    serial = fields.Char(
        string="Serial Number",
        compute="_compute_identity",
        store=True,
        readonly=False,
        precompute=True,
    )
    normalised_serial = fields.Char(
        compute="_compute_normalised_serial", store=True, precompute=True
    )
    installed_at = fields.Datetime(required=True, default=lambda self: fields.Datetime.now())
    installed_by_id = fields.Many2one("res.users", default=lambda self: self.env.user)
    removed_at = fields.Datetime(readonly=True, copy=False)
    removed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    removal_reason = fields.Char(readonly=True, copy=False)
    replaced_by_id = fields.Many2one(
        "meddev.device.component",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    note = fields.Char()
    company_id = fields.Many2one(related="lot_id.company_id", store=True, index="btree_not_null")

    _installed_once = models.UniqueIndex(
        "(component_lot_id) WHERE removed_at IS NULL AND component_lot_id IS NOT NULL",
        "This component is installed in another device. Remove it there first.",
    )
    _serial_index = models.Index("(normalised_serial) WHERE normalised_serial IS NOT NULL")
    _removed_after_installed = models.Constraint(
        "CHECK (removed_at IS NULL OR removed_at >= installed_at)",
        "A component cannot be removed before it was installed. Correct the date and time.",
    )

    @api.depends("component_lot_id")
    def _compute_identity(self):
        for component in self:
            lot = component.component_lot_id
            component.product_id = lot.product_id or component.product_id
            component.serial = lot.name or component.serial

    @api.depends("serial")
    def _compute_normalised_serial(self):
        for component in self:
            component.normalised_serial = normalise_serial(component.serial)

    @api.constrains("lot_id", "component_lot_id")
    def _check_not_inside_itself(self):
        self.lot_id._ensure_devices()
        for component in self:
            outer = component.lot_id
            seen = outer
            while outer:
                if component.component_lot_id & outer:
                    raise ValidationError(
                        self.env._(
                            "%s cannot be a component of itself.",
                            component.component_lot_id.display_name,
                        )
                    )
                outer = (
                    self.search(
                        Domain("component_lot_id", "in", outer.ids)
                        & Domain("removed_at", "=", False)
                    ).lot_id
                    - seen
                )
                seen |= outer

    @api.constrains("installed_at")
    def _check_not_in_the_future(self):
        limit = fields.Datetime.add(fields.Datetime.now(), minutes=5)
        for component in self:
            if component.installed_at > limit:
                raise ValidationError(
                    self.env._(
                        "%s: a component cannot be installed in the future. Correct the date"
                        " and time.",
                        component.serial or component.product_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        if not is_trusted(self):
            self._ensure_starts_installed(vals_list)
        blank = without_defaults(self, REMOVAL_FIELDS)
        components = super(MeddevDeviceComponent, blank).create(vals_list).with_env(self.env)
        if not is_trusted(self):
            components._log_component_events("installed")
        return components

    def write(self, vals):
        if not is_trusted(self):
            self._ensure_not_frozen(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_recorded(self):
        raise UserError(
            self.env._("A component is never deleted from a device's file. Remove or swap it.")
        )

    def _ensure_starts_installed(self, vals_list):
        if any(vals.get(name) for vals in vals_list for name in REMOVAL_FIELDS):
            raise UserError(
                self.env._("A component is entered as installed. Then remove or swap it.")
            )

    def _ensure_not_frozen(self, vals):
        names = [name for name in FROZEN_FIELDS if name in vals]
        if self.filtered("removed_at"):
            names = list(vals)
        if names:
            labels = [self._fields[name]._description_string(self.env) for name in names]
            raise UserError(
                self.env._(
                    "A component's record is kept as it was (%s). Remove or swap the component"
                    " instead.",
                    ", ".join(labels),
                )
            )

    def _ensure_installed(self):
        if removed := self.filtered("removed_at"):
            raise UserError(
                self.env._(
                    "%s was removed already.",
                    ", ".join(c.serial or c.product_id.display_name for c in removed),
                )
            )

    def action_swap(self):
        """Ask for the new component and put it in the place of this one."""
        ensure_single(self)
        self._ensure_installed()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Swap %s", self.serial or self.product_id.display_name),
            "res_model": "meddev.component.swap",
            "view_mode": "form",
            "target": "new",
            "context": {"default_component_id": self.id},
        }

    def _swap(self, vals, moment=None, reason=None):
        """Old out, new in, in one step.

        :param vals: ``component_lot_id``, or ``product_id`` and ``serial``, of the new one.
        :param moment: UTC datetime of the swap, now if not given.
        :return: the new component.
        """
        self.ensure_one()
        self.check_access("write")
        self._ensure_installed()
        self.lock_for_update(allow_referencing=True)
        moment = moment or fields.Datetime.now()
        own = trusted(self)
        own.write({"removed_at": moment, "removed_by_id": self.env.uid, "removal_reason": reason})
        # The partial unique index must see the removal before the new row arrives.
        own.flush_recordset()
        new = own.create(
            {"position": self.position}
            | vals
            | {
                "lot_id": self.lot_id.id,
                "installed_at": moment,
                "installed_by_id": self.env.uid,
            }
        )
        own.write({"replaced_by_id": new.id})
        self._log_component_events("swapped", moment)
        return new.with_env(self.env)

    def _remove(self, moment=None, reason=None):
        """Take the component out without a successor."""
        self.check_access("write")
        self._ensure_installed()
        moment = moment or fields.Datetime.now()
        trusted(self).write(
            {"removed_at": moment, "removed_by_id": self.env.uid, "removal_reason": reason}
        )
        # The partial unique index must see the removal before the part goes elsewhere.
        self.flush_recordset()
        self._log_component_events("removed", moment)

    def _log_component_events(self, what, moment=None):
        events = []
        for component in self:
            events.append(component._prepare_event_vals(what, moment))
            if what != "installed":
                events += component._prepare_own_event_vals(TAKEN_OUT, moment)
            if what != "removed":
                fitted = component.replaced_by_id or component
                events += fitted._prepare_own_event_vals(FITTED, moment)
        self.env["stock.lot"]._log_device_events(events)

    def _prepare_event_vals(self, what, moment=None):
        self.ensure_one()
        new = self.replaced_by_id
        name = self._get_label()
        return {
            "lot_id": self.lot_id.id,
            "kind": EVENT_COMPONENT,
            "occurred_at": moment or self.installed_at,
            "summary": f"{name} → {new._get_label()}" if new else name,
            "data": {
                "action": what,
                "old": {"product": self.product_id.display_name, "serial": self.serial}
                if what != "installed"
                else False,
                "new": {
                    "product": (new or self).product_id.display_name,
                    "serial": (new or self).serial,
                }
                if what != "removed"
                else False,
                "position": self.position,
                "reason": self.removal_reason,
            },
            "res_model": self._name,
            "res_id": (new or self).id,
        }

    def _prepare_own_event_vals(self, what, moment=None):
        """What the component's own timeline tells, where it is a device itself: a list of none
        or one.

        :param what: ``FITTED`` or ``TAKEN_OUT``.
        """
        self.ensure_one()
        # sudo: whoever swaps the parts of a device has the part in hand, whatever company it is of.
        own = self.component_lot_id.sudo()
        if not own.is_device:
            return []
        return [
            {
                "lot_id": own.id,
                "kind": EVENT_COMPONENT,
                "occurred_at": moment or self.installed_at,
                "summary": ", ".join(
                    filter(None, [self.position, what == TAKEN_OUT and self.removal_reason])
                ),
                "data": {
                    "action": what,
                    "host": {"id": self.lot_id.id, "name": self._get_host_label()},
                    "position": self.position,
                    "reason": what == TAKEN_OUT and self.removal_reason,
                },
                "res_model": self._name,
                "res_id": self.id,
            }
        ]

    def _get_host_label(self):
        """Name of the device that this component is in: its product and serial number."""
        self.ensure_one()
        return " ".join([self.lot_id.product_id.display_name, self.lot_id.name])

    def _get_label(self):
        self.ensure_one()
        return " ".join(filter(None, [self.product_id.display_name, self.serial]))
