from odoo import fields, models
from odoo.exceptions import UserError

from ..models.argument import ensure_single


class MeddevComponentSwap(models.TransientModel):
    """Asks for the new component and puts it in the place of the old one; or only removes it."""

    _name = "meddev.component.swap"
    _description = "Swap Component"

    component_id = fields.Many2one(
        "meddev.device.component", string="Removed Component", required=True, readonly=True
    )
    has_successor = fields.Boolean(string="Put In a New Component", default=True)
    component_lot_id = fields.Many2one("stock.lot", string="New Component Serial")
    product_id = fields.Many2one("product.product", string="New Component")
    serial = fields.Char(string="New Serial Number")
    moment = fields.Datetime(
        string="Swapped At", required=True, default=lambda self: fields.Datetime.now()
    )
    reason = fields.Char(required=True)

    def action_swap(self):
        """Swap old for new in one step."""
        ensure_single(self)
        if not self.has_successor:
            self.component_id._remove(moment=self.moment, reason=self.reason)
            return {"type": "ir.actions.act_window_close"}
        lot = self.component_lot_id
        product = lot.product_id or self.product_id or self.component_id.product_id
        if not lot and not self.serial:
            raise UserError(
                self.env._("Enter the New Serial Number, or choose the New Component Serial.")
            )
        self.component_id._swap(
            {
                "component_lot_id": lot.id,
                "product_id": product.id,
                "serial": lot.name or self.serial,
            },
            moment=self.moment,
            reason=self.reason,
        )
        return {"type": "ir.actions.act_window_close"}
