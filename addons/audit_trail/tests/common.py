from unittest.mock import patch

from odoo.tests import TransactionCase, new_test_user
from odoo.tools import SQL, mute_logger

from odoo.addons.audit_trail.models.audit_trail_seal import AuditTrailSeal

TRACKING_LOG = "odoo.addons.audit_trail.models.audit_trail_tracking"


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
        # Of all companies: an export holds the entries of each.
        companies = cls.env["res.company"].with_context(active_test=False)
        cls.auditor.company_ids = companies.search([])
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


class TamperCase(TrailCase):
    """A record that was changed once, and what an attacker and a start of the server do."""

    def setUp(self):
        super().setUp()
        category = self.env["res.partner.category"]
        self.tag = category.create({"name": "Evidence", "color": 1})
        self.other = category.create({"name": "Other", "color": 2})
        self.env.flush_all()
        self.tag.color = 3
        self.env.flush_all()
        self.entry = self.entries_of(self.tag, "update")

    def details(self, kind):
        return {
            problem["detail"] for problem in self.verify()["problems"] if problem["kind"] == kind
        }

    def restart(self):
        """What happens when the server starts; what it repaired, as its entry tells."""
        with mute_logger(TRACKING_LOG):
            self.env["audit.trail.rule"]._register_hook()
        last = self.entries.search([("kind", "=", "repair")], limit=1, order="id desc")
        return last.details or {}

    def paint(self, record, color=77):
        """A change with the triggers off."""
        self.without_triggers(
            "res_partner_category",
            "UPDATE res_partner_category SET color = %s WHERE id = %s",
            color,
            record.id,
        )

    def forget_key(self):
        self.env.cr.execute("SELECT set_config('audit_trail.key', '', TRUE)")
