from lxml import etree

from odoo.exceptions import AccessError, RedirectWarning, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TrailCase


@tagged("post_install", "-at_install")
class TestRules(TrailCase):
    def test_changing_the_tracked_list_is_an_entry_itself(self):
        """Given a rule, when it is archived, then the change and the stop are in the trail."""
        self.rule.active = False
        last = self.entries_of(self.rule, "update")[-1]
        self.assertEqual(last.changes, {"active": [True, False]})
        entry = self.entries.search([("kind", "=", "tracking")], limit=50)
        stopped = [details.get("stopped") for details in entry.mapped("details")]
        self.assertIn("res_partner_category", stopped)
        tag = self.env["res.partner.category"].create({"name": "Untracked"})
        self.assertFalse(self.entries_of(tag))

    def test_no_context_decides_what_is_tracked(self):
        """Given archived rules and a context that shows them, then they track nothing."""
        self.rule.with_context(active_test=False).active = False
        tag = self.env["res.partner.category"].create({"name": "Untracked"})
        self.assertFalse(self.entries_of(tag))

    def test_only_administrators_change_the_rules(self):
        """Given an auditor and an employee, then the rules are read-only or invisible."""
        rule = self.rule.with_user(self.auditor)
        self.assertTrue(rule.model)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
            rule.write({"active": False})
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
            self.rule.with_user(self.employee).read(["active"])

    def test_an_auditor_opens_the_list_and_the_form_of_rules(self):
        """Given an auditor, who may not read the list of models, then each rule has its name."""
        rules = self.env["audit.trail.rule"].with_user(self.auditor).with_context(lang="en_US")
        self.assertFalse(self.env["ir.model"].with_user(self.auditor).has_access("read"))
        rule = self.rule.with_env(rules.env)
        self.assertEqual(rule.display_name, "Partner Tags")
        self.assertEqual(rule.action_view_entries()["name"], "Partner Tags")
        self.assertIn((rule.id, "Partner Tags"), rules.name_search("res.partner.category"))
        views = rules.get_views([(False, "list"), (False, "form"), (False, "search")])["views"]
        for kind in ("list", "form"):
            arch = etree.fromstring(views[kind]["arch"])
            shown = {node.get("name") for node in arch.iter("field")}
            self.assertIn("model_label", shown)
            self.assertNotIn("model_id", shown)
            names = dict.fromkeys(shown | {"display_name"}, {})
            self.assertEqual(rule.web_read(names)[0]["model_label"], "Partner Tags")
        self.assertEqual(Form(rule).model_label, "Partner Tags")
        self.assertEqual(Form(self.rule).model_id, self.rule.model_id)
        arch = etree.fromstring(views["search"]["arch"])
        self.assertNotIn("model_id", [node.get("name") for node in arch.iter("field")])

    def test_an_administrator_opens_the_list_and_the_form_of_rules(self):
        """Given an administrator, who reads no entries, then the rules open and are theirs."""
        administrator = new_test_user(self.env, "rule_admin", "base.group_system")
        rule = self.rule.with_user(administrator)
        self.assertFalse(self.entries.with_user(administrator).has_access("read"))
        views = rule.get_views([(False, "list"), (False, "kanban"), (False, "form")])["views"]
        for kind, view in views.items():
            shown = {node.get("name") for node in etree.fromstring(view["arch"]).iter("field")}
            with self.subTest(view=kind):
                self.assertTrue(rule.web_read(dict.fromkeys(shown | {"display_name"}, {})))
        self.assertNotIn("entry_count", shown)

    def test_the_trail_is_for_auditors(self):
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
            self.entries.with_user(self.employee).search([])
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
            self.entries.with_user(self.employee).verify()
        self.assertTrue(self.as_auditor.search([], limit=1))

    def test_bad_rules_are_refused_with_the_field(self):
        cases = (
            ({"secret_fields": "nonsense"}, "nonsense"),
            ({"secret_names": "("}, "regular expression"),
            ({"change_needs_reason": "[('nonsense', '=', 1)]"}, "domain"),
            ({"change_needs_reason": "import os"}, "domain"),
        )
        for vals, text in cases:
            with self.subTest(vals), self.assertRaisesRegex(ValidationError, text):
                self.rule.write(vals)
        with self.assertRaisesRegex(ValidationError, "no table"):
            self.env["audit.trail.rule"].create({"model_id": self.env.ref("base.model_base").id})

    def test_deletion_asks_for_a_reason(self):
        """Given a rule that wants reasons, when a user deletes, then only with one, kept."""
        self.rule.delete_needs_reason = True
        self.employee.group_ids += self.env.ref("base.group_partner_manager")
        tags = self.env["res.partner.category"].with_user(self.employee)
        tag = tags.create({"name": "Doomed"})
        with self.assertRaises(RedirectWarning):
            tag.unlink()
        tag_id = tag.id
        tag.with_context(audit_trail_reason="Entered twice").unlink()
        entry = self.entries.search(
            [("res_model", "=", "res.partner.category"), ("res_id", "=", tag_id)], limit=1
        )
        self.assertRecordValues(
            entry, [{"kind": "delete", "reason": "Entered twice", "reason_required": True}]
        )

    def test_a_reason_given_on_the_screen_is_used_once(self):
        self.rule.delete_needs_reason = True
        self.employee.group_ids += self.env.ref("base.group_partner_manager")
        tags = self.env["res.partner.category"].with_user(self.employee)
        one, two = tags.create([{"name": "One"}, {"name": "Two"}])
        self.env["audit.trail.reason"].with_user(self.employee).create(
            {"res_model": tags._name, "res_ids": one.ids, "reason": "Mistake"}
        )
        with self.assertRaises(RedirectWarning):
            two.unlink()
        one_id = one.id
        one.unlink()
        entry = self.entries.search(
            [("res_model", "=", tags._name), ("res_id", "=", one_id)], limit=1
        )
        self.assertEqual(entry.reason, "Mistake")

    def test_changes_of_approved_records_ask_for_a_reason(self):
        """Given a domain of approved records, then changing them needs a reason, others do not."""
        self.rule.change_needs_reason = "[('color', '=', 10)]"
        self.employee.group_ids += self.env.ref("base.group_partner_manager")
        tags = self.env["res.partner.category"].with_user(self.employee)
        draft, approved = tags.create([{"name": "A", "color": 1}, {"name": "B", "color": 10}])
        draft.name = "A2"
        with self.assertRaises(RedirectWarning):
            approved.name = "B2"
        approved.with_context(audit_trail_reason="Typing error").name = "B3"
        self.assertEqual(self.entries_of(approved, "update").reason, "Typing error")
        self.assertFalse(self.entries_of(draft, "update").reason)

    def test_coverage_counts_complete_writes(self):
        """Given a complete write and one from outside Odoo, then half of them are covered."""
        tag = self.env["res.partner.category"].create({"name": "Tag", "color": 1})
        self.env.flush_all()
        self.env.cr.execute("SELECT set_config('audit_trail.key', '', TRUE)")
        self.env.cr.execute("UPDATE res_partner_category SET color = 2 WHERE id = %s", [tag.id])
        ids = self.entries_of(tag).ids
        coverage = self.env["audit.trail.coverage"].with_user(self.auditor)
        ((share,),) = coverage._read_group([("id", "in", ids)], [], ["complete_percent:avg"])
        self.assertEqual(share, 50.0)

    def test_entries_of_another_company_are_hidden(self):
        """Given a record of another company, then the auditor of this one sees no entry of it."""
        other = self.env["res.company"].create({"name": "Other"})
        self.env["audit.trail.rule"].create({"model_id": self.env.ref("base.model_ir_sequence").id})
        sequence = self.env["ir.sequence"].create({"name": "Theirs", "company_id": other.id})
        self.assertTrue(self.entries_of(sequence))
        domain = [("res_model", "=", sequence._name), ("res_id", "=", sequence.id)]
        self.assertFalse(self.as_auditor.search(domain))
