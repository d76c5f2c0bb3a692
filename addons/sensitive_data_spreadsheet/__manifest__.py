{
    "name": "Sensitive Data in Dashboards",
    "summary": "Employees cannot publish dashboards to people outside",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tools",
    "author": "MedDev contributors",
    "license": "LGPL-3",
    "depends": ["spreadsheet_dashboard", "sensitive_data"],
    "data": ["security/spreadsheet_dashboard_share.xml"],
    "uninstall_hook": "uninstall_hook",
    "auto_install": True,
}
