from odoo.tests import tagged

from odoo.addons.meddev_base.tests.junk import JUNK, JunkCase

from .common import TicketCommon


@tagged("post_install", "-at_install")
class TestJunkArguments(JunkCase, TicketCommon):
    addon = "meddev_service"
    sensible = {"state": "dispatched", "reason": "why", "text": "VN-2026-0001"}

    def test_public_methods_are_found(self):
        found = {(model, name) for model, name, _parameters in self._find_public_methods()}
        for known in (
            ("helpdesk.ticket", "move_to"),
            ("helpdesk.ticket", "find_devices"),
            ("helpdesk.ticket", "action_put_on_file"),
            ("helpdesk.ticket.move", "action_confirm"),
            ("stock.lot", "action_view_tickets"),
        ):
            self.assertIn(known, found)
        self.assertNotIn(("helpdesk.ticket", "write"), found)

    def test_junk_ends_in_a_sentence(self):
        """Given junk in one argument or in all, no method ends in an error of Python or SQL."""
        self._bring_to("dispatched")
        self._bring_to("done")
        self.env["helpdesk.ticket.move"].create(
            [
                {"ticket_ids": self._open().ids, "state": "done", "reason": "x"}
                for _index in range(2)
            ]
        )
        for user in (self.manager, self.engineer, self.hospital_user):
            with self.subTest(user=user.login):
                problems = self._call_everything(user)
                self.assertFalse(problems, "\n".join(problems))

    def test_junk_in_the_values_that_we_read_ends_in_a_sentence(self):
        """What core reads first is core's; what our own checks read first is ours."""
        ticket = self._open()
        for name in ("stage_id", "partner_id", "service_state", "received_at", "number"):
            problems = [self._call(ticket, "write", [{name: junk}]) for junk in JUNK]
            with self.subTest(name=name):
                self.assertFalse([problem for problem in problems if problem])
        for name in ("stage_id", "partner_id", "team_id", "service_state", "received_at", "number"):
            calls = [{"name": "Junk", "description": "x", name: junk} for junk in JUNK]
            problems = [self._call(ticket.browse(), "create", [vals]) for vals in calls]
            with self.subTest(name=name):
                self.assertFalse([problem for problem in problems if problem])

    def test_number_that_says_nothing_is_given(self):
        for number in (False, "", "/"):
            self.assertRegex(self._open(number=number).number, r"\w+\d+")
