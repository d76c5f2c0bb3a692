from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .meddev_role import (
    IDLE_MINUTES,
    IDLE_PARAMETER,
    SESSION_MINUTES,
    SESSION_PARAMETER,
)


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    meddev_strict_sign_in = fields.Boolean("Strict Sign-In")
    meddev_session_minutes = fields.Integer(
        "Session Ends After (Minutes)",
        config_parameter=SESSION_PARAMETER,
        default=SESSION_MINUTES,
    )
    meddev_idle_minutes = fields.Integer(
        "Locked When Idle For (Minutes)", config_parameter=IDLE_PARAMETER, default=IDLE_MINUTES
    )

    @api.model
    def get_values(self):
        # Not a plain parameter: where nobody chose yet, the server's profile decides.
        strict = self.env["meddev.role"]._is_sign_in_strict()
        return super().get_values() | {"meddev_strict_sign_in": strict}

    def set_values(self):
        for settings in self:
            if settings.meddev_strict_sign_in and (
                settings.meddev_session_minutes < 1 or settings.meddev_idle_minutes < 1
            ):
                raise ValidationError(
                    self.env._("Strict Sign-In: both times must be at least one minute.")
                )
        result = super().set_values()
        for settings in self:
            self.env["meddev.role"]._set_strict_sign_in(settings.meddev_strict_sign_in)
        return result
