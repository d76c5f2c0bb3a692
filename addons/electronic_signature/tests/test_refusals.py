import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import SigningCase

ROW = {
    "res_model": "test.signed.paper",
    "res_id": 1,
    "transition": "approve",
    "meaning": "approver",
    "user_id": 2,
    "user_name": "Somebody",
}


@tagged("post_install", "-at_install")
class TestRefusals(SigningCase):
    """There is no way to a signature but signing, whoever tries."""

    def setUp(self):
        super().setUp()
        self.signature = self.sign(self.paper, self.approver)

    def _roles(self):
        manager = new_test_user(self.env, "paper_manager", "base.group_system")
        return {
            "superuser": self.env,
            "administrator": self.env(user=manager.id),
            "administrator with sudo": self.env(user=manager.id, su=True),
        }

    def test_the_orm_refuses_every_way_to_everybody(self):
        """Given any role, when rows are entered, changed, copied, imported or deleted: refused."""
        for role, env in self._roles().items():
            for model in ("electronic.signature", "electronic.signature.void"):
                records = env[model].browse(self.signature.id)
                attempts = {
                    "create": lambda records=records: records.create(ROW),
                    "write": lambda records=records: records.write({"user_id": 2}),
                    "unlink": records.unlink,
                    "copy": records.copy,
                    "load": lambda records=records: records.load(["user_name"], [["X"]]),
                    "web_save": lambda records=records: records.web_save({"user_id": 2}, {}),
                    "name_create": lambda records=records: records.name_create("X"),
                    "low create": lambda records=records: records._create([{"stored": ROW}]),
                }
                for name, attempt in attempts.items():
                    with self.subTest(f"{role}: {model}.{name}"):
                        # An AccessError is a UserError.
                        self.assertRaises(UserError, attempt)
        self.assertEqual(self.signature.state, "valid")

    def test_every_refusal_is_in_the_trail(self):
        """Given an administrator who tries each way, then the trail names each, once."""
        manager = new_test_user(self.env, "paper_manager", "base.group_system")
        signature = self.signature.with_user(manager).sudo()
        for operation, attempt in {
            "create": lambda: signature.create(ROW),
            "write": lambda: signature._write({"user_id": 2}),
            "unlink": signature.unlink,
            "copy": signature.copy,
            "import": lambda: signature.load(["user_name"], [["X"]]),
        }.items():
            with self.subTest(operation):
                self.env.cr.precommit.data.clear()
                self.cr.postrollback.clear()
                self.cr.postcommit.clear()
                with self.assertRaises(UserError):
                    attempt()
                self.cr.postcommit.clear()
                self.cr.postrollback.run()
                entry = self.env["audit.trail.entry"].search([], order="id desc", limit=1)
                self.assertEqual(
                    (entry.kind, entry.res_model, entry.user_id),
                    ("refused", "electronic.signature", manager),
                )
                self.assertEqual(entry.details["operation"], operation)

    def test_no_context_key_opens_the_door(self):
        keys = {"install_mode": True, "tracking_disable": True, "module": "electronic_signature"}
        with self.assertRaises(UserError):
            self.signatures.with_context(**keys).create(ROW)
        with self.assertRaises(UserError):
            self.signature.with_context(**keys).write({"meaning": "author"})

    def test_the_record_cannot_carry_signatures_in(self):
        """Given commands on the record's list of signatures, then each is refused."""
        second = self.new_paper()
        for command in (
            (0, 0, ROW),
            (1, self.signature.id, {"user_id": 2}),
            (2, self.signature.id, 0),
            (4, self.signature.id, 0),
            (6, 0, [self.signature.id]),
        ):
            with self.subTest(command=command), self.assertRaises(UserError):
                second.write({"signature_ids": [command]})
                self.env.flush_all()
        self.assertFalse(second.signature_ids)
        self.assertEqual(self.signature.res_id, self.paper.id)

    def test_a_copied_record_is_not_signed(self):
        duplicate = self.paper.copy()
        self.assertFalse(duplicate.is_signed_for("approve"))

    def test_server_actions_cannot_sign_or_change(self):
        """Given an administrator's code, when it makes, changes or deletes signatures: refused."""
        model = self.env["ir.model"]._get_id("electronic.signature")
        codes = (
            "record.unlink()",
            "record.write({'reason': 'x'})",
            "record.copy()",
            "model.create({'user_id': 2})",
            "model._create([{'stored': {'user_id': 2}}])",
            "env['test.signed.paper'].browse(%d).sign('approve', 'approver', {})" % self.paper.id,
            "env['test.signed.paper'].browse(%d)._append_signature()" % self.paper.id,
            "env.cr.execute('DELETE FROM electronic_signature')",
            "env.cr.execute('UPDATE electronic_signature SET user_id = 2')",
            "env.cr.execute('TRUNCATE electronic_signature')",
        )
        for code in codes:
            action = self.env["ir.actions.server"].create(
                {"name": "Attack", "model_id": model, "state": "code", "code": code}
            )
            action = action.with_context(
                active_model="electronic.signature", active_id=self.signature.id
            )
            with self.subTest(code), mute_logger("odoo.sql_db"):
                self._run_and_fail(action)
        self.assertEqual(self.signature.state, "valid")
        self.assertEqual(self.signatures.search_count([("res_id", "=", self.paper.id)]), 1)

    def _run_and_fail(self, action):
        try:
            with self.cr.savepoint():
                action.run()
        except (UserError, AttributeError, ValueError, psycopg2.Error):
            return
        self.fail("the server action did what it tried")

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_by_itself(self):
        for table in ("electronic_signature", "electronic_signature_void"):
            self.env.cr.execute(
                "INSERT INTO electronic_signature_void (signature_id, voided_at, cause,"
                " field_names, digest) VALUES (0, NOW(), 'change', '[]', 'x')"
            )
            for statement in (
                f"UPDATE {table} SET digest = digest",
                f"DELETE FROM {table}",
                f"TRUNCATE {table}",
            ):
                with (
                    self.subTest(statement),
                    self.assertRaises(psycopg2.errors.RestrictViolation),
                    self.cr.savepoint(),
                ):
                    self.env.cr.execute(statement)

    def test_a_signed_record_is_not_deleted(self):
        with self.assertRaisesRegex(UserError, "was signed"):
            self.paper.unlink()

    def test_only_auditors_read_the_list(self):
        """Lowest role: the auditor; an employee sees signatures on the record alone."""
        self.assertEqual(
            self.signature.with_user(self.auditor).user_name, "paper_approver (base.group_user)"
        )
        with self.assertRaises(AccessError):
            self.signature.with_user(self.employee).read(["user_name"])
        with self.assertRaises(AccessError):
            self.signatures.with_user(self.employee).verify_signatures()
        shown = self.paper.with_user(self.employee).signature_status["signatures"]
        self.assertEqual([line["state"] for line in shown], ["valid"])

    def test_auditors_of_another_company_do_not_see_it(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger_auditor",
            "audit_trail.group_auditor",
            company_id=company.id,
            company_ids=[company.id],
        )
        found = self.signatures.with_user(stranger).search([("id", "=", self.signature.id)])
        self.assertFalse(found)

    def test_a_deleted_user_stays_readable(self):
        """Given a signer who is archived and then deleted, then name and validity stay."""
        name = self.approver.name
        self.approver.active = False
        self.assertEqual(self.signature.state, "valid")
        self.env.cr.execute("DELETE FROM res_groups_users_rel WHERE uid = %s", [self.approver.id])
        self.approver.unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        shown = self.paper.with_user(self.employee).signature_status["signatures"]
        self.assertEqual([(line["name"], line["state"]) for line in shown], [(name, "valid")])
        self.assertTrue(self.paper.is_signed_for("approve"))
