from odoo.tests import HttpCase, new_test_user, tagged

# Role -> xml id of its landing screen, and the branches of the After-Sales menu that it sees.
EXPECTED = {
    "service_manager": (
        "meddev_service.helpdesk_ticket_manager_action",
        "tickets devices customers purchase quality config",
    ),
    "intake_agent": (
        "meddev_service.helpdesk_ticket_intake_action",
        "tickets devices customers config",
    ),
    "dispatcher": (
        "meddev_service.helpdesk_ticket_dispatch_action",
        "tickets devices customers config",
    ),
    "field_engineer": (
        "meddev_service.helpdesk_ticket_engineer_action",
        "tickets devices customers",
    ),
    "parts_keeper": (
        "meddev_purchase.stock_picking_action_inspect",
        "tickets devices purchase quality",
    ),
    "quality_specialist": (
        "meddev_device.serial_review_action",
        "tickets devices customers purchase quality config",
    ),
    "knowledge_manager": ("meddev_base.meddev_code_action", "tickets config"),
    "analyst": ("meddev_device.device_action", "tickets devices customers purchase"),
    "compliance_auditor": (
        "meddev_device.device_event_action",
        "tickets devices customers purchase quality config",
    ),
}
# Apps that hold another trade: no after-sales role opens them.
FOREIGN_APPS = (
    "stock.menu_stock_root",
    "purchase.menu_purchase_root",
    "helpdesk_mgmt.helpdesk_ticket_main_menu",
    "base.menu_administration",
)


@tagged("post_install", "-at_install")
class TestRolesOfTheSuite(HttpCase):
    """Each role, with nothing but its group: the screen after login, the menus, what they open."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(cls.env, f"suite_{role}", f"meddev_base.group_{role}")
            for role in EXPECTED
        }

    def _session_info(self, user):
        self.authenticate(user.login, user.login)
        payload = {"jsonrpc": "2.0", "method": "call", "params": {}}
        return self.url_open("/web/session/get_session_info", json=payload).json()["result"]

    def _visible_menus(self, user):
        menus = self.env["ir.ui.menu"].with_user(user)
        return menus.browse(menus._visible_menu_ids()).sudo()

    def test_each_role_lands_on_its_screen(self):
        for role, (action, _branches) in EXPECTED.items():
            with self.subTest(role=role):
                home = self._session_info(self.users[role])["home_action_id"]
                self.assertEqual(home, self.env.ref(action).id)

    def test_each_role_sees_only_its_branches(self):
        root = self.env.ref("meddev_base.menu_root")
        for role, (_action, branches) in EXPECTED.items():
            visible = self._visible_menus(self.users[role])
            shown = visible.filtered(lambda menu: menu.parent_id == root)
            expected = {self.env.ref(f"meddev_base.menu_{name}") for name in branches.split()}
            with self.subTest(role=role):
                self.assertIn(root, visible)
                self.assertEqual(set(shown), expected)

    def test_no_role_opens_another_trade(self):
        apps = [
            app for name in FOREIGN_APPS if (app := self.env.ref(name, raise_if_not_found=False))
        ]
        for role, user in self.users.items():
            visible = self._visible_menus(user)
            with self.subTest(role=role):
                self.assertFalse([app.name for app in apps if app in visible])

    def _sees_dashboards(self, user):
        menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)
        root = self.env.ref("spreadsheet_dashboard.spreadsheet_dashboard_menu_root")
        shown = {menu["id"] for menu in menus.values() if menu.get("app_id") == root.id}
        self.assertEqual(root.id in menus["root"]["children"], bool(shown))
        return bool(shown)

    def test_empty_dashboards_are_hidden_until_there_is_one(self):
        """Given no dashboard for a role / when one is shared with it / then the app appears."""
        engineer = self.users["field_engineer"]
        self.assertFalse([role for role, user in self.users.items() if self._sees_dashboards(user)])
        dashboard = self.env["spreadsheet.dashboard"].create(
            {
                "name": "First-time fix rate",
                "dashboard_group_id": self.env["spreadsheet.dashboard.group"]
                .create({"name": "Service"})
                .id,
                "group_ids": [(6, 0, self.env.ref("meddev_base.group_field_engineer").ids)],
            }
        )
        self.assertTrue(self._sees_dashboards(engineer))
        self.assertFalse(self._sees_dashboards(self.users["dispatcher"]))
        dashboard.is_published = False
        self.assertFalse(self._sees_dashboards(engineer))

    def test_core_groups_keep_their_dashboards(self):
        """A role takes nothing away from who also holds core's groups, nor from the others."""
        dispatcher = "meddev_base.group_dispatcher"
        for name, groups in (
            ("keeper", f"{dispatcher},stock.group_stock_manager"),
            ("designer", f"{dispatcher},spreadsheet_dashboard.group_dashboard_manager"),
            ("chief", f"{dispatcher},base.group_system"),
            ("employee", "base.group_user"),
        ):
            user = new_test_user(self.env, f"suite_dashboard_{name}", groups)
            with self.subTest(user=name):
                self.assertTrue(self._sees_dashboards(user))

    def test_every_menu_opens_something_that_its_reader_may_read(self):
        root = self.env.ref("meddev_base.menu_root")
        for role, user in self.users.items():
            leaves = self._visible_menus(user).filtered(
                lambda menu: menu.action and menu.parent_path.startswith(root.parent_path)
            )
            for menu in leaves:
                if menu.action._name != "ir.actions.act_window":
                    continue
                records = self.env[menu.action.res_model].with_user(user)
                with self.subTest(role=role, menu=menu.complete_name):
                    self.assertTrue(records.has_access("read"))

    def test_every_landing_screen_loads_for_its_role(self):
        """Views and first records, as the web client asks for them."""
        for role, (name, _branches) in EXPECTED.items():
            action = self.env.ref(name)
            records = self.env[action.res_model].with_user(self.users[role])
            with self.subTest(role=role):
                views = [(view_id, kind) for view_id, kind in action.views if kind != "search"]
                got = records.get_views([*views, (action.search_view_id.id, "search")])
                self.assertIn(views[0][1], got["views"])
                fields = list(got["models"][action.res_model]["fields"])
                listed = [field for field in fields if field in ("id", "display_name", "name")]
                records.search_read([], listed, limit=3)

    def test_demo_logins_are_no_data(self):
        """Production never has the demo logins: nothing but demo files may create them."""
        data = self.env["ir.module.module"].search([("name", "=", "meddev")])
        if not data.demo:
            logins = ["manager", "intake", "dispatcher", "engineer", "hospital", "dealer"]
            owned = self.env["ir.model.data"].search(
                [("module", "=", "meddev"), ("model", "=", "res.users")]
            )
            found = self.env["res.users"].search([("login", "in", logins)])
            self.assertFalse(found & self.env["res.users"].browse(owned.mapped("res_id")))
