from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.meddev_base.tests.common import MeddevBaseCommon


@tagged("post_install", "-at_install")
class TestTicketIntegration(MeddevBaseCommon, HttpCase):
    """A partner's system submits requests of its customers and reads them, nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = new_test_user(
            cls.env,
            "partner_system",
            "meddev_base.group_integration",
            integration_customer_ids=[Command.set(cls.hospital.ids)],
        )
        cls.own = cls.env["helpdesk.ticket"].create(
            {"name": "Own", "description": "x", "partner_id": cls.hospital.id}
        )
        cls.other = cls.env["helpdesk.ticket"].create(
            {"name": "Other", "description": "x", "partner_id": cls.other_hospital.id}
        )
        cls.tickets = cls.env["helpdesk.ticket"].with_user(cls.system)

    def submit(self, **vals):
        return self.tickets.create({"name": "Pump stops", "description": "Alarm 12", **vals})

    def test_submits_for_its_customer_and_reads_it(self):
        ticket = self.submit(partner_id=self.hospital.id)
        self.assertEqual(ticket.partner_id, self.hospital)
        self.assertEqual(ticket.service_state, "received")
        self.assertFalse(ticket.sudo().user_id)
        self.assertIn(ticket, self.tickets.search([]))

    def test_reads_its_customers_alone(self):
        found = self.tickets.with_context(active_test=False).search([])
        self.assertIn(self.own, found)
        self.assertNotIn(self.other, found)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.other.with_user(self.system).read(["name"])

    def test_does_not_submit_for_others(self):
        before = self.env["helpdesk.ticket"].search_count([])
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.submit(partner_id=self.other_hospital.id)
        self.assertEqual(self.env["helpdesk.ticket"].search_count([]), before)

    def test_takes_known_fields_alone(self):
        for vals in (
            {"user_id": self.system.id},
            {"stage_id": 1},
            {"team_id": 1},
            {"message_follower_ids": []},
            {"company_id": 1},
            {"number": "X"},
        ):
            with self.assertRaisesRegex(UserError, "may not carry"):
                self.submit(partner_id=self.hospital.id, **vals)
        with self.assertRaisesRegex(UserError, "names its customer"):
            self.submit()

    def test_changes_and_deletes_nothing(self):
        ticket = self.submit(partner_id=self.hospital.id)
        with mute_logger("odoo.addons.base.models.ir_model"):
            for attempt in (
                lambda: ticket.write({"name": "Changed"}),
                ticket.unlink,
                lambda: ticket.move_to("done"),
            ):
                with self.assertRaises(AccessError):
                    attempt()

    def test_reads_no_devices_and_no_teams(self):
        for name in ("stock.lot", "meddev.team", "product.product", "meddev.code"):
            model = self.env[name].with_user(self.system)
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                model.search([])

    def test_a_device_of_another_customer_is_not_told_apart_from_none(self):
        texts = set()
        for lot_id in (self.env["stock.lot"].search([], limit=1).id or 1, 10**9):
            with self.assertRaises(AccessError) as caught:
                self.submit(lot_id=lot_id)
            texts.add(str(caught.exception).replace(str(lot_id), "#"))
        self.assertEqual(len(texts), 1)

    def test_customers_are_named_by_administrators(self):
        with self.assertRaises(AccessError):
            self.system.with_user(self.system).write(
                {"integration_customer_ids": [Command.link(self.other_hospital.id)]}
            )
        with self.assertRaises(AccessError):
            self.other_hospital.with_user(self.users["service_manager"]).write(
                {"integration_user_ids": [Command.link(self.system.id)]}
            )

    def test_losing_a_customer_takes_effect_at_once(self):
        self.system.integration_customer_ids = [Command.clear()]
        self.assertFalse(self.tickets.search([]))

    def test_over_json2(self):
        keys = self.env["res.users.apikeys"].with_user(self.system).sudo()
        key = keys._generate(None, "partner", datetime.now() + timedelta(days=1))
        headers = {"Authorization": f"bearer {key}"}
        answer = self.url_open(
            "/json/2/helpdesk.ticket/create",
            json={
                "vals_list": [
                    {"name": "Over JSON-2", "description": "x", "partner_id": self.hospital.id}
                ]
            },
            headers=headers,
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        answer = self.url_open(
            "/json/2/helpdesk.ticket/search_read",
            json={"domain": [["id", "in", answer.json()]], "fields": ["number", "service_state"]},
            headers=headers,
        )
        self.assertEqual(answer.json()[0]["service_state"], "received")
