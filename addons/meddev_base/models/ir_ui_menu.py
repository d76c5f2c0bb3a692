from odoo import models


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    def _load_menus_blacklist(self):
        """Hide the catalogue of apps from the after-sales roles: none of them installs addons."""
        hidden = super()._load_menus_blacklist()
        user = self.env.user
        if user.has_group("meddev_base.group_staff") and not user.has_group("base.group_system"):
            hidden.append(self.env.ref("base.menu_management").id)
        return hidden
