from odoo import fields, models

from .audit_trail_purge import EVENTS_PARAMETER
from .audit_trail_verify import UNSEALED_MINUTES, UNSEALED_PARAMETER


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    audit_trail_unsealed_minutes = fields.Integer(
        string="Minutes until Sealed",
        config_parameter=UNSEALED_PARAMETER,
        default=UNSEALED_MINUTES,
    )
    audit_trail_anchor_email = fields.Char(
        string="Send the Anchor to", config_parameter="audit_trail.anchor_email"
    )
    audit_trail_event_retention_months = fields.Integer(
        string="Keep Events (Months)", config_parameter=EVENTS_PARAMETER
    )
