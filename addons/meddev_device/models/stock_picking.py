from odoo import models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _pre_action_done_hook(self):
        # Said before core asks about backorders, and again when the move is done.
        self.move_ids.move_line_ids._ensure_devices_deliverable()
        return super()._pre_action_done_hook()
