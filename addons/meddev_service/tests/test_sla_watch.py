from datetime import datetime
from unittest.mock import patch

from odoo.tests import freeze_time, tagged

from odoo.addons.base.models.ir_cron import IrCron

from .sla_common import SlaCommon


@tagged("post_install", "-at_install")
class TestSlaWatch(SlaCommon):
    """The watch notes what is due, tells each of it once, and follows the calendars."""

    def _watch(self, moment):
        unlimited = patch.object(IrCron, "_commit_progress", lambda *args, **kwargs: float("inf"))
        with freeze_time(moment), unlimited:
            self.env["meddev.sla.clock"]._cron_watch_clocks()
            self.env.invalidate_all()

    def _notices(self, ticket):
        return (
            ticket.sudo()
            .env["meddev.sla.notice"]
            .search([("ticket_id", "=", ticket.id)], order="reached_at, id")
        )

    def test_warnings_come_in_steps_and_once(self):
        ticket = self._open_at("2026-03-02 08:00:00")
        ticket.user_id = self.engineer
        self._watch("2026-03-02 11:00:00")
        self.assertFalse(self._notices(ticket))
        self._watch("2026-03-02 11:15:00")
        first = self._notices(ticket)
        self.assertRecordValues(
            first,
            [
                {
                    "kind": "response",
                    "percent": 80,
                    "reached_at": datetime(2026, 3, 2, 11, 12),
                    "user_ids": self.engineer.ids,
                }
            ],
        )
        for _again in range(3):
            self._watch("2026-03-02 11:20:00")
        self.assertEqual(self._notices(ticket), first)
        self._watch("2026-03-02 12:05:00")
        self.assertEqual(self._notices(ticket).mapped("percent"), [80, 100])
        self.assertIn(self.dispatcher, self._notices(ticket)[-1].user_ids)
        self.assertEqual(self._clock(ticket, "response").breached_at, datetime(2026, 3, 2, 12))
        mails = self.env["mail.message"].search(
            [("model", "=", "helpdesk.ticket"), ("res_id", "=", ticket.id)]
        )
        told = mails.filtered(lambda mail: self.engineer.partner_id in mail.notified_partner_ids)
        subjects = [mail.subject for mail in told if "Response" in (mail.subject or "")]
        self.assertEqual(
            sorted(subjects),
            [
                f"{ticket.number}: 80 % of the time for Response is used",
                f"{ticket.number}: Response is late",
            ],
        )

    def test_outage_of_the_scheduler_is_made_up_for_once(self):
        ticket = self._open_at("2026-03-02 08:00:00")
        ticket.user_id = self.engineer
        self._watch("2026-03-05 08:00:00")
        notices = self._notices(ticket)
        self.assertEqual(len(notices), 6)
        self.assertEqual(self._clock(ticket, "response").breached_at, datetime(2026, 3, 2, 12))
        self.assertEqual(self._clock(ticket, "resolution").breached_at, datetime(2026, 3, 4, 8))
        self._watch("2026-03-05 08:05:00")
        self.assertEqual(self._notices(ticket), notices)
        self.assertFalse(ticket.sudo().sla_clock_ids._find_deviations())

    def test_paused_clock_warns_nobody(self):
        ticket = self._open_at("2026-03-02 08:00:00")
        self._in_progress_at("2026-03-02 09:00:00", ticket)
        self._move_at("2026-03-02 10:00:00", ticket, "waiting", reason="In use")
        self._watch("2026-03-20 08:00:00")
        self.assertFalse(self._notices(ticket))
        self.assertFalse(any(ticket.sudo().sla_clock_ids.mapped("breached_at")))

    def test_stopping_at_the_due_second_is_no_breach(self):
        ticket = self._open_at("2026-03-02 08:00:00")
        self._watch("2026-03-02 12:00:00")
        self.assertFalse(self._clock(ticket, "response").breached_at)
        self._watch("2026-03-02 12:00:01")
        self.assertEqual(self._clock(ticket, "response").breached_at, datetime(2026, 3, 2, 12))

    def test_late_tickets_are_found(self):
        late, early = self._open_at("2026-03-02 08:00:00"), self._open_at("2026-03-02 11:00:00")
        with freeze_time("2026-03-02 12:30:00"):
            self.assertEqual((late | early).mapped("sla_state"), ["late", "running"])
            own = [("id", "in", (late | early).ids)]
            for state, expected in (("late", late), ("running", early)):
                found = self.tickets.with_user(self.intake).search(
                    [*own, ("sla_state", "=", state)]
                )
                self.assertEqual(found, expected)
            found = self.tickets.search([*own, ("sla_state", "not in", ["late"])])
            self.assertEqual(found, early)

    def test_holiday_that_is_published_later_moves_what_is_still_to_run(self):
        """2 of 16 hours of office time have run when the next day becomes a holiday."""
        with freeze_time("2026-02-01 00:00:00"):
            policy = self._new_policy("Office", 0, {"resolution": 15}, self.office)
            policy.action_activate()
        ticket = self._open_at("2026-03-02 00:30:00")
        self.assertEqual(ticket.sla_due_at, datetime(2026, 3, 3, 9, 30))
        self.env["meddev.holiday"].create(
            {
                "holiday_calendar_id": self.office.meddev_holiday_calendar_id.id,
                "name": "Test Day",
                "date": "2026-03-03",
                "kind": "holiday",
            }
        )
        self._watch("2026-03-02 02:30:00")
        row = self._clock(ticket, "resolution")
        self.assertEqual((row.elapsed_seconds, row.due_at), (7200, datetime(2026, 3, 4, 9, 30)))
        self.assertEqual(ticket.sla_due_at, datetime(2026, 3, 4, 9, 30))
        self.assertEqual(ticket.sla_event_ids.mapped("kind"), ["start", "policy"])
        self._watch("2026-03-02 02:35:00")
        self.assertEqual(len(ticket.sla_event_ids), 2)
        self.assertFalse(row._find_deviations())
