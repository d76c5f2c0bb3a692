from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.meddev_purchase.tests.common import PurchaseCommon

from .statements_common import REFUSALS, Refusals, StatementCase

#: The widest reader that one person can be: who reads nothing with these reads nothing at all.
WIDE = ",".join(
    f"meddev_base.group_{role}"
    for role in (
        *("service_manager", "intake_agent", "parts_keeper"),
        *("quality_specialist", "compliance_auditor"),
    )
)


class Sisters(Refusals):
    """Two companies of one group, with one all-round colleague each: ``ours`` and ``theirs``."""

    @classmethod
    def _set_up_sisters(cls):
        cls.home = cls.env.company
        cls.sister = cls.env["res.company"].create({"name": "Sister Company"})
        cls.ours, cls.theirs = (
            new_test_user(
                cls.env,
                f"all_round_{company.id}",
                WIDE,
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
            for company in (cls.home, cls.sister)
        )

    def assert_ours_alone(self, records):
        """``ours`` reads the records and ``theirs`` does not; nor does a context lend a company."""
        self.assertTrue(records)
        self.assert_reads(self.ours, records, records)
        self.assert_unreadable(self.theirs, records)


@tagged("post_install", "-at_install")
class TestStatementsOnCompanies(Sisters, StatementCase):
    """What one company of a group knows of another: nothing that is not shared. [K3, S1-50]"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_sisters()
        cls.own_device = cls._enter_device(
            "ST-HOME", company_id=cls.home.id, customer_id=cls.hospital.id
        )
        cls.own_ticket = cls._open_ticket(cls.own_device)

    def test_a_device_is_its_companys_own(self):
        """One company's devices are not read in another. [K3]"""
        self.assert_ours_alone(self.own_device)
        self.assert_refused(
            self.theirs, self.own_device, lambda device: device.write({"note": "Ours now"})
        )
        elsewhere = self._enter_device("ST-AWAY", company_id=self.sister.id)
        self.assert_reads(self.theirs, elsewhere | self.own_device, elsewhere)

    def test_a_devices_file_is_as_closed_as_the_device(self):
        """History, parts, firmware, numbers, acceptance and label stay in the company. [K3]"""
        lot = {"lot_id": self.own_device.id}
        cable = self.env["product.product"].create({"name": "Cable"})
        rows = {
            "meddev.device.component": {"product_id": cable.id, "serial": "C-1"},
            "meddev.device.firmware": {"version": "2.0"},
            "meddev.device.alias": {"value": "ASSET-1"},
            "meddev.device.acceptance": {"signer_name": "Dr. Li"},
            "meddev.device.token": {},
        }
        files = [self.env[model].create(lot | vals) for model, vals in rows.items()]
        files += [files[3].checklist_line_ids, self.own_device.event_ids]
        for records in files:
            with self.subTest(model=records._name):
                self.assert_ours_alone(records)

    def test_a_ticket_its_moves_and_its_amendments_stay_in_the_company(self):
        """What one company works on, and how it came along, another does not read. [K3]"""
        ticket = self.own_ticket.with_user(self.ours)
        ticket.move_to("done", "Answered")
        ticket.move_to("archived")
        # A technical column: what may still change on file, and is recorded.
        ticket.color = 5
        self.env.flush_all()
        amendments = self.env["meddev.ticket.amendment"].search([("ticket_id", "=", ticket.id)])
        for records in (self.own_ticket, self.own_ticket.transition_ids, amendments):
            with self.subTest(model=records._name):
                self.assert_ours_alone(records)
        for records in (self.own_ticket.transition_ids, amendments):
            found = records.with_user(self.administrator).search([("id", "in", records.ids)])
            self.assertEqual(found.ids, records.ids)

    def test_regions_and_teams_are_a_companys_own(self):
        """Where a company works, and who with, is not read in another. [K3]"""
        region = self.env["meddev.region"].create({"name": "East", "company_id": self.home.id})
        team = self.env["meddev.team"].create({"name": "East", "company_id": self.home.id})
        works = self.env["meddev.user.region"].create(
            {"region_id": region.id, "user_id": self.engineer.id}
        )
        belongs = self.env["meddev.team.member"].create(
            {"team_id": team.id, "user_id": self.engineer.id}
        )
        for records in (region, team, works, belongs):
            with self.subTest(model=records._name):
                self.assert_ours_alone(records)

    def test_which_dealer_serves_whom_is_a_companys_own(self):
        """A company's dealers are not known to another. [K3]"""
        self.assert_ours_alone(self._assign(self.dealer, facility_id=self.hospital.id))

    def test_certificates_and_identifiers_are_a_companys_own(self):
        """What a company registered, and when it was reminded, is its own. [K3]"""
        product = self.env["product.template"].create(
            {"name": "Pump", "is_medical_device": True, "company_id": self.home.id}
        )
        identifier = self.env["meddev.udi.di"].create(
            {"product_tmpl_id": product.id, "di": "06901234567892"}
        )
        certificate = self.env["meddev.registration"].create(
            {"number": "国械注准20203070123", "company_id": self.home.id}
        )
        reminder = self.env["meddev.registration.reminder"].create(
            {"registration_id": certificate.id, "days": 90, "valid_to": "2030-01-01"}
        )
        for records in (product, identifier, certificate, reminder):
            with self.subTest(model=records._name):
                self.assert_ours_alone(records)

    def test_the_audit_trail_of_a_company_is_read_by_its_own_auditor(self):
        """An auditor finds the entries about the own company's records. [S0-21, K6]"""
        self.own_device.with_user(self.ours).note = "Checked"
        self.env.flush_all()
        about = [("res_model", "=", "stock.lot"), ("res_id", "=", self.own_device.id)]
        entries = self.env["audit.trail.entry"].search([*about, ("kind", "=", "update")])
        self.assertEqual(entries.company_id, self.home)
        self.assert_ours_alone(entries)
        coverage = self.env["audit.trail.coverage"].search([("id", "in", entries.ids)])
        self.assert_ours_alone(coverage)

    def test_a_request_to_export_stays_in_the_company_it_was_made_in(self):
        """What was to be exported in one company, another's auditor does not read. [K4]"""
        request = (
            self.env["sensitive.export.request"]
            .with_user(self.users["analyst"])
            .create(
                {
                    "res_model": "stock.lot",
                    "field_names": "name",
                    "row_count": 20000,
                    "reason": "Recall",
                }
            )
        )
        request.action_request()
        self.assert_ours_alone(request.with_env(self.env))

    def test_what_has_no_company_is_shared(self):
        """A region, certificate or device of no company is read in all. [K3]"""
        region = self.env["meddev.region"].create({"name": "Everywhere"})
        certificate = self.env["meddev.registration"].create({"number": "国械注准20203070456"})
        shared = self._enter_device("ST-SHARED")
        self.assertFalse(shared.company_id or region.company_id or certificate.company_id)
        for records in (region, certificate, shared):
            for user in (self.ours, self.theirs):
                self.assert_reads(user, records, records)

    def test_another_companys_record_is_not_readable_through_a_related_record(self):
        """What a shared record leads to is as closed as if asked for directly. [K3]"""
        self._assign(self.dealer, facility_id=self.hospital.id)
        shared = self._enter_device("ST-SHARED", customer_id=self.hospital.id)
        ticket = self._open_ticket(shared, company_id=self.home.id)
        self.assertEqual(shared.with_user(self.ours).ticket_ids, ticket.with_user(self.ours))
        self.env.invalidate_all()
        theirs = shared.with_user(self.theirs)
        self.assertFalse(theirs.ticket_ids)
        self.assertEqual((theirs.ticket_count, theirs.open_ticket_count), (0, 0))
        places = self.env["res.partner"].with_user(self.theirs)
        self.assertFalse(self.dealer.with_user(self.theirs).served_assignment_ids)
        lots = self.env["stock.lot"].with_user(self.theirs)
        for found in (
            lots.search([("ticket_ids.name", "ilike", "Alarm"), ("id", "=", shared.id)]),
            places.search([("served_assignment_ids.facility_id", "=", self.hospital.id)]),
            places.search([("dealer_assignment_ids.dealer_id", "=", self.dealer.id)]),
        ):
            self.assertFalse(found)
        read = theirs.web_read({"ticket_ids": {"fields": {"name": {}, "description": {}}}})
        self.assertEqual(read, [{"id": shared.id, "ticket_ids": []}])

    def test_naming_a_company_in_the_request_opens_nothing(self):
        """Who names a company that is not theirs is refused, not served. [K3]"""
        for ids in ([self.home.id], [self.sister.id, self.home.id]):
            device = self.own_device.with_user(self.theirs)
            device = device.with_context(allowed_company_ids=ids)
            with self.assertRaises(AccessError), mute_logger(*REFUSALS):
                device.read(["name"])
            with self.assertRaises(AccessError), mute_logger(*REFUSALS):
                device.search([("name", "=", "ST-HOME")])
        own = self.own_device.with_user(self.ours)
        own = own.with_context(allowed_company_ids=self.home.ids)
        self.assertEqual(own.read(["name"]), [{"id": own.id, "name": "ST-HOME"}])

    def test_who_joins_or_leaves_a_company_gains_and_loses_at_once(self):
        """A second company opens its records the moment it is given, and closes them so. [K3]"""
        self.assert_unreadable(self.theirs, self.own_device)
        self.theirs.with_user(self.administrator).company_ids += self.home
        both = self.own_device.with_user(self.theirs).with_context(
            allowed_company_ids=(self.sister | self.home).ids
        )
        self.assertEqual(both.search([("id", "=", both.id)]).name, "ST-HOME")
        self.theirs.with_user(self.administrator).company_ids -= self.home
        self.env.invalidate_all()
        with self.assertRaises(AccessError), mute_logger(*REFUSALS):
            both.search([("id", "=", both.id)])
        self.assert_unreadable(self.theirs, self.own_device)

    def test_no_company_is_given_tickets_by_another(self):
        """A ticket is opened in the own company and in no other. [K3]"""
        vals = {"name": "Yours", "description": "Yours", "user_id": False}
        self.assert_none_made(self.theirs, "helpdesk.ticket", vals | {"company_id": self.home.id})
        self.assert_none_made(
            self.theirs,
            "meddev.dealer.assignment",
            {
                "dealer_id": self.dealer.id,
                "facility_id": self.hospital.id,
                "company_id": self.home.id,
            },
        )
        ticket = self.env["helpdesk.ticket"].with_user(self.theirs).create(vals)
        self.assertEqual(ticket.company_id, self.sister)


@tagged("post_install", "-at_install")
class TestStatementsOnCompaniesThatBuy(Sisters, PurchaseCommon):
    """What one company buys, and from whom, another does not know. [K3]"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_sisters()

    def test_receipts_and_inspections_are_a_companys_own(self):
        """What arrived, and how it was found, stays in the company. [K3]"""
        order, inspection = self._receive(self._carrier("ST-1"))
        for records in (order, order.picking_ids, inspection, inspection.line_ids):
            with self.subTest(model=records._name):
                self.assert_ours_alone(records.with_env(self.env))

    def test_supplier_papers_and_their_rules_are_a_companys_own(self):
        """A company's file of its suppliers, and its rules about it, are its own. [K3]"""
        paper = self._paper(self.distributor, "business_licence", "ST-2", company_id=self.home.id)
        reminder = self.env["meddev.paper.reminder"].create(
            {"paper_id": paper.id, "days": 30, "valid_to": self.today}
        )
        rule = self.env["meddev.paper.requirement"].create(
            {"kind": "business_licence", "company_id": self.home.id}
        )
        for records in (paper, reminder, rule):
            with self.subTest(model=records._name):
                self.assert_ours_alone(records)

    def test_what_was_let_pass_is_a_companys_own(self):
        """For which order papers were not asked is not read in another company. [K3]"""
        self.company.meddev_order_paper_policy = "block"
        order = self._order((self.monitor, 1), partner=self.distributor, confirm=False)
        waiver_id = order.with_user(self.quality).allow_papers("Copies were seen")
        self.assert_ours_alone(self.env["meddev.paper.waiver"].browse(waiver_id))
