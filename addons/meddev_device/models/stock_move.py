from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        self.move_line_ids._ensure_devices_deliverable()
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        lines = moves.filtered(lambda move: move.state == "done").move_line_ids
        lines._move_devices_along()
        return moves
