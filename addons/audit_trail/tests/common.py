from unittest.mock import patch

from odoo.tests import TransactionCase, new_test_user
from odoo.tools import SQL

from odoo.addons.audit_trail.models.audit_trail_seal import AuditTrailSeal


class TrailCase(TransactionCase):
    """A tracked model (partner categories with their partners), an auditor, a user.

    ``seal()`` seals what the test's own transaction wrote, which in life only a later one can.
    ``without_triggers(table, statement, ...)`` is the attacker who owns the tables.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.env["audit.trail.rule"].create(
            {"model_id": cls.env.ref("base.model_res_partner_category").id}
        )
        cls.auditor = new_test_user(cls.env, "trail_auditor", "audit_trail.group_auditor")
        cls.employee = new_test_user(cls.env, "trail_employee", "base.group_user")
        cls.entries = cls.env["audit.trail.entry"]
        cls.as_auditor = cls.entries.with_user(cls.auditor)

    def entries_of(self, record, kind=None):
        self.env.flush_all()
        domain = [("res_model", "=", record._name), ("res_id", "=", record.id)]
        if kind:
            domain.append(("kind", "=", kind))
        return self.entries.search(domain, order="id")

    def seal(self):
        self.env.flush_all()
        with patch.object(AuditTrailSeal, "_get_horizon", lambda seals: 2**61):
            return self.env["audit.trail.seal"]._seal()

    def verify(self, **arguments):
        return self.as_auditor.verify(**arguments)

    def problems(self, **arguments):
        """Kinds of findings with the entries or records that they name."""
        return {
            (problem["kind"], problem.get("entry_id") or problem.get("res_id"))
            for problem in self.verify(**arguments)["problems"]
        }

    def without_triggers(self, table, statement, *parameters):
        self.env.flush_all()
        name = SQL.identifier(table)
        self.env.cr.execute(SQL("ALTER TABLE %s DISABLE TRIGGER USER", name))
        self.env.cr.execute(statement, parameters)
        self.env.cr.execute(SQL("ALTER TABLE %s ENABLE TRIGGER USER", name))
        self.env.cr.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s",
            [table, "audit_trail_%"],
        )
        for (trigger,) in self.env.cr.fetchall():
            self.env.cr.execute(
                SQL("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", name, SQL.identifier(trigger))
            )
        self.env.invalidate_all(flush=False)
