def uninstall_hook(env):
    """Give core's right back."""
    access = env.ref("spreadsheet_dashboard.access_spreadsheet_dashboard_share")
    access.write({"perm_create": True, "perm_write": True})
