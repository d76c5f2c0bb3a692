from odoo import fields, models


class StockLot(models.Model):
    _inherit = "stock.lot"

    service_level_id = fields.Many2one(
        "meddev.service.level",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="For requests about this device; empty: the level of its place or customer.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "service_level_id" in vals:
            # sudo: the open tickets of the device, whoever agrees on another level.
            self.sudo().ticket_ids._reconsider_policy()
        return result
