from odoo import api, models


class StockLot(models.Model):
    """Filling by SQL what the lots of a product are."""

    _inherit = "stock.lot"

    @api.model
    def _fill_medical_lots(self, templates):
        """Derive what the lots of these products are."""
