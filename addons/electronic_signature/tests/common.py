from contextlib import contextmanager
from types import SimpleNamespace

from odoo.http import Session, _request_stack
from odoo.tests import TransactionCase, new_test_user
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME
from odoo.tools import SQL, mute_logger

from . import signed_paper


class SigningCase(TransactionCase):
    """A signable paper, ``approver`` and ``other_approver`` (of the group that approves),
    ``reviewer``, ``author`` (who wrote the paper), ``employee`` (of no group) and ``auditor``.

    ``sign(paper, user)`` signs as a person at a screen does, with the user's password.
    ``at_screen(user)`` is a request of that user; ``without_triggers`` the attacker who owns the
    tables; ``commit()`` does what the end of a transaction does.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls._registry_patched:
            cls.registry_enter_test_mode_cls()
        signed_paper.set_up(cls)
        groups = cls.env["res.groups"]
        cls.approvers = groups.create({"name": "Paper Approvers"})
        cls.reviewers = groups.create({"name": "Paper Reviewers"})
        cls.author = cls.new_user("paper_author")
        cls.approver = cls.new_user("paper_approver", cls.approvers | cls.reviewers)
        cls.other_approver = cls.new_user("other_approver", cls.approvers)
        cls.reviewer = cls.new_user("paper_reviewer", cls.reviewers)
        cls.employee = cls.new_user("paper_employee")
        cls.auditor = new_test_user(cls.env, "paper_auditor", "audit_trail.group_auditor")
        # Of all companies: an export holds the entries of each.
        companies = cls.env["res.company"].with_context(active_test=False)
        cls.auditor.company_ids = companies.search([])
        cls.requirement = cls.require("approve", "approver", cls.approvers)
        cls.paper = cls.new_paper()
        cls.signatures = cls.env["electronic.signature"]

    @classmethod
    def new_user(cls, login, groups=None):
        user = new_test_user(cls.env, login, "base.group_user", tz="Asia/Shanghai")
        user.group_ids |= groups or cls.env["res.groups"]
        return user

    @classmethod
    def require(cls, transition, meaning, groups, **values):
        return cls.env["electronic.signature.requirement"].create(
            {
                "model_id": cls.env["ir.model"]._get_id(signed_paper.PAPER),
                "transition": transition,
                "meaning": meaning,
                "group_ids": groups.ids,
                "source": "21 CFR 11.50",
                **values,
            }
        )

    @classmethod
    def new_paper(cls, **values):
        paper = (
            cls.env[signed_paper.PAPER]
            .with_user(cls.author)
            .create(
                {
                    "name": "Test report",
                    "amount": 12.5,
                    "day": "2026-03-01",
                    "line_ids": [(0, 0, {"name": "First", "quantity": 1})],
                    **values,
                }
            )
        )
        cls.env.flush_all()
        return paper.with_user(cls.env.user)

    @contextmanager
    def at_screen(self, user, address="192.0.2.1"):
        http_request = SimpleNamespace(
            path="/web/dataset/call_kw", remote_addr=address, environ={"REMOTE_ADDR": address}
        )
        fake = SimpleNamespace(
            httprequest=http_request,
            session=Session({"uid": user.id, "debug": ""}, sid=f"sid-{user.id}"),
            db=self.env.cr.dbname,
            env=self.env(user=user.id),
            cookies={TEST_CURSOR_COOKIE_NAME: self.http_request_key},
        )
        _request_stack.push(fake)
        try:
            yield
        finally:
            _request_stack.pop()

    def sign(self, paper, user, transition="approve", meaning="approver", **arguments):
        credentials = arguments.pop("credentials", {"type": "password", "password": user.login})
        with self.at_screen(user, **{k: arguments.pop(k) for k in {"address"} & set(arguments)}):
            result = paper.with_user(user).sign(transition, meaning, credentials, **arguments)
        self.env.invalidate_all()
        return self.signatures.browse(result["id"])

    @mute_logger("odoo.addons.base.models.res_users")
    def refuse(self, exception, text, paper, user, *arguments, **more):
        """Signing is refused with this text, and leaves no signature.

        What follows a rollback in life is done here: the refusal enters the trail.
        """
        before = self.signatures.search_count([])
        try:
            self.sign(paper, user, *arguments, **more)
        except exception as error:
            self.assertRegex(str(error), text)
        else:
            self.fail(f"signed, and should be refused with {text}")
        self.cr.postcommit.clear()
        self.cr.postrollback.run()
        self.env.invalidate_all()
        self.assertEqual(self.signatures.search_count([]), before)

    def commit(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.invalidate_all()

    def trail(self, kind, record=None):
        domain = [("kind", "=", kind)]
        if record is not None:
            domain += [("res_model", "=", record._name), ("res_id", "=", record.id)]
        return self.env["audit.trail.entry"].search(domain, order="id")

    def without_triggers(self, table, statement, *parameters):
        self.env.flush_all()
        name = SQL.identifier(table)
        self.env.cr.execute(SQL("ALTER TABLE %s DISABLE TRIGGER USER", name))
        self.env.cr.execute(statement, parameters)
        self.env.cr.execute("SELECT electronic_signature_protect()")
        self.env.invalidate_all(flush=False)
