from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import TicketCommon


@tagged("post_install", "-at_install")
class TestTicketCreate(TicketCommon):
    def test_device_fills_customer_and_department(self):
        with Form(self.tickets.with_user(self.intake)) as form:
            form.name = "Leak"
            form.description = "<p>Water</p>"
            form.lot_id = self.device
            self.assertEqual(form.partner_id, self.hospital)
            self.assertEqual(form.department_id, self.department)
        ticket = form.save()
        self.assertRecordValues(
            ticket,
            [
                {
                    "partner_id": self.hospital.id,
                    "department_id": self.department.id,
                    "place_id": self.department.id,
                    "product_id": self.product.id,
                    "commercial_partner_id": self.hospital.commercial_partner_id.id,
                }
            ],
        )

    def test_person_becomes_contact_of_the_hospital(self):
        """A portal or mail ticket comes from a person; the hospital is the customer."""
        ticket = self._open(lot_id=False, partner_id=self.contact.id)
        self.assertRecordValues(
            ticket,
            [
                {
                    "partner_id": self.hospital.id,
                    "contact_id": self.contact.id,
                    "department_id": self.department.id,
                    "place_id": self.department.id,
                    "partner_name": "Nurse Wang",
                    "partner_email": "wang@example.com",
                }
            ],
        )

    def test_device_must_belong_to_the_customer(self):
        with self.assertRaisesRegex(ValidationError, "registered at"):
            self._open(partner_id=self.other_hospital.id)
        ticket = self._open(
            partner_id=self.other_hospital.id, deviation_reason="On loan since Monday"
        )
        self.assertEqual(ticket.partner_id, self.other_hospital)

    def test_another_device_never_exchanges_the_customer(self):
        """Given a request of one hospital, a device of another is refused, not followed."""
        ticket = self._open(lot_id=False, partner_id=self.contact.id)
        with self.assertRaisesRegex(ValidationError, "registered at"), self.env.cr.savepoint():
            ticket.lot_id = self.other_device
        self.assertEqual(ticket.partner_id, self.hospital)
        ticket.write({"lot_id": self.other_device.id, "deviation_reason": "On loan here"})
        self.assertEqual(ticket.partner_id, self.hospital)
        with self.assertRaises(AccessError):
            ticket.with_user(self.other_user).read(["name"])

    def test_contact_must_work_at_the_customer(self):
        with self.assertRaisesRegex(ValidationError, "works at"):
            self._open(contact_id=self.other_contact.id)
        ticket = self._open(contact_id=self.ward_contact.id)
        with self.assertRaisesRegex(ValidationError, "works at"), self.env.cr.savepoint():
            ticket.contact_id = self.other_contact
        ticket.write({"contact_id": self.other_contact.id, "deviation_reason": "Now works there"})
        self.assertEqual(ticket.contact_id, self.other_contact)
        self.assertTrue(self._open(contact_id=self.dealer_contact.id), "In no hospital: free")

    def test_dealer_may_report_a_device_that_it_serves(self):
        with self.assertRaises(ValidationError):
            self._open(partner_id=self.dealer.id)
        self.env["meddev.dealer.assignment"].create(
            {
                "dealer_id": self.dealer.id,
                "facility_id": self.hospital.id,
                "date_from": "2020-01-01",
            }
        )
        self.assertTrue(self._open(partner_id=self.dealer.id))

    def test_department_must_belong_to_the_customer(self):
        with self.assertRaisesRegex(ValidationError, "does not belong"):
            self._open(
                lot_id=False, partner_id=self.other_hospital.id, department_id=self.department.id
            )

    def test_lot_must_be_medical(self):
        product = self.env["product.product"].create(
            {"name": "Coffee", "is_storable": True, "tracking": "lot"}
        )
        lot = self.env["stock.lot"].create({"name": "C1", "product_id": product.id})
        with self.assertRaisesRegex(ValidationError, "medical device"):
            self._open(lot_id=lot.id)

    def test_new_ticket_is_received_whatever_is_sent(self):
        archived = self.env.ref("meddev_service.stage_archived")
        for vals in (
            {"service_state": "done"},
            {"stage_id": archived.id},
            {"archived_at": "2020-01-01 00:00:00"},
        ):
            with self.assertRaises(UserError):
                self._open(**vals)
        tickets = self.tickets.with_user(self.manager).with_context(
            default_service_state="archived",
            default_archived_at="2020-01-01 00:00:00",
            default_archived_by_id=self.manager.id,
        )
        ticket = tickets.create({"name": "Forged", "description": "x"})
        self.assertEqual(ticket.service_state, "received")
        self.assertFalse(ticket.archived_at)
        with self.assertRaises(UserError):
            tickets.with_context(default_stage_id=archived.id).create(
                {"name": "Forged", "description": "x"}
            )

    def test_copy_starts_anew(self):
        ticket = self._bring_to("archived")
        copy = ticket.copy()
        self.assertRecordValues(
            copy,
            [
                {
                    "service_state": "received",
                    "archived_at": False,
                    "done_at": False,
                    "lot_id": self.device.id,
                }
            ],
        )
        self.assertNotEqual(copy.number, ticket.number)
        self.assertFalse(copy.transition_ids)

    def test_batch_has_distinct_consecutive_numbers(self):
        tickets = self.tickets.with_user(self.intake).create(
            [{"name": f"T{index}", "description": "x"} for index in range(5)]
        )
        numbers = tickets.mapped("number")
        self.assertEqual(len(set(numbers)), 5)
        self.assertEqual(sorted(numbers), numbers)
        self.assertNotEqual(self._open().number, numbers[-1])

    def test_number_follows_a_gapless_sequence(self):
        sequence = self.env.ref("helpdesk_mgmt.helpdesk_ticket_sequence")
        sequence.implementation = "no_gap"
        tickets = self.tickets.with_user(self.intake).create(
            [{"name": f"T{index}", "description": "x"} for index in range(3)]
        )
        self.assertEqual(len(set(tickets.mapped("number"))), 3)

    def test_intake_does_not_become_the_engineer(self):
        self.assertFalse(self._open().user_id)
        self.assertFalse(self.env.company.helpdesk_mgmt_ticket_auto_assign)
        self.assertFalse(
            self.env["res.company"].create({"name": "New"}).helpdesk_mgmt_ticket_auto_assign
        )

    def test_find_devices_in_a_narrative(self):
        self.env["meddev.device.alias"].create(
            {"lot_id": self.other_device.id, "value": "ICU-VENT-07"}
        )
        find = self.tickets.with_user(self.intake).find_devices
        text = "On 12 May the ventilator (S/N vn-2026-0001) stopped. Nobody was harmed."
        self.assertEqual([found["id"] for found in find(text)], self.device.ids)
        self.assertEqual([found["id"] for found in find("our ICU-VENT-07.")], self.other_device.ids)
        self.assertEqual(find("nothing to see 12"), [])
        both = "VN-2026-0001, VN-2026-0002"
        self.assertEqual(len(find(both)), 2)
        own = find(both, self.other_hospital.id)
        self.assertEqual([found["id"] for found in own], self.other_device.ids)

    def test_query_growth_of_a_batch(self):
        """22 tickets cost hardly more queries than 2: no search per record."""

        def count(size):
            vals_list = [
                {
                    "name": f"Ticket {index}",
                    "description": "<p>x</p>",
                    "lot_id": (self.device | self.ward_device)[index % 2].id,
                    "partner_id": self.hospital.id,
                }
                for index in range(size)
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.tickets.with_user(self.intake).create(vals_list)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)
        few, many = count(2), count(22)
        self.assertLessEqual(many - few, 20, f"{few} queries for 2, {many} for 22")

    def test_query_growth_of_a_move(self):
        def count(size):
            tickets = self.tickets.with_user(self.intake).create(
                [{"name": f"Ticket {index}", "description": "x"} for index in range(size)]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            tickets.move_to("dispatched")
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)
        few, many = count(2), count(22)
        self.assertLessEqual(many - few, 10, f"{few} queries for 2, {many} for 22")

    def test_partner_counts_in_one_go(self):
        """Upstream loads every ticket of every partner, one search per partner."""
        self._bring_to("done")
        self._open()
        partners = self.env["res.partner"].with_user(self.manager)
        partners = partners.browse((self.hospital | self.department | self.other_hospital).ids)

        def count(records):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.mapped("helpdesk_ticket_count")
            return self.env.cr.sql_log_count - before

        count(partners)
        self.assertLessEqual(count(partners) - count(partners[0]), 2)
        self.assertEqual(partners.mapped("helpdesk_ticket_count"), [2, 0, 0])
        self.assertEqual(partners.mapped("helpdesk_ticket_active_count"), [1, 0, 0])
        self.assertEqual(partners[0].helpdesk_ticket_count_string, "1 / 2")

    def test_device_counts_its_tickets(self):
        self._bring_to("done")
        self._open()
        device = self.device.with_user(self.analyst)
        self.assertEqual((device.ticket_count, device.open_ticket_count), (2, 1))
        self.assertEqual(device.action_view_tickets()["context"]["default_lot_id"], device.id)

    def test_banner_of_the_device_is_on_the_ticket(self):
        ticket = self._open()
        self.assertFalse(ticket.device_banner)
        self.env.cr.execute(
            "UPDATE stock_lot SET device_state = 'recalled' WHERE id = %s", self.device.ids
        )
        self.env.invalidate_all()
        self.assertTrue(ticket.device_banner)
