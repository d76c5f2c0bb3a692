from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .meddev_device_event import EVENT_FIRMWARE


class MeddevDeviceFirmware(models.Model):
    """One firmware version that ran on a device from a moment on; written once."""

    _name = "meddev.device.firmware"
    _description = "Device Firmware"
    _order = "installed_at desc, id desc"
    _rec_name = "version"

    lot_id = fields.Many2one(
        "stock.lot",
        string="Device",
        required=True,
        ondelete="cascade",
        domain="[('is_device', '=', True)]",
    )
    version = fields.Char(required=True)
    installed_at = fields.Datetime(required=True, default=lambda self: fields.Datetime.now())
    user_id = fields.Many2one(
        "res.users", string="Installed By", default=lambda self: self.env.user
    )
    is_verified = fields.Boolean(string="Verified")
    note = fields.Char()
    company_id = fields.Many2one(related="lot_id.company_id", store=True, index="btree_not_null")

    _lot_index = models.Index("(lot_id, installed_at DESC, id DESC)")

    @api.constrains("installed_at")
    def _check_not_in_the_future(self):
        limit = fields.Datetime.add(fields.Datetime.now(), minutes=5)
        for firmware in self:
            if firmware.installed_at > limit:
                raise ValidationError(
                    self.env._(
                        "%(device)s: firmware %(version)s cannot be installed in the future."
                        " Correct its date and time.",
                        device=firmware.lot_id.display_name,
                        version=firmware.version,
                    )
                )

    @api.constrains("lot_id")
    def _check_lot_is_device(self):
        self.lot_id._ensure_devices()

    @api.model_create_multi
    def create(self, vals_list):
        firmwares = super().create(vals_list)
        self.env["stock.lot"]._log_device_events(
            [firmware._prepare_event_vals() for firmware in firmwares]
        )
        return firmwares

    def write(self, vals):
        if frozen := {"lot_id", "version", "installed_at", "user_id"} & vals.keys():
            labels = [self._fields[name]._description_string(self.env) for name in sorted(frozen)]
            raise UserError(
                self.env._(
                    "A firmware entry is kept as recorded (%s). Add a new entry instead.",
                    ", ".join(labels),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_recorded(self):
        raise UserError(
            self.env._("A firmware entry is kept as recorded. Add a new entry instead.")
        )

    def _prepare_event_vals(self):
        self.ensure_one()
        return {
            "lot_id": self.lot_id.id,
            "kind": EVENT_FIRMWARE,
            "occurred_at": self.installed_at,
            "summary": self.version,
            "data": {"installed_by": self.user_id.id},
            "res_model": self._name,
            "res_id": self.id,
        }
