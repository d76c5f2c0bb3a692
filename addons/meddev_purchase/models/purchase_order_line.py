from odoo import api, models


class PurchaseOrderLine(models.Model):
    _inherit = "purchase.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._ensure_papers_for_more()
        return lines

    def write(self, vals):
        ordering_more = self.browse()
        if "product_id" in vals:
            ordering_more = self
        elif "product_qty" in vals:
            ordering_more = self.filtered(lambda line: vals["product_qty"] > line.product_qty)
        result = super().write(vals)
        ordering_more._ensure_papers_for_more()
        return result

    def _ensure_papers_for_more(self):
        """Ordering more on a confirmed order is ordering: the papers are asked for again."""
        confirmed = self.filtered(
            lambda line: line.order_id.state == "purchase" and line.product_qty > 0
        )
        confirmed.order_id._ensure_papers()

    def _is_ordering_more(self):
        """Whether these lines, as they stand unsaved in a form, order more than is saved."""
        return any(
            line.product_id
            and line != line._origin
            and (
                line.product_id != line._origin.product_id
                or line.product_qty > line._origin.product_qty
            )
            for line in self
        )
