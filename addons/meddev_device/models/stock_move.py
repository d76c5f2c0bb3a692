from odoo import models

from .guard import in_stock_operation


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        self.move_line_ids._ensure_devices_deliverable()
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        lines = moves.filtered(lambda move: move.state == "done").move_line_ids
        lines._move_devices_along()
        return moves


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    # Core has no index here: every look from a lot to its moves scans all move lines.
    _lot_index = models.Index("(lot_id) WHERE lot_id IS NOT NULL")

    def _create_and_assign_production_lot(self):
        # A serial that core's own operation brings is never refused: it lands in the review list.
        return super(StockMoveLine, in_stock_operation(self))._create_and_assign_production_lot()

    def _get_device_lines(self):
        """Lines that move a device. Everything else passes by at the cost of one read."""
        if not self.lot_id:
            return self.browse()
        # sudo: a lot that the line holds is the line's business, whatever rules hide.
        devices = set(self.lot_id.sudo().filtered("is_device")._ids)
        return self.filtered(lambda line: line.lot_id.id in devices and line.quantity)
