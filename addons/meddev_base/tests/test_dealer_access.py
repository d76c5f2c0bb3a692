from datetime import date

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import MeddevBaseCommon


@tagged("post_install", "-at_install")
class TestDealerAccess(MeddevBaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.assignment = cls.env["meddev.dealer.assignment"].create(
            {
                "dealer_id": cls.dealer.id,
                "facility_id": cls.campus.id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-31",
            }
        )

    def _visible(self, user):
        domain = [("id", "in", self.hospital.facility_descendant_ids.ids)]
        return self.env["res.partner"].with_user(user).search(domain)

    def test_dealer_sees_the_served_campus_while_it_lasts_and_not_the_day_after(self):
        served = self.campus | self.department | self.room
        expected = {
            "2026-02-28": self.env["res.partner"],
            "2026-03-01": served,
            "2026-03-31": served,
            "2026-04-01": self.env["res.partner"],
        }
        for day, partners in expected.items():
            with self.subTest(day=day), freeze_time(f"{day} 12:00:00"):
                self.assertEqual(self._visible(self.portal_dealer), partners)

    def test_access_by_id_ends_with_the_assignment(self):
        room = self.room.with_user(self.portal_dealer)
        with freeze_time("2026-03-31 12:00:00"):
            self.assertEqual(room.read(["name"])[0]["name"], "CT Room 1")
        self.env.invalidate_all()
        with freeze_time("2026-04-01 12:00:00"), self.assertRaises(AccessError):
            room.read(["name"])

    @freeze_time("2026-03-15 12:00:00")
    def test_shortened_assignment_takes_effect_at_once(self):
        """No cache is cleared in between: the rule holds no list of ids."""
        self.assertTrue(self._visible(self.portal_dealer))
        self.assignment.date_to = "2026-03-14"
        self.assertFalse(self._visible(self.portal_dealer))

    @freeze_time("2026-03-15 12:00:00")
    def test_contact_who_leaves_the_dealer_loses_access_at_once(self):
        self.assertTrue(self._visible(self.portal_dealer))
        other = self._create_partner("Other Dealer", is_company=True, is_dealer=True)
        self.dealer_contact.parent_id = other
        self.assertFalse(self._visible(self.portal_dealer))

    @freeze_time("2026-03-15 12:00:00")
    def test_dealer_reads_only_own_current_assignments(self):
        other = self._create_partner("Other Dealer", is_company=True, is_dealer=True)
        self.env["meddev.dealer.assignment"].create(
            {"dealer_id": other.id, "facility_id": self.hospital.id, "date_from": "2026-01-01"}
        )
        assignments = self.env["meddev.dealer.assignment"].with_user(self.portal_dealer)
        self.assertEqual(assignments.search([]), self.assignment)
        with self.assertRaises(AccessError):
            self.assignment.with_user(self.portal_dealer).write({"date_to": "2027-01-01"})
        with self.assertRaises(AccessError):
            assignments.with_user(self.portal_hospital).search([])

    @freeze_time("2026-03-15 12:00:00")
    def test_dealer_does_not_see_people_of_the_hospital(self):
        self.assertNotIn(self.contact, self._visible(self.portal_dealer))

    def test_hospital_contact_who_moves_takes_the_new_place_at_once(self):
        self.assertEqual(
            self._visible(self.portal_hospital), self.department | self.room | self.contact
        )
        self.contact.parent_id = self.other_hospital
        self.assertFalse(self._visible(self.portal_hospital) - self.contact)
        new = self.env["res.partner"].with_user(self.portal_hospital)
        self.assertTrue(new.search([("id", "=", self.other_hospital.id)]))

    def test_department_contact_sees_no_sister_department(self):
        sister = self._create_partner("Dialysis", "department", self.campus)
        nurse = self._create_partner("Ma Li", parent=sister)
        self.assertFalse(self._visible(self.portal_hospital) & (sister | nurse | self.hospital))

    def test_exactly_one_target_and_a_real_dealer(self):
        assignments = self.env["meddev.dealer.assignment"]
        with self.assertRaisesRegex(ValidationError, "Kangrui.*Facility"):
            assignments.create({"dealer_id": self.dealer.id})
        with self.assertRaisesRegex(ValidationError, "Yanshan Hospital is not a dealer"):
            assignments.create(
                {"dealer_id": self.other_hospital.id, "facility_id": self.hospital.id}
            )
        with self.assertRaisesRegex(ValidationError, "He Jing is not a health facility"):
            assignments.create({"dealer_id": self.dealer.id, "facility_id": self.dealer_contact.id})
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.assignment.date_to = date(2026, 2, 1)
            self.env.flush_all()

    def test_manager_assigns_dealers_and_the_dispatcher_does_not(self):
        vals = {"dealer_id": self.dealer.id, "facility_id": self.other_hospital.id}
        assignments = self.env["meddev.dealer.assignment"]
        assignments.with_user(self.users["service_manager"]).create(vals)
        with self.assertRaises(AccessError):
            assignments.with_user(self.users["dispatcher"]).create(vals)

    def test_current_assignments_are_searched_by_date(self):
        assignments = self.env["meddev.dealer.assignment"]
        own = [("dealer_id", "=", self.dealer.id)]
        for day, is_current in (("2026-03-31", True), ("2026-04-01", False)):
            with freeze_time(f"{day} 12:00:00"):
                self.env.invalidate_all()
                self.assertEqual(self.assignment.is_current, is_current)
                current = assignments.search([*own, ("is_current", "=", True)])
                self.assertEqual(bool(current), is_current)
                past = assignments.search([*own, ("is_current", "=", False)])
                self.assertEqual(bool(past), not is_current)
