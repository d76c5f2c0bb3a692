from odoo.tests import HttpCase, tagged

from .common import TicketCase


@tagged("post_install", "-at_install")
class TestTours(TicketCase, HttpCase):
    """A ticket through all six states in the browser, as the right roles, in two languages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_tickets()

    def _work_through(self, lang):
        for screen, tour, user in (
            ("ticket-intake", "intake", self.intake),
            ("ticket-dispatch", "dispatch", self.dispatcher),
            ("my-tickets", "engineer", self.engineer),
            ("ticket-archive", "archive", self.quality),
        ):
            self.start_tour(
                f"/odoo/{screen}", f"meddev_service_{tour}_{lang}", login=user.login, timeout=120
            )
        ticket = self.tickets.search([("lot_id", "=", self.device.id)], limit=1, order="id desc")
        self.assertRecordValues(
            ticket,
            [
                {
                    "service_state": "archived",
                    "received_by_id": self.intake.id,
                    "dispatched_by_id": self.intake.id,
                    "in_progress_by_id": self.engineer.id,
                    "waiting_by_id": self.engineer.id,
                    "done_by_id": self.engineer.id,
                    "archived_by_id": self.quality.id,
                    "user_id": self.engineer.id,
                }
            ],
        )
        self.assertEqual(len(ticket.transition_ids), 6)

    def test_ticket_through_all_states_in_english(self):
        self._work_through("en")

    def test_ticket_through_all_states_in_chinese(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        users = self.intake | self.dispatcher | self.engineer | self.quality
        users.lang = "zh_CN"
        self._work_through("zh")
