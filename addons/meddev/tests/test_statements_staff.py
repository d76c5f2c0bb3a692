from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.meddev_base.tests.common import ROLES

from .statements_common import REFUSALS, StatementCase

#: What a button asks back -> the roles that it asks.
DIALOGUES = {
    "helpdesk.ticket.duplicate.wizard": "service_manager intake_agent dispatcher",
    "helpdesk.ticket.move": "service_manager intake_agent dispatcher field_engineer"
    " quality_specialist",
    "meddev.code.import": "service_manager knowledge_manager",
    "meddev.code.import.line": "service_manager knowledge_manager",
    "meddev.component.swap": "service_manager field_engineer parts_keeper quality_specialist",
    "meddev.device.as.of": " ".join(ROLES),
    "meddev.device.import": "service_manager intake_agent parts_keeper quality_specialist",
    "meddev.device.import.line": "service_manager intake_agent parts_keeper quality_specialist",
    "meddev.device.origin": "quality_specialist",
    "meddev.device.transition": "service_manager field_engineer parts_keeper quality_specialist",
    "meddev.incoming.capture": "parts_keeper",
    "meddev.incoming.capture.row": "parts_keeper",
    "meddev.legal.hold": "service_manager quality_specialist",
    "meddev.paper.waive": "service_manager parts_keeper quality_specialist",
    "meddev.quarantine.decide": "quality_specialist",
    "meddev.serial.resolve": "service_manager quality_specialist",
    "stock.backorder.confirmation": "parts_keeper",
    "stock.backorder.confirmation.line": "parts_keeper",
}


@tagged("post_install", "-at_install")
class TestStatementsOnTickets(StatementCase):
    """What each of the nine roles does with a ticket, and what the next one does not."""

    def test_an_analyst_changes_no_ticket(self):
        """An analyst changes no ticket; an intake agent does. [S0-20, S0-24]"""
        self.ticket.with_user(self.users["intake_agent"]).priority = "3"
        analyst = self.users["analyst"]
        self.assertEqual(self.ticket.with_user(analyst).priority, "3")
        self.assert_refused(analyst, self.ticket, lambda ticket: ticket.write({"priority": "0"}))
        self.assert_refused(analyst, self.ticket, lambda ticket: ticket.unlink())
        self.assert_none_made(
            analyst, "helpdesk.ticket", {"name": "Mine", "description": "Mine", "user_id": False}
        )

    def test_a_knowledge_manager_learns_from_tickets_and_changes_none(self):
        """A knowledge manager reads every ticket and changes none. [S0-18]"""
        knowledge = self.users["knowledge_manager"]
        self.assert_reads(knowledge, self.tickets, self.tickets)
        self.assert_refused(knowledge, self.ticket, lambda ticket: ticket.write({"name": "Case"}))
        self.assert_refused(knowledge, self.ticket, lambda ticket: ticket.move_to("done", "Case"))

    def test_an_auditor_changes_no_ticket_and_no_device(self):
        """An auditor reads tickets and devices and changes neither. [S0-21]"""
        auditor = self.users["compliance_auditor"]
        self.assert_reads(auditor, self.tickets, self.tickets)
        self.assert_reads(auditor, self.devices, self.devices)
        self.assert_refused(auditor, self.ticket, lambda ticket: ticket.write({"color": 3}))
        self.assert_refused(auditor, self.device, lambda device: device.write({"note": "Seen"}))
        self.assert_refused(auditor, self.device, lambda device: device.log_note("Seen"))

    def test_an_engineer_does_not_read_another_teams_ticket(self):
        """An engineer does not read another team's ticket. [K3]"""
        ours = self._dispatch(self.ticket, team=self.north)
        theirs = self._dispatch(self.near_ticket, team=self.south)
        self.assert_reads(self.engineer, ours | theirs, ours)
        self.assert_reads(self.stranger, ours | theirs, theirs)

    def test_an_engineer_reads_a_teammates_ticket_and_does_not_work_on_it(self):
        """What a teammate works on an engineer reads, and leaves alone. [K3]"""
        ticket = self._dispatch(self.ticket, self.colleague, self.north)
        self.assert_reads(self.engineer, ticket, ticket)
        self.assert_refused(self.engineer, ticket, lambda ticket: ticket.write({"color": 3}))
        self.assert_refused(self.engineer, ticket, lambda ticket: ticket.move_to("in_progress"))
        ticket.with_user(self.colleague).move_to("in_progress")
        self.assertEqual(ticket.service_state, "in_progress")

    def test_a_ticket_that_nobody_dispatched_is_no_engineers(self):
        """A request that nobody has dispatched yet is shown to no engineer. [S0-11, K3]"""
        self.assert_unreadable(self.engineer, self.tickets)
        free = self._dispatch(self.ticket)
        self.assert_reads(self.engineer, self.tickets, free)

    def test_only_those_who_plan_the_work_dispatch(self):
        """Intake agent, dispatcher and manager send a ticket out, nobody else. [S0-24, K2]"""
        planners = {"service_manager", "intake_agent", "dispatcher"}
        ticket = self._open_ticket(self.device, user_id=self.engineer.id)
        for role in set(ROLES) - planners:
            with self.subTest(role=role):
                self.assert_refused(
                    self.users[role], ticket, lambda ticket: ticket.move_to("dispatched")
                )
        for role, ticket in zip(sorted(planners), self.tickets, strict=True):
            with self.subTest(role=role):
                ticket.with_user(self.users[role]).move_to("dispatched")
                self.assertEqual(ticket.dispatched_by_id, self.users[role])

    def test_a_dispatcher_puts_no_ticket_on_file(self):
        """Quality puts a finished ticket on file; who planned it does not. [S0-17, S0-27]"""
        dispatcher = self.users["dispatcher"]
        self.ticket.with_user(dispatcher).move_to("done", "Answered on the phone")
        self.assert_refused(dispatcher, self.ticket, lambda ticket: ticket.move_to("archived"))
        quality = self.users["quality_specialist"]
        self.assert_refused(quality, self.ticket, lambda ticket: ticket.write({"color": 3}))
        self.ticket.with_user(quality).move_to("archived")
        self.assertEqual(self.ticket.archived_by_id, quality)

    def test_an_intake_agent_deletes_no_ticket(self):
        """A ticket taken in by mistake is deleted by the manager, not by who took it in."""
        ticket = self._open_ticket()
        for role in set(ROLES) - {"service_manager"}:
            with self.subTest(role=role):
                self.assert_refused(self.users[role], ticket, lambda ticket: ticket.unlink())
        manager = ticket.with_user(self.users["service_manager"])
        manager.with_context(audit_trail_reason="Entered twice").unlink()
        self.assertFalse(ticket.exists())

    def test_nobody_rewrites_the_moves_of_a_ticket(self):
        """Who moved a ticket, when and why is changed by nobody. [S0-34, K6]"""
        self.ticket.with_user(self.users["intake_agent"]).move_to("dispatched")
        move = self.ticket.transition_ids
        for user in (*self.users.values(), self.administrator):
            with self.subTest(user=user.login):
                self.assert_refused(
                    user, move, lambda move: move.write({"reason": "Other"}), UserError
                )
                self.assert_refused(user, move, lambda move: move.unlink())
        # The system itself, which access rows do not stop.
        self.assert_refused(self.env.user, move, lambda move: move.unlink(), UserError)

    def test_a_dispatcher_sets_up_no_helpdesk(self):
        """Stages, teams, channels and categories are the manager's, not the dispatcher's. [S0-6]"""
        records = (
            self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done"),
            self.north,
            self.env["helpdesk.ticket.channel"].create({"name": "Fair"}),
            self.env["helpdesk.ticket.category"].create({"name": "Loan"}),
        )
        for record in records:
            for role in set(ROLES) - {"service_manager"}:
                with self.subTest(model=record._name, role=role):
                    self.assert_refused(
                        self.users[role], record, lambda record: record.write({"name": "Mine"})
                    )
            record.with_user(self.users["service_manager"]).name = "Ours"
            self.assertEqual(record.name, "Ours")

    def test_only_intake_and_manager_label_tickets_anew(self):
        """New tags come from who sorts the requests. [S0-9]"""
        labellers = {"service_manager", "intake_agent"}
        for role in ROLES:
            with self.subTest(role=role):
                vals = {"name": f"Label of {role}"}
                if role in labellers:
                    self.env["helpdesk.ticket.tag"].with_user(self.users[role]).create(vals)
                else:
                    self.assert_none_made(self.users[role], "helpdesk.ticket.tag", vals)


@tagged("post_install", "-at_install")
class TestStatementsOnMasterData(StatementCase):
    """Who keeps places, people, lists and roles up to date."""

    def test_a_dispatcher_changes_no_team_and_no_region(self):
        """Who plans the work does not draw the regions and teams it is planned in. [S0-6, S0-24]"""
        manager, dispatcher = self.users["service_manager"], self.users["dispatcher"]
        region = self.env["meddev.region"].with_user(manager).create({"name": "East"})
        team = self.env["meddev.team"].with_user(manager).create({"name": "East"})
        rows = {
            "meddev.user.region": {"region_id": region.id, "user_id": self.engineer.id},
            "meddev.team.member": {"team_id": team.id, "user_id": self.engineer.id},
        }
        for record in (region, team):
            self.assert_refused(dispatcher, record, lambda record: record.write({"name": "West"}))
            self.assert_refused(dispatcher, record, lambda record: record.unlink())
        for model, vals in rows.items():
            self.assert_none_made(dispatcher, model, vals)
            self.env[model].with_user(manager).create(vals)

    def test_an_intake_agent_assigns_no_dealer(self):
        """Which dealer serves whom the manager decides; even the manager erases no past. [K3]"""
        vals = {"dealer_id": self.dealer.id, "facility_id": self.hospital.id}
        for role in set(ROLES) - {"service_manager"}:
            self.assert_none_made(self.users[role], "meddev.dealer.assignment", vals)
        manager = self.users["service_manager"]
        assignment = self.env["meddev.dealer.assignment"].with_user(manager).create(vals)
        self.assert_refused(manager, assignment, lambda assignment: assignment.unlink())

    def test_a_dispatcher_declares_no_holiday(self):
        """A dispatcher plans around holidays and makes none. [S0-11]"""
        manager, dispatcher = self.users["service_manager"], self.users["dispatcher"]
        calendar = (
            self.env["meddev.holiday.calendar"]
            .with_user(manager)
            .create(
                {
                    "name": "Testland",
                    "code": "ST",
                    "covered_from": "2026-01-01",
                    "covered_to": "2026-12-31",
                }
            )
        )
        day = {"holiday_calendar_id": calendar.id, "date": "2026-05-01", "name": "Labour Day"}
        self.assert_none_made(dispatcher, "meddev.holiday", day)
        holiday = self.env["meddev.holiday"].with_user(manager).create(day)
        self.assert_reads(dispatcher, calendar.with_env(self.env), calendar)
        self.assert_refused(dispatcher, holiday, lambda holiday: holiday.unlink())
        self.assert_refused(
            dispatcher, calendar, lambda calendar: calendar.write({"covered_to": "2030-12-31"})
        )

    def test_a_quality_specialist_keeps_no_code_list(self):
        """Codes are kept by the knowledge manager; who codes causes only uses them. [S0-18]"""
        keepers = {"service_manager", "knowledge_manager"}
        quality = self.users["quality_specialist"]
        for role in ROLES:
            user = self.users[role]
            list_of = {"name": f"Causes of {role}", "code": f"ST-{role}"}
            if role not in keepers:
                self.assert_none_made(user, "meddev.code.system", list_of)
                continue
            system = self.env["meddev.code.system"].with_user(user).create(list_of)
            release = self.env["meddev.code.release"].with_user(user)
            release = release.create({"system_id": system.id, "name": "2026"})
            code = self.env["meddev.code"].with_user(user)
            code = code.create({"code": "A01", "term": "Worn out", "release_id": release.id})
            self.assertEqual(code.with_user(quality).term, "Worn out")
            self.assert_refused(quality, code, lambda code: code.write({"term": "Broken"}))
            self.assert_refused(quality, release, lambda release: release.write({"name": "2027"}))
            self.assert_refused(quality, system, lambda system: system.write({"name": "Mine"}))
            self.assert_refused(user, code, lambda code: code.unlink())

    def test_what_is_set_up_every_role_may_look_up(self):
        """Regions, teams, holidays and codes are known to all roles, set up by few. [S0-58]"""
        region = self.env["meddev.region"].create({"name": "East"})
        team = self.env["meddev.team"].create({"name": "East"})
        calendar = self.env["meddev.holiday.calendar"].create(
            {"name": "T", "code": "ST", "covered_from": "2026-01-01", "covered_to": "2026-12-31"}
        )
        system = self.env["meddev.code.system"].create({"name": "Causes", "code": "ST-CAUSE"})
        release = self.env["meddev.code.release"].create({"system_id": system.id, "name": "2026"})
        rows = {
            "meddev.user.region": {"region_id": region.id, "user_id": self.engineer.id},
            "meddev.team.member": {"team_id": team.id, "user_id": self.engineer.id},
            "meddev.holiday": {
                "holiday_calendar_id": calendar.id,
                "date": "2026-05-01",
                "name": "Labour Day",
            },
            "meddev.code": {"code": "A01", "term": "Worn out", "release_id": release.id},
            "meddev.dealer.assignment": {
                "dealer_id": self.dealer.id,
                "facility_id": self.hospital.id,
            },
        }
        records = [self.env[model].create(vals) for model, vals in rows.items()]
        for record in (region, team, calendar, system, release, *records):
            with self.subTest(model=record._name):
                for role in ROLES:
                    self.assert_reads(self.users[role], record, record)
                # Administrators set all of it up, and take it back, without holding a role.
                self.assertTrue(record.with_user(self.administrator).has_access("write"))
        for record in (*records, release, system, calendar, team, region):
            record = record.with_user(self.administrator)
            record.with_context(audit_trail_reason="Set up twice").unlink()
            self.assertFalse(record.exists())

    def test_a_dialogue_opens_for_who_may_do_what_it_asks(self):
        """What a button asks back it asks of nobody whom it would refuse. [S0-24, K2]"""
        for model, roles in DIALOGUES.items():
            allowed = set(roles.split())
            for role in ROLES:
                dialogue = self.env[model].with_user(self.users[role])
                with self.subTest(model=model, role=role):
                    for operation in ("create", "read", "write"):
                        self.assertEqual(dialogue.has_access(operation), role in allowed)
            for user in (self.employee, self.portal_hospital, self.portal_dealer):
                self.assertFalse(self.env[model].with_user(user).has_access("create"), user.login)

    def test_an_engineer_enters_no_hospital(self):
        """Hospitals are entered by those who answer customers and suppliers, not on site. [S0-9]"""
        keepers = {"service_manager", "intake_agent", "parts_keeper"}
        for role in ROLES:
            with self.subTest(role=role):
                vals = {"name": f"Hospital of {role}", "facility_level": "hospital"}
                if role in keepers:
                    new = self.env["res.partner"].with_user(self.users[role]).create(vals)
                    self.assert_refused(self.users[role], new, lambda new: new.unlink())
                else:
                    self.assert_none_made(self.users[role], "res.partner", vals)
                    self.assert_refused(
                        self.users[role], self.hospital, lambda place: place.write({"name": "?"})
                    )

    def test_what_a_role_is_for_only_an_administrator_says(self):
        """The list of roles is read by the nine and changed by the administrator. [S0-2]"""
        role = self.env.ref("meddev_base.role_compliance_auditor")
        for name in ROLES:
            with self.subTest(role=name):
                self.assert_reads(self.users[name], role, role)
                self.assert_refused(
                    self.users[name], role, lambda role: role.write({"purpose": "Everything"})
                )
        role.with_user(self.administrator).purpose = "Checks"
        self.assertEqual(role.purpose, "Checks")

    def test_an_employee_without_a_role_sees_nothing_of_the_service(self):
        """Who holds no role reads no device, team, region or ticket. [S0-23]"""
        region = self.env["meddev.region"].create({"name": "East"})
        team = self.env["meddev.team"].create({"name": "East"})
        assignment = self._assign(self.dealer, facility_id=self.hospital.id)
        for records in (self.devices, self.tickets, region, team, assignment):
            with self.subTest(model=records._name):
                self.assert_unreadable(self.employee, records)
                self.assert_reads(self.users["analyst"], records, records)

    def test_small_companies_merge_the_auditor_with_quality(self):
        """Quality and auditor in one person have both rights and no third one. [S0-22, S0-53]"""
        both = new_test_user(
            self.env,
            "quality_and_audit",
            "meddev_base.group_quality_specialist,meddev_base.group_compliance_auditor",
        )
        self.assertTrue(self.env["audit.trail.entry"].with_user(both).search([], limit=1))
        self.device.with_user(both).move_device_state("recalled", "Field notice 7")
        self.assertEqual(self.device.device_state, "recalled")
        self.assert_refused(both, self.ticket, lambda ticket: ticket.write({"color": 3}))
        with self.assertRaises(AccessError), mute_logger(*REFUSALS):
            self.env["audit.trail.entry"].with_user(self.users["quality_specialist"]).search([])
