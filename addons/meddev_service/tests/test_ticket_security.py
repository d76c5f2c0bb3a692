from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import ROLES, TicketCommon


@tagged("post_install", "-at_install")
class TestTicketSecurity(TicketCommon):
    def _sees(self, user, ticket):
        return ticket in self.tickets.with_user(user).search([("id", "=", ticket.id)])

    def test_office_roles_read_engineers_their_own(self):
        ticket = self._open()
        for name in ROLES:
            self.assertEqual(self._sees(getattr(self, name), ticket), name != "engineer", name)
        self._bring_to("dispatched", ticket)
        self.assertTrue(self._sees(self.engineer, ticket))
        self.assertFalse(self._sees(self.other_engineer, ticket))

    def test_who_may_write(self):
        ticket = self._bring_to("dispatched")
        for name in ("intake", "dispatcher", "engineer", "manager"):
            ticket.with_user(getattr(self, name)).write({"color": 1})
        for user in (
            self.quality,
            self.parts,
            self.knowledge,
            self.analyst,
            self.auditor,
            self.other_engineer,
        ):
            with self.assertRaises(AccessError):
                ticket.with_user(user).write({"color": 2})

    def test_roles_do_not_imply_groups_of_helpdesk(self):
        """helpdesk_mgmt's own app would appear with them, and its wide rules would apply."""
        for name in ROLES:
            user = getattr(self, name)
            self.assertFalse(user.has_group("helpdesk_mgmt.group_helpdesk_user_own"))
            menus = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            self.assertNotIn(self.env.ref("helpdesk_mgmt.helpdesk_ticket_main_menu").id, menus)
            self.assertIn(self.env.ref("meddev_service.menu_all_tickets").id, menus)

    def test_menus_follow_the_work(self):
        def shows(user, name):
            menus = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            return self.env.ref(f"meddev_service.{name}").id in menus

        self.assertTrue(shows(self.intake, "menu_intake"))
        self.assertFalse(shows(self.engineer, "menu_intake"))
        self.assertTrue(shows(self.engineer, "menu_my_tickets"))
        self.assertFalse(shows(self.analyst, "menu_my_tickets"))
        self.assertTrue(shows(self.quality, "menu_archive"))
        self.assertFalse(shows(self.dispatcher, "menu_archive"))
        self.assertFalse(shows(self.parts, "menu_ticket_stages"))

    def test_landing_screens(self):
        landing = {
            "manager": "helpdesk_ticket_manager_action",
            "intake": "helpdesk_ticket_intake_action",
            "dispatcher": "helpdesk_ticket_dispatch_action",
            "engineer": "helpdesk_ticket_engineer_action",
        }
        for name, xmlid in landing.items():
            action_id = self.env["meddev.role"]._get_landing_action_id(getattr(self, name))
            self.assertEqual(action_id, self.env.ref(f"meddev_service.{xmlid}").id)

    def test_default_screens_count_open_tickets_only(self):
        """No screen that a role lands on counts or groups a million closed tickets."""
        for xmlid in ("manager", "intake", "dispatch", "engineer"):
            action = self.env.ref(f"meddev_service.helpdesk_ticket_{xmlid}_action")
            self.assertIn("search_default_", action.context)
        self.assertIn(
            "search_default_open", self.env.ref("meddev_service.helpdesk_ticket_action").context
        )

    def test_leaving_a_team_takes_its_tickets_at_once(self):
        """Upstream's rules held team ids in a cache until the server was restarted."""
        user = new_test_user(
            self.env, login="service_helpdesk", groups="helpdesk_mgmt.group_helpdesk_user_team"
        )
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Team", "user_ids": [(6, 0, (user | self.other_engineer).ids)]}
        )
        ticket = self._open(team_id=team.id)
        self.assertTrue(self._sees(user, ticket))
        self.assertTrue(self._sees(self.other_engineer, ticket))
        self.env.flush_all()
        # Like a colleague's process would see it: nothing clears the rules' cache.
        self.env.cr.execute(
            "DELETE FROM helpdesk_ticket_team_res_users_rel WHERE helpdesk_ticket_team_id = %s",
            team.ids,
        )
        self.env.invalidate_all()
        self.assertFalse(self._sees(user, ticket))
        self.assertFalse(self._sees(self.other_engineer, ticket))

    def test_followed_tickets_are_found_one_by_one(self):
        """Given followers of tickets and of other records / then field and search agree."""
        followed, other = self._open(), self._open()
        followed.message_subscribe(self.analyst.partner_id.ids)
        other.message_subscribe(self.auditor.partner_id.ids)
        self.env["mail.followers"].create(
            {
                "res_model": "res.partner",
                "res_id": other.id,
                "partner_id": self.analyst.partner_id.id,
            }
        )
        tickets = self.tickets.with_user(self.analyst)
        own = [("id", "in", (followed | other).ids)]
        for value, expected in ((True, followed), (False, other)):
            domain = [*own, ("is_followed", "=", value)]
            self.assertEqual(tickets.search(domain), expected)
            self.assertEqual(tickets.search(own).filtered_domain(domain), expected)
        followed.message_unsubscribe(self.analyst.partner_id.ids)
        self.assertFalse(tickets.search([*own, ("is_followed", "=", True)]))

    def test_employee_reads_what_they_follow(self):
        """No role at all: what one follows or asked for can be read, nothing else."""
        employee = new_test_user(self.env, login="service_plain_employee", groups="base.group_user")
        ticket, other = self._open(), self._open()
        ticket.message_subscribe(employee.partner_id.ids)
        self.assertEqual(self.tickets.with_user(employee).search([]) & (ticket | other), ticket)
        self.assertEqual(ticket.with_user(employee).name, ticket.name)
        with self.assertRaises(AccessError):
            other.with_user(employee).read(["name"])
        with self.assertRaises(AccessError):
            ticket.with_user(employee).write({"name": "mine"})

    def test_reading_one_ticket_does_not_collect_all_followed_ones(self):
        """Else every form of an engineer slows down with each ticket that was ever theirs."""
        query = self.tickets.with_user(self.engineer)._search([("id", "=", self._open().id)])
        plan = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
        plan = " ".join(line for (line,) in plan)
        self.assertIn("res_id = helpdesk_ticket.id", plan.partition("on mail_followers")[2])

    def test_following_is_no_right_to_write(self):
        ticket = self._bring_to("dispatched")
        ticket.message_subscribe(self.other_engineer.partner_id.ids)
        self.assertTrue(self._sees(self.other_engineer, ticket))
        with self.assertRaises(AccessError):
            ticket.with_user(self.other_engineer).write({"color": 2})

    def test_hospital_sees_its_department(self):
        ticket = self._open()
        ward = self._open(lot_id=self.ward_device.id)
        elsewhere = self._open(lot_id=self.other_device.id)
        whole = self._open(lot_id=False, partner_id=self.hospital.id)
        for user, seen in (
            (self.hospital_user, ticket),
            (self.ward_user, ward),
            (self.chief_user, ticket | ward | whole),
            (self.other_user, elsewhere),
        ):
            found = self.tickets.with_user(user).search([])
            self.assertEqual(found & (ticket | ward | elsewhere | whole), seen, user.login)

    def test_hospital_contact_sees_own_reports_anywhere(self):
        ticket = self._open(lot_id=self.ward_device.id, contact_id=self.contact.id)
        self.assertTrue(self._sees(self.hospital_user, ticket))

    def test_dealer_sees_current_assignments_only(self):
        """Access ends by itself on the day after the last one."""
        ticket = self._open()
        elsewhere = self._open(lot_id=self.other_device.id)
        self.assertFalse(self._sees(self.dealer_user, ticket))
        today = fields.Date.today()
        assignment = self.env["meddev.dealer.assignment"].create(
            {
                "dealer_id": self.dealer.id,
                "facility_id": self.hospital.id,
                "date_from": fields.Date.subtract(today, days=10),
                "date_to": today,
            }
        )
        self.assertTrue(self._sees(self.dealer_user, ticket))
        self.assertFalse(self._sees(self.dealer_user, elsewhere))
        assignment.date_to = fields.Date.subtract(today, days=1)
        self.assertFalse(self._sees(self.dealer_user, ticket))
        assignment.write({"date_to": False, "date_from": fields.Date.add(today, days=1)})
        self.assertFalse(self._sees(self.dealer_user, ticket))

    def test_rule_of_every_portal_user_does_not_widen_ours(self):
        """Upstream opens what the own company asked for or follows, without place or end date."""
        assignment = self.env["meddev.dealer.assignment"].create(
            {
                "dealer_id": self.dealer.id,
                "facility_id": self.hospital.id,
                "date_from": "2020-01-01",
            }
        )
        ticket = self._open(partner_id=self.dealer.id)
        self.assertTrue(self._sees(self.dealer_user, ticket))
        assignment.date_to = "2020-12-31"
        self.assertFalse(self._sees(self.dealer_user, ticket))
        ward = self._open(lot_id=self.ward_device.id)
        ward.message_subscribe(self.contact.ids)
        self.assertFalse(self._sees(self.hospital_user, ward))

    def test_dealer_sees_a_device_that_it_serves(self):
        elsewhere = self._open(lot_id=self.other_device.id)
        self.env["meddev.dealer.assignment"].create(
            {
                "dealer_id": self.dealer.id,
                "lot_id": self.other_device.id,
                "date_from": fields.Date.today(),
            }
        )
        self.assertTrue(self._sees(self.dealer_user, elsewhere))

    def test_other_portal_users_keep_upstreams_rule(self):
        company = self.env["res.partner"].create({"name": "Clinic Ltd", "is_company": True})
        person = self.env["res.partner"].create({"name": "Ann", "parent_id": company.id})
        user = new_test_user(
            self.env, login="service_plain", groups="base.group_portal", partner_id=person.id
        )
        ticket = self._open(lot_id=False, partner_id=company.id)
        self.assertTrue(self._sees(user, ticket))
        self.assertFalse(self._sees(user, self._open()))

    def test_outsiders_write_nothing(self):
        ticket = self._open()
        for user in (self.hospital_user, self.other_user, self.dealer_user):
            with self.assertRaises(AccessError):
                ticket.with_user(user).write({"name": "hacked"})
            with self.assertRaises(AccessError):
                ticket.with_user(user).move_to("done", "please")
            with self.assertRaises(AccessError):
                self.env["meddev.ticket.transition"].with_user(user).search([])

    def test_login_of_the_hospital_itself_sees_what_its_people_see(self):
        """Given logins on the facilities' own records / then no contact between is needed."""
        in_care, in_ward = self._open(), self._open(lot_id=self.ward_device.id)
        elsewhere = self._open(lot_id=self.other_device.id)
        for place, expected in (
            (self.hospital, in_care | in_ward),
            (self.ward, in_ward),
            (self.other_hospital, elsewhere),
        ):
            login = new_test_user(
                self.env,
                login=f"own_{place.id}",
                groups="meddev_base.group_portal_hospital",
                partner_id=place.id,
            )
            with self.subTest(place=place.name):
                self.assertEqual(
                    self.tickets.with_user(login).search(
                        [("id", "in", (in_care | in_ward | elsewhere).ids)]
                    ),
                    expected.sorted(),
                )

    def test_dealers_person_at_every_depth(self):
        """Given a branch of the dealer and its desk / then they see what the dealer serves."""
        branch = self.env["res.partner"].create(
            {"name": "South Branch", "is_company": True, "parent_id": self.dealer.id}
        )
        desk = self.env["res.partner"].create({"name": "Desk", "parent_id": branch.id})
        user = new_test_user(
            self.env,
            login="deep_dealer",
            groups="meddev_base.group_portal_dealer",
            partner_id=desk.id,
        )
        colleague = self.env["res.partner"].create({"name": "Hu", "parent_id": branch.id})
        ticket, other = self._open(), self._open(lot_id=self.other_device.id)
        assignment = self.env["meddev.dealer.assignment"].create(
            {
                "dealer_id": self.dealer.id,
                "facility_id": self.hospital.id,
                "date_from": "2020-01-01",
            }
        )
        own = self._open(lot_id=False, partner_id=self.dealer.id)
        self.assertTrue(self._sees(user, ticket))
        self.assertTrue(self._sees(user, own))
        self.assertFalse(self._sees(user, other))
        told = {"uid": False, "id": colleague.id}
        self.assertTrue(ticket._may_be_told(told))
        self.assertFalse(other._may_be_told(told))
        assignment.date_to = fields.Date.subtract(fields.Date.today(), days=1)
        self.assertFalse(self._sees(user, ticket))
        self.assertFalse(ticket._may_be_told(told))

    def test_company_rule(self):
        company = self.env["res.company"].create({"name": "Second"})
        ticket = self._open(
            user=self.env.ref("base.user_root"), lot_id=False, company_id=company.id
        )
        self.assertEqual(ticket.company_id, company)
        self.assertFalse(self._sees(self.manager, ticket))
        self.manager.company_ids += company
        both = self.tickets.with_user(self.manager).with_context(
            allowed_company_ids=self.manager.company_ids.ids
        )
        self.assertIn(ticket, both.search([("id", "=", ticket.id)]))

    def test_every_model_has_rows(self):
        for model in (
            "meddev.ticket.transition",
            "meddev.ticket.amendment",
            "helpdesk.ticket.move",
        ):
            self.assertTrue(self.env[model].with_user(self.manager).has_access("read"), model)
            self.assertFalse(self.env[model].with_user(self.hospital_user).has_access("read"))
        for model in ("meddev.ticket.transition", "meddev.ticket.amendment"):
            for operation in ("write", "create", "unlink"):
                self.assertFalse(self.env[model].with_user(self.manager).has_access(operation))
