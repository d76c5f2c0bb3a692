from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import MeddevBaseCommon


@tagged("post_install", "-at_install")
class TestRoleRights(MeddevBaseCommon):
    """The matrix itself: explained, compared, asked for functions, and protected."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.check = cls.env["meddev.role.check"]
        cls.rights = cls.env["meddev.role.right"]
        cls.auditor = cls.users["compliance_auditor"]

    def explain(self, user, model, record=None, asker=None):
        check = self.check.with_user(asker or self.auditor)
        return check.explain(user.id, model, record and record.id)

    def test_explaining_names_role_row_and_rule(self):
        """Given a manager, then regions are theirs through role, access row and company rule."""
        answer = self.explain(self.users["service_manager"], "meddev.region")
        write = answer["operations"]["write"]
        self.assertTrue(write["allowed"])
        self.assertEqual(write["scopes"], ["company"])
        because = "\n".join(write["because"])
        self.assertIn("Service Manager", because)
        self.assertIn("meddev.region service_manager", because)
        self.assertIn("meddev.region: company", because)

    def test_explaining_says_why_not(self):
        """Given an analyst, then regions are read through staff, and not changed."""
        answer = self.explain(self.users["analyst"], "meddev.region")
        self.assertIn("through Analyst", "\n".join(answer["operations"]["read"]["because"]))
        write = answer["operations"]["write"]
        self.assertFalse(write["allowed"])
        self.assertIn("No access row", write["because"][-1])

    def test_explaining_one_record(self):
        """Given a region of another company, then the rule that hides it is named."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        region = self.env["meddev.region"].create(
            {"name": "Far", "code": "FAR", "company_id": company.id}
        )
        read = self.explain(self.users["analyst"], "meddev.region", region)["operations"]["read"]
        self.assertFalse(read["allowed"])
        self.assertIn(
            "Not this record, because of the rule: meddev.region: company", read["because"]
        )

    def test_explaining_is_for_administrators_and_auditors(self):
        for user in (self.administrator, self.auditor):
            self.explain(self.users["analyst"], "meddev.region", asker=user)
        for role in ("service_manager", "quality_specialist", "analyst"):
            for call in (
                lambda check: check.explain(self.administrator.id, "meddev.region"),
                lambda check: check.compare(1, 2),
                lambda check: check.find_deviations(),
            ):
                with self.assertRaises(AccessError):
                    call(self.check.with_user(self.users[role]))

    def test_explaining_refuses_nonsense_with_a_sentence(self):
        check = self.check.with_user(self.auditor)
        for arguments in ((10**12, "meddev.region"), (self.auditor.id, "no.model"), ("1", 3)):
            with self.assertRaises(UserError):
                check.explain(*arguments)

    def test_comparing_two_roles(self):
        """Given manager and analyst, then what only one of them may is listed, and no more."""
        groups = [
            self.env.ref(f"meddev_base.group_{name}") for name in ("service_manager", "analyst")
        ]
        rows = self.check.with_user(self.auditor).compare(*(group.id for group in groups))
        found = {(row["model"], row["what"]): (row["first"], row["second"]) for row in rows}
        self.assertEqual(found["meddev.region", "write"], ("company", "none"))
        self.assertNotIn(("meddev.region", "read"), found)
        self.assertFalse(self.check.with_user(self.auditor).compare(groups[0].id, groups[0].id))

    def test_the_dialogues_explain_and_compare(self):
        explain = self.env["meddev.access.explain"].with_user(self.auditor)
        dialogue = explain.create({"user_id": self.users["analyst"].id})
        dialogue.action_explain()
        line = dialogue.line_ids.filtered(lambda line: line.res_model == "meddev.region")
        self.assertEqual((line.read_text, line.write_text), ("Company", "–"))
        roles = self.env["meddev.role"].search([])
        compare = self.env["meddev.role.compare"].with_user(self.auditor)
        dialogue = compare.create({"role_id": roles[0].id, "other_role_id": roles[1].id})
        dialogue.action_compare()
        self.assertTrue(dialogue.line_ids)

    # Functions

    def test_functions_come_from_the_matrix(self):
        """Given a row that is given and taken, then who may approve follows at once."""
        user = self.users["analyst"]
        self.assertFalse(self.rights._may("approve", "meddev.team", user))
        row = self.rights.search(
            [
                ("res_model", "=", "meddev.team"),
                ("group_id", "=", self.env.ref("meddev_base.group_analyst").id),
            ]
        )
        row.may_approve = True
        self.assertTrue(self.rights._may("approve", "meddev.team", user))
        self.assertTrue(self.rights._may("approve", "meddev.team", user.sudo()))

    def test_staff_export_what_the_matrix_lets_them(self):
        """Given core's right to export, then the matrix decides, kind of record by kind."""
        region = self.env["meddev.region"].create({"name": "North", "code": "N1"})
        user = self.users["intake_agent"]
        user.group_ids += self.env.ref("base.group_allow_export")
        with self.assertRaisesRegex(AccessError, "may not export"):
            region.with_user(user).export_data(["name"])
        self.assertEqual(
            region.with_user(self.users["analyst"]).export_data(["name"])["datas"], [["North"]]
        )

    def test_who_is_no_staff_is_ruled_by_core_alone(self):
        user = new_test_user(self.env, "plain_exporter", "base.group_user,base.group_allow_export")
        self.assertTrue(self.hospital.with_user(user).export_data(["name"])["datas"])

    # Protection

    def test_the_matrix_is_changed_by_administrators_alone(self):
        right = self.rights.search([], limit=1)
        for role in ("service_manager", "compliance_auditor"):
            right.with_user(self.users[role]).read(["read_scope"])
            with self.assertRaises(AccessError):
                right.with_user(self.users[role]).write({"may_export": True})
        with self.assertRaises(AccessError):
            right.with_user(self.users["analyst"]).read(["read_scope"])
        right.with_user(self.administrator).write({"source": "Tried"})

    def test_a_change_of_the_matrix_is_in_the_trail(self):
        right = self.rights.search([], limit=1)
        right.with_user(self.administrator).write({"source": "Told"})
        self.env.flush_all()
        entry = self.env["audit.trail.entry"].search(
            [("res_model", "=", "meddev.role.right"), ("res_id", "=", right.id)], limit=1
        )
        self.assertEqual(entry.changes["source"][1], "Told")
        self.assertEqual(entry.user_id, self.administrator)

    def test_fields_that_do_not_exist_are_refused(self):
        right = self.rights.search([("res_model", "=", "meddev.region")], limit=1)
        for text in ("except nothing_like_it", "only", "some name"):
            with self.assertRaises(ValidationError):
                right.field_group = text

    def test_a_deviation_is_found(self):
        """Given a right that the matrix does not name, then the check tells role and operation."""
        self.assertFalse(
            [
                row
                for row in self.check.with_user(self.auditor).find_deviations([self.auditor.id])
                if row["model"] == "meddev.region"
            ]
        )
        self.env["ir.model.access"].search(
            [("name", "=", "meddev.region staff")]
        ).perm_unlink = True
        rows = self.check.with_user(self.auditor).find_deviations([self.auditor.id])
        self.assertIn(
            ("access_row", "meddev.region", "unlink", False, True),
            {
                (row["kind"], row["model"], row["operation"], row["expected"], row["found"])
                for row in rows
                if row["kind"] == "access_row"
            },
        )

    def test_the_check_is_a_button(self):
        """Given a deviation, then the button tells it; it is refused to others."""
        self.env["ir.model.access"].search(
            [("name", "=", "meddev.region staff")]
        ).perm_unlink = True
        shown = self.rights.with_user(self.auditor).action_check()["params"]
        self.assertIn("access_row · meddev.region", shown["message"])
        self.assertEqual(shown["type"], "danger")
        with self.assertRaises(AccessError):
            self.rights.with_user(self.users["analyst"]).action_check()

    # Conflicts

    def test_conflicts_of_duties_are_shown_and_allowed(self):
        """Given a small company that merges auditor and quality: it may, and it is shown."""
        user = self.auditor
        self.assertFalse(user.with_user(self.administrator).role_conflicts)
        user.group_ids += self.env.ref("meddev_base.group_quality_specialist")
        shown = user.with_user(self.administrator).role_conflicts
        self.assertIn("Compliance Auditor and Quality Specialist", shown)
        user.group_ids -= self.env.ref("meddev_base.group_quality_specialist")
        self.assertFalse(user.with_user(self.administrator).role_conflicts)

    def test_a_conflict_needs_two_roles(self):
        group = self.env.ref("meddev_base.group_analyst")
        with self.assertRaises(ValidationError):
            self.env["meddev.role.conflict"].create(
                {
                    "group_id": group.id,
                    "other_group_id": group.id,
                    "reason": "None",
                    "source": "None",
                }
            )

    def test_rights_add_up_over_roles(self):
        """Given two roles, then a person may what either may."""
        user = self.users["dispatcher"]
        self.assertFalse(self.env["meddev.code"].with_user(user).has_access("write"))
        user.group_ids = [Command.link(self.env.ref("meddev_base.group_knowledge_manager").id)]
        self.assertTrue(self.env["meddev.code"].with_user(user).has_access("write"))
        self.assertFalse(list(self.check._find_rule_deviations(user, ["meddev.code"])))
