import os
from unittest.mock import patch

from odoo.exceptions import AccessDenied, ValidationError
from odoo.tests import new_test_user, tagged

from ..models.meddev_role import PROFILE_VARIABLE, STRICT_PARAMETER
from .common import MeddevBaseCommon

PASSWORD = "strict_engineer_password"


@tagged("post_install", "-at_install")
class TestStrictSignIn(MeddevBaseCommon):
    """Roles that sign or reveal: a second factor, and sessions that end; others as before."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.roles = cls.env["meddev.role"]
        cls.engineer = new_test_user(
            cls.env, "strict_engineer", "meddev_base.group_field_engineer", password=PASSWORD
        )
        cls.group = cls.env.ref("meddev_base.group_field_engineer")

    def test_off_asks_for_nothing(self):
        self.assertIsNone(self.engineer._mfa_type())
        self.assertFalse(self.group.lock_timeout)

    def test_on_asks_those_roles_alone(self):
        self.roles._set_strict_sign_in(True)
        self.assertEqual(self.engineer._mfa_type(), "totp_mail")
        self.assertIsNone(self.users["analyst"]._mfa_type())
        self.assertEqual((self.group.lock_timeout, self.group.lock_timeout_mfa), (720, True))
        self.assertEqual(self.group.lock_timeout_inactivity, 15)
        self.assertFalse(self.env.ref("meddev_base.group_analyst").lock_timeout)
        self.roles._set_strict_sign_in(False)
        self.assertIsNone(self.engineer._mfa_type())
        self.assertFalse(self.group.lock_timeout)

    def test_programs_need_an_api_key_then(self):
        """Given strict sign-in, then a password alone opens no remote call."""
        users = self.env["res.users"]
        users._check_uid_passwd(self.engineer.id, PASSWORD)
        self.roles._set_strict_sign_in(True)
        with self.assertRaises(AccessDenied):
            users._check_uid_passwd(self.engineer.id, PASSWORD)

    def test_a_role_is_taken_in_or_out(self):
        self.roles._set_strict_sign_in(True)
        role = self.roles.search([("group_id", "=", self.group.id)])
        role.needs_second_factor = False
        self.assertIsNone(self.engineer._mfa_type())
        self.assertFalse(self.group.lock_timeout)

    def test_the_profile_decides_until_somebody_chooses(self):
        self.env["ir.config_parameter"].search([("key", "=", STRICT_PARAMETER)]).unlink()
        self.assertFalse(self.roles._is_sign_in_strict())
        with patch.dict(os.environ, {PROFILE_VARIABLE: "production"}):
            self.assertTrue(self.roles._is_sign_in_strict())
            self.roles._set_strict_sign_in(False)
            self.assertFalse(self.roles._is_sign_in_strict())

    def test_the_settings_screen(self):
        settings = self.env["res.config.settings"].with_user(self.administrator)
        settings.create({"meddev_strict_sign_in": True, "meddev_session_minutes": 60}).execute()
        self.assertEqual(self.group.lock_timeout, 60)
        self.assertTrue(settings.create({}).meddev_strict_sign_in)
        with self.assertRaises(ValidationError):
            settings.create({"meddev_idle_minutes": 0, "meddev_strict_sign_in": True}).execute()
        settings.create({"meddev_strict_sign_in": False}).execute()
        self.assertFalse(self.group.lock_timeout)

    def test_limits_set_by_hand_stay(self):
        group = self.env.ref("meddev_base.group_analyst")
        group.lock_timeout = 99
        self.roles._apply_strict_sign_in()
        self.assertEqual(group.lock_timeout, 99)

    # Who signs or reveals

    def get_duties(self):
        """Groups that sign or reveal according to the data of all installed addons."""
        signing = self.env["electronic.signature.requirement"].search([]).group_ids
        revealing = self.env["sensitive.field"].search([]).reveal_group_ids
        return signing | revealing

    def test_every_role_that_signs_or_reveals_needs_it(self):
        """Given the data of all installed addons, then no role with such a duty is left out."""
        duties = self.get_duties()
        self.assertIn(self.env.ref("base.group_system"), duties, "they sign access reviews")
        self.roles._set_strict_sign_in(True)
        asked = self.env["res.groups"].browse(self.roles._get_second_factor_groups())
        self.assertFalse((duties - asked).mapped("full_name"))
        for role in self.roles.search([]):
            with self.subTest(role.name):
                self.assertEqual(role.signs_or_reveals, role.group_id in duties)
                self.assertEqual(
                    role.group_id in asked, role.needs_second_factor or role.signs_or_reveals
                )

    def test_administrators_sign_and_so_need_it(self):
        self.roles._set_strict_sign_in(True)
        self.assertEqual(self.administrator._mfa_type(), "totp_mail")
        group = self.env.ref("base.group_system")
        self.assertEqual((group.lock_timeout, group.lock_timeout_mfa), (720, True))
        self.roles._set_strict_sign_in(False)
        self.assertIsNone(self.administrator._mfa_type())
        self.assertFalse(group.lock_timeout)

    def test_who_is_asked_to_sign_needs_it_at_once(self):
        """Given strict sign-in, when analysts are named as signers, then they need it."""
        self.roles._set_strict_sign_in(True)
        analyst = self.users["analyst"]
        group = self.env.ref("meddev_base.group_analyst")
        requirement = self.env.ref("meddev_base.requirement_access_review")
        requirement.group_ids += group
        self.assertEqual(analyst._mfa_type(), "totp_mail")
        self.assertEqual(group.lock_timeout, 720)
        requirement.group_ids -= group
        self.assertIsNone(analyst._mfa_type())
        self.assertFalse(group.lock_timeout)

    def test_a_tick_taken_away_does_not_free_who_signs(self):
        role = self.roles.search([("group_id.name", "=", "Compliance Auditor")])
        self.roles._set_strict_sign_in(True)
        role.needs_second_factor = False
        self.assertTrue(role.signs_or_reveals)
        self.assertEqual(self.users["compliance_auditor"]._mfa_type(), "totp_mail")
