import base64

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..hooks import uninstall_hook


@tagged("post_install", "-at_install")
class TestShare(HttpCase):
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

    @mute_logger("odoo.http")
    def test_links_of_earlier_shares_are_closed(self):
        """Given a share that code made, or an earlier one, then nobody opens, reads or loads it."""
        group = self.env["spreadsheet.dashboard.group"].create({"name": "Figures"})
        dashboard = self.env["spreadsheet.dashboard"].create(
            {"name": "Figures of Ours", "dashboard_group_id": group.id}
        )
        share = self.env["spreadsheet.dashboard.share"].create(
            {
                "dashboard_id": dashboard.id,
                "spreadsheet_binary_data": base64.b64encode(b'{"secret figures": 7}'),
                "excel_export": base64.b64encode(b"secret figures"),
            }
        )
        self.env.flush_all()
        for way in ("share", "data", "download"):
            answer = self.url_open(f"/dashboard/{way}/{share.id}/{share.access_token}")
            self.assertEqual(answer.status_code, 404, way)
            self.assertNotIn("igures", answer.text)

    def test_uninstalling_gives_the_right_back(self):
        uninstall_hook(self.env)
        user = new_test_user(self.env, "share_again", "base.group_user")
        self.assertTrue(
            self.env["spreadsheet.dashboard.share"].with_user(user).has_access("create")
        )
