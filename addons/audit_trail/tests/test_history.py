from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.audit_trail.models.events import log_event

from .common import TrailCase


@tagged("post_install", "-at_install")
class TestHistory(TrailCase):
    def setUp(self):
        super().setUp()
        parent = self.env["res.partner.category"].create({"name": "Parent"})
        self.tag = self.env["res.partner.category"].create({"name": "Child", "active": True})
        self.env.flush_all()
        self.tag.write({"parent_id": parent.id, "active": False})
        self.env.flush_all()

    def history(self, user, **arguments):
        return (
            self.entries.with_user(user)
            .with_context(lang="en_US", tz="Asia/Shanghai")
            .get_history(self.tag._name, self.tag.id, **arguments)
        )

    def test_history_speaks_plain_words(self):
        """Given a change of a link and a flag, then labels and names stand for columns and ids."""
        entry = self.history(self.auditor)[0]
        changes = {
            change["label"]: (change["before"], change["after"]) for change in entry["changes"]
        }
        self.assertEqual(changes["Active"], ("Yes", "No"))
        self.assertIn("Parent (#", changes["Category"][1])
        self.assertEqual(entry["kind_label"], "Changed")

    def test_history_is_paged(self):
        first = self.history(self.auditor, limit=1)
        second = self.history(self.auditor, limit=1, before_id=first[0]["id"])
        self.assertEqual([entry["kind"] for entry in first + second], ["update", "insert"])

    def test_a_reader_of_the_record_sees_its_history(self):
        """Given the right to the record, then its history; without, or from outside, refused."""
        self.assertTrue(self.history(self.employee))
        portal = new_test_user(self.env, "trail_portal", "base.group_portal")
        with (
            self.assertRaises(AccessError),
            mute_logger("odoo.addons.base.models.ir_model"),
        ):
            self.history(portal)
        rule = self.env.ref("audit_trail.audit_trail_rule_parameters")
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
            self.entries.with_user(self.employee).get_history(rule._name, rule.id)

    def test_an_auditor_reads_no_history_of_another_company(self):
        """Given a record of another company, then its auditor reads its history, ours nothing."""
        other = self.env["res.company"].create({"name": "Other"})
        self.env["audit.trail.rule"].create({"model_id": self.env.ref("base.model_ir_sequence").id})
        theirs, ours = self.env["ir.sequence"].create(
            [
                {"name": "Theirs", "company_id": other.id},
                {"name": "Ours", "company_id": self.env.company.id},
            ]
        )
        their_auditor = new_test_user(
            self.env,
            "their_auditor",
            "audit_trail.group_auditor",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for auditor, readable, hidden in (
            (self.auditor, ours, theirs),
            (their_auditor, theirs, ours),
        ):
            entries = self.entries.with_user(auditor)
            self.assertTrue(entries.get_history(readable._name, readable.id))
            self.assertFalse(entries.get_history(hidden._name, hidden.id))
        theirs.unlink()
        self.assertFalse(self.as_auditor.get_history("ir.sequence", theirs.id))
        entries = self.entries.with_user(their_auditor)
        self.assertEqual(entries.get_history("ir.sequence", theirs.id)[0]["kind"], "delete")

    def test_fields_that_the_reader_may_not_see_are_left_out(self):
        """Given a field with groups, then only who may read it sees its changes."""
        field = self.env.registry["res.partner.category"]._fields["active"]
        self.patch(field, "groups", "base.group_system")
        labels = {change["label"] for change in self.history(self.employee)[0]["changes"]}
        self.assertEqual(labels, {"Category"})

    def test_sign_ins_are_for_auditors_administrators_and_the_user(self):
        """Given a sign-in, then colleagues see the account's changes, but not when it was used."""
        manager = new_test_user(self.env, "trail_manager", "base.group_erp_manager")
        log_event(self.env(user=self.employee.id), "login", self.employee)
        self.employee.signature = "Changed"
        colleague = new_test_user(self.env, "trail_colleague", "base.group_user")
        for reader, is_shown in (
            (self.auditor, True),
            (manager, True),
            (self.employee, True),
            (colleague, False),
        ):
            history = self.entries.with_user(reader).get_history("res.users", self.employee.id)
            kinds = {entry["kind"] for entry in history}
            self.assertEqual("login" in kinds, is_shown, reader.login)
            self.assertIn("update", kinds, reader.login)

    def test_junk_arguments_are_refused(self):
        for arguments in (
            ("nonsense", 1),
            (None, 1),
            ([], 1),
            ("res.partner", "x"),
            ("res.partner", -1),
            ("res.partner", 10**30),
            ("res.partner", True),
            ("res.partner", 1, "x"),
        ):
            with self.subTest(arguments), self.assertRaises(UserError):
                self.as_auditor.get_history(*arguments)
