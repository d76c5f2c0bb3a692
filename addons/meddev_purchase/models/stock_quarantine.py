"""What lies in the quarantine location goes to no customer: a batch is held by its place alone."""

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.meddev_device.models.guard import is_reserving_for_customer


class StockMove(models.Model):
    _inherit = "stock.move"

    def _may_hold_back_goods(self):
        if super()._may_hold_back_goods():
            return True
        # Goods without any number are held by their place as well.
        # sudo: the setting of the goods' own company.
        quarantine = self.company_id.sudo().meddev_quarantine_location_id
        return self.product_id.is_medical_device and bool(quarantine)


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
        # sudo: the setting of the goods' own company.
        quarantine = company.sudo().meddev_quarantine_location_id
        if not quarantine:
            return domain
        return Domain(domain) & ~Domain("location_id", "child_of", quarantine.id)


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    def _ensure_devices_deliverable(self):
        super()._ensure_devices_deliverable()
        self._ensure_not_from_quarantine()

    def _ensure_not_from_quarantine(self):
        """Nobody hands a customer what lies in quarantine, or brings it nearer to one."""
        held = self.filtered(lambda line: line._is_taken_from_quarantine())
        if not held:
            return
        raise UserError(
            self.env._(
                "These goods lie in quarantine and must not be delivered: %s. Take them off the"
                " delivery, or let the quality specialist release them.",
                ", ".join(
                    self.env._(
                        "%(product)s %(lot)s in %(location)s",
                        # sudo: what the line holds is the line's business, whatever rules hide.
                        product=line.product_id.sudo().display_name,
                        lot=line.lot_id.sudo().name or "",
                        location=line.location_id.sudo().complete_name,
                    )
                    for line in held[:10]
                ),
            )
        )

    def _is_taken_from_quarantine(self):
        self.ensure_one()
        # sudo: the setting of the goods' own company, and what the line itself holds.
        line = self.sudo()
        quarantine = line.company_id.meddev_quarantine_location_id
        return (
            bool(line.quantity and quarantine)
            and line.product_id.is_medical_device
            and line.location_id._child_of(quarantine)
            and (
                bool(line._get_outgoing_lines())
                or any(move._is_for_customer() for move in line.move_id)
            )
        )
