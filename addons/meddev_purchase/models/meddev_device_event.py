from odoo import fields, models

EVENT_PURCHASE = "purchase"
EVENT_INSPECTION = "inspection"
EVENT_RETENTION = "retention"


class MeddevDeviceEvent(models.Model):
    _inherit = "meddev.device.event"

    kind = fields.Selection(
        selection_add=[
            (EVENT_PURCHASE, "Purchase"),
            (EVENT_INSPECTION, "Incoming Inspection"),
            (EVENT_RETENTION, "Retention"),
        ],
        ondelete={
            EVENT_PURCHASE: "cascade",
            EVENT_INSPECTION: "cascade",
            EVENT_RETENTION: "cascade",
        },
    )
