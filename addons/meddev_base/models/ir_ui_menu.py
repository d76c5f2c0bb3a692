from odoo import api, models

#: Core's root menu of dashboards, there as soon as anything installs spreadsheet_dashboard.
DASHBOARDS = "spreadsheet_dashboard.spreadsheet_dashboard_menu_root"
#: Its entries that say nothing of their own: the dashboards, and the settings of them.
DASHBOARD_ENTRIES = (
    "spreadsheet_dashboard.spreadsheet_dashboard_menu_dashboard",
    "spreadsheet_dashboard.spreadsheet_dashboard_menu_configuration",
)
DASHBOARD_MANAGER = "spreadsheet_dashboard.group_dashboard_manager"


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    def _load_menus_blacklist(self):
        """Hide the catalogue of apps from the after-sales roles: none of them installs addons."""
        hidden = super()._load_menus_blacklist()
        if self._is_for_after_sales_role():
            hidden.append(self.env.ref("base.menu_management").id)
        return hidden

    @api.model
    def load_menus(self, debug):
        """Hide the app Dashboards from after-sales roles as long as it is empty for them.

        Not by the blacklist: core caches what that gave per user, and a dashboard that is
        published or shared later would stay out of sight until the cache is cleared.
        """
        menus = super().load_menus(debug)
        root = self.env.ref(DASHBOARDS, raise_if_not_found=False)
        if not root or root.id not in menus or not self._is_for_after_sales_role():
            return menus
        xmlids = {menus[child]["xmlid"] for child in menus[root.id]["children"]}
        if not xmlids.issubset(DASHBOARD_ENTRIES) or self._has_dashboards():
            return menus
        # A copy: core's own answer is in a cache.
        kept = {key: menu for key, menu in menus.items() if menu.get("app_id") != root.id}
        children = [child for child in menus["root"]["children"] if child != root.id]
        return kept | {"root": menus["root"] | {"children": children}}

    @api.model
    def _is_for_after_sales_role(self):
        """Whether the reader works in a role of ours and does not configure Odoo."""
        user = self.env.user
        return user.has_group("meddev_base.group_staff") and not user.has_group("base.group_system")

    @api.model
    def _has_dashboards(self):
        """Whether core's dashboards show the reader anything, or are theirs to create."""
        if self.env.user.has_group(DASHBOARD_MANAGER):
            return True
        published = [("is_published", "=", True)]
        return bool(self.env["spreadsheet.dashboard"].search_count(published, limit=1))
