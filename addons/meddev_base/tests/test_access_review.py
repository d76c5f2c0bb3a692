from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .access_review_common import AccessReviewCase


@tagged("post_install", "-at_install")
class TestAccessReview(AccessReviewCase):
    def test_every_role_of_everybody_is_listed(self):
        for role, user in self.users.items():
            self.line_of(user, role)
        self.line_of(self.portal_dealer, "portal_dealer")
        self.assertEqual(self.review.state, "open")
        count = len(self.review.line_ids)
        self.review.action_collect()
        self.assertEqual(len(self.review.line_ids), count, "Listing again doubles nothing")

    def test_unused_roles_are_marked(self):
        """Given who used a right yesterday and who did not, then only the latter is marked."""
        manager = self.users["service_manager"]
        self.env["meddev.region"].with_user(manager).create({"name": "Used", "code": "USED"})
        self.env.flush_all()
        review = self.review.create({"name": "Again"})
        review.action_collect()
        marked = {line.user_id: line.is_unused for line in review.line_ids}
        self.assertFalse(marked[manager])
        self.assertTrue(marked[self.users["knowledge_manager"]])

    def test_old_use_counts_as_none(self):
        used = {(self.users["service_manager"].id, "meddev.region"): fields.Datetime.now()}
        role = self.env.ref("meddev_base.group_service_manager")
        user = self.users["service_manager"]
        self.assertTrue(self.review._get_last_use_of(user, role, used))
        review = self.review.create({"name": "Short", "unused_days": 1})
        limit = fields.Datetime.now() - timedelta(days=1)
        self.assertLess(limit, review._get_last_use_of(user, role, used))

    def test_conflicts_are_listed(self):
        user = self.users["quality_specialist"]
        user.group_ids += self.env.ref("meddev_base.group_parts_keeper")
        review = self.review.create({"name": "Merged"})
        review.action_collect()
        lines = review.line_ids.filtered(lambda line: line.user_id == user)
        self.assertIn("Quality Specialist and Parts Keeper", lines[0].conflicts)

    def test_what_is_decided_takes_effect_when_signed(self):
        """Given one role to remove, when the review is signed, then it is gone, the user stays."""
        user = self.users["dispatcher"]
        self.decide()
        self.line_of(user, "dispatcher").write({"decision": "remove", "remark": "Left the team"})
        self.assertTrue(user.has_group("meddev_base.group_dispatcher"))
        self.finish()
        self.assertEqual(self.review.state, "done")
        self.assertFalse(user.has_group("meddev_base.group_dispatcher"))
        self.assertTrue(user.has_group("base.group_user"))
        self.assertTrue(self.users["analyst"].has_group("meddev_base.group_analyst"))

    def test_nothing_is_signed_before_everything_is_decided(self):
        with self.assertRaises(UserError):
            self.sign()
        self.assertEqual(self.review.state, "open")

    def test_nobody_decides_on_their_own_roles(self):
        with self.assertRaisesRegex(UserError, "your own roles"):
            self.line_of(self.auditor, "compliance_auditor").write({"decision": "keep"})

    def test_refusals_are_told(self):
        """Given an own role and a state written by hand, then both attempts are in the trail."""
        own = self.line_of(self.auditor, "compliance_auditor")
        for record, vals, operation, by in (
            (own, {"decision": "keep"}, "decide", "own role"),
            (self.review, {"state": "done"}, "write", "guard"),
        ):
            with self.assertRaises(UserError):
                record.write(vals)
            self.cr.postcommit.clear()
            self.cr.postrollback.run()
            entry = self.env["audit.trail.entry"].search([("kind", "=", "refused")], limit=1)
            self.assertEqual((entry.user_id, entry.res_model), (self.auditor, record._name))
            self.assertEqual((entry.details["operation"], entry.details["by"]), (operation, by))

    def test_a_signed_review_stays(self):
        self.decide()
        self.finish()
        for attempt in (
            lambda: self.review.write({"name": "Other"}),
            lambda: self.review.line_ids[0].write({"decision": "remove"}),
            self.review.line_ids[0].unlink,
            self.review.with_user(self.administrator).unlink,
            self.review.action_cancel,
            self.review.action_collect,
        ):
            with self.assertRaises(UserError):
                attempt()

    def test_the_state_is_not_written(self):
        for user in (self.auditor, self.administrator):
            with self.assertRaises(UserError):
                self.review.with_user(user).write({"state": "done"})
        with self.assertRaises(UserError):
            self.review.create({"name": "Finished", "state": "done"})
        with self.assertRaises(UserError):
            self.review.action_finish()

    def test_who_decided_is_not_entered_by_hand(self):
        line = self.line_of(self.users["analyst"], "analyst")
        for vals in ({"decided_by_id": self.administrator.id}, {"user_name": "X"}):
            with self.assertRaises(UserError):
                line.write(vals)
        line.decision = "keep"
        self.assertEqual(line.decided_by_id, self.auditor)

    def test_a_role_through_another_group_is_not_removed_here(self):
        group = self.env["res.groups"].create(
            {
                "name": "Everything",
                "implied_ids": [Command.link(self.env.ref("meddev_base.group_analyst").id)],
            }
        )
        user = new_test_user(self.env, "through_group", "base.group_user")
        user.group_ids += group
        self.review.action_collect()
        with self.assertRaisesRegex(UserError, "through another group"):
            self.line_of(user, "analyst").write({"decision": "remove"})

    def test_reviews_are_for_auditors_and_administrators(self):
        for role in ("service_manager", "quality_specialist", "analyst"):
            with self.assertRaises(AccessError):
                self.review.with_user(self.users[role]).read(["name"])
