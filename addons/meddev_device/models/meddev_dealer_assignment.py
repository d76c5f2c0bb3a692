from odoo import api, fields, models


class MeddevDealerAssignment(models.Model):
    """A dealer may also serve one device instead of a whole facility."""

    _inherit = "meddev.dealer.assignment"

    lot_id = fields.Many2one(
        "stock.lot",
        string="Device",
        index="btree_not_null",
        ondelete="cascade",
        domain="[('is_device', '=', True)]",
        check_company=True,
    )

    @api.model
    def _get_target_fields(self):
        return [*super()._get_target_fields(), "lot_id"]
