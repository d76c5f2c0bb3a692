from odoo.tests import new_test_user, tagged

from .statements_common import StatementCase


@tagged("post_install", "-at_install")
class TestStatementsOnSumsOfRoles(StatementCase):
    """Who holds two roles may do what either of them may, and no third thing. [S0-22, S0-25]"""

    def _person(self, *roles):
        groups = ",".join(f"meddev_base.group_{role}" for role in roles)
        return new_test_user(self.env, "_and_".join(roles), groups)

    def test_a_reading_role_lends_an_engineer_no_ticket_of_others(self):
        """An engineer who may read all tickets works on those within reach alone. [S0-25, K3]"""
        theirs = self._dispatch(self.ticket, self.stranger, self.south)
        free = self._dispatch(self.near_ticket)
        for role in (
            "parts_keeper",
            "quality_specialist",
            "knowledge_manager",
            "analyst",
            "compliance_auditor",
        ):
            person = self._person("field_engineer", role)
            with self.subTest(role=role):
                self.assert_reads(person, self.tickets, self.tickets)
                for attempt in (
                    lambda ticket: ticket.write({"name": "Mine"}),
                    lambda ticket, person=person: ticket.write({"user_id": person.id}),
                    lambda ticket: ticket.assign_to_me(),
                    lambda ticket: ticket.move_to("in_progress"),
                    lambda ticket: ticket.copy(),
                ):
                    self.assert_refused(person, theirs, attempt)
                self.assert_none_made(
                    person,
                    "helpdesk.ticket",
                    {"name": "?", "description": "?", "user_id": self.stranger.id},
                )
                free.with_user(person).priority = "2"
        self.assertEqual(theirs.user_id, self.stranger)
        self.assertEqual(free.priority, "2")

    def test_quality_who_is_an_engineer_still_puts_tickets_on_file(self):
        """Putting on file is a move, not a right to write. [S0-17]"""
        person = self._person("field_engineer", "quality_specialist")
        ticket = self._dispatch(self.ticket, self.stranger)
        ticket.with_user(self.stranger).move_to("in_progress")
        ticket.with_user(self.stranger).move_to("done")
        self.assert_refused(person, ticket, lambda ticket: ticket.write({"color": 3}))
        ticket.with_user(person).move_to("archived")
        self.assertEqual(ticket.archived_by_id, person)
