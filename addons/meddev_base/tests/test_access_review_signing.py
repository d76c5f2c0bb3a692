from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from ..models.guard import own_write
from .access_review_common import STEP, AccessReviewCase


@tagged("post_install", "-at_install")
class TestAccessReviewSigning(AccessReviewCase):
    """What takes effect is what two people signed, whoever tries another way."""

    # Separation of duties

    def test_who_decided_does_not_approve_alone(self):
        """Given an auditor who decided, when they sign, then nothing happens until another does."""
        user = self.users["dispatcher"]
        self.decide()
        self.line_of(user, "dispatcher").decision = "remove"
        self.sign()
        self.assertEqual(self.review.state, "open")
        self.assertTrue(user.has_group("meddev_base.group_dispatcher"))
        with self.assertRaisesRegex(UserError, "are missing"):
            self.review.action_finish()
        self.sign()
        self.assertEqual(self.review.state, "open", "Signing twice makes no second person")
        step = self.review.signature_status["steps"][0]["requirements"][0]
        self.assertEqual((step["missing"], step["can_sign"]), (1, False))
        self.sign(self.administrator)
        self.assertEqual(self.review.state, "done")
        self.assertFalse(user.has_group("meddev_base.group_dispatcher"))

    def test_one_signature_of_somebody_who_decided_on_nothing_is_enough(self):
        second = new_test_user(self.env, "second_administrator", "base.group_system")
        self.decide()
        self.sign(second)
        self.assertEqual(self.review.state, "done")

    def test_auditor_and_quality_in_one_person_still_need_a_second(self):
        """A small company merges two roles (S0-22), and yet nobody decides and approves alone."""
        self.auditor.group_ids += self.env.ref("meddev_base.group_quality_specialist")
        self.review.action_collect()
        self.decide()
        self.sign()
        self.assertEqual(self.review.state, "open")
        self.sign(self.administrator)
        self.assertEqual(self.review.state, "done")

    def test_no_requirement_lets_one_person_decide_and_approve(self):
        requirement = self.env.ref("meddev_base.requirement_access_review")
        requirement.write({"meaning": "responsible", "count": 1, "differs_from_performer": False})
        self.decide()
        self.sign()
        self.assertFalse(self.review.is_signed_for(STEP))

    # What takes effect is what was signed

    def test_lines_are_listed_never_entered(self):
        """Given auditor, administrator and superuser, when they enter or import a line: refused."""
        vals = {
            "review_id": self.review.id,
            "user_name": "Nobody",
            "group_name": "Analyst",
            "user_id": self.administrator.id,
            "group_id": self.env.ref("base.group_system").id,
        }
        for env in (
            self.env(user=self.auditor.id),
            self.env(user=self.administrator.id),
            self.env(user=self.administrator.id, su=True),
            self.env,
        ):
            lines, review = env["meddev.access.review.line"], self.review.with_env(env)
            for name, attempt in {
                "create": lambda lines=lines: lines.create(vals),
                "low create": lambda lines=lines: lines._create([{"stored": vals}]),
                "context": lambda lines=lines: lines.with_context(
                    meddev_base_own_write=True
                ).create(vals),
                "command": lambda review=review: review.write({"line_ids": [(0, 0, vals)]}),
                "new review": lambda review=review: review.create(
                    {"name": "X", "line_ids": [(0, 0, vals)]}
                ),
            }.items():
                with self.subTest(f"{env.user.login} {env.su} {name}"):
                    # An AccessError is a UserError.
                    self.assertRaises(UserError, attempt)
            result = lines.load(
                ["review_id/.id", "user_name", "group_name"],
                [[str(self.review.id), "Nobody", "Analyst"]],
            )
            self.assertFalse(result["ids"])
        self.assertFalse(self.review.line_ids.filtered(lambda line: line.user_name == "Nobody"))

    def test_a_client_sends_no_decision_along_with_the_list(self):
        """Given defaults in a client's context, then no line begins decided upon."""
        keys = {"default_decision": "remove", "default_decided_by_id": self.administrator.id}
        lines = own_write(self.review.sudo().line_ids.browse()).with_context(**keys)
        vals = {"review_id": self.review.id, "user_name": "X", "group_name": "X"}
        for listed in (vals, vals | {"decision": "keep"}):
            with self.assertRaisesRegex(UserError, "decided upon afterwards"):
                lines.create(listed)

    def test_no_server_action_changes_whose_role_it_is_or_who_decided(self):
        line = self.line_of(self.users["analyst"], "analyst")
        line.decision = "keep"
        codes = (
            "record.sudo().write({'user_id': %d})" % self.administrator.id,
            "record._write({'user_id': %d})" % self.administrator.id,
            "record.sudo()._write({'group_number': 2})",
            "record._write({'decided_by_id': %d})" % self.administrator.id,
            "record._write({'decision': 'remove'})",
            "record._fields['decided_by_id'].write(record, %d)" % self.administrator.id,
            # What was left pending does not slip through with a decision.
            "record._fields['decided_by_id'].write(record, %d)\n"
            "record.review_id.line_ids[1].write({'decision': 'keep'})" % self.administrator.id,
            "model.create({'review_id': record.review_id.id, 'user_name': 'X', 'group_name': 'X'})",
        )
        for code in codes:
            with self.subTest(code):
                with self.assertRaises(UserError):
                    self.run_code(code, line)
                self.env.invalidate_all(flush=False)
        self.assertEqual(line.decided_by_id, self.auditor)
        self.assertEqual((line.decision, line.user_id), ("keep", self.users["analyst"]))

    def test_the_signature_binds_the_ids(self):
        """Given a signature, when a line points to another person behind Odoo, then it is void."""
        self.decide()
        line = self.line_of(self.users["dispatcher"], "dispatcher")
        line.decision = "remove"
        self.sign()
        self.env.cr.execute(
            "UPDATE meddev_access_review_line SET user_id = %s, user_number = %s WHERE id = %s",
            [self.administrator.id, self.administrator.id, line.id],
        )
        self.env.invalidate_all()
        self.sign(self.administrator)
        self.assertEqual(self.review.state, "open")
        self.assertTrue(self.administrator.has_group("base.group_system"))

    def test_a_link_that_is_not_what_was_signed_has_no_effect(self):
        """Given a line whose link alone was changed behind Odoo, then finishing is refused."""
        line = self.line_of(self.users["dispatcher"], "dispatcher")
        for column, number in (
            ("user_id", self.administrator.id),
            ("group_id", self.env.ref("base.group_user").id),
            ("group_number", self.env.ref("base.group_user").id),
        ):
            with self.subTest(column), self.cr.savepoint() as savepoint:
                self.decide()
                line.decision = "remove"
                self.env.cr.execute(
                    f"UPDATE meddev_access_review_line SET {column} = %s WHERE id = %s",
                    [number, line.id],
                )
                self.env.invalidate_all()
                self.sign()
                with self.assertRaisesRegex(UserError, "not as this review listed it"):
                    self.sign(self.administrator)
                savepoint.rollback()
                self.env.invalidate_all(flush=False)

    def test_no_other_group_than_a_role_is_removed(self):
        line = self.line_of(self.users["dispatcher"], "dispatcher")
        group = self.env.ref("base.group_system")
        self.decide()
        line.decision = "remove"
        self.env.cr.execute(
            "UPDATE meddev_access_review_line SET user_id = %(user)s, user_number = %(user)s,"
            " group_id = %(group)s, group_number = %(group)s WHERE id = %(line)s",
            {"user": self.administrator.id, "group": group.id, "line": line.id},
        )
        self.env.invalidate_all()
        self.sign()
        with self.assertRaisesRegex(UserError, "not as this review listed it"):
            self.sign(self.administrator)
        self.assertTrue(self.administrator.has_group("base.group_system"))

    def test_removing_waits_for_the_signatures(self):
        self.decide()
        line = self.line_of(self.users["dispatcher"], "dispatcher")
        line.decision = "remove"
        with self.assertRaisesRegex(UserError, "are missing"):
            line.sudo()._remove_roles()
        self.assertTrue(self.users["dispatcher"].has_group("meddev_base.group_dispatcher"))

    def test_a_deleted_person_leaves_the_signature_valid(self):
        """Given a signed review, when a reviewed user is deleted, then it stays signed."""
        user = new_test_user(self.env, "leaves_soon", "meddev_base.group_analyst")
        self.review.action_collect()
        self.decide()
        self.finish()
        self.env.cr.execute("DELETE FROM res_users WHERE id = %s", [user.id])
        self.env.invalidate_all()
        self.assertFalse(self.review.line_ids.filtered(lambda line: line.user_id == user))
        self.assertTrue(self.review.is_signed_for(STEP))

    def test_the_former_list_of_signed_fields_stays_verifiable(self):
        lists = self.review._get_signed_fields()
        self.assertEqual(list(lists), ["1", "2"])
        self.assertEqual(
            lists["1"],
            (
                "name",
                "date",
                "unused_days",
                "line_ids.user_name",
                "line_ids.group_name",
                "line_ids.is_unused",
                "line_ids.conflicts",
                "line_ids.decision",
                "line_ids.remark",
            ),
        )
        self.assertLess({"line_ids.user_number", "line_ids.group_number"}, set(lists["2"]))
        self.assertTrue(self.review._get_content_digests("1")[self.review.id])

    def test_no_server_action_shows_signed_without_signatures(self):
        self.decide()
        for code in (
            "record.sudo().write({'state': 'done'})",
            "record.sudo()._write({'state': 'done'})",
            "record._write_multi([{'state': 'done'}])",
            "record._fields['state'].write(record, 'done')",
            "record.sudo()._finish()",
            "model.sudo().create({'name': 'Made', 'state': 'done'})",
            "model.with_context(default_state='done').create({'name': 'Made'})",
            "record.sudo()._write({'state': 'cancelled'})",
        ):
            with self.subTest(code):
                with self.assertRaises(UserError):
                    self.run_code(code)
                self.env.invalidate_all(flush=False)
                self.assertEqual(self.review.state, "open")
