from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged

from ..models.ticket_state import (
    BUTTON_FIELDS,
    CUSTOMER,
    STAMP_FIELDS,
    TICKET_STATES,
    TRANSITIONS,
    GuardedState,
)
from .common import ROLES, TicketCommon


@tagged("post_install", "-at_install")
class TestTicketFlow(TicketCommon):
    def test_ticket_passes_all_six_states_as_the_right_roles(self):
        """Given a new ticket / when each role does its part / then it is archived and stamped."""
        with freeze_time("2026-03-02 08:00:00"):
            ticket = self._open()
        self.assertEqual(ticket.service_state, "received")
        self.assertEqual(ticket.received_by_id, self.intake)
        steps = [
            ("dispatched", self.intake),
            ("in_progress", self.engineer),
            ("waiting", self.engineer),
            ("in_progress", self.engineer),
            ("done", self.engineer),
            ("archived", self.quality),
        ]
        ticket.user_id = self.engineer
        for hour, (state, user) in enumerate(steps, 9):
            with freeze_time(f"2026-03-02 {hour:02}:00:00"):
                answer = ticket.with_user(user).move_to(state)
            self.assertEqual(answer["state"], state)
            self.assertEqual(answer["moved_at"], f"2026-03-02T{hour:02}:00:00Z")
            self.assertEqual(ticket.service_state, state)
            self.assertEqual(ticket.stage_id.service_state, state)
            moment, person = STAMP_FIELDS[state]
            self.assertEqual(str(ticket[moment]), f"2026-03-02 {hour:02}:00:00")
            self.assertEqual(ticket[person], user)
        log = ticket.transition_ids.sorted("id")
        self.assertEqual(log.mapped("state_to"), [state for state, _user in steps])
        self.assertEqual(log.mapped("user_id"), self.intake | self.engineer | self.quality)

    def test_every_pair_of_states_follows_the_table(self):
        """Each role, each pair: allowed exactly when the table says so, on an own ticket."""
        tickets = {state: self._bring_to(state) for state, _label in TICKET_STATES}
        for (old, ticket), (new, _label) in (
            (item, target) for item in tickets.items() for target in TICKET_STATES
        ):
            transition = TRANSITIONS.get((old, new))
            for name, group in ROLES.items():
                own = ticket.sudo()
                if own.service_state != "archived":
                    own.user_id = self.engineer
                allowed = bool(transition) and f"meddev_base.group_{group}" in transition.roles
                refusal = ticket.with_user(getattr(self, name))._get_refusal(new)
                self.assertEqual(not refusal, allowed, f"{name}: {old} → {new}: {refusal}")

    def test_archived_is_final(self):
        self.assertFalse([pair for pair in TRANSITIONS if pair[0] == "archived"])
        ticket = self._bring_to("archived")
        for state, _label in TICKET_STATES:
            with self.assertRaises(UserError):
                ticket.with_user(self.manager).move_to(state, "please")

    def test_next_lower_role_is_refused(self):
        """Analysts move nothing, intake does no engineer's work, engineers archive nothing."""
        ticket = self._open()
        for user in (self.analyst, self.parts, self.knowledge, self.auditor, self.quality):
            with self.assertRaises(AccessError):
                ticket.with_user(user).move_to("dispatched")
        ticket = self._bring_to("dispatched", ticket)
        for user in (self.intake, self.dispatcher, self.quality):
            with self.assertRaises(AccessError):
                ticket.with_user(user).move_to("in_progress")
        ticket = self._bring_to("done", ticket)
        for user in (self.intake, self.dispatcher, self.engineer):
            with self.assertRaises(AccessError):
                ticket.with_user(user).move_to("archived")

    def test_engineer_moves_only_own_tickets(self):
        ticket = self._bring_to("dispatched")
        # The colleague may not even see it, hence sudo: the roles are asked under sudo as well.
        with self.assertRaises(AccessError):
            ticket.with_user(self.other_engineer).sudo().move_to("in_progress")
        ticket.with_user(self.engineer).move_to("in_progress")
        self.assertEqual(ticket.service_state, "in_progress")

    def test_engineer_takes_a_free_ticket_by_starting_it(self):
        ticket = self._open()
        ticket.with_user(self.dispatcher).move_to("dispatched")
        ticket.with_user(self.engineer).move_to("in_progress")
        self.assertEqual(ticket.user_id, self.engineer)

    def test_work_needs_an_engineer(self):
        ticket = self._open()
        ticket.move_to("dispatched")
        with self.assertRaisesRegex(UserError, "Engineer"):
            ticket.with_user(self.manager).move_to("in_progress")

    def test_reopening_needs_a_reason_and_clears_the_end(self):
        """Upstream kept the closing date of a reopened ticket."""
        ticket = self._bring_to("done")
        self.assertTrue(ticket.closed_date)
        with self.assertRaisesRegex(UserError, "why"):
            ticket.with_user(self.intake).move_to("in_progress", "  ")
        ticket.with_user(self.intake).move_to("in_progress", "The alarm is back")
        self.assertRecordValues(
            ticket,
            [
                {
                    "service_state": "in_progress",
                    "closed_date": False,
                    "done_at": False,
                    "done_by_id": False,
                }
            ],
        )
        self.assertEqual(ticket.transition_ids.sorted("id")[-1].reason, "The alarm is back")

    def test_archiving_keeps_the_closing_date(self):
        with freeze_time("2026-03-02 08:00:00"):
            ticket = self._bring_to("done")
        with freeze_time("2026-03-09 08:00:00"):
            ticket.with_user(self.manager).move_to("archived")
        self.assertEqual(str(ticket.closed_date), "2026-03-02 08:00:00")

    def test_state_and_stamps_cannot_be_written(self):
        """From no user, not even the administrator under sudo; a plain copy is no change."""
        ticket = self._open()
        admin = self.env.ref("base.user_admin")
        for user in (self.manager, admin):
            for vals in (
                {"service_state": "done"},
                {"done_at": "2026-01-01 00:00:00"},
                {"received_by_id": admin.id},
            ):
                with self.assertRaisesRegex(UserError, "cannot be written"):
                    ticket.with_user(user).sudo().write(vals)
        ticket.with_user(self.manager).write({"service_state": "received", "name": "Same"})
        self.assertEqual(ticket.name, "Same")
        self.assertEqual(ticket.service_state, "received")

    def test_state_in_the_cache_is_no_permission(self):
        """The value that opens the guard never reaches the cache, where a server action is."""
        ticket = self._bring_to("done")
        self.assertNotIsInstance(ticket.service_state, GuardedState)
        fresh = self._open()
        with self.assertRaises(UserError):
            fresh.sudo().write({"service_state": ticket.service_state})

    def test_no_context_opens_the_guard(self):
        ticket = self._open()
        for key in ("install_mode", "tracking_disable", "import_file", "meddev_service_trusted"):
            with self.assertRaises(UserError):
                ticket.with_context(**{key: True}).sudo().write({"service_state": "archived"})

    def test_server_action_cannot_move(self):
        ticket = self._open()
        for code in (
            "record.write({'service_state': 'archived'})",
            "record.sudo().update({'service_state': 'done'})",
            "record.sudo().write({'stage_id': env.ref('meddev_service.stage_archived').id})",
        ):
            action = self.env["ir.actions.server"].create(
                {
                    "name": "Forged move",
                    "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                    "state": "code",
                    "code": code,
                }
            )
            with self.assertRaises(UserError):
                action.with_context(active_id=ticket.id, active_model="helpdesk.ticket").run()
            self.assertEqual(ticket.service_state, "received")

    def test_import_cannot_move_or_create_moved(self):
        tickets = self.tickets.with_user(self.manager)
        result = tickets.load(
            ["name", "description", "service_state"],
            [["Fine", "x", "received"], ["Forged", "x", "done"]],
        )
        self.assertTrue(result["messages"])
        self.assertFalse(tickets.search([("name", "=", "Forged")]))

    def test_stage_drag_goes_through_the_guard(self):
        """A drag in the kanban writes the stage: the guard moves, or refuses."""
        ticket = self._open()
        dispatched = self.env.ref("meddev_service.stage_dispatched")
        done = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        with self.assertRaises(UserError):
            ticket.with_user(self.intake).write({"stage_id": done.id})
        with self.assertRaises(AccessError):
            ticket.with_user(self.analyst).sudo().write({"stage_id": dispatched.id})
        ticket.with_user(self.intake).write({"stage_id": dispatched.id, "priority": "3"})
        self.assertRecordValues(
            ticket,
            [
                {
                    "service_state": "dispatched",
                    "stage_id": dispatched.id,
                    "dispatched_by_id": self.intake.id,
                    "priority": "3",
                }
            ],
        )

    def test_stage_of_the_same_state_is_free(self):
        ticket = self._bring_to("done")
        closed_date = ticket.closed_date
        with freeze_time("2030-01-01"):
            ticket.with_user(self.manager).stage_id = self.env.ref(
                "helpdesk_mgmt.helpdesk_ticket_stage_cancelled"
            )
        self.assertEqual(ticket.service_state, "done")
        self.assertEqual(ticket.closed_date, closed_date)
        with self.assertRaises(UserError):
            ticket.with_user(self.manager).stage_id = False

    def test_team_change_moves_nothing(self):
        """Upstream puts a ticket whose stage the new team lacks back to the team's first stage."""
        teams = self.env["helpdesk.ticket.team"].create(
            [{"name": name, "user_ids": [(4, self.engineer.id)]} for name in ("Old", "New")]
        )
        _first, old_stage, new_stage = self.env["helpdesk.ticket.stage"].create(
            [
                {"name": name, "service_state": state, "sequence": 0, "team_ids": [(4, team.id)]}
                for name, state, team in (
                    ("New team received", "received", teams[1]),
                    ("Old team works", "in_progress", teams[0]),
                    ("New team works", "in_progress", teams[1]),
                )
            ]
        )
        ticket = self._bring_to("in_progress", self._open(team_id=teams[0].id))
        self.assertEqual(ticket.stage_id, old_stage)
        ticket.team_id = teams[1]
        self.assertRecordValues(
            ticket,
            [
                {
                    "service_state": "in_progress",
                    "stage_id": new_stage.id,
                    "user_id": self.engineer.id,
                }
            ],
        )

    def test_buttons_read_the_same_truth(self):
        ticket = self._bring_to("dispatched")
        for user in (self.intake, self.dispatcher, self.engineer, self.manager):
            own = ticket.with_user(user)
            for state, name in BUTTON_FIELDS.items():
                self.assertEqual(own[name], not own._get_refusal(state), (user.login, state))

    def test_button_asks_for_a_reason(self):
        ticket = self._bring_to("done").with_user(self.intake)
        action = ticket.action_start()
        self.assertEqual(action["res_model"], "helpdesk.ticket.move")
        wizard = Form(
            self.env["helpdesk.ticket.move"]
            .with_user(self.intake)
            .with_context(**action["context"])
        )
        wizard.reason = "Fault came back"
        wizard.save().action_confirm()
        self.assertEqual(ticket.service_state, "in_progress")

    def test_move_to_speaks_about_nonsense(self):
        with self.assertRaisesRegex(UserError, "no state"):
            self._open().move_to("teleported")
        with self.assertRaises(UserError):
            self.tickets.with_user(self.manager).move_to("done")

    def test_moves_are_append_only(self):
        ticket = self._bring_to("done")
        move = ticket.transition_ids[0].sudo()
        with self.assertRaises(UserError):
            move.reason = "forged"
        with self.assertRaises(UserError):
            move.unlink()
        with self.assertRaises(UserError):
            move.copy()
        with self.assertRaises(AccessError):
            move.with_user(self.manager).check_access("write")

    def test_past_received_cannot_be_deleted(self):
        ticket = self._open()
        ticket.move_to("dispatched")
        ticket.with_user(self.dispatcher).move_to("received", "Wrong customer")
        for user in (self.manager, self.env.ref("base.user_admin")):
            with self.assertRaisesRegex(UserError, "cannot be deleted"):
                ticket.with_user(user).sudo().unlink()
        with self.assertRaisesRegex(UserError, "hidden"):
            ticket.with_user(self.manager).action_archive()
        fresh = self._open()
        with self.assertRaises(AccessError):
            fresh.with_user(self.intake).unlink()
        fresh.with_user(self.manager).with_context(audit_trail_reason="Test call").unlink()
        self.assertFalse(fresh.exists())

    def test_customer_is_a_role_of_its_own(self):
        """Closing is the customer's right where the table says so, and never while work goes on."""
        ticket = self._bring_to("in_progress")
        self.assertTrue(ticket._get_refusal("done", by_customer=True))
        waiting = self._bring_to("waiting")
        self.assertFalse(waiting._get_refusal("done", by_customer=True))
        self.assertNotIn(CUSTOMER, TRANSITIONS["done", "archived"].roles)

    def test_device_timeline_tells_the_ticket(self):
        ticket = self._bring_to("dispatched")
        events = self.device.event_ids.filtered(lambda event: event.kind == "ticket").sorted("id")
        self.assertEqual(len(events), 2)
        self.assertIn(ticket.number, events[0].title)
        self.assertIn("Received → Dispatched", events[1].title)
        self.assertEqual(events.mapped("res_id"), ticket.ids * 2)
        self.assertEqual(events[1].user_id, self.dispatcher)
