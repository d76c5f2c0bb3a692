from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.meddev_base.tests.common import ROLES

from .statements_common import REFUSALS, StatementCase


@tagged("post_install", "-at_install")
class TestStatementsOnEvidence(StatementCase):
    """Who reads the audit trail and what protects data, and who changes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls.users["compliance_auditor"]
        cls.trail = cls.env["audit.trail.entry"]
        # Whom a role is given to is tracked from the start.
        cls.env.flush_all()
        cls.entry = cls.trail.search(
            [("res_model", "=", "res.users"), ("res_id", "=", cls.auditor.id)], limit=1
        )

    def test_an_auditor_reads_the_audit_trail_and_can_change_nothing_in_it(self):
        """An auditor reads the audit trail and can change nothing in it. [S0-21, K6]"""
        self.assert_reads(self.auditor, self.entry, self.entry)
        for attempt in (
            lambda entry: entry.write({"res_name": "Somebody else"}),
            lambda entry: entry.unlink(),
            lambda entry: entry.copy(),
        ):
            self.assert_refused(self.auditor, self.entry, attempt, UserError)
        self.assert_none_made(self.auditor, "audit.trail.entry", {"kind": "login"}, UserError)
        self.assert_none_made(self.auditor, "audit.trail.purge", {}, UserError)

    def test_no_other_role_reads_the_audit_trail(self):
        """Eight of the nine roles read no audit trail, and an administrator neither. [S0-23]"""
        others = [self.users[role] for role in ROLES if role != "compliance_auditor"]
        for user in (*others, self.administrator, self.portal_hospital, self.portal_dealer):
            with self.subTest(user=user.login):
                self.assert_unreadable(user, self.entry)
                for call in (
                    lambda user=user: self.trail.with_user(user).verify(),
                    lambda user=user: self.env["audit.trail.seal"].with_user(user).search([]),
                    lambda user=user: self.env["audit.trail.coverage"].with_user(user).search([]),
                ):
                    with self.assertRaises(AccessError), mute_logger(*REFUSALS):
                        call()

    def test_only_an_auditor_exports_the_audit_trail(self):
        """The file that an inspector takes along is made by the auditor alone. [S0-40, K4]"""
        exports = self.env["audit.trail.export"]
        # Of all companies: an export holds the entries of each.
        companies = self.env["res.company"].with_context(active_test=False)
        self.auditor.company_ids = companies.search([])
        for user in (*(self.users[role] for role in ROLES), self.administrator):
            if user == self.auditor:
                continue
            with self.assertRaises(AccessError, msg=user.login), mute_logger(*REFUSALS):
                exports.with_user(user).create_export()
        export = exports.browse(exports.with_user(self.auditor).create_export())
        self.assert_reads(self.auditor, export, export)
        self.assert_unreadable(self.administrator, export)
        self.assert_refused(self.auditor, export, lambda export: export.unlink())

    def test_an_auditor_purges_nothing(self):
        """Who reads the trail never shortens it: that is the retention officer's. [K6, K14]"""
        purges = self.env["audit.trail.purge"]
        for user in (self.auditor, self.users["service_manager"], self.administrator):
            with self.assertRaisesRegex(AccessError, "retention officers"):
                purges.with_user(user).purge_expired("Old")
        officer = new_test_user(self.env, "retention", "audit_trail.group_retention_officer")
        with self.assertRaisesRegex(UserError, "Say why") as caught:
            purges.with_user(officer).purge_expired("")
        self.assertIs(type(caught.exception), UserError)
        self.assert_unreadable(officer, self.entry)

    def test_an_auditor_does_not_choose_what_is_recorded(self):
        """What the trail records an administrator sets, and the auditor sees. [K6]"""
        rule = self.env.ref("audit_trail.audit_trail_rule_users")
        self.assertEqual(rule.with_user(self.auditor).model, "res.users")
        self.assert_refused(self.auditor, rule, lambda rule: rule.write({"active": False}))
        self.assert_refused(self.auditor, rule, lambda rule: rule.unlink())
        self.assert_unreadable(self.users["service_manager"], rule)
        rule.with_user(self.administrator).retention_months = 120
        self.assertEqual(rule.retention_months, 120)

    def test_who_is_given_a_role_is_on_record(self):
        """An auditor finds who gave which role to whom. [S0-21, K13]"""
        target = self.employee
        analysts = self.env.ref("meddev_base.group_analyst")
        target.with_user(self.administrator).group_ids += analysts
        self.env.flush_all()
        trail = self.trail.with_user(self.auditor)
        entries = trail.search(
            [("res_model", "=", "res.groups"), ("res_id", "=", analysts.id), ("kind", "=", "link")]
        )
        self.assertEqual(entries[:1].user_id, self.administrator)
        self.assertEqual(entries[:1].changes, {"user_ids": [None, target.id]})

    def test_what_counts_as_sensitive_nobody_edits(self):
        """The list of sensitive fields is read by auditors and edited by nobody. [S0-39, K5]"""
        fields = self.env["sensitive.field"]
        self.assertTrue(fields.with_user(self.auditor).has_access("read"))
        self.assertFalse(fields.with_user(self.users["analyst"]).has_access("read"))
        for user in (self.auditor, self.administrator):
            for operation in ("write", "create", "unlink"):
                self.assertFalse(fields.with_user(user).has_access(operation), user.login)

    def test_only_a_privacy_officer_erases_a_person(self):
        """Sensitive values are erased by the privacy officer, by no role of the nine. [K14]"""
        officer, other = (
            new_test_user(self.env, f"privacy_{name}", "sensitive_data.group_privacy_officer")
            for name in ("one", "two")
        )
        erasures = self.env["sensitive.erase"]
        begun = erasures.with_user(officer).create({"reason": "Asked for by the person"})
        self.assert_reads(officer, begun.with_env(self.env), begun)
        self.assert_unreadable(other, begun)
        for user in (*(self.users[role] for role in ROLES), self.administrator):
            self.assertFalse(erasures.with_user(user).has_access("create"), user.login)
        for user in (officer, self.administrator):
            for operation in ("write", "create", "unlink"):
                self.assertFalse(self.env["sensitive.key"].with_user(user).has_access(operation))


@tagged("post_install", "-at_install")
class TestStatementsOnExports(StatementCase):
    """Who may carry data out. [S0-40, S0-56, K4]"""

    def _ask(self, user):
        requests = self.env["sensitive.export.request"].with_user(user)
        return requests.create(
            {
                "res_model": "stock.lot",
                "field_names": "name",
                "row_count": 20000,
                "reason": "Recall of a series",
            }
        )

    def test_four_roles_export_devices_and_no_other(self):
        """Figures leave through manager, quality, analyst and auditor alone. [S0-56, K4]"""
        exporting = {"service_manager", "quality_specialist", "analyst", "compliance_auditor"}
        for role in ROLES:
            devices = self.devices.with_user(self.users[role])
            with self.subTest(role=role):
                if role in exporting:
                    rows = devices.export_data(["name"])["datas"]
                    self.assertEqual(rows, [["ST-0001"], ["ST-0002"], ["ST-0003"]])
                else:
                    with self.assertRaisesRegex(AccessError, "may not export"):
                        devices.export_data(["name"])

    def test_core_s_right_to_export_opens_no_role(self):
        """An engineer with core's right to export carries out no device. [S0-25, K4]"""
        self.engineer.group_ids += self.env.ref("base.group_allow_export")
        with self.assertRaisesRegex(AccessError, "may not export"):
            self.devices.with_user(self.engineer).export_data(["name"])

    def test_the_right_to_export_opens_no_further_record(self):
        """Who may export exports what they may read, and no ticket more. [S0-25, K4]"""
        manager = self.users["service_manager"]
        company = self.env["res.company"].create({"name": "Elsewhere"})
        other = self._open_ticket(partner_id=self.far_contact.id, company_id=company.id)
        rows = self.ticket.with_user(manager).export_data(["number"])["datas"]
        self.assertEqual(rows, [[self.ticket.number]])
        with self.assertRaises(AccessError), mute_logger(*REFUSALS):
            other.with_user(manager).export_data(["number"])

    def test_an_export_policy_binds_whom_no_role_can_free(self):
        """How many rows leave the house an administrator sets; no role loosens it. [K4]"""
        policy = self.env.ref("sensitive_data.policy_general")
        for role in ROLES:
            with self.subTest(role=role):
                self.assert_refused(
                    self.users[role], policy, lambda policy: policy.write({"row_cap": 10**6})
                )
        # With a reason, as what is in force.
        managed = policy.with_user(self.administrator)
        managed.with_context(audit_trail_reason="Stocktaking").row_cap = 500
        self.assertEqual(policy.row_cap, 500)

    def test_nobody_approves_an_export_of_their_own(self):
        """A manager who approves exports approves those of others. [S0-56, K4, K13]"""
        manager = self.users["service_manager"]
        analyst = self.users["analyst"]
        manager.group_ids += self.env.ref("sensitive_data.group_export_approver")
        own, other = self._ask(manager), self._ask(analyst)
        own.action_request()
        other.action_request()
        self.assert_refused(manager, own, lambda request: request.action_approve(), UserError)
        self.assert_refused(analyst, other, lambda request: request.action_approve())
        other.with_user(manager).action_approve()
        self.assertEqual((other.state, other.approver_id), ("approved", manager))

    def test_a_request_to_export_is_between_the_asker_and_those_who_decide(self):
        """What somebody wants to export, colleagues do not read. [S0-26]"""
        request = self._ask(self.users["analyst"])
        self.assert_unreadable(self.users["dispatcher"], request)
        self.assert_unreadable(self.users["compliance_auditor"], request)
        request.action_request()
        self.assert_unreadable(self.users["dispatcher"], request)
        self.assert_reads(self.users["compliance_auditor"], request, request)
        self.assert_refused(
            self.users["compliance_auditor"], request, lambda request: request.action_approve()
        )
