from odoo import fields, models

from .argument import ensure_single


class ResPartner(models.Model):
    _inherit = "res.partner"

    device_count = fields.Integer(compute="_compute_device_count")

    def _compute_device_count(self):
        for partner in self:
            partner.device_count = self.env["stock.lot"].search_count(
                partner._get_device_domain(), limit=10_000
            )

    def action_view_devices(self):
        """Open the devices at this place and below it."""
        ensure_single(self)
        action = self.env["ir.actions.act_window"]._for_xml_id("meddev_device.device_action")
        action["domain"] = [("is_device", "=", True), *self._get_device_domain()]
        action["context"] = {"default_customer_id": self.facility_id.id or self.id}
        return action

    def _get_device_domain(self):
        """Devices that stand at this place or below it."""
        self.ensure_one()
        if self.facility_level and self.facility_level != "hospital":
            return [("place_id", "child_of", self.id)]
        return [("customer_id", "=", self.id)]
