from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import SigningCase


@tagged("post_install", "-at_install")
class TestDuties(SigningCase):
    """Who signs what: groups, separation of duties, different people, one signature each."""

    def test_the_gate_is_shut_until_it_is_signed(self):
        with self.assertRaisesRegex(UserError, "Approver \\(1\\)"):
            self.paper.action_approve()
        self.sign(self.paper, self.approver)
        self.paper.action_approve()
        self.assertEqual(self.paper.state, "done")

    def test_a_step_without_requirement_is_shut_not_free(self):
        self.requirement.active = False
        with self.assertRaisesRegex(UserError, "nobody is named"):
            self.paper.action_approve()
        self.assertFalse(self.paper.is_signed_for("approve"))

    def test_only_the_named_groups_sign(self):
        """Lowest role: the group of the requirement; an employee and an administrator not."""
        self.refuse(AccessError, "Paper Approvers", self.paper, self.employee)
        self.employee.group_ids |= self.env.ref("base.group_system")
        self.refuse(AccessError, "Paper Approvers", self.paper, self.employee)
        entry = self.trail("signature_refused", self.paper)[-1]
        self.assertEqual(entry.details["cause"], "not allowed")
        self.assertTrue(self.sign(self.paper, self.approver))

    def test_the_performer_never_approves_whatever_the_roles(self):
        """Given performers with every role, then neither author nor worker approves."""
        self.author.group_ids |= self.approvers | self.env.ref("base.group_system")
        self.refuse(AccessError, "another person", self.paper, self.author)
        self.paper.performer_id = self.approver
        self.refuse(AccessError, "another person", self.paper, self.approver)
        self.assertTrue(self.sign(self.paper, self.other_approver))

    def test_who_becomes_performer_after_signing_approved_nothing(self):
        """Given a signature, when its signer is named as performer, then the gate shuts again."""
        signature = self.sign(self.paper, self.approver)
        self.paper.performer_id = self.approver
        self.assertEqual(signature.state, "valid")
        self.assertFalse(self.paper.is_signed_for("approve"))
        self.sign(self.paper, self.other_approver)
        self.assertTrue(self.paper.is_signed_for("approve"))

    def test_authors_sign_as_authors(self):
        writers = self.env["res.groups"].create({"name": "Writers"})
        self.author.group_ids |= writers
        self.require("approve", "author", writers, differs_from_performer=False)
        signature = self.sign(self.paper, self.author, meaning="author")
        self.assertEqual(signature.meaning, "author")
        self.assertFalse(self.paper.is_signed_for("approve"))

    def test_reviewer_and_approver_are_two_people(self):
        """Given one person with both roles, then they sign one of both and not the other."""
        self.require("approve", "reviewer", self.reviewers)
        self.sign(self.paper, self.approver, meaning="reviewer")
        self.refuse(AccessError, "another meaning", self.paper, self.approver)
        self.sign(self.paper, self.other_approver)
        self.assertTrue(self.paper.is_signed_for("approve"))

    def test_two_people_where_two_are_asked(self):
        self.requirement.count = 2
        self.sign(self.paper, self.approver)
        self.assertFalse(self.paper.is_signed_for("approve"))
        self.sign(self.paper, self.other_approver)
        self.assertTrue(self.paper.is_signed_for("approve"))

    def test_a_double_click_is_one_signature(self):
        """Given a signature, when the same person signs the same again, then nothing is added."""
        first = self.sign(self.paper, self.approver)
        self.assertEqual(self.sign(self.paper, self.approver), first)
        self.assertEqual(self.paper.signed_steps, "approve/approver;")

    def test_what_was_voided_is_signed_anew(self):
        first = self.sign(self.paper, self.approver)
        self.paper.name = "Corrected report"
        self.commit()
        second = self.sign(self.paper, self.approver)
        self.assertNotEqual(first, second)
        self.assertEqual((first | second).mapped("state"), ["voided", "valid"])

    def test_steps_are_signed_in_their_state_only(self):
        self.require("close", "approver", self.approvers)
        self.refuse(AccessError, "present state", self.paper, self.approver, "close")
        self.sign(self.paper, self.approver)
        self.paper.action_approve()
        self.refuse(AccessError, "present state", self.paper, self.approver, "approve")
        self.assertTrue(self.sign(self.paper, self.approver, "close"))

    def test_a_signature_for_one_step_opens_no_other(self):
        self.require("close", "approver", self.approvers)
        self.sign(self.paper, self.approver)
        self.assertFalse(self.paper.is_signed_for("close"))

    def test_who_may_not_read_the_record_does_not_sign_it(self):
        self.env["ir.rule"].create(
            {
                "name": "own papers",
                "model_id": self.env["ir.model"]._get_id(self.paper._name),
                "domain_force": "[('create_uid', '=', user.id)]",
            }
        )
        self.refuse(AccessError, ".", self.paper, self.approver)
        with self.at_screen(self.approver), self.assertRaises(AccessError):
            self.paper.with_user(self.approver).sudo().sign(
                "approve", "approver", {"password": self.approver.login}
            )

    def test_the_form_offers_what_the_server_allows(self):
        for user, can_sign in ((self.approver, True), (self.employee, False), (self.author, False)):
            with self.subTest(user.login):
                status = self.paper.with_user(user).signature_status
                step = next(one for one in status["steps"] if one["transition"] == "approve")
                self.assertEqual(step["requirements"][0]["can_sign"], can_sign)

    def test_many_papers_ask_a_bounded_number_of_queries(self):
        """Given 2 and 12 signed papers, when validity is asked, then queries do not grow."""
        counts = []
        for number in (2, 12):
            ids = [self.sign(self.new_paper(), self.approver).id for _number in range(number)]
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(set(self.signatures.browse(ids).mapped("state")), {"valid"})
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 12)
