"""Every declared field of every addon, as every role, by every way out of the system."""

import io
import json
import xmlrpc.client
import zipfile
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.http import Request
from odoo.orm.models import NO_ACCESS
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SAMPLE, SensitiveCase

#: Kind -> a value, and the part of it that no mask shows.
CANARIES = {
    "cn_name": ("欧阳黎曦渝", "黎曦"),
    "latin_name": ("Quentin Zwolak", "wolak"),
    "mobile": ("13871654329", "1387165432"),
    "landline": ("010-87165432", "8716543"),
    "id_number": ("110105194912310029", "0519491"),
    "medical_record_number": ("77871654321", "7787165432"),
    "address": ("北京市海淀区黎曦渝大街871号", "黎曦渝"),
    "email": ("quentin.zwolak@example.com", "zwolak"),
    "birth_date": ("1949-12-31", "49-12-31"),
    "free_text": ("致电13871654329询问", "1387165432"),
    "price": (871654.25, "871654.25"),
    "technical_secret": ("K7-871654-ZW", "K7-871654"),
}
QUIET = (
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
    "odoo.addons.base.models.res_users",
    "odoo.addons.rpc.controllers.json2",
    "odoo.addons.web.controllers.export",
    "odoo.http",
    "odoo.orm.models",
    "odoo.orm.domains",
    "odoo.sql_db",
    "odoo.models",
)


def get_needle(field):
    return CANARIES[field.kind][1]


def make_example(env, model_name, level=0):
    """A record of a model with every sensitive field filled.

    A model that needs more says so in ``_prepare_sensitive_example_vals()``.
    """
    model = env[model_name].sudo()
    prepare = getattr(model, "_prepare_sensitive_example_vals", dict)
    vals = dict(prepare())
    for name, field in model._fields.items():
        if name in vals or (field.compute and not field.inverse) or not field.store:
            continue
        if getattr(field, "is_sensitive", False):
            vals[name] = CANARIES[field.kind][0]
        elif field.required and not field.default and level < 3:
            vals[name] = _make_value(env, field, level)
    return model.create(vals)


def _make_value(env, field, level):
    if field.type == "many2one":
        found = env[field.comodel_name].sudo().search([], limit=1)
        return (found or make_example(env, field.comodel_name, level + 1)).id
    if field.type == "selection":
        return field.get_values(env)[0]
    return {"char": "x", "text": "x", "date": "2026-01-02", "datetime": "2026-01-02 03:04:05"}.get(
        field.type, 1
    )


class LeakCase(SensitiveCase):
    """One example record of each model that declares sensitive fields; one user per role."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.declared = {}
        for field in cls.env["sensitive.field"]._get_declared_fields():
            cls.declared.setdefault(field.model_name, []).append(field)
        cls.records = {name: make_example(cls.env, name) for name in cls.declared}
        cls.env.flush_all()
        cls.env.invalidate_all()
        # Limits have tests of their own; here they would hide leaks behind refusals.
        cls.env["sensitive.usage.limit"].search([]).active = False

    @classmethod
    def get_roles(cls):
        """Every group of staff that a person can be given, and the portal: xml id -> user."""
        groups = cls.env["res.groups"].search([("privilege_id", "!=", False)])
        groups |= cls.env.ref("base.group_user") | cls.env.ref("base.group_allow_export")
        outside = cls.env.ref("base.group_portal") | cls.env.ref("base.group_public")
        # Outside roles (portal users of some kind) are people of the portal, not of the staff.
        visitors = groups.filtered(lambda group: group.all_implied_ids & outside)
        groups -= outside | visitors
        visitor_names = set((visitors - outside).get_external_id().values()) | {"base.group_portal"}
        names = [*sorted(groups.get_external_id().values()), *sorted(visitor_names)]
        roles = {}
        for number, name in enumerate(name for name in names if name):
            staff = "" if name in visitor_names else ",base.group_user"
            roles[name] = new_test_user(cls.env, f"leak_{number}", name + staff)
        return roles

    def hidden(self, user, model_name):
        """The declared fields that a user may not read."""
        return [
            field
            for field in self.declared[model_name]
            if field.groups == NO_ACCESS or not user.has_groups(field.groups)
        ]

    def assert_closed(self, role, way, answer, hidden):
        text = answer if isinstance(answer, str) else str(answer)
        for field in hidden:
            self.assertNotIn(get_needle(field), text, f"{field} leaks to {role} by {way}")


@tagged("post_install", "-at_install")
class TestLeaksByTheOrm(LeakCase, TransactionCase):
    def get_ways(self, record, names):
        """Name -> callable of a user that returns whatever came out."""
        masked = [f"{name}_masked" for name in names]
        model = record.browse()
        ways = {
            "read": lambda u: record.with_user(u).read(names),
            "read all": lambda u: record.with_user(u).read(),
            "masks": lambda u: record.with_user(u).read(masked),
            "web_read": lambda u: record.with_user(u).web_read({name: {} for name in names}),
            "search_read": lambda u: model.with_user(u).search_read([], names),
            "web_search_read": lambda u: model.with_user(u).web_search_read(
                [], {name: {} for name in masked}
            ),
            "name_search": lambda u: model.with_user(u).name_search(""),
            "display_name": lambda u: record.with_user(u).read(["display_name"]),
            "export": lambda u: record.with_user(u).export_data(names),
            "export of masks": lambda u: record.with_user(u).export_data(masked),
            "views": lambda u: model.with_user(u).get_views([(False, "form"), (False, "list")]),
            "copy": lambda u: record.with_user(u).copy().read(),
            "onchange": lambda u: record.with_user(u).onchange({}, [], {n: {} for n in masked}),
            "defaults": lambda u: model.with_user(u).default_get(names + masked),
            "history": lambda u: (
                self.env["audit.trail.entry"].with_user(u).get_history(record._name, record.id)
            ),
            "trail": lambda u: (
                self.env["audit.trail.entry"].with_user(u).search_read([], limit=300)
            ),
            "report": lambda u: self.render(record, u, names),
            "attachments": lambda u: (
                self.env["ir.attachment"]
                .with_user(u)
                .search_read([("res_model", "=", record._name)], ["name", "index_content", "raw"])
            ),
            "saved exports": lambda u: self.env["ir.exports"].with_user(u).search_read([]),
            "keys": lambda u: self.env["sensitive.key"].with_user(u).search_read([]),
        }
        for name in names:
            ways |= {
                f"attribute {name}": lambda u, name=name: record.with_user(u)[name],
                f"group by {name}": lambda u, name=name: model.with_user(u).formatted_read_group(
                    [], [name], ["__count"]
                ),
                f"aggregate {name}": lambda u, name=name: model.with_user(u).formatted_read_group(
                    [], [], [f"{name}:array_agg"]
                ),
                f"order by {name}": lambda u, name=name: model.with_user(u).search_read(
                    [], masked, order=name
                ),
            }
        return ways | self.get_mail_ways(record)

    def get_mail_ways(self, record):
        ways = {}
        if "mail.message" in self.env:
            ways["chatter"] = lambda u: (
                self.env["mail.message"]
                .with_user(u)
                .search([("model", "=", record._name), ("res_id", "=", record.id)])
                .read(["body", "tracking_value_ids", "preview"])
            )
            ways["activities"] = lambda u: (
                self.env["mail.activity"]
                .with_user(u)
                .search_read([("res_model", "=", record._name)], ["summary", "note"])
            )
        return ways

    def render(self, record, user, names):
        """A document that a careless template renders with lifted rights."""
        rows = "".join(f"<p t-out='doc.{name}'/>" for name in names)
        key = f"sensitive_data.leak_{record._table}"
        if not self.env["ir.ui.view"].search([("key", "=", key)]):
            self.env["ir.ui.view"].create(
                {
                    "type": "qweb",
                    "name": key,
                    "key": key,
                    "arch": f"<t t-name='{key}'><t t-foreach='docs' t-as='doc'>{rows}</t></t>",
                }
            )
        # sudo: that is the carelessness.
        report = self.env["ir.actions.report"].with_user(user).sudo()
        return report._render_template(key, {"docs": record.with_user(user).sudo()}).decode()

    @mute_logger(*QUIET)
    def test_no_role_gets_what_it_may_not_read(self):
        """Given an example of each model, when each role tries each way, then no clear value."""
        answers = 0
        for role, user in self.get_roles().items():
            for model_name, record in self.records.items():
                hidden = self.hidden(user, model_name)
                names = [field.name for field in self.declared[model_name]]
                for way, attempt in self.get_ways(record, names).items():
                    self.env.invalidate_all()
                    try:
                        with self.env.cr.savepoint():
                            answer = attempt(user)
                            answers += 1
                    except (UserError, ValueError, KeyError) as error:
                        # What a refusal says must not tell either.
                        answer = f"{error}"
                    self.assert_closed(role, way, answer, hidden)
        self.assertGreater(answers, 100)

    @mute_logger(*QUIET)
    def test_no_role_guesses_by_searching(self):
        """Given the right and a wrong value, when searched by any role, then refused alike."""
        for role, user in self.get_roles().items():
            for model_name in self.records:
                model = self.env[model_name].with_user(user)
                for field in self.declared[model_name]:
                    value = CANARIES[field.kind][0]
                    for name in (field.name, f"{field.name}_masked"):
                        for operator in ("=", "!=", "like", ">", "in"):
                            term = (name, operator, [value] if operator == "in" else value)
                            with self.subTest(role=role, term=name + operator):
                                self.assert_refused(lambda t=term, m=model: m.search([t]))

    def test_readers_do_read(self):
        """Given the right to read, then the drive above does see the value: it can find leaks."""
        seen = 0
        for model_name, record in self.records.items():
            for field in self.declared[model_name]:
                if field.groups != NO_ACCESS:
                    user = new_test_user(
                        self.env, f"sees_{seen}", f"{field.groups.split(',')[0]},base.group_user"
                    )
                    # sudo: record rules are not what is tried here.
                    value = record.with_user(user).sudo()._fields[field.name].__get__(record)
                    self.assertIn(get_needle(field), str(value))
                    with self.assertRaises(AssertionError):
                        self.assert_closed("reader", "read", str(value), [field])
                    seen += 1
        self.assertTrue(seen)

    def test_no_field_copies_a_sensitive_one(self):
        """Given all addons, then no computed or related field shows more people a clear value."""
        self.assertEqual(self.env["sensitive.field"]._find_unprotected_copies(), [])

    def test_copies_are_found(self):
        """Given a stored copy and one without groups, then both are named."""
        line = self.env["sensitive.test.line"]
        field = line._fields["patient_phone"]
        self.patch(field, "groups", None)
        found = self.env["sensitive.field"]._find_unprotected_copies()
        self.assertEqual(found, [(field, self.patients._fields["phone"])])
        self.patch(field, "groups", self.patients._fields["phone"].groups)
        self.patch(field, "store", True)
        self.assertEqual(len(self.env["sensitive.field"]._find_unprotected_copies()), 1)


@tagged("post_install", "-at_install")
class TestLeaksByTheNetwork(LeakCase, HttpCase):
    def get_key(self, user):
        """An API key as a person makes it, where core allows them one."""
        return (
            self.env["res.users.apikeys"]
            .with_user(user)
            .sudo()  # sudo: portal users have no keys by default; their answers count as well
            ._generate("rpc", "leaks", fields.Datetime.now() + timedelta(hours=1))
        )

    def json2(self, key, model, method, **arguments):
        return self.url_open(
            f"/json/2/{model}/{method}",
            json=arguments,
            headers={"Authorization": f"bearer {key}"},
        ).text

    def xmlrpc(self, user, key, model, method, *arguments):
        try:
            return self.xmlrpc_object.execute_kw(
                self.env.cr.dbname, user.id, key, model, method, list(arguments)
            )
        except xmlrpc.client.Fault as fault:
            return fault.faultString

    def export(self, kind, model, names):
        data = {
            "model": model,
            "fields": [{"name": name, "label": name, "type": "char"} for name in names],
            "ids": False,
            "domain": [],
            "import_compat": False,
        }
        content = self.url_open(
            f"/web/export/{kind}",
            data={"data": json.dumps(data), "csrf_token": Request.csrf_token(self)},
        ).content
        if content[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                content = b"".join(book.read(name) for name in book.namelist())
        return content.decode(errors="replace")

    def call_kw(self, model, method, arguments):
        return self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            json={"params": {"model": model, "method": method, "args": arguments, "kwargs": {}}},
        ).text

    def get_answers(self, user, record, names):
        masked = [f"{name}_masked" for name in names]
        key = self.get_key(user)
        model, ids = record._name, record.ids
        self.authenticate(user.login, user.login)
        yield "JSON-2 read", self.json2(key, model, "read", ids=ids, fields=names)
        yield "JSON-2 masks", self.json2(key, model, "search_read", domain=[], fields=masked)
        yield "XML-RPC read", self.xmlrpc(user, key, model, "read", ids, names)
        yield "XML-RPC masks", self.xmlrpc(user, key, model, "read", ids, masked)
        yield "web_read", self.call_kw(model, "web_read", [ids, {name: {} for name in names}])
        yield "web masks", self.call_kw(model, "web_read", [ids, {name: {} for name in masked}])
        for kind in ("csv", "xlsx"):
            yield f"{kind} file", self.export(kind, model, names)
            yield f"{kind} file of masks", self.export(kind, model, masked)
        yield "portal", self.url_open("/my").text

    @mute_logger(*QUIET)
    def test_no_role_gets_it_over_the_network(self):
        """Given each role, when programs, files and pages are asked, then no clear value."""
        for role, user in self.get_roles().items():
            for model_name, record in self.records.items():
                hidden = self.hidden(user, model_name)
                names = [field.name for field in self.declared[model_name]]
                for way, answer in self.get_answers(user, record, names):
                    self.assert_closed(role, way, answer, hidden)

    @mute_logger(*QUIET)
    def test_the_network_answers_at_all(self):
        """Given an employee, then masks do arrive: silence would prove nothing."""
        record = self.records[SAMPLE]
        names = [field.name for field in self.declared[SAMPLE]]
        answers = dict(self.get_answers(self.other, record, names))
        for way in ("JSON-2 masks", "XML-RPC masks", "web masks", "csv file of masks"):
            self.assertIn("138****4329", str(answers[way]).encode().decode(), way)
        self.assertIn("138****4329", answers["xlsx file of masks"])

    @mute_logger(*QUIET)
    def test_becoming_the_superuser_shows_nothing(self):
        """Given an administrator who becomes superuser in the browser, then no clear value."""
        record = self.records[SAMPLE]
        self.authenticate("admin", "admin")
        self.url_open("/web/become")
        answer = self.call_kw(SAMPLE, "web_read", [record.ids, {"phone": {}}])
        self.assertNotIn("1387165432", answer)
        line = self.env["sensitive.test.line"].create({"patient_id": record.id})
        answer = self.call_kw(line._name, "web_read", [line.ids, {"patient_phone": {}}])
        self.assertNotIn("1387165432", answer)

    def run_action(self, code):
        """What a server action of an administrator says."""
        action = self.env["ir.actions.server"].create(
            {
                "name": "Curious",
                "model_id": self.env["ir.model"]._get_id(SAMPLE),
                "state": "code",
                "code": f"raise UserError(repr({code}))",
            }
        )
        self.authenticate("admin", "admin")
        context = {"active_model": SAMPLE, "active_id": self.records[SAMPLE].id}
        params = {
            "model": "ir.actions.server",
            "method": "run",
            "args": [action.ids],
            "kwargs": {"context": context},
        }
        return self.url_open("/web/dataset/call_kw", json={"params": params}).text

    @mute_logger(*QUIET)
    def test_code_of_an_administrator_reads_masks(self):
        """Given a server action that lifts rights or changes the user, then masks, or refused."""
        reader = self.reader.id
        for code in (
            "record.sudo().phone",
            "record.sudo().read(['phone'])",
            "record.sudo().mapped('phone')",
            "record.sudo().export_data(['phone'])",
            "env['sensitive.test.line'].sudo().create({'patient_id': record.id}).patient_phone",
            "record.with_user(1).phone",
            "record.with_user(1).copy_data()",
            f"record.with_user({reader}).phone",
            f"record.with_user({reader}).read(['phone'])",
            f"record.with_user({reader}).sudo().phone",
            "record.sudo().reveal_sensitive_value('phone', 'curious')",
            "record.with_user(1).reveal_sensitive_value('phone', 'curious')",
        ):
            answer = self.run_action(code)
            self.assertNotIn("1387165432", answer, code)
            self.assertIn("error", answer, code)
        # The action itself works: what everybody may read does come out.
        self.assertIn("138****4329", self.run_action("record.sudo().phone"))
