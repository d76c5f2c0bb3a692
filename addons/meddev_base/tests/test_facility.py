from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from .common import MeddevBaseCommon


@tagged("post_install", "-at_install")
class TestFacility(MeddevBaseCommon):
    def test_closure_holds_self_and_facilities_above(self):
        chain = self.hospital | self.campus | self.department | self.room
        self.assertEqual(self.room.facility_ancestor_ids, chain)
        self.assertEqual(self.contact.facility_ancestor_ids, chain - self.room)
        self.assertEqual(self.room.facility_id, self.hospital)
        self.assertEqual(self.contact.facility_id, self.hospital)
        self.assertFalse(self.dealer_contact.facility_ancestor_ids)
        self.assertIn(self.contact, self.hospital.facility_descendant_ids)

    def test_closure_follows_a_department_that_moves(self):
        self.department.parent_id = self.other_hospital
        self.assertEqual(
            self.room.facility_ancestor_ids, self.other_hospital | self.department | self.room
        )
        self.assertEqual(self.contact.facility_id, self.other_hospital)
        self.env.invalidate_all()
        below = self.env["res.partner"].search([("facility_ancestor_ids", "in", self.hospital.ids)])
        self.assertEqual(below, self.hospital | self.campus)

    def test_closure_costs_one_query_per_contact(self):
        """Query growth: one of core and one for the closure per contact, whatever the depth."""

        def create_contacts(count):
            self.env["res.partner"].create(
                [{"name": f"Nurse {i}", "parent_id": self.department.id} for i in range(count)]
            )
            self.env.flush_all()

        create_contacts(2)
        before = self.env.cr.sql_log_count
        create_contacts(2)
        for_two = self.env.cr.sql_log_count - before
        before = self.env.cr.sql_log_count
        create_contacts(22)
        for_twenty_two = self.env.cr.sql_log_count - before
        self.assertLessEqual(for_twenty_two, for_two + 2 * 20)

    def test_names_show_the_place(self):
        self.assertEqual(
            self.room.complete_name, "Pujiang Hospital / East Campus / Radiology / CT Room 1"
        )
        self.assertEqual(
            self.contact.complete_name, "Pujiang Hospital / East Campus / Radiology, Liu Yang"
        )
        self.hospital.name = "Pujiang University Hospital"
        self.assertEqual(
            self.department.complete_name, "Pujiang University Hospital / East Campus / Radiology"
        )
        self.assertEqual(self.dealer_contact.complete_name, "Kangrui, He Jing")

    def test_levels_must_fit(self):
        bad = [
            ("campus", None),
            ("campus", self.department),
            ("department", None),
            ("department", self.room),
            ("department", self.dealer),
            ("room", self.dealer),
            ("hospital", self.hospital),
        ]
        for level, parent in bad:
            with self.subTest(level=level, parent=parent), self.assertRaises(ValidationError):
                self._create_partner("Wrong", level, parent)
        self._create_partner("Direct Department", "department", self.hospital)
        self._create_partner("Direct Room", "room", self.hospital)
        group = self._create_partner("Hospital Group", is_company=True)
        self._create_partner("Member Hospital", "hospital", group)

    def test_level_cannot_be_taken_from_under_its_children(self):
        with self.assertRaisesRegex(ValidationError, "Radiology"):
            self.campus.facility_level = False

    def test_error_names_record_level_and_remedy(self):
        with self.assertRaisesRegex(ValidationError, "Ward 9.*Department.*Hospital, Campus"):
            self._create_partner("Ward 9", "department")

    def test_intake_agent_creates_a_facility_in_the_form(self):
        action = self.env.ref("meddev_base.res_partner_hospital_action")
        partners = self.env["res.partner"].with_user(self.users["intake_agent"])
        with Form(
            partners.with_context(default_facility_level="hospital", default_is_company=True),
            "base.view_partner_form",
        ) as form:
            form.name = "New Hospital"
            form.facility_grade = "3a"
        self.assertTrue(form.record.is_company)
        self.assertEqual(action.res_model, "res.partner")

    def test_engineer_may_not_create_a_facility(self):
        with self.assertRaises(AccessError):
            self.env["res.partner"].with_user(self.users["field_engineer"]).create(
                {"name": "New Hospital", "facility_level": "hospital"}
            )

    def test_employee_without_role_opens_the_contact_form(self):
        """The Facility page is for staff; nobody else may stumble over it."""
        view = (
            self.env["res.partner"]
            .with_user(self.employee)
            .get_view(self.env.ref("base.view_partner_form").id, "form")
        )
        self.assertNotIn("dealer_assignment_ids", view["arch"])
        self.contact.with_user(self.employee).read(["display_name", "facility_level"])

    def test_merge_of_hospitals_keeps_the_closure(self):
        double = self._create_partner("Pujiang Hosp.", "hospital")
        ward = self._create_partner("Ward", "department", double)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([double.id, self.hospital.id], self.hospital)
        self.env.invalidate_all()
        self.assertEqual(ward.facility_id, self.hospital)
        self.assertEqual(ward.facility_ancestor_ids, self.hospital | ward)
        self.assertEqual(ward.facility_path, "Pujiang Hospital / Ward")
