from odoo import fields, models

EVENT_PURCHASE = "purchase"
EVENT_INSPECTION = "inspection"


class MeddevDeviceEvent(models.Model):
    _inherit = "meddev.device.event"

    kind = fields.Selection(
        selection_add=[(EVENT_PURCHASE, "Purchase"), (EVENT_INSPECTION, "Incoming Inspection")],
        ondelete={EVENT_PURCHASE: "cascade", EVENT_INSPECTION: "cascade"},
    )
