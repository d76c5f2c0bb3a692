from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from xmlrpc.client import Fault

from psycopg2 import Error as Psycopg2Error

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .matrix_common import MatrixCase
from .prober_factories import CHANGES, ONLY_ASKED, prepare

OPERATIONS = ("read", "create", "write", "unlink")
#: How an attempt over the wire ends.
DONE, REFUSED, WARNED, FAILED = "done", "refused", "warned", "failed"
#: Faults of XML-RPC that say which error it was.
FAULTS = {2: WARNED, 4: REFUSED}
ERRORS = {
    "odoo.exceptions.AccessError": REFUSED,
    "odoo.exceptions.UserError": WARNED,
    "odoo.exceptions.MissingError": WARNED,
    "odoo.exceptions.ValidationError": WARNED,
}
#: Cells that a guard of the model refuses in its own words to everybody, before rights are asked.
#: There has_access is asked as well. Model -> (operations, reason).
GUARDED = {
    "audit.trail.entry": (("create", "write", "unlink"), "written by the database alone"),
    "audit.trail.export": (("create", "write"), "written and verified by its button"),
    "audit.trail.purge": (("create", "write", "unlink"), "made by purging"),
    "audit.trail.seal": (("create", "write", "unlink"), "made by the job"),
    "electronic.signature": (("create", "write", "unlink"), "made by signing"),
    "electronic.signature.void": (("create", "write", "unlink"), "made by a change of the record"),
    "meddev.access.review.line": (("create", "unlink"), "listed by the button of the review"),
    "meddev.device.event": (("write", "unlink"), "a timeline is only added to"),
    "meddev.device.firmware": (("write",), "the version stays as recorded"),
    "meddev.device.token": (("write",), "replaced and revoked by buttons"),
    "meddev.incoming.inspection.line": (("write",), "frozen with its inspection"),
    "meddev.paper.waiver": (("write", "unlink"), "the record of a decision"),
    "meddev.sla.clock": (("create", "write", "unlink"), "read off the ledger"),
    "meddev.sla.event": (("create", "write", "unlink"), "written by what happens to the ticket"),
    "meddev.sla.notice": (("create", "write", "unlink"), "noted by the watch"),
    "meddev.ticket.amendment": (("create", "write", "unlink"), "written by the database alone"),
    "meddev.ticket.transition": (("create", "write"), "made by moving a ticket"),
    "meddev.work.schedule": (("create", "write", "unlink"), "kept as it was known"),
    "sensitive.export.request": (("write",), "changed by its buttons"),
    "sensitive.key": (("create", "write", "unlink"), "made and destroyed by the system alone"),
}
#: Restricted fields that are read over the wire: for each some roles see it, some do not.
FIELDS = (
    ("helpdesk.ticket", "deviation_reason"),
    ("helpdesk.ticket", "patient_ids"),
    ("meddev.ticket.patient", "patient_name"),
)
LOGGERS = (
    "odoo.http",
    "odoo.sql_db",
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
        """:return: ``(how it ended, answer)``."""
        body = arguments if ids is None else {"ids": ids, **arguments}
        answer = self.case.url_open(f"/json/2/{model}/{method}", json=body, headers=self.headers)
        if answer.status_code == 200:
            return DONE, answer.json()
        error = answer.json()
        return ERRORS.get(error["name"], FAILED), error["message"]


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
            return DONE, self.case.xmlrpc_object.execute_kw(
                self.case.env.cr.dbname,
                self.user.id,
                f"prober-{self.user.id}-password",
                model,
                method,
                position,
                arguments,
            )
        except Fault as fault:
            return FAULTS.get(fault.faultCode, FAILED), fault.faultString


class Orm:
    """Python, as the user: what would stay if it came over the wire."""

    name = "ORM"


class Undo(Exception):
    """Ends a savepoint whose changes nobody wants."""


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

    def test_fields_and_functions_over_json2_and_xmlrpc(self):
        """Given every role: restricted fields, dispatch, legal hold, export as the matrix says."""
        problems, endings = [], set()
        with self.quiet():
            for role, user in self.cast.items():
                for client in (Json2(self, user), XmlRpc(self, user)):
                    for what, wanted, answer in self.try_functions(client, user):
                        endings.add((what, wanted))
                        if answer[0] != (DONE if wanted else REFUSED):
                            problems.append((role, client.name, what, wanted, answer))
        self.assertFalse(problems)
        # Both answers were seen of each of them.
        self.assertEqual(len(endings), 2 * len({what for what, _wanted in endings}), endings)

    def try_functions(self, client, user):
        """:return: (what was tried, whether the matrix gives it, what came of it) of each."""
        for name, field in FIELDS:
            ids = self.pick(user, name, self.expected(user, name, "read"))
            if ids:
                may = field in self.rights._get_expected_fields(user, name)
                yield field, may, client.call(name, "read", ids=ids, fields=[field])
        may = self.rights._may("dispatch", "helpdesk.ticket", user)
        ticket = self._open_ticket(self.device, user_id=user._is_internal() and user.id)
        self.env.flush_all()
        move = {"state": "dispatched"}
        yield "dispatch", may, client.call("helpdesk.ticket", "move_to", ticket.ids, **move)
        may = self.rights._may("approve", "meddev.legal.hold", user)
        hold = {"reason": "Probe"}
        yield "hold", may, client.call("stock.lot", "hold_records", self.device.ids, **hold)
        may = user.has_group("base.group_allow_export") and (
            self.rights._may("export", "helpdesk.ticket", user)
            or not user.has_group("meddev_base.group_staff")
        )
        ids = self.pick(user, "helpdesk.ticket", self.expected(user, "helpdesk.ticket", "read"))
        if ids:
            yield (
                "export",
                may,
                client.call("helpdesk.ticket", "export_data", ids, fields_to_export=["number"]),
            )

    def test_a_wrongly_allowed_creation_is_seen(self):
        """Given a right to create that the matrix does not give, then the prober is red."""
        name = "meddev.dealer.assignment"
        clients = (Json2(self, self.employee), XmlRpc(self, self.employee))
        with self.quiet():
            self.assertFalse(list(self.probe(clients, self.employee, name, "create")))
            self.env["ir.model.access"].create(
                {
                    "name": "too much",
                    "model_id": self.env["ir.model"]._get_id(name),
                    "group_id": self.env.ref("base.group_user").id,
                    "perm_create": True,
                }
            )
            problems = list(self.probe(clients, self.employee, name, "create"))
        self.assertEqual([client for client, _problem in problems], [*clients, Orm])

    def test_a_wrongly_allowed_change_outside_the_scope_is_seen(self):
        """Given a rule that opens what the scope closes, then every way is red."""
        name, user = "meddev.ticket.patient", self.engineer
        clients = (Json2(self, user), XmlRpc(self, user))
        with self.quiet():
            self.assertFalse(list(self.probe(clients, user, name, "write")))
            self.env["ir.rule"].create(
                {
                    "name": "too wide",
                    "model_id": self.env["ir.model"]._get_id(name),
                    "groups": [Command.link(self.env.ref("base.group_user").id)],
                    "domain_force": "[(1, '=', 1)]",
                }
            )
            problems = list(self.probe(clients, user, name, "write"))
        self.assertEqual([client for client, _problem in problems], [*clients, Orm, Orm])

    def test_a_rule_that_stops_an_allowed_creation_is_seen(self):
        """Given a constraint that refuses what the access row allows, then the prober is red."""
        name, user = "meddev.region", self.users["service_manager"]
        self.assertFalse(list(self.probe((), user, name, "create")))
        self.env["ir.rule"].create(
            {
                "name": "too little",
                "model_id": self.env["ir.model"]._get_id(name),
                "domain_force": "[(0, '=', 1)]",
                "perm_read": False,
            }
        )
        with self.quiet():
            problems = list(self.probe((), user, name, "create"))
        self.assertEqual([client for client, _problem in problems], [Orm])

    def test_few_cells_are_asked_only(self):
        """Given the cells that are not exercised, then few, each with its reason."""
        for cells, most in ((ONLY_ASKED, 9), (GUARDED, 48)):
            self.assertLessEqual(sum(len(operations) for operations, _why in cells.values()), most)
            self.assertTrue(all(why for _operations, why in cells.values()))

    def probe(self, clients, user, name, operation):
        """Try one cell by every way.

        :return: (client, what is wrong) of each failure.
        """
        domain = self.expected(user, name, operation)
        if self.env[name]._transient:
            # Dialogues are their user's own, by core.
            return self.probe_right(clients, name, operation, not domain.is_false())
        if domain.is_false():
            return self.probe_refusal(clients, user, name, operation)
        return self.probe_reach(clients, user, name, operation, domain)

    def probe_right(self, clients, name, operation, wanted, ids=()):
        for client in clients:
            _ending, answer = client.call(name, "has_access", ids=list(ids), operation=operation)
            if answer is not wanted:
                yield client, f"has_access to {list(ids)} says {answer}"

    def probe_reach(self, clients, user, name, operation, domain):
        """One record inside the scope and one outside; for reading, the whole list.

        What is outside is really written and deleted, by every way.
        """
        everything = self.records(user, name)
        inside = everything._search(domain, order="id")
        within = self.pick(user, name, domain)
        beyond = self.pick(user, name, Domain("id", "not in", inside))
        yield from self.probe_right(clients, name, operation, True, within)
        yield from self.perform(user, name, operation, domain, within)
        if beyond and operation in ("write", "unlink"):
            yield from self.attempt(clients, user, name, operation, beyond)
        elif beyond:
            yield from self.probe_right(clients, name, operation, False, beyond)
        if operation != "read":
            return
        # Calls are told to the trail themselves: its own list grows while it is read.
        shown = name != "audit.trail.entry" and everything.search(domain, limit=500).ids
        for client in clients:
            if shown and len(shown) < 500:
                _ending, found = client.call(
                    name, "search", domain=[], context={"active_test": False}, limit=500
                )
                if not isinstance(found, list) or set(found) != set(shown):
                    yield client, f"finds {found}, expected {shown}"
            if beyond:
                ending, answer = client.call(name, "read", ids=beyond, fields=["display_name"])
                if ending != REFUSED:
                    yield client, f"reading {beyond} says {answer}"

    def perform(self, user, name, operation, domain, within):
        """The real thing, which must succeed; undone at once. Reading is probed by its list."""
        if operation == "read" or operation in ONLY_ASKED.get(name, ((), ""))[0]:
            return
        try:
            with self.undone(), self._request_of(user):
                self.exercise(user, name, operation, domain, within)
        except (UserError, ValueError, TypeError, Psycopg2Error) as error:
            yield Orm, f"{operation} says {type(error).__name__}: {error}"

    def exercise(self, user, name, operation, domain, within):
        model = self.env[name].with_user(user)
        if operation == "create":
            model.create(prepare(self, user, name))
        else:
            record = model.browse(within)
            if "create" not in ONLY_ASKED.get(name, ((), ""))[0]:
                # sudo: what is there to be changed; who changes it is asked next.
                made = model.sudo().create(prepare(self, user, name)).sudo(False)
                mine = [("id", "=", made.id), *domain]
                record = made if self.records(user, name).search_count(mine) else record
            if operation == "write":
                record.with_context(audit_trail_reason="Probe").write(self.some_value(name))
            else:
                record.with_context(audit_trail_reason="Probe").unlink()
        self.env.flush_all()

    @contextmanager
    def undone(self):
        """Whatever is done inside is rolled back."""
        try:
            with suppress(Undo), self.env.cr.savepoint():
                yield
                raise Undo
        finally:
            self.env.invalidate_all(flush=False)

    def probe_refusal(self, clients, user, name, operation):
        """What the matrix gives nobody of this role, tried on any record."""
        records = self.env[name].sudo().with_context(active_test=False).search([], limit=1)
        yield from self.attempt(clients, user, name, operation, records.ids or [1])

    def attempt(self, clients, user, name, operation, ids):
        """The real thing by every way: refused, whatever it says, and nothing is changed by it."""
        before = self.rows(name, ids)
        method, values = {
            "read": ("read", {"ids": ids, "fields": ["display_name"]}),
            "create": ("create", {"vals_list": [{}]}),
            "write": ("write", {"ids": ids, "vals": self.some_value(name)}),
            "unlink": ("unlink", {"ids": ids}),
        }[operation]
        is_guarded = operation in GUARDED.get(name, ((), ""))[0]
        for client in clients:
            ending, answer = client.call(name, method, **values)
            if ending == WARNED and is_guarded:
                yield from self.probe_right([client], name, operation, False, ids)
            elif ending != REFUSED:
                yield client, f"{method} of {ids} says {answer}"
        yield from self.attempt_in_python(user, name, operation, ids, is_guarded)
        if self.rows(name, ids) != before:
            yield Orm, f"{method} has changed {ids}"

    def attempt_in_python(self, user, name, operation, ids, is_guarded):
        """The same as the user, with values that are sound; undone at once."""
        records = self.env[name].with_user(user).browse(ids)
        try:
            with self.undone(), self._request_of(user):
                if operation == "read":
                    records.read(["display_name"])
                elif operation == "create":
                    is_made = operation not in ONLY_ASKED.get(name, ((), ""))[0]
                    records.create(prepare(self, user, name) if is_made else {})
                elif operation == "write":
                    records.write(self.some_value(name))
                else:
                    records.unlink()
                self.env.flush_all()
        except AccessError:
            return
        except (UserError, ValueError, TypeError, Psycopg2Error) as error:
            if not (is_guarded and isinstance(error, UserError)) or records.has_access(operation):
                yield Orm, f"{operation} of {ids} says {type(error).__name__}: {error}"
        else:
            yield Orm, f"{operation} of {ids} is done"

    def rows(self, name, ids):
        """What the database holds of the records, whoever asks."""
        records = self.env[name].browse(ids)
        return [] if records._table_query else self._get_rows(records)

    def some_value(self, name):
        """Values for a write that would change something."""
        if name in CHANGES:
            return CHANGES[name]
        for field in self.env[name]._fields.values():
            if field.store and field.type in ("char", "text") and not field.readonly:
                return {field.name: "Changed"}
        return {"write_uid": 1}
