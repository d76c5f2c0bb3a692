from odoo.exceptions import AccessError, RedirectWarning, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import SigningCase


@tagged("post_install", "-at_install")
class TestRequirements(SigningCase):
    """Who signs what is data that an administrator keeps, within limits."""

    def test_an_archived_requirement_lets_nobody_sign(self):
        """Given a requirement of before, when the context asks for archived ones, then refused."""
        self.requirement.active = False
        self.require("approve", "approver", self.reviewers)
        sent = self.paper.with_context(active_test=False)
        self.refuse(AccessError, "Paper Reviewers", sent, self.other_approver)
        self.assertFalse(sent.is_signed_for("approve"))
        self.assertTrue(self.sign(sent, self.reviewer))
        self.assertTrue(sent.is_signed_for("approve"))

    def test_a_meaning_is_asked_for_once(self):
        """Given two groups with the same meaning, then refused: one signature would be both."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        for values in ({}, {"company_id": company.id}):
            with self.assertRaisesRegex(ValidationError, "asked for already, of Paper Approvers"):
                self.require("approve", "approver", self.reviewers, **values)
        self.require("approve", "reviewer", self.reviewers, company_id=company.id)
        self.require(
            "approve", "reviewer", self.approvers, company_id=self.env.ref("base.main_company").id
        )
        archived = self.require("approve", "approver", self.reviewers, active=False)
        with self.assertRaisesRegex(ValidationError, "asked for already"):
            archived.active = True

    def test_who_loses_the_role_has_signed(self):
        signature = self.sign(self.paper, self.approver)
        self.approver.group_ids -= self.approvers
        self.assertEqual(signature.state, "valid")
        self.assertTrue(self.paper.is_signed_for("approve"))

    def test_an_approver_who_did_the_work_cannot_be_asked_for(self):
        with self.assertRaisesRegex(ValidationError, "never the person"):
            self.requirement.differs_from_performer = False

    def test_the_limit_holds_behind_the_constraint(self):
        """Given SQL that allows the performer to approve, then they still cannot."""
        self.env.cr.execute(
            "UPDATE electronic_signature_requirement SET differs_from_performer = FALSE"
        )
        self.env.invalidate_all()
        self.paper.performer_id = self.approver
        self.refuse(AccessError, "another person", self.paper, self.approver)

    def test_unknown_steps_and_empty_groups_are_refused(self):
        with self.assertRaisesRegex(ValidationError, "approve, close"):
            self.requirement.transition = "fly"
        with self.assertRaisesRegex(ValidationError, "at least one group"):
            self.requirement.group_ids = False

    def test_a_deleted_group_leaves_nobody_not_everybody(self):
        self.approvers.unlink()
        self.env.invalidate_all()
        self.refuse(AccessError, ".", self.paper, self.approver)

    def test_another_companys_requirement_does_not_apply(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.require("approve", "reviewer", self.reviewers, company_id=company.id)
        self.sign(self.paper, self.approver)
        self.assertTrue(self.paper.is_signed_for("approve"))

    def test_administrators_keep_them_auditors_read_them(self):
        """Lowest role that writes: the administrator; the auditor reads; an employee neither."""
        manager = new_test_user(self.env, "paper_manager", "base.group_system")
        asked = self.requirement.with_user(manager)
        with self.assertRaises(RedirectWarning):
            asked.source = "SOP 12"
        asked.with_context(audit_trail_reason="New SOP").source = "SOP 12, revision 3"
        self.env.flush_all()
        self.assertEqual(self.trail("update", self.requirement)[-1].reason, "New SOP")
        self.assertEqual(self.requirement.with_user(self.auditor).source, "SOP 12, revision 3")
        with self.assertRaises(AccessError):
            self.requirement.with_user(self.auditor).source = "Nothing"
        with self.assertRaises(AccessError):
            self.requirement.with_user(self.employee).read(["source"])

    def test_changes_are_in_the_trail(self):
        self.requirement.count = 2
        self.env.flush_all()
        entries = self.trail("update", self.requirement)
        self.assertEqual(entries[-1].changes["count"], [1, 2])

    def test_a_wrong_declaration_stops_the_server(self):
        """Given a declared field that is computed, translated or unknown, then loading fails."""
        paper_class = self.registry[self.paper._name]
        for names in (("nowhere",), ("display_name",), ("line_ids.nowhere",), ("name.x",)):
            self.patch(paper_class, "_signed_fields", {1: names})
            with self.subTest(names=names), self.assertRaises(TypeError):
                self.paper._register_hook()

    def test_translated_texts_are_no_source(self):
        field = self.env["res.partner.category"]._fields["name"]
        self.assertTrue(field.translate)
        self.patch(self.registry[self.paper._name], "_signed_fields", {1: ("tag_ids.name",)})
        with self.assertRaisesRegex(TypeError, "differs by reader"):
            self.paper._register_hook()

    def test_asking_for_an_unknown_step_is_a_sentence(self):
        for junk in (None, 7, "fly", ["approve"]):
            with self.subTest(junk=junk), self.assertRaisesRegex(UserError, "no step"):
                self.paper.is_signed_for(junk)
