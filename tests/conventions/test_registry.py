"""Checks on the loaded models: what only Odoo itself can tell, whichever addons are installed."""

import ast
import re

import source_tree as source
from lxml import etree

from odoo.tests import TransactionCase, tagged

STATE_COMPARISON = re.compile(
    r"\b(\w*state)\s*(?:==|!=|not in|in)\s*(\([^()]*\)|\[[^\[\]]*\]|'[^']*'|\"[^\"]*\")"
)
EXPRESSION_ATTRIBUTES = re.compile(
    r"^(invisible|readonly|required|column_invisible|decoration-.*)$"
)
# Owned by no company by their nature: each with its reason.
WITHOUT_COMPANY_RULE = {}


@tagged("post_install", "-at_install")
class TestRegistry(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        installed = set(cls.env["ir.module.module"]._installed())
        cls.addons = [addon for addon in source.addons() if addon.name in installed]
        cls.own_models = [
            cls.env[model.name]
            for addon in cls.addons
            for model in addon.models
            if model.is_new and model.kind != "AbstractModel" and model.name in cls.env
        ]

    def test_a_suite_is_installed(self):
        self.assertTrue(self.addons, "none of the suite's addons is installed in this database")

    def test_every_model_with_a_company_has_a_company_rule(self):
        """A global rule on company_id, unless the model holds a question (wizard)."""
        missing = []
        for model in self.own_models:
            if "company_id" not in model._fields or model.is_transient():
                continue
            if model._name in WITHOUT_COMPANY_RULE:
                continue
            rules = self.env["ir.rule"].search([("model_id.model", "=", model._name)])
            if not any(
                "company_id" in (rule.domain_force or "") and not rule.groups for rule in rules
            ):
                missing.append(model._name)
        self.assertEqual(missing, [])

    def test_every_model_has_access_rows_of_named_groups(self):
        wrong = []
        for model in self.own_models:
            rows = self.env["ir.model.access"].search([("model_id.model", "=", model._name)])
            if not rows:
                wrong.append(f"{model._name}: no row")
            outside = self.env.ref("base.group_public") | self.env["res.groups"]
            wrong += [
                f"{model._name}: {row.name} opens it to everybody"
                for row in rows
                if not row.group_id or row.group_id in outside
            ]
        self.assertEqual(wrong, [])

    def test_no_role_deletes_evidence(self):
        """Append-only models: nobody has a right to write, create or delete by access rows."""
        evidence = ("meddev.device.event", "meddev.ticket.transition", "meddev.paper.waiver")
        for name in evidence:
            if name not in self.env:
                continue
            rows = self.env["ir.model.access"].search([("model_id.model", "=", name)])
            with self.subTest(model=name):
                self.assertFalse(any(rows.mapped("perm_write")))
                self.assertFalse(any(rows.mapped("perm_unlink")))

    def test_links_that_rules_and_lists_search_by_are_indexed(self):
        """company_id apart: a link to a device or a ticket is searched from the other side."""
        missing = [
            f"{model._name}.{name}"
            for model in self.own_models
            if not model.is_transient() and model._auto
            for name, field in model._fields.items()
            if field.type == "many2one"
            and field.store
            and field.comodel_name in ("stock.lot", "helpdesk.ticket")
            and not self.leads_an_index(model._table, name)
        ]
        self.assertEqual(missing, [])

    def leads_an_index(self, table, column):
        self.env.cr.execute(
            """SELECT 1 FROM pg_index i
                 JOIN pg_class k ON k.oid = i.indrelid AND k.relname = %s
                 JOIN pg_attribute a ON a.attrelid = k.oid AND a.attname = %s
                WHERE i.indkey[0] = a.attnum LIMIT 1""",
            [table, column],
        )
        return bool(self.env.cr.fetchone())

    def test_states_in_views_exist(self):
        """Every state that our XML compares with is one of a selection's values."""
        known = {}
        for model in self.env.values():
            for name, field in model._fields.items():
                if field.type == "selection" and name.endswith("state"):
                    values = field.get_values(self.env) if not callable(field.selection) else ()
                    known.setdefault(name, set()).update(values)
        wrong = []
        for addon in self.addons:
            for path in source.files(addon.folder, ".xml"):
                for node in etree.parse(path).iter(etree.Element):
                    wrong += [
                        f"{source.relative(path)}:{node.sourceline} {field} has no {value!r}"
                        for key, text in node.attrib.items()
                        if EXPRESSION_ATTRIBUTES.match(key)
                        for field, value in compared_states(text)
                        if field in known and value not in known[field]
                    ]
        self.assertEqual(wrong, [])


def compared_states(expression):
    for field, literal in STATE_COMPARISON.findall(expression):
        values = ast.literal_eval(literal)
        for value in (values,) if isinstance(values, str) else values:
            yield field, value
