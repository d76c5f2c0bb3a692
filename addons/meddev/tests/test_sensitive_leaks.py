"""Every declared sensitive field of the suite, as every role, by every way out of the system.

The fields are found by looking, so that a new one is driven as well; a model that needs more than
its required fields says so in ``_prepare_sensitive_example_vals()``.
"""

import base64
import gzip
import html
import io
import json
import re
import zipfile
from datetime import date, timedelta
from pathlib import Path

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.http import Request
from odoo.orm.models import NO_ACCESS
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.sensitive_data.tests.test_leaks import CANARIES, QUIET, get_needle, make_example

from .statements_common import StatementCase
from .test_role_prober import Json2, XmlRpc

PAGE = Path(__file__).parents[3] / "docs" / "privacy.md"
STAFF = (
    "service_manager",
    "intake_agent",
    "dispatcher",
    "field_engineer",
    "parts_keeper",
    "quality_specialist",
    "knowledge_manager",
    "analyst",
    "compliance_auditor",
)
#: Ways by which readers must get the value: were they silent, the drive would prove nothing.
READ_BY_ORM = {
    "read",
    "search_read",
    "web_read",
    "web_search_read",
    "attribute",
    "export",
    "document",
    "by neighbour: web_read",
}
READ_BY_NETWORK = {
    "JSON-2 read",
    "JSON-2 export",
    "XML-RPC read",
    "web_read",
    "csv file",
    "xlsx file",
    "document",
}
OPERATORS = ("=", "!=", "like", "ilike", "=like", ">", "<", "in", "not in")
#: Of a workbook.
FIRST_DAY = date(1899, 12, 30)
WRONG = {"birth_date": "1950-01-01"}
LOUD = (*QUIET, "odoo.addons.rpc.controllers.xmlrpc", "odoo.addons.web.controllers.report")


def plain(answer):
    """The text of an answer, however its way writes letters and dates."""
    text = html.unescape(answer if isinstance(answer, str) else str(answer))
    text = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text)
    return re.sub(
        r"datetime\.date\((\d+), (\d+), (\d+)\)",
        lambda match: "{}-{:0>2}-{:0>2}".format(*match.groups()),
        text,
    )


def read_workbook(content):
    """The text of a workbook; its dates are numbers of days."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        text = "".join(book.read(name).decode(errors="replace") for name in book.namelist())
    return re.sub(
        r"<v>(\d{5})</v>", lambda match: str(FIRST_DAY + timedelta(days=int(match[1]))), text
    )


class SensitiveLeakCase(StatementCase):
    """One example of each model with sensitive fields, within reach of whoever has access to it.

    ``cast``: role -> user; ``declared``: model -> fields; ``records``: model -> example;
    ``links``: model -> (record, field) of the records that lead to the example.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        integration = new_test_user(
            cls.env,
            "leak_integration",
            "meddev_base.group_integration",
            integration_customer_ids=[Command.set(cls.hospital.ids)],
        )
        cls._assign(cls.dealer, facility_id=cls.hospital.id)
        cls.cast = {role: cls.users[role] for role in STAFF} | {
            "employee": cls.employee,
            "administrator": cls.administrator,
            "hospital": cls.portal_hospital,
            "dealer": cls.portal_dealer,
            "integration": integration,
        }
        # Refusals for another reason would hide leaks: all employees may export, without limits.
        for user in cls.cast.values():
            if user._is_internal():
                user.group_ids += cls.env.ref("base.group_allow_export")
        cls.env["sensitive.usage.limit"].search([]).active = False
        cls.declared = {}
        for field in cls.env["sensitive.field"]._get_declared_fields():
            cls.declared.setdefault(field.model_name, []).append(field)
        cls.records = {name: make_example(cls.env, name).sudo(False) for name in cls.declared}
        for record in cls.records.values():
            cls._bring_into_reach(record)
        cls.links = {name: cls._find_links(record) for name, record in cls.records.items()}
        cls._allow_clear_exports()
        cls._write_documents()
        cls.env.flush_all()
        cls.env.invalidate_all()

    @classmethod
    def _bring_into_reach(cls, record):
        """Its ticket is the engineer's, in the place of the portal users."""
        if "ticket_id" in record._fields:
            record.ticket_id.write({"lot_id": cls.device.id, "user_id": cls.engineer.id})
            record.ticket_id.contact_id = cls.contact

    @classmethod
    def _find_links(cls, record):
        fields = (
            field
            for model in cls.env.values()
            if not model._abstract and not model._transient
            for field in model._fields.values()
        )
        return [
            (owner, field.name)
            for field in fields
            if field.comodel_name == record._name and field.store
            for owner in cls.env[field.model_name].search([(field.name, "in", record.ids)], limit=1)
        ]

    @classmethod
    def _allow_clear_exports(cls):
        """The widest policy that an administrator can write."""
        models = set(cls.declared) | {
            owner._name for links in cls.links.values() for owner, _name in links
        }
        cls.env["sensitive.export.policy"].create(
            [
                {
                    "model_id": cls.env["ir.model"]._get_id(name),
                    "group_id": cls.env.ref("base.group_allow_export").id,
                    "with_raw": True,
                }
                for name in models
            ]
        )

    @classmethod
    def _write_documents(cls):
        """Templates by which careless code prints the values: of documents, messages, pages."""
        cls.documents, cls.views = {}, {}
        for name, fields in cls.declared.items():
            key = f"meddev.leak_{name.replace('.', '_')}"
            rows = "".join(f"<p t-out='doc.{field.name}'/>" for field in fields)
            arch = f"<t t-name='{key}'><t t-foreach='docs' t-as='doc'>{rows}</t></t>"
            cls.views[name] = cls.env["ir.ui.view"].create(
                {"type": "qweb", "name": key, "key": key, "arch": arch}
            )
            cls.env["ir.actions.report"].create(
                {"name": key, "model": name, "report_name": key, "report_type": "qweb-html"}
            )
            cls.documents[name] = key

    def is_reader(self, user, field):
        return field.groups != NO_ACCESS and user.has_groups(field.groups)

    def judge(self, role, user, model_name, way, answer, expected=()):
        """No value for whom it is not; and by the ways that readers have, every value for them."""
        text = plain(answer)
        for field in self.declared[model_name]:
            if not self.is_reader(user, field):
                self.assertNotIn(get_needle(field), text, f"{field} leaks to {role} by {way}")
            elif way in expected:
                self.assertIn(get_needle(field), text, f"{field} does not reach {role} by {way}")


@tagged("post_install", "-at_install")
class TestSensitiveLeaks(SensitiveLeakCase, TransactionCase):
    def try_to(self, attempt, *arguments):
        """What comes out of an attempt: its answer, or what the refusal says."""
        self.env.invalidate_all()
        try:
            with self.env.cr.savepoint():
                return attempt(*arguments)
        except (UserError, ValueError, KeyError, TypeError) as error:
            return f"{error}"

    def get_ways(self, record, fields):
        """Name -> what a user does, and gets whatever comes out."""
        names = [field.name for field in fields]
        masked = [f"{name}_masked" for name in names]
        spec = {name: {} for name in names}
        model = record.browse()
        trail = self.env["audit.trail.entry"]
        mine = [("id", "=", record.id)]
        ways = {
            "read": lambda u: record.with_user(u).read(names),
            "read all": lambda u: record.with_user(u).read(),
            "search_read": lambda u: model.with_user(u).search_read(mine, names),
            "web_read": lambda u: record.with_user(u).web_read(spec),
            "web_search_read": lambda u: model.with_user(u).web_search_read(mine, spec),
            "attribute": lambda u: [str(record.with_user(u)[name]) for name in names],
            "masks": lambda u: record.with_user(u).read(masked),
            "name_search": lambda u: model.with_user(u).name_search(""),
            "display_name": lambda u: record.with_user(u).read(["display_name"]),
            "export": lambda u: record.with_user(u).export_data(names),
            "export of masks": lambda u: record.with_user(u).export_data(masked),
            "document": lambda u: self.render(record, u),
            "views": lambda u: model.with_user(u).get_views([(False, "form"), (False, "list")]),
            "copy": lambda u: record.with_user(u).copy().read(),
            "onchange": lambda u: record.with_user(u).onchange({}, [], {n: {} for n in masked}),
            "defaults": lambda u: model.with_user(u).default_get(names + masked),
            "metadata": lambda u: record.with_user(u).get_metadata(),
            "history": lambda u: trail.with_user(u).get_history(record._name, record.id),
            "trail": lambda u: trail.with_user(u).search([], limit=300).read(),
            "trail exported": lambda u: (
                trail.with_user(u)
                .search([("res_model", "=", record._name)])
                .export_data(["res_name", "changes", "details", "reason"])
            ),
            "attachments": lambda u: (
                self.env["ir.attachment"]
                .with_user(u)
                .search_read([("res_model", "=", record._name)], ["name", "index_content", "raw"])
            ),
            "saved exports": lambda u: self.save_export(u, record, names),
            "keys": lambda u: self.env["sensitive.key"].with_user(u).search_read([]),
            "index": lambda u: self.env["sensitive.index"].with_user(u).search_read([]),
            "declarations": lambda u: self.env["sensitive.field"].with_user(u).search_read([]),
            "page": lambda u: self.render_page(record, u),
            "messages": lambda u: (
                self.env["mail.message"].with_user(u).search([], limit=200).read()
            ),
            "tracking": lambda u: (
                self.env["mail.tracking.value"].with_user(u).search([], limit=200).read()
            ),
            "mails": lambda u: self.env["mail.mail"].with_user(u).search([], limit=50).read(),
            "activities": lambda u: (
                self.env["mail.activity"].with_user(u).search([], limit=50).read()
            ),
            "timeline": lambda u: (
                self.env["meddev.device.event"].with_user(u).search([], limit=100).read()
            ),
        }
        for name in names:
            for aggregate in ("array_agg", "max", "count_distinct"):
                ways[f"{aggregate} of {name}"] = lambda u, n=name, a=aggregate: model.with_user(
                    u
                ).formatted_read_group([], [], [f"{n}:{a}"])
            ways |= {
                f"group by {name}": lambda u, n=name: model.with_user(u).formatted_read_group(
                    [], [n], ["__count"]
                ),
                f"list grouped by {name}": lambda u, n=name: model.with_user(u).web_read_group(
                    [], [n], ["__count"]
                ),
                f"group by mask of {name}": lambda u, n=name: model.with_user(
                    u
                ).formatted_read_group([], [f"{n}_masked"], ["__count"]),
                f"order by {name}": lambda u, n=name: model.with_user(u).search_read(
                    [], masked, order=n
                ),
                f"distinct {name}": lambda u, n=name: model.with_user(u).search_panel_select_range(
                    n
                ),
            }
        for owner, link in self.links[record._name]:
            ways |= self.get_ways_by_link(owner, link, names)
        return ways

    def get_ways_by_link(self, owner, link, names):
        spec = {link: {"fields": {name: {} for name in names}}}
        model = owner.browse()
        mine = [("id", "=", owner.id)]
        ways = {
            "by neighbour: web_read": lambda u: owner.with_user(u).web_read(spec),
            "by neighbour: web_search_read": lambda u: model.with_user(u).web_search_read(
                mine, spec
            ),
            "by neighbour: read": lambda u: owner.with_user(u).read(),
            "by neighbour: export": lambda u: owner.with_user(u).export_data(
                [f"{link}/{name}" for name in names]
            ),
            "by neighbour: onchange": lambda u: owner.with_user(u).onchange({}, [], spec),
            "by neighbour: copy": lambda u: owner.with_user(u).copy().read(),
            "by neighbour: history": lambda u: (
                self.env["audit.trail.entry"].with_user(u).get_history(owner._name, owner.id)
            ),
        }
        for name in names:
            ways[f"by neighbour: group by {name}"] = lambda u, n=name: model.with_user(
                u
            ).formatted_read_group([], [f"{link}.{n}"], ["__count"])
            ways[f"by neighbour: order by {name}"] = lambda u, n=name: model.with_user(
                u
            ).search_read([], ["display_name"], order=f"{link}.{n}", limit=5)
        return ways

    def render(self, record, user):
        """A document that careless code renders with lifted rights."""
        # sudo: that is the carelessness.
        report = self.env["ir.actions.report"].with_user(user).sudo()
        values = {"docs": record.with_user(user).sudo()}
        return report._render_template(self.documents[record._name], values).decode()

    def render_page(self, record, user):
        """A page of the portal that shows a record with lifted rights."""
        # sudo: that is the carelessness.
        views = self.env["ir.ui.view"].with_user(user).sudo()
        values = {"docs": record.with_user(user).sudo()}
        return str(views._render_template(self.documents[record._name], values))

    def save_export(self, user, record, names):
        self.env["ir.exports"].with_user(user).create(
            {
                "name": "Leak",
                "resource": record._name,
                "export_fields": [Command.create({"name": name}) for name in names],
            }
        )
        lines = self.env["ir.exports.line"].with_user(user)
        return [self.env["ir.exports"].with_user(user).search([]).read(), lines.search([]).read()]

    def test_there_are_fields_and_roles(self):
        self.assertIn("meddev.ticket.patient", self.declared)
        self.assertEqual(len(self.cast), 14)
        self.assertTrue(self.links["meddev.ticket.patient"])

    @mute_logger(*LOUD)
    def test_no_role_gets_what_it_may_not_read(self):
        """Given an example of each model, when each role tries each way, then no clear value."""
        for role, user in self.cast.items():
            for model_name, record in self.records.items():
                for way, attempt in self.get_ways(record, self.declared[model_name]).items():
                    answer = self.try_to(attempt, user)
                    self.judge(role, user, model_name, way, answer, READ_BY_ORM)

    @mute_logger(*LOUD)
    def test_no_role_guesses_by_searching(self):
        """Given the right and a wrong value, when searched by any role, then the same answer.

        But for those who find by the whole value, in the field made for it.
        """
        found = 0
        for role, user in self.cast.items():
            for field in (field for fields in self.declared.values() for field in fields):
                for name in (field.name, f"{field.name}_masked", f"{field.name}_entry"):
                    for operator in OPERATORS:
                        self.assert_blind(role, user, field, name, operator)
                if not field.search_groups:
                    continue
                lookup = f"{field.name}_lookup"
                for operator in OPERATORS:
                    if user.has_groups(field.search_groups) and operator in ("=", "in"):
                        right, wrong = self.ask(user, field, lookup, operator)
                        self.assertNotEqual(right, wrong)
                        found += 1
                    else:
                        self.assert_blind(role, user, field, lookup, operator)
        self.assertTrue(found)

    def assert_blind(self, role, user, field, name, operator):
        right, wrong = self.ask(user, field, name, operator)
        self.assertEqual(right, wrong, f"{role} guesses {field} by {name} {operator}")

    def ask(self, user, field, name, operator):
        """All answers to a condition with the right value, and with a wrong one."""
        return [
            self.get_search_answers(user, field, name, operator, value)
            for value in (CANARIES[field.kind][0], self.get_wrong(field))
        ]

    def get_wrong(self, field):
        value = CANARIES[field.kind][0]
        if field.kind in WRONG:
            return WRONG[field.kind]
        return value + 1 if isinstance(value, float) else f"{value[:-2]}00"

    def get_search_answers(self, user, field, name, operator, value):
        record = self.records[field.model_name]
        term = (name, operator, [value] if operator.endswith("in") else value)
        model = record.browse().with_user(user)
        mine = [("id", "=", record.id)]
        attempts = [
            lambda: model.search([term, *mine]).ids,
            lambda: model.search_count([term, *mine]),
            lambda: model.web_search_read([term, *mine], {"id": {}})["length"],
            lambda: model.formatted_read_group([term, *mine], [], ["__count"]),
            lambda: model.name_search("", [term, *mine]),
            lambda: model.name_search(str(value)),
            lambda: record.with_user(user).filtered_domain([term]).ids,
        ]
        for owner, link in self.links[field.model_name]:
            owners = owner.browse().with_user(user)
            mine = [("id", "=", owner.id)]
            path = (f"{link}.{name}", *term[1:])
            attempts += [
                lambda o=owners, p=path, m=mine: o.search([p, *m]).ids,
                lambda o=owners, k=link, m=mine: o.search([(k, "any", [term]), *m]).ids,
                lambda o=owners, k=link, m=mine: o.search([(k, "not any", [term]), *m]).ids,
            ]
        # What the person typed themselves may be said back to them.
        return [plain(self.try_to(attempt)).replace(str(value), "…") for attempt in attempts]

    @mute_logger(*LOUD)
    def test_what_careless_code_writes_carries_masks(self):
        """Given mails, messages, notes that a reader and a job render, then masks, no value."""
        root = self.env.ref("base.user_root")
        for model_name, record in self.records.items():
            view = self.views[model_name]
            for user in (root, self.users["quality_specialist"]):
                # sudo: that is the carelessness.
                values = {"docs": record.with_user(user).sudo()}
                told = self.get_mails(record, user)
                for owner, _link in self.links[model_name]:
                    owner = owner.with_user(user).sudo()
                    messages = owner.message_post_with_source(view, render_values=values)
                    messages |= owner._message_log_with_view(view, render_values=values)
                    activity = owner._activity_schedule_with_view(
                        "mail.mail_activity_data_todo", views_or_xmlid=view, render_context=values
                    )
                    told += messages.mapped("body") + activity.mapped("note")
                self.assertGreaterEqual(len(told), 3)
                for text in map(plain, told):
                    for field in self.declared[model_name]:
                        self.assertNotIn(get_needle(field), text)
                    if model_name == "meddev.ticket.patient":
                        self.assertIn("138****4329", text)

    def get_mails(self, record, user):
        fields = self.declared[record._name]
        template = self.env["mail.template"].create(
            {
                "name": "Leak",
                "model_id": self.env["ir.model"]._get_id(record._name),
                "subject": " ".join("{{ object.%s }}" % field.name for field in fields),
                "body_html": "".join(f"<p t-out='object.{field.name}'/>" for field in fields),
                "email_to": "somebody@example.com",
            }
        )
        # sudo: jobs send with lifted rights.
        mail_id = template.with_user(user).sudo().send_mail(record.id)
        mail = self.env["mail.mail"].browse(mail_id)
        return [f"{mail.subject} {mail.body_html}"]

    def test_the_trail_and_its_export_hold_no_value(self):
        """Given changes and a reveal, when an auditor exports the whole trail, then no value."""
        for model_name, record in self.records.items():
            for field in self.declared[model_name]:
                record.sudo().reveal_sensitive_value(field.name, "leak test")
        self.env.flush_all()
        auditor = self.users["compliance_auditor"]
        # Of all companies: an export holds the entries of each.
        companies = self.env["res.company"].with_context(active_test=False)
        auditor.company_ids = companies.search([])
        trail = self.env["audit.trail.export"].with_user(auditor)
        export = trail.browse(trail.create_export())
        lines = gzip.decompress(base64.b64decode(export.file)).decode()
        self.assertIn("leak test", lines)
        for model_name in self.declared:
            self.assertIn(model_name, lines)
            for field in self.declared[model_name]:
                self.assertNotIn(get_needle(field), plain(lines))

    def test_no_field_copies_a_sensitive_one(self):
        self.assertEqual(self.env["sensitive.field"]._find_unprotected_copies(), [])

    def test_the_page_tells_what_is_declared(self):
        """Given docs/privacy.md, then its table is what the code declares, row by row."""
        if not PAGE.exists():
            self.skipTest("installed without the checkout's docs")
        lines = PAGE.read_text(encoding="utf-8").split("| model |", 1)[1].splitlines()[2:]
        told = set()
        for line in lines:
            if not line.startswith("|"):
                break
            model, name, kind, *groups = (cell.strip() for cell in line.strip("|").split("|"))
            told.add((model.strip("`"), name.strip("`"), kind.strip("`"), *map(as_set, groups)))
        declared = {
            (
                field.model_name,
                field.name,
                field.kind,
                *(
                    frozenset(self.env["sensitive.field"]._get_groups(groups).mapped("name"))
                    for groups in (
                        field.groups,
                        field.enter_groups,
                        field.search_groups,
                        field.reveal_groups,
                    )
                ),
            )
            for fields in self.declared.values()
            for field in fields
        }
        self.assertEqual(told, declared)


def as_set(cell):
    return frozenset() if cell == "nobody" else frozenset(cell.split(", "))


@tagged("post_install", "-at_install")
class TestSensitiveLeaksByTheNetwork(SensitiveLeakCase, HttpCase):
    def call_kw(self, model, method, arguments, **keywords):
        params = {"model": model, "method": method, "args": arguments, "kwargs": keywords}
        return self.url_open(f"/web/dataset/call_kw/{model}/{method}", json={"params": params}).text

    def export(self, kind, model, names, domain=()):
        data = {
            "model": model,
            "fields": [{"name": name, "label": name, "type": "char"} for name in names],
            "ids": False,
            "domain": list(domain),
            "import_compat": False,
        }
        content = self.url_open(
            f"/web/export/{kind}",
            data={"data": json.dumps(data), "csrf_token": Request.csrf_token(self)},
        ).content
        if content[:2] == b"PK":
            return read_workbook(content)
        return content.decode(errors="replace")

    def get_answers(self, user, record):
        """(way, what came out) of everything that answers over the network."""
        fields = self.declared[record._name]
        names = [field.name for field in fields]
        masked = [f"{name}_masked" for name in names]
        model, ids = record._name, record.ids
        mine = [["id", "=", record.id]]
        # A program has no session; one of somebody else's would refuse its key.
        self.authenticate(None, None)
        for client in (Json2(self, user), XmlRpc(self, user)):
            for way, method, arguments in (
                ("read", "read", {"ids": ids, "fields": names}),
                ("masks", "read", {"ids": ids, "fields": masked}),
                ("search", "search_read", {"domain": mine, "fields": names}),
                ("export", "export_data", {"ids": ids, "fields_to_export": names}),
                ("group", "formatted_read_group", {"domain": [], "groupby": names[:1]}),
            ):
                yield f"{client.name} {way}", client.call(model, method, **arguments)[1]
        self.authenticate(user.login, f"prober-{user.id}-password")
        yield "web_read", self.call_kw(model, "web_read", [ids, {name: {} for name in names}])
        yield "web masks", self.call_kw(model, "web_read", [ids, {name: {} for name in masked}])
        for field in fields:
            term = [field.name, "=", CANARIES[field.kind][0]]
            # The answer repeats no condition; a refusal names the field, not the value.
            yield "web search", self.call_kw(model, "web_search_read", [[term], {"id": {}}])
        for kind in ("csv", "xlsx"):
            yield f"{kind} file", self.export(kind, model, names, mine)
            yield f"{kind} file of masks", self.export(kind, model, masked, mine)
            for owner, link in self.links[model]:
                paths = [f"{link}/{name}" for name in names]
                yield (
                    f"{kind} file by neighbour",
                    self.export(kind, owner._name, paths, [["id", "=", owner.id]]),
                )
        yield "document", self.url_open(f"/report/html/{self.documents[model]}/{record.id}").text
        yield (
            "fields to export",
            self.url_open(
                "/web/export/get_fields", json={"params": {"model": model, "domain": []}}
            ).text,
        )
        for owner, _link in self.links[model]:
            yield (
                "chatter",
                self.url_open(
                    "/mail/thread/messages",
                    json={"params": {"thread_model": owner._name, "thread_id": owner.id}},
                ).text,
            )
            yield "ticket page", self.url_open(f"/my/ticket/{owner.id}").text
        for page in ("/my", "/my/tickets", f"/odoo/{model}/{record.id}"):
            yield page, self.url_open(page).text

    @mute_logger(*LOUD)
    def test_no_role_gets_it_over_the_network(self):
        """Given each role, when programs, files and pages are asked, then no clear value."""
        for role, user in self.cast.items():
            for model_name, record in self.records.items():
                for way, answer in self.get_answers(user, record):
                    self.judge(role, user, model_name, way, answer, READ_BY_NETWORK)
