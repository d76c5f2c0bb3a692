from odoo import api, models
from odoo.exceptions import UserError

GOODS_FIELDS = {
    "quantity",
    "lot_id",
    "lot_name",
    "product_id",
    "product_uom_id",
    "quant_id",
    "location_id",
    "location_dest_id",
}


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        move_lines = super().create(vals_list)
        move_lines._ensure_inspected_goods_stay()
        return move_lines

    def write(self, vals):
        if GOODS_FIELDS & vals.keys():
            self._ensure_inspected_goods_stay()
        return super().write(vals)

    def _ensure_inspected_goods_stay(self):
        """A finished receipt is not topped up or changed behind its inspection."""
        for move in self.filtered(lambda line: line.state == "done").move_id:
            if move._is_medical_receipt() and move.picking_id._is_inspection_required():
                raise UserError(
                    self.env._(
                        "Receipt %(receipt)s is finished and was inspected. Book the difference"
                        " with a return or a new receipt.",
                        receipt=move.picking_id.name,
                    )
                )
