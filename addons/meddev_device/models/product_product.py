from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def action_view_devices(self):
        """Open the devices of this variant."""
        self.ensure_one()
        action = self.product_tmpl_id.action_view_devices()
        action["domain"] = [("is_device", "=", True), ("product_id", "=", self.id)]
        action["context"] = {"default_product_id": self.id}
        return action
