from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import MeddevBaseCommon


@tagged("post_install", "-at_install")
class TestAttackFacility(MeddevBaseCommon):
    """What is seen of a hospital follows from its tree: ways to bend the tree that once worked."""

    def test_facility_stays_a_company(self):
        """Else Odoo's own portal rule shows its contacts the whole hospital."""
        for vals in ({"is_company": False}, {"company_type": "person"}):
            with (
                self.subTest(vals=vals),
                self.assertRaisesRegex(ValidationError, "Radiology"),
                self.env.cr.savepoint(),
            ):
                self.department.write(vals)
                self.env.flush_all()
        self.department.write({"facility_level": "department", "is_company": False})
        self.assertTrue(self.department.is_company)
        self.other_hospital.write({"facility_level": False})
        self.other_hospital.is_company = False

    def test_merged_departments_carry_their_rooms_along(self):
        """Given a room of the department merged away / then it lies in the other hospital."""
        twin = self._create_partner("Radiology", "department", self.other_hospital)
        chief = self._create_partner("Chief", parent=self.hospital)
        user = self._create_portal_user(chief, "hospital")
        self.env.flush_all()
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.department | twin).ids, twin, extra_checks=False
        )
        self.env.invalidate_all()
        self.assertEqual(self.room.parent_id, twin)
        self.assertEqual(self.room.facility_id, self.other_hospital)
        self.assertEqual(self.room.facility_ancestor_ids, self.room | twin | self.other_hospital)
        self.assertEqual(self.room.facility_path, "Yanshan Hospital / Radiology / CT Room 1")
        self.assertIn("Yanshan Hospital", self.room.complete_name)
        seen = self.env["res.partner"].with_user(user).search([("id", "=", self.room.id)])
        self.assertFalse(seen)

    def test_merged_hospitals_are_one_tree(self):
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.hospital | self.other_hospital).ids, self.other_hospital, extra_checks=False
        )
        self.env.invalidate_all()
        tree = self.campus | self.department | self.room | self.contact
        self.assertEqual(tree.facility_id, self.other_hospital)
        self.assertTrue(all(path.startswith("Yanshan") for path in tree.mapped("facility_path")))
        self.assertEqual(
            self.room.facility_ancestor_ids,
            self.room | self.department | self.campus | self.other_hospital,
        )

    def test_the_tree_is_not_written_beside_its_own_fields(self):
        """Given anybody, sudo included / then what follows from the tree is refused everywhere."""
        attempts = {
            "facility_ancestor_ids": [Command.link(self.contact.parent_id.id)],
            "facility_descendant_ids": [Command.link(self.other_hospital.id)],
            "facility_id": self.hospital.id,
            "facility_path": "Pujiang Hospital",
        }
        before = self.other_hospital.read(list(attempts))
        intake = self.other_hospital.with_user(self.users["intake_agent"])
        for place in (intake, intake.sudo(), self.other_hospital):
            for name, value in attempts.items():
                label = place._fields[name]._description_string(place.env)
                vals = {name: value}
                nurse = Command.create({"name": "Nurse"} | vals)
                for attempt in (
                    lambda place=place, vals=vals: place.write(vals),
                    lambda place=place, nurse=nurse: place.write({"child_ids": [nurse]}),
                    lambda place=place, vals=vals: place.create({"name": "?"} | vals),
                ):
                    with (
                        self.subTest(user=place.env.user.login, field=name),
                        self.assertRaisesRegex(UserError, label),
                    ):
                        attempt()
        self.assertEqual(self.other_hospital.read(list(attempts)), before)

    def test_no_import_and_no_default_writes_the_tree(self):
        """Given a file or a client's context with places / then the tree stays as it is."""
        partners = self.env["res.partner"].with_user(self.users["intake_agent"])
        row = [str(self.other_hospital.id), str(self.department.id)]
        answer = partners.load([".id", "facility_ancestor_ids/.id"], [row])
        self.assertFalse(answer["ids"])
        self.assertNotIn(self.department, self.other_hospital.facility_ancestor_ids)
        self.env["ir.default"].set("res.partner", "facility_id", self.hospital.id)
        nurse = partners.with_context(
            default_facility_ancestor_ids=self.department.ids,
            default_facility_descendant_ids=self.department.ids,
        ).create({"name": "Nurse", "parent_id": self.other_hospital.id})
        self.assertEqual(nurse.facility_ancestor_ids, self.other_hospital)
        self.assertFalse(nurse.facility_descendant_ids)
        self.assertEqual(nurse.facility_id, self.other_hospital)

    def test_a_copied_customer_is_no_customer_of_the_integration(self):
        """Given a partner's system for a hospital / then intake copies the hospital, not that."""
        system = new_test_user(self.env, "copied_integration", "meddev_base.group_integration")
        system.integration_customer_ids = self.hospital
        copied = self.hospital.with_user(self.users["intake_agent"]).copy()
        self.assertEqual(copied.facility_level, "hospital")
        self.assertFalse(copied.sudo().integration_user_ids)
