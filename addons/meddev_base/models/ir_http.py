from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Start on the landing screen of the user's first role (their own choice wins)."""
        session_info = super().session_info()
        user = self.env.user
        if session_info.get("uid") and user._is_internal() and not user.action_id:
            session_info["home_action_id"] = (
                self.env["meddev.role"]._get_landing_action_id(user)
                or session_info["home_action_id"]
            )
        return session_info
