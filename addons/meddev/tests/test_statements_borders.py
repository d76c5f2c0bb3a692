from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .statements_common import StatementCase
from .test_statements_company import Sisters


@tagged("post_install", "-at_install")
class TestStatementsOnBorders(Sisters, StatementCase):
    """What crosses from one company of a group to another: nothing by hand. [K3, S1-50]"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_sisters()
        home = {"company_id": cls.home.id}
        cls.region = cls.env["meddev.region"].create({"name": "East"} | home)
        cls.team = cls.env["meddev.team"].create({"name": "East"} | home)
        cls.assignment = cls._assign(cls.dealer, facility_id=cls.hospital.id)
        cls.own_device = cls._enter_device("ST-HOME", customer_id=cls.hospital.id, **home)
        cls.shared_device = cls._enter_device("ST-SHARED", customer_id=cls.hospital.id)
        cls.own_ticket = cls._open_ticket(cls.shared_device)
        cls.works = cls.env["meddev.user.region"].create(
            {"region_id": cls.region.id, "user_id": cls.engineer.id}
        )

    def test_no_role_gives_a_record_to_a_company_that_is_not_theirs(self):
        """Intake and manager keep tickets, devices and regions in the company. [K3]"""
        away = {"company_id": self.sister.id}
        intake, manager = self.users["intake_agent"], self.users["service_manager"]
        for user, record in (
            (intake, self.own_ticket),
            (intake, self.own_device),
            (intake, self.shared_device),
            (intake, self._create_partner("Ward 9", "department", self.campus)),
            (manager, self.own_ticket),
            (manager, self.region),
            (manager, self.team),
            (manager, self.assignment),
            (manager, self.works),
            (manager, self.north),
        ):
            with self.subTest(user=user.login, model=record._name):
                self.assert_refused(user, record, lambda record: record.write(away))

    def test_a_detour_gives_no_record_away_either(self):
        """What a company follows from is not changed to another company's. [K3]"""
        foreign = (
            self.env["product.product"]
            .sudo()
            .create(
                {
                    "name": "Pump",
                    "tracking": "serial",
                    "is_storable": True,
                    "is_medical_device": True,
                    "company_id": self.sister.id,
                }
            )
        )
        region = self.env["meddev.region"].create({"name": "West", "company_id": self.sister.id})
        for user, record, vals in (
            (self.users["intake_agent"], self.own_device, {"product_id": foreign.id}),
            (self.users["service_manager"], self.works, {"region_id": region.id}),
        ):
            with self.subTest(model=record._name):
                self.assert_refused(user, record, lambda record, vals=vals: record.write(vals))
        tickets = self.env["helpdesk.ticket"].with_user(self.users["intake_agent"])
        row = [str(self.own_ticket.id), str(self.sister.id)]
        self.assertFalse(tickets.load([".id", "company_id/.id"], [row])["ids"])
        self.assertEqual(self.own_ticket.company_id, self.home)

    def test_who_works_in_both_companies_moves_records_between_them(self):
        """Who belongs to both companies decides where a record belongs. [K3]"""
        both = new_test_user(
            self.env,
            "in_both_companies",
            "meddev_base.group_service_manager",
            company_id=self.home.id,
            company_ids=[Command.set((self.home | self.sister).ids)],
        )
        for record in (self.own_ticket, self.region):
            record.with_user(both).company_id = self.sister
            self.env.flush_all()
            self.assert_reads(self.theirs, record, record)

    def test_the_history_of_a_device_is_read_by_its_companys_auditor(self):
        """By a device's number another company's auditor learns nothing of it. [S0-21, K6]"""
        self.own_device.with_user(self.ours).note = "Checked"
        self.env.flush_all()
        trail = self.env["audit.trail.entry"]
        for device in (self.own_device, self.own_ticket):
            history = trail.with_user(self.ours).get_history(device._name, device.id)
            self.assertTrue(history)
            self.assertEqual(trail.with_user(self.theirs).get_history(device._name, device.id), [])
