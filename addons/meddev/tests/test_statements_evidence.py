from odoo.tests import tagged

from .statements_common import StatementCase

KEPT = ("meddev.ticket.transition", "meddev.ticket.amendment")


@tagged("post_install", "-at_install")
class TestStatementsOnTicketEvidence(StatementCase):
    """What is kept about a ticket is as closed as the ticket. [K3, K6]"""

    def _file(self, ticket, team):
        """A ticket that went to a team, was finished, put on file and amended."""
        ticket = self._dispatch(ticket, team=team)
        manager = ticket.with_user(self.users["service_manager"])
        manager.move_to("done", "Answered")
        manager.move_to("archived")
        # A technical column: what may still change on file, and is recorded.
        manager.color = 5
        self.env.flush_all()
        return ticket

    def _kept(self, model, tickets):
        return self.env[model].search([("ticket_id", "in", tickets.ids)])

    def test_an_engineer_finds_no_move_and_no_amendment_of_anothers_ticket(self):
        """Moves and old texts of a ticket are read by who reads the ticket. [K3]"""
        ours = self._file(self.ticket, self.north)
        theirs = self._file(self.near_ticket, self.south)
        for model in KEPT:
            kept, own = (self._kept(model, tickets) for tickets in (ours | theirs, ours))
            self.assertTrue(own)
            self.assertTrue(kept - own)
            with self.subTest(model=model):
                self.assert_reads(self.engineer, kept, own)
                self.assert_reads(self.stranger, kept, kept - own)
                for role in ("service_manager", "quality_specialist", "analyst"):
                    self.assert_reads(self.users[role], kept, kept)
                for user in (self.employee, self.portal_hospital, self.portal_dealer):
                    self.assert_unreadable(user, kept)

    def test_what_an_engineer_reads_of_a_ticket_they_read_of_its_file(self):
        """Followed, reported and free tickets show an engineer how they came along. [K3]"""
        followed = self._dispatch(self.ticket, self.stranger, self.south)
        reported = self._open_ticket(partner_id=self.engineer.partner_id.id)
        reported.with_user(self.users["intake_agent"]).move_to("done", "Withdrawn")
        free = self._dispatch(self.far_ticket)
        moves = self._kept("meddev.ticket.transition", followed | reported | free)
        self.assertEqual(moves.ticket_id, followed | reported | free)
        within_reach = moves.filtered(lambda move: move.ticket_id != followed)
        self.assert_reads(self.engineer, moves, within_reach)
        followed.message_subscribe(self.engineer.partner_id.ids)
        self.assert_reads(self.engineer, moves, moves)
