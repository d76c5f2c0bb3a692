from datetime import datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .sla_common import SlaCommon


@tagged("post_install", "-at_install")
class TestSlaClocks(SlaCommon):
    """What happens to a ticket moves its clocks."""

    def test_clocks_start_with_the_ticket(self):
        ticket = self._open_at("2026-03-02 08:00:00")
        self.assertEqual(ticket.sla_policy_id, self.general)
        self.assertEqual(ticket.sla_due_at, datetime(2026, 3, 2, 12))
        self.assertEqual(
            {row.kind: row.due_at for row in ticket.sudo().sla_clock_ids},
            {
                "response": datetime(2026, 3, 2, 12),
                "on_site": datetime(2026, 3, 3, 8),
                "resolution": datetime(2026, 3, 4, 8),
            },
        )
        self.assertEqual(ticket.sla_event_ids.mapped("kind"), ["start"])

    def test_waiting_pauses_and_resuming_gives_what_was_left(self):
        ticket = self._open_at("2026-03-02 08:00:00")
        self._in_progress_at("2026-03-02 09:00:00", ticket)
        self.assertTrue(self._clock(ticket, "response").is_met)
        self._move_at(
            "2026-03-02 10:00:00", ticket, "waiting", reason="In use", evidence="Call at 10"
        )
        resolution = self._clock(ticket, "resolution")
        self.assertRecordValues(
            resolution, [{"status": "paused", "due_at": False, "elapsed_seconds": 7200}]
        )
        self.assertFalse(ticket.sla_due_at)
        with freeze_time("2026-03-09 10:00:00"):
            resolution.invalidate_recordset()
            self.assertFalse(resolution.is_late)
            self.assertEqual(resolution.elapsed_hours, 2)
            self.assertEqual(ticket.sla_state, "paused")
        self._move_at("2026-03-09 10:00:00", ticket, "in_progress")
        self.assertEqual(resolution.due_at, datetime(2026, 3, 11, 8))
        pause = ticket.sla_event_ids.filtered(lambda event: event.kind == "pause")
        self.assertRecordValues(
            pause, [{"reason": "In use", "evidence": "Call at 10", "user_id": self.engineer.id}]
        )

    def test_long_wait_closed_directly_is_met(self):
        ticket = self._open_at("2026-03-02 08:00:00")
        self._in_progress_at("2026-03-02 09:00:00", ticket)
        self._move_at("2026-03-02 10:00:00", ticket, "waiting", reason="In use")
        self._move_at("2026-04-02 10:00:00", ticket, "done")
        self.assertRecordValues(
            self._clock(ticket, "resolution"),
            [{"status": "stopped", "is_met": True, "elapsed_seconds": 7200, "breached_at": False}],
        )
        self.assertEqual(self._clock(ticket, "on_site").status, "void")
        self.assertEqual(ticket.sla_state, "met")

    def test_without_a_reason_the_clocks_go_on_until_one_is_given(self):
        ticket = self._open_at("2026-03-02 08:00:00")
        self._in_progress_at("2026-03-02 09:00:00", ticket)
        self._move_at("2026-03-02 10:00:00", ticket, "waiting")
        self.assertTrue(ticket.clocks_go_on)
        self.assertEqual(self._clock(ticket, "resolution").status, "running")
        move = self.env["helpdesk.ticket.move"].with_user(self.engineer)
        move = move.create(
            {"ticket_ids": ticket.ids, "state": "waiting", "reason": "In use", "evidence": "Call"}
        )
        with freeze_time("2026-03-02 11:00:00"):
            move.action_confirm()
        ticket.invalidate_recordset()
        self.assertFalse(ticket.clocks_go_on)
        self.assertRecordValues(
            self._clock(ticket, "resolution"), [{"status": "paused", "elapsed_seconds": 10800}]
        )
        other = self._bring_to("in_progress")
        other.with_user(self.engineer).move_to("waiting")
        move = self.env["helpdesk.ticket.move"].with_user(self.dispatcher)
        move = move.create({"ticket_ids": other.ids, "state": "waiting", "reason": "Mine"})
        with self.assertRaises(AccessError):
            move.action_confirm()

    def test_last_message_to_the_customer_is_evidence(self):
        ticket = self._bring_to("in_progress")
        message = ticket.with_user(self.engineer).message_post(
            body="Please send the log", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        ticket.with_user(self.engineer).move_to("waiting", reason="Log asked for")
        pause = ticket.sla_event_ids.filtered(lambda event: event.kind == "pause")
        self.assertEqual(pause.message_id, message)

    def test_breach_is_dated_and_stays(self):
        ticket = self._open_at("2026-03-02 08:00:00")
        self._in_progress_at("2026-03-02 13:00:00", ticket)
        self.assertRecordValues(
            self._clock(ticket, "response"),
            [{"is_met": False, "breached_at": datetime(2026, 3, 2, 12)}],
        )
        self._move_at("2026-03-02 14:00:00", ticket, "done")
        self.assertEqual(ticket.sla_state, "missed")

    def test_change_of_urgency_keeps_what_has_run(self):
        """30 of 60 minutes of office time are used when the ticket becomes urgent."""
        ticket = self._open_at("2026-03-02 08:00:00")
        with freeze_time("2026-03-02 08:30:00"):
            ticket.priority = "3"
        self.assertEqual(ticket.sla_policy_id, self.urgent)
        response = self._clock(ticket, "response")
        self.assertEqual(response.policy_id, self.urgent)
        self.assertEqual(response.due_at, datetime(2026, 3, 2, 9))
        resolution = self._clock(ticket, "resolution")
        self.assertRecordValues(resolution, [{"has_target": False, "due_at": False}])
        self.assertFalse(ticket.sudo().sla_clock_ids._find_deviations())

    def test_new_kind_of_target_counts_from_the_report(self):
        ticket = self._open_at("2026-03-02 08:00:00", priority="3")
        self.assertEqual(ticket.sudo().sla_clock_ids.mapped("kind"), ["response"])
        with freeze_time("2026-03-02 20:00:00"):
            ticket.priority = "1"
        self.assertEqual(self._clock(ticket, "resolution").due_at, datetime(2026, 3, 4, 8))
        self.assertFalse(ticket.sudo().sla_clock_ids._find_deviations())

    def test_duplicate_is_void_and_neither_met_nor_missed(self):
        ticket, original = self._open_at("2026-03-02 08:00:00"), self._open()
        ticket.duplicate_id = original
        self._move_at(
            "2026-03-09 08:00:00", ticket, "done", user=self.intake, reason="Reported twice"
        )
        self.assertEqual(set(ticket.sudo().sla_clock_ids.mapped("status")), {"void"})
        self.assertEqual(ticket.sla_state, "void")

    def test_reopened_ticket_goes_on_where_it_stopped(self):
        ticket = self._open_at("2026-03-02 08:00:00")
        self._in_progress_at("2026-03-02 09:00:00", ticket)
        self._move_at("2026-03-02 18:00:00", ticket, "done")
        self._move_at("2026-03-05 18:00:00", ticket, "in_progress", reason="It came back")
        self.assertRecordValues(
            self._clock(ticket, "resolution"),
            [{"status": "running", "due_at": datetime(2026, 3, 7, 8)}],
        )
        self.assertEqual(self._clock(ticket, "response").status, "stopped")
        self.assertFalse(ticket.sudo().sla_clock_ids._find_deviations())

    def test_line_about_the_past_reads_everything_after_it_anew(self):
        """The engineer was on site on Monday, and says so on Tuesday."""
        ticket = self._open_at("2026-03-02 08:00:00")
        self._in_progress_at("2026-03-02 09:00:00", ticket)
        self._move_at("2026-03-03 09:00:00", ticket, "waiting", reason="In use")
        self.assertTrue(self._clock(ticket, "on_site").breached_at)
        ticket.sudo()._reach("on_site", datetime(2026, 3, 2, 15))
        self.assertRecordValues(
            self._clock(ticket, "on_site"),
            [
                {
                    "status": "stopped",
                    "is_met": True,
                    "stopped_at": datetime(2026, 3, 2, 15),
                    "breached_at": False,
                }
            ],
        )
        self.assertFalse(ticket.sudo().sla_clock_ids._find_deviations())

    def test_nobody_writes_ledger_or_clocks(self):
        ticket = self._open(user_id=self.engineer.id)
        admin = self.env.ref("base.user_admin")
        event = ticket.sudo().sla_event_ids[:1]
        row = ticket.sudo().sla_clock_ids[:1]
        for user in (self.manager, self.engineer, admin, self.env.ref("base.user_root")):
            for record in (event, row):
                record = record.with_user(user)
                self.assertTrue(record.kind)
                with self.assertRaises(UserError):
                    record.write({"kind": "void" if record == event else "repair"})
                with self.assertRaises(UserError):
                    record.unlink()
            with self.assertRaises(UserError):
                event.with_user(user).create(
                    {"ticket_id": ticket.id, "kind": "void", "occurred_at": "2026-01-01"}
                )
            with self.assertRaises(UserError):
                row.with_user(user).create({"ticket_id": ticket.id, "kind": "repair"})
        for name, value in (
            ("sla_due_at", "2030-01-01 00:00:00"),
            ("sla_policy_id", self.urgent.id),
            ("sla_reasons", {}),
            ("answered_at", "2026-01-01 00:00:00"),
        ):
            with self.assertRaises(UserError):
                ticket.sudo().write({name: value})
            with self.assertRaises(UserError):
                self._open(**{name: value})

    def test_ticket_from_before_gets_its_clocks_with_the_next_change(self):
        """Tickets of a database that is upgraded have no ledger yet."""
        ticket = self._open_at("2026-03-02 08:00:00")
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM meddev_sla_clock WHERE ticket_id = %(id)s;"
            "DELETE FROM meddev_sla_event WHERE ticket_id = %(id)s;"
            "UPDATE helpdesk_ticket SET sla_policy_id = NULL, sla_reasons = NULL,"
            " sla_due_at = NULL WHERE id = %(id)s",
            {"id": ticket.id},
        )
        self.env.invalidate_all()
        self._in_progress_at("2026-03-02 09:00:00", ticket)
        self.assertFalse(ticket.sla_clock_ids)
        with freeze_time("2026-03-02 10:00:00"):
            ticket.with_user(self.manager).priority = "2"
        self.assertEqual(self._clock(ticket, "resolution").due_at, datetime(2026, 3, 4, 8))

    def test_query_growth_of_clocks(self):
        def count(size):
            tickets = self.tickets.with_user(self.intake).create(
                [{"name": f"Ticket {index}", "description": "x"} for index in range(size)]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            tickets.sudo()._reach("answered")
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)
        few, many = count(2), count(22)
        self.assertLessEqual(many - few, 5, f"{few} queries for 2, {many} for 22")
