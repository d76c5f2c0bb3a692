from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import MeddevBaseCommon


@tagged("post_install", "-at_install")
class TestRegionsTeams(MeddevBaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engineer = cls.users["field_engineer"]
        cls.east = cls.env["meddev.region"].create({"name": "East", "code": "E-TEST"})
        cls.shanghai = cls.env["meddev.region"].create(
            {"name": "Shanghai", "parent_id": cls.east.id}
        )
        cls.team = cls.env["meddev.team"].create(
            {
                "name": "Imaging",
                "member_line_ids": [
                    Command.create(
                        {
                            "user_id": cls.engineer.id,
                            "date_from": "2026-01-01",
                            "date_to": "2026-06-30",
                        }
                    )
                ],
            }
        )
        cls.env["meddev.user.region"].create(
            {"user_id": cls.engineer.id, "region_id": cls.shanghai.id, "date_from": "2026-01-01"}
        )

    def test_membership_holds_on_its_first_and_last_day(self):
        for day, is_member in (
            ("2025-12-31", False),
            ("2026-01-01", True),
            ("2026-06-30", True),
            ("2026-07-01", False),
        ):
            with self.subTest(day=day), freeze_time(f"{day} 12:00:00"):
                self.env.invalidate_all()
                teams = self.engineer._get_current_teams()
                self.assertEqual(bool(teams), is_member)
                self.assertEqual(self.engineer in self.team.member_ids, is_member)
                found = self.env["meddev.team"].search([("member_ids", "in", self.engineer.ids)])
                self.assertEqual(bool(found), is_member)

    def test_current_regions_on_a_given_day(self):
        self.assertEqual(self.engineer._get_current_regions("2026-05-01"), self.shanghai)
        self.assertFalse(self.engineer._get_current_regions("2025-05-01"))

    @freeze_time("2026-03-01 12:00:00")
    def test_removal_from_a_team_takes_effect_at_once_in_a_rule(self):
        """Given a rule written as the suite writes them; when the member goes; then so do the rows.

        No cache is cleared: the rule names the user, never the user's teams.
        """
        self.env["ir.rule"].create(
            {
                "name": "own teams",
                "model_id": self.env.ref("meddev_base.model_meddev_team").id,
                "domain_force": "[('member_ids', 'in', [user.id])]",
                "groups": [Command.link(self.env.ref("meddev_base.group_field_engineer").id)],
            }
        )
        teams = self.env["meddev.team"].with_user(self.engineer)
        self.assertEqual(teams.search([("id", "=", self.team.id)]), self.team)
        self.team.member_line_ids.date_to = "2026-02-28"
        self.assertFalse(teams.search([("id", "=", self.team.id)]))
        self.team.member_line_ids.date_to = False
        self.assertTrue(teams.search([("id", "=", self.team.id)]))
        self.team.member_line_ids.unlink()
        self.assertFalse(teams.search([("id", "=", self.team.id)]))

    def test_dates_in_the_wrong_order_are_refused(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.team.member_line_ids.date_to = "2025-01-01"
            self.env.flush_all()

    def test_region_cannot_lie_inside_itself(self):
        with self.assertRaises(UserError):
            self.east.parent_id = self.shanghai
            self.env.flush_all()

    def test_region_names_show_the_parent(self):
        self.assertEqual(self.shanghai.display_name, "East / Shanghai")
        self.east.name = "East China"
        self.assertEqual(self.shanghai.complete_name, "East China / Shanghai")

    def test_manager_edits_teams_and_the_dispatcher_reads_them(self):
        self.team.with_user(self.users["service_manager"]).leader_id = self.engineer
        dispatcher = self.users["dispatcher"]
        self.assertEqual(self.team.with_user(dispatcher).leader_id, self.engineer)
        with self.assertRaises(AccessError):
            self.team.with_user(dispatcher).leader_id = dispatcher

    def test_rows_of_another_company_are_hidden(self):
        other_company = self.env["res.company"].create({"name": "Other Company"})
        stranger = new_test_user(
            self.env,
            "other_company_manager",
            "meddev_base.group_service_manager",
            company_id=other_company.id,
            company_ids=[Command.set(other_company.ids)],
        )
        self.shanghai.company_id = self.env.company
        assignment = self.env["meddev.dealer.assignment"].create(
            {"dealer_id": self.dealer.id, "facility_id": self.hospital.id}
        )
        records = (
            self.team,
            self.team.member_line_ids,
            self.shanghai,
            self.shanghai.user_line_ids,
            assignment,
        )
        self.env.flush_all()
        for record in records:
            with self.subTest(model=record._name):
                self.assertTrue(
                    record.with_user(self.users["service_manager"])._filtered_access("read")
                )
                self.assertFalse(record.with_user(stranger)._filtered_access("read"))
