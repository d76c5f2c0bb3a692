from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import MeddevBaseCommon


@tagged("post_install", "-at_install")
class TestAttackBase(MeddevBaseCommon):
    def test_contact_of_an_inner_place_reads_its_name_and_not_what_lies_above(self):
        """The name of a place asked for the one above it, which its contact may not read."""
        user = self.portal_hospital
        user.partner_id.parent_id = self.department
        self.env.invalidate_all()
        department = self.department.with_user(user)
        self.assertIn(department.name, department.display_name)
        self.assertIn(user.name, user.partner_id.with_user(user).display_name)
        with self.assertRaises(AccessError):
            self.campus.with_user(user).read(["name"])
