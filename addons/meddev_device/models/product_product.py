from odoo import models

from .argument import ensure_single


class ProductProduct(models.Model):
    _inherit = "product.product"

    def action_view_devices(self):
        """Open the devices of this variant."""
        ensure_single(self)
        action = self.product_tmpl_id.action_view_devices()
        action["domain"] = [("is_device", "=", True), ("product_id", "=", self.id)]
        action["context"] = {"default_product_id": self.id}
        return action
