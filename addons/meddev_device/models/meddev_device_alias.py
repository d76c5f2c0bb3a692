from odoo import api, fields, models

from ..tools.serial_number import normalise_serial


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
        return super().create(
            [{"partner_id": customers.get(vals.get("lot_id"))} | vals for vals in vals_list]
        )
