from odoo import api, models
from odoo.tools import SQL

from ..hooks import fill_origin


class StockLot(models.Model):
    """Where the lots of a product came from that is flagged as medical after they arrived."""

    _inherit = "stock.lot"

    @api.model
    def _fill_medical_lots(self, templates):
        # Loaded before stock_lot.py, whose retention counts from the purchase date found here.
        result = super()._fill_medical_lots(templates)
        self.env.flush_all()
        medical = templates.filtered("is_medical_device")
        for lot_ids in self._iterate_lot_ids(medical, SQL("lot.receipt_id IS NULL")):
            fill_origin(self.env, SQL("IN %s", lot_ids))
        self.invalidate_model()
        return result
