"""Core chooses no goods for a customer that must not be delivered to one.

Only while it chooses: what stands in stock, what moves inside and what a person picks by hand is
counted and moved as before.
"""

from odoo import models
from odoo.fields import Domain

from .device_state import UNDELIVERABLE_STATES
from .guard import is_reserving_for_customer, reserving_for_customer
from .res_company import EXPIRED_BLOCK


class StockMove(models.Model):
    _inherit = "stock.move"

    def _update_reserved_quantity_vals(
        self, need, location_id, lot_id=None, package_id=None, owner_id=None, strict=True
    ):
        return super(StockMove, self._while_reserving())._update_reserved_quantity_vals(
            need, location_id, lot_id, package_id, owner_id, strict
        )

    def _set_quantity_done_prepare_vals(self, qty):
        return super(StockMove, self._while_reserving())._set_quantity_done_prepare_vals(qty)

    def _while_reserving(self):
        """This move, marked where it brings medical goods nearer to a customer."""
        self.ensure_one()
        if self._may_hold_back_goods() and self._is_for_customer():
            return reserving_for_customer(self)
        return self

    def _may_hold_back_goods(self):
        """Whether some goods of this move's product may be unfit for a customer; addons that
        know further reasons extend it."""
        self.ensure_one()
        return self.product_id.tracking != "none" and self.product_id.is_medical_device

    def _is_for_customer(self):
        """Whether it is a step on the way to a customer."""
        self.ensure_one()
        # The first of several steps of a delivery knows where the last one ends.
        targets = self.location_final_id | self.location_dest_id
        return self.location_id.usage != "customer" and "customer" in targets.mapped("usage")


class StockQuant(models.Model):
    _inherit = "stock.quant"

    def _get_gather_domain(
        self, product_id, location_id, lot_id=None, package_id=None, owner_id=None, strict=False
    ):
        domain = super()._get_gather_domain(
            product_id, location_id, lot_id, package_id, owner_id, strict
        )
        if not is_reserving_for_customer(self):
            return domain
        company = location_id.company_id or self.env.company
        deliverable = self.env["stock.lot"].with_company(company)._get_deliverable_domain()
        # any!: a lot that core may reserve is core's business, whatever rules hide.
        return Domain(domain) & (
            Domain("lot_id", "=", False) | Domain("lot_id", "any!", deliverable)
        )


class StockLot(models.Model):
    _inherit = "stock.lot"

    def _get_deliverable_domain(self):
        """Lots of medical products that may go to a customer of the present company; what
        ``_ensure_devices_deliverable`` refuses is not among them."""
        domain = Domain("batch_recalled_at", "=", False)
        domain &= Domain("device_state", "not in", UNDELIVERABLE_STATES)
        # sudo: the setting of the goods' own company.
        if self.env.company.sudo().meddev_expired_policy == EXPIRED_BLOCK:
            today = self._get_expiry_day()
            domain &= Domain("expiry_date", "=", False) | Domain("expiry_date", ">=", today)
        return domain
