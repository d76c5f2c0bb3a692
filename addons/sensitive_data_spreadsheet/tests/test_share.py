from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..hooks import uninstall_hook


@tagged("post_install", "-at_install")
class TestShare(TransactionCase):
    @mute_logger("odoo.addons.base.models.ir_model")
    def test_employees_publish_no_dashboard(self):
        """Given an employee or an administrator, when they share a dashboard, then refused."""
        group = self.env["spreadsheet.dashboard.group"].create({"name": "Figures"})
        dashboard = self.env["spreadsheet.dashboard"].create(
            {"name": "Figures", "dashboard_group_id": group.id}
        )
        for groups in ("base.group_user", "base.group_system"):
            user = new_test_user(self.env, f"share_{groups[-4:]}", groups)
            shares = self.env["spreadsheet.dashboard.share"].with_user(user)
            with self.assertRaises(AccessError):
                shares.create({"dashboard_id": dashboard.id})
            with self.assertRaises(AccessError):
                shares.action_get_share_url(
                    {
                        "dashboard_id": dashboard.id,
                        "spreadsheet_data": "{}",
                        "excel_files": [],
                    }
                )

    def test_uninstalling_gives_the_right_back(self):
        uninstall_hook(self.env)
        user = new_test_user(self.env, "share_again", "base.group_user")
        self.assertTrue(
            self.env["spreadsheet.dashboard.share"].with_user(user).has_access("create")
        )
