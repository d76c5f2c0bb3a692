from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import ROLES, MeddevBaseCommon

EDITORS = {
    "meddev.role": (),
    "meddev.region": ("service_manager",),
    "meddev.user.region": ("service_manager",),
    "meddev.team": ("service_manager",),
    "meddev.team.member": ("service_manager",),
    "meddev.dealer.assignment": ("service_manager",),
    "meddev.holiday.calendar": ("service_manager",),
    "meddev.holiday": ("service_manager",),
    "meddev.code.system": ("service_manager", "knowledge_manager"),
    "meddev.code.release": ("service_manager", "knowledge_manager"),
    "meddev.code": ("service_manager", "knowledge_manager"),
}


@tagged("post_install", "-at_install")
class TestAccess(MeddevBaseCommon):
    def test_every_role_reads_and_only_editors_write(self):
        for model, editors in EDITORS.items():
            for role in ROLES:
                records = self.env[model].with_user(self.users[role])
                with self.subTest(model=model, role=role):
                    self.assertTrue(records.has_access("read"))
                    self.assertEqual(records.has_access("write"), role in editors)
                    self.assertEqual(records.has_access("create"), role in editors)

    def test_outsiders_and_plain_employees_are_refused(self):
        for model in EDITORS:
            for user in (self.employee, self.portal_hospital):
                with self.subTest(model=model, user=user.login):
                    self.assertFalse(self.env[model].with_user(user).has_access("read"))

    def test_administrator_configures_without_a_role(self):
        for model in EDITORS:
            self.assertTrue(self.env[model].with_user(self.administrator).has_access("write"))

    def test_history_is_not_deleted_by_a_role(self):
        for model in ("meddev.dealer.assignment", "meddev.code", "meddev.code.release"):
            for role in ROLES:
                self.assertFalse(self.env[model].with_user(self.users[role]).has_access("unlink"))

    def test_import_is_for_those_who_keep_the_lists(self):
        wizards = self.env["meddev.code.import"]
        self.assertTrue(wizards.with_user(self.users["knowledge_manager"]).has_access("create"))
        with self.assertRaises(AccessError):
            wizards.with_user(self.users["quality_specialist"]).create({})

    def test_intake_agent_cannot_touch_internal_users_contacts_login(self):
        """Right to write partners must not become a right over other people's accounts."""
        target = self.users["service_manager"].partner_id
        with self.assertRaises(AccessError):
            target.with_user(self.users["intake_agent"]).write({"email": "mine@example.com"})

    def test_each_role_sees_only_its_menus(self):
        expected = {
            "service_manager": "menu_hospitals menu_dealers menu_dealer_assignments "
            "menu_manufacturers menu_teams menu_regions menu_holidays menu_role_rights",
            "intake_agent": "menu_hospitals menu_dealers",
            "dispatcher": "menu_hospitals menu_teams menu_regions",
            "field_engineer": "menu_hospitals",
            "parts_keeper": "menu_manufacturers",
            "quality_specialist": "menu_hospitals menu_dealers menu_manufacturers menu_codes",
            "knowledge_manager": "menu_codes menu_code_systems menu_code_import",
            "analyst": "menu_hospitals",
            "compliance_auditor": "menu_hospitals menu_dealers menu_dealer_assignments menu_roles "
            "menu_role_rights menu_role_scopes menu_role_conflicts menu_access_explain "
            "menu_role_compare menu_access_reviews",
        }
        own = self.env["ir.model.data"].search(
            [("module", "=", "meddev_base"), ("model", "=", "ir.ui.menu")]
        )
        leaves = {
            data.res_id: data.name
            for data in own
            if self.env["ir.ui.menu"].browse(data.res_id).action
        }
        for role, names in expected.items():
            visible = self.env["ir.ui.menu"].with_user(self.users[role])._visible_menu_ids()
            with self.subTest(role=role):
                seen = {name for menu_id, name in leaves.items() if menu_id in visible}
                self.assertEqual(seen, set(names.split()))

    def test_roles_are_not_shown_the_catalogue_of_apps(self):
        """Who configures Odoo keeps it, also with a role; so does an employee without one."""
        apps = self.env.ref("base.menu_management")
        chief = new_test_user(
            self.env, "chief_menu", "meddev_base.group_service_manager,base.group_system"
        )
        for user in self.users.values():
            with self.subTest(user=user.login):
                self.assertNotIn(apps.id, self._load_menu_ids(user))
        for user in (self.employee, chief):
            with self.subTest(user=user.login):
                self.assertIn(apps.id, self._load_menu_ids(user))

    def _load_menu_ids(self, user):
        return set(self.env["ir.ui.menu"].with_user(user).load_menus(False))
