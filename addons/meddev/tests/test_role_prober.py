from contextlib import contextmanager
from datetime import datetime, timedelta
from xmlrpc.client import Fault

from odoo.fields import Domain
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .matrix_common import MatrixCase

OPERATIONS = ("read", "create", "write", "unlink")
ACCESS_FAULT = 4
LOGGERS = (
    "odoo.http",
    "odoo.addons.rpc.controllers.xmlrpc",
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
)


class Json2:
    """JSON-2 with an API key."""

    name = "JSON-2"

    def __init__(self, case, user):
        self.case = case
        keys = case.env["res.users.apikeys"].with_user(user)
        # sudo: keys of portal users are given by whoever may; here they only carry the calls.
        key = keys.sudo()._generate(None, "prober", datetime.now() + timedelta(days=1))
        self.headers = {"Authorization": f"bearer {key}"}

    def call(self, model, method, ids=None, **arguments):
        """:return: ``(was it refused for lack of rights, answer)``."""
        body = arguments if ids is None else {"ids": ids, **arguments}
        answer = self.case.url_open(f"/json/2/{model}/{method}", json=body, headers=self.headers)
        if answer.status_code == 200:
            return False, answer.json()
        return answer.status_code == 403, answer.json()["message"]


class XmlRpc:
    """XML-RPC with a password."""

    name = "XML-RPC"

    def __init__(self, case, user):
        self.case = case
        self.user = user
        user.password = f"prober-{user.id}-password"

    def call(self, model, method, ids=None, **arguments):
        position = [] if ids is None else [ids]
        try:
            return False, self.case.xmlrpc_object.execute_kw(
                self.case.env.cr.dbname,
                self.user.id,
                f"prober-{self.user.id}-password",
                model,
                method,
                position,
                arguments,
            )
        except Fault as fault:
            return fault.faultCode == ACCESS_FAULT, fault.faultString


@tagged("post_install", "-at_install")
class TestRoleProber(MatrixCase, HttpCase):
    """Every cell of the matrix, as every role, from outside: allowed and refused."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.names = [
            name
            for name in sorted(cls.rights._get_matrix())
            if name in cls.env and not cls.env[name]._abstract
        ]

    @contextmanager
    def quiet(self):
        with mute_logger(*LOGGERS):
            yield

    def expected(self, user, name, operation):
        return self.rights._get_expected_domain(user, name, operation)

    def records(self, user, name):
        return self.env[name].with_user(user).sudo().with_context(active_test=False)

    def pick(self, user, name, domain):
        return self.records(user, name).search(domain, limit=1, order="id").ids

    def test_every_cell_over_json2_and_xmlrpc(self):
        """Given every role, model, operation: what the matrix gives works, the rest is refused."""
        problems = []
        with self.quiet():
            for role, user in self.cast.items():
                clients = (Json2(self, user), XmlRpc(self, user))
                for name in self.names:
                    for operation in OPERATIONS:
                        problems += [
                            (role, name, operation, client.name, problem)
                            for client, problem in self.probe(clients, user, name, operation)
                        ]
        self.assertFalse(problems)

    def probe(self, clients, user, name, operation):
        """Try one cell by every way.

        :return: (client, what is wrong) of each failure.
        """
        domain = self.expected(user, name, operation)
        if self.env[name]._transient:
            # Dialogues are their user's own, by core.
            return self.probe_right(clients, name, operation, not domain.is_false())
        if domain.is_false():
            return self.probe_refusal(clients, name, operation)
        return self.probe_reach(clients, user, name, operation, domain)

    def probe_right(self, clients, name, operation, wanted, ids=()):
        for client in clients:
            _refused, answer = client.call(name, "has_access", ids=list(ids), operation=operation)
            if answer is not wanted:
                yield client, f"has_access to {list(ids)} says {answer}"

    def probe_reach(self, clients, user, name, operation, domain):
        """One record inside the scope and one outside; for reading, the whole list."""
        everything = self.records(user, name)
        inside = everything._search(domain, order="id")
        within = self.pick(user, name, domain)
        beyond = self.pick(user, name, Domain("id", "not in", inside))
        yield from self.probe_right(clients, name, operation, True, within)
        if beyond:
            yield from self.probe_right(clients, name, operation, False, beyond)
        if operation != "read":
            return
        # Calls are told to the trail themselves: its own list grows while it is read.
        shown = name != "audit.trail.entry" and everything.search(domain, limit=500).ids
        for client in clients:
            if shown and len(shown) < 500:
                _refused, found = client.call(
                    name, "search", domain=[], context={"active_test": False}, limit=500
                )
                if not isinstance(found, list) or set(found) != set(shown):
                    yield client, f"finds {found}, expected {shown}"
            if beyond:
                refused, answer = client.call(name, "read", ids=beyond, fields=["display_name"])
                if not refused:
                    yield client, f"reading {beyond} says {answer}"

    def probe_refusal(self, clients, name, operation):
        """The real thing, which must be refused, whatever it says."""
        records = self.env[name].sudo().with_context(active_test=False).search([], limit=1)
        ids = records.ids or [1]
        method, values = {
            "read": ("read", {"ids": ids, "fields": ["display_name"]}),
            "create": ("create", {"vals_list": [{}]}),
            "write": ("write", {"ids": ids, "vals": self.some_value(name)}),
            "unlink": ("unlink", {"ids": ids}),
        }[operation]
        for client in clients:
            refused, answer = client.call(name, method, **values)
            # Evidence refuses in its own words, to everybody.
            if not refused and not isinstance(answer, str):
                yield client, f"{method} says {answer}"

    def some_value(self, name):
        """Values for a write that would change something."""
        for field in self.env[name]._fields.values():
            if field.store and field.type in ("char", "text") and not field.readonly:
                return {field.name: "Changed"}
        return {"write_uid": 1}
