from odoo.tests import HttpCase, new_test_user, tagged

from .common import ROLES, MeddevBaseCommon


@tagged("post_install", "-at_install")
class TestRoles(MeddevBaseCommon):
    def test_nine_roles_each_with_group_purpose_and_landing(self):
        roles = self.env["meddev.role"].search([])
        for name in ROLES:
            role = self.env.ref(f"meddev_base.role_{name}")
            self.assertIn(role, roles)
            self.assertEqual(role.group_id, self.env.ref(f"meddev_base.group_{name}"))
            self.assertTrue(role.purpose)
            self.assertTrue(role.landing_action_id)

    def test_roles_are_orthogonal(self):
        """No role contains another, and every role has its own privilege."""
        groups = self.env["res.groups"].concat(
            *[self.env.ref(f"meddev_base.group_{name}") for name in ROLES]
        )
        self.assertEqual(len(groups.privilege_id), len(ROLES))
        for group in groups:
            self.assertEqual(group.all_implied_ids & groups, group)

    def test_first_role_decides_the_landing_screen(self):
        user = self.users["analyst"]
        roles = self.env["meddev.role"]
        analyst = self.env.ref("meddev_base.role_analyst")
        self.assertEqual(roles._get_landing_action_id(user), analyst.landing_action_id.id)
        user.group_ids |= self.env.ref("meddev_base.group_dispatcher")
        dispatcher = self.env.ref("meddev_base.role_dispatcher")
        dispatcher.landing_action_id = self.env.ref("meddev_base.meddev_region_action").id
        self.assertEqual(
            roles.with_user(user)._get_landing_action_id(user), dispatcher.landing_action_id.id
        )
        self.assertFalse(roles._get_landing_action_id(self.employee))

    def test_auditor_reads_how_many_hold_a_role(self):
        role = self.env.ref("meddev_base.role_analyst").with_user(self.users["compliance_auditor"])
        self.assertGreaterEqual(role.user_count, 1)


@tagged("post_install", "-at_install")
class TestLandingHttp(HttpCase):
    def _home_action(self, login):
        self.authenticate(login, login)
        payload = {"jsonrpc": "2.0", "method": "call", "params": {}}
        response = self.url_open("/web/session/get_session_info", json=payload)
        return response.json()["result"]["home_action_id"]

    def test_session_carries_the_landing_screen(self):
        user = new_test_user(self.env, "landing_knowledge", "meddev_base.group_knowledge_manager")
        role = self.env.ref("meddev_base.role_knowledge_manager")
        self.assertEqual(self._home_action(user.login), role.landing_action_id.id)
        own = self.env.ref("meddev_base.meddev_team_action")
        user.action_id = own.id
        self.assertEqual(self._home_action(user.login), own.id)

    def test_employee_without_role_keeps_odoos_start(self):
        user = new_test_user(self.env, "landing_employee", "base.group_user")
        self.assertFalse(self._home_action(user.login))
