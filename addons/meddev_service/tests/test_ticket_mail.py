from odoo.tests import tagged

from .common import TicketCommon

MAIL = """Return-Path: <{sender}>
To: {to}
From: {name} <{sender}>
Subject: {subject}
Message-Id: <{message_id}@example.com>
Date: Mon, 2 Mar 2026 08:00:00 +0000
{headers}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{body}
"""


@tagged("post_install", "-at_install")
class TestTicketMail(TicketCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.alias.domain"].create({"name": "service.example.com"})
        cls.env.company.alias_domain_id = cls.env["mail.alias.domain"].search([], limit=1)
        cls.team = cls.env["helpdesk.ticket.team"].create(
            {"name": "Hotline", "alias_name": "hotline", "user_ids": [(4, cls.engineer.id)]}
        )
        cls.address = f"hotline@{cls.env.company.alias_domain_id.name}"
        cls.counter = 0

    def _receive(self, reply_to=None, headers="", **parts):
        type(self).counter += 1
        parts = {
            "sender": "wang@example.com",
            "name": "Nurse Wang",
            "to": self.address,
            "subject": "Ventilator broken",
            "body": "It beeps.",
            "message_id": f"service-{self.counter}",
        } | parts
        if reply_to:
            headers += f"In-Reply-To: {reply_to}\nReferences: {reply_to}\n"
        before = self.tickets.search([], order="id desc", limit=1)
        self.env["mail.thread"].message_process(
            "helpdesk.ticket", MAIL.format(headers=headers, **parts)
        )
        return self.tickets.search([("id", ">", before.id or 0)])

    def test_mail_ticket_is_assigned_to_nobody(self):
        """Upstream assigns it to OdooBot, the user of the gateway."""
        self.env.company.helpdesk_mgmt_ticket_auto_assign = True
        ticket = self._receive()
        self.assertEqual(len(ticket), 1)
        self.assertRecordValues(
            ticket,
            [
                {
                    "user_id": False,
                    "service_state": "received",
                    "partner_id": self.hospital.id,
                    "contact_id": self.contact.id,
                    "department_id": self.department.id,
                    "partner_name": "Nurse Wang",
                    "partner_email": "wang@example.com",
                    "team_id": self.team.id,
                }
            ],
        )
        defaults = self.tickets.with_user(self.env.ref("base.user_root")).default_get(["user_id"])
        self.assertFalse(defaults.get("user_id"))

    def test_mail_of_a_colleague_is_assigned_to_nobody(self):
        """The gateway works as the sender: upstream makes a colleague who forwards the engineer."""
        self.env.company.helpdesk_mgmt_ticket_auto_assign = True
        self.engineer.email = "colleague@example.com"
        ticket = self._receive(sender="colleague@example.com", name="Colleague")
        self.assertEqual(ticket.create_uid, self.engineer)
        self.assertFalse(ticket.user_id)

    def test_mail_finds_the_device(self):
        ticket = self._receive(body="The one with SN VN-2026-0001 beeps.")
        self.assertEqual(ticket.lot_id, self.device)
        foreign = self._receive(body="SN VN-2026-0002")
        self.assertFalse(foreign.lot_id)
        self.assertIn("VN-2026-0002", foreign.device_reference)

    def test_unknown_sender_has_a_name(self):
        """Upstream leaves the name empty and the raw header as the e-mail."""
        ticket = self._receive(sender="zhang@elsewhere.example", name="Zhang")
        self.assertRecordValues(
            ticket,
            [{"partner_name": "Zhang", "partner_email": "zhang@elsewhere.example"}],
        )

    def test_empty_body_and_subject(self):
        ticket = self._receive(subject="", body="")
        self.assertEqual(len(ticket), 1)
        self.assertTrue(ticket.name)

    def test_machines_open_no_tickets(self):
        for headers in ("Auto-Submitted: auto-replied\n", "Precedence: auto_reply\n"):
            self.assertFalse(self._receive(headers=headers))
        self.assertTrue(self._receive(headers="Auto-Submitted: no\n"))

    def _post_question(self, ticket):
        return ticket.with_user(self.engineer).message_post(
            body="When may we come?",
            partner_ids=self.contact.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def test_answer_resumes_a_waiting_ticket(self):
        ticket = self._bring_to("waiting")
        question = self._post_question(ticket)
        self.assertEqual(ticket.service_state, "waiting")
        self.assertFalse(self._receive(reply_to=question.message_id, body="Tomorrow"))
        self.assertEqual(ticket.service_state, "in_progress")
        move = ticket.transition_ids.sorted("id")[-1]
        self.assertTrue(move.is_by_customer)

    def test_out_of_office_resumes_nothing(self):
        ticket = self._bring_to("waiting")
        question = self._post_question(ticket)
        self._receive(
            reply_to=question.message_id,
            body="I am away",
            headers="Auto-Submitted: auto-replied\n",
        )
        self.assertEqual(ticket.service_state, "waiting")

    def test_answer_reopens_a_done_ticket(self):
        """Upstream threads the answer and nobody looks at it."""
        ticket = self._bring_to("done")
        question = self._post_question(ticket)
        self._receive(reply_to=question.message_id, body="It beeps again")
        self.assertEqual(ticket.service_state, "in_progress")
        self.assertFalse(ticket.closed_date)

    def test_note_of_a_colleague_resumes_nothing(self):
        ticket = self._bring_to("waiting")
        ticket.with_user(self.intake).message_post(
            body="They called", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertEqual(ticket.service_state, "waiting")

    def test_answer_to_an_archived_ticket_opens_a_follow_up(self):
        ticket = self._open()
        question = self._post_question(self._bring_to("in_progress", ticket))
        self.env.cr.precommit.run()
        ticket.with_user(self.engineer).move_to("done")
        ticket.with_user(self.manager).move_to("archived")
        count = len(ticket.sudo().message_ids)
        follow_up = self._receive(reply_to=question.message_id, body="Again!")
        self.assertRecordValues(
            follow_up,
            [
                {
                    "previous_ticket_id": ticket.id,
                    "lot_id": self.device.id,
                    "partner_id": self.hospital.id,
                    "service_state": "received",
                }
            ],
        )
        self.assertEqual(ticket.service_state, "archived")
        self.assertEqual(len(ticket.sudo().message_ids), count)

    def test_creation_is_logged_and_posted_only_to_followers_of_the_team(self):
        """One post per ticket was two thirds of the time of a batch."""
        silent = self._open()
        self.assertEqual(silent.message_ids.subtype_id, self.env.ref("mail.mt_note"))
        self.team.message_subscribe(self.manager.partner_id.ids)
        told = self._open(team_id=self.team.id)
        created = self.env.ref("helpdesk_mgmt.hlp_tck_created")
        self.assertIn(created, told.message_ids.subtype_id)
        self.assertIn(
            self.manager.partner_id, told.sudo().message_ids.notification_ids.res_partner_id
        )

    def test_assignment_mail_goes_to_the_engineer(self):
        """Upstream's template greets the customer with the engineer's name."""
        ticket = self._bring_to("dispatched", self._open(contact_id=self.contact.id))
        template = self.env.ref("helpdesk_mgmt.assignment_email_template")
        values = template._generate_template(ticket.ids, ["partner_to", "body_html", "email_cc"])
        self.assertEqual(values[ticket.id]["partner_ids"], self.engineer.partner_id.ids)
        self.assertIn(self.engineer.name, values[ticket.id]["body_html"])

    def test_closing_mail_greets_the_customer(self):
        ticket = self._bring_to("dispatched", self._open(contact_id=self.contact.id))
        for name in ("closed_ticket_template", "changed_stage_template"):
            template = self.env.ref(f"helpdesk_mgmt.{name}")
            values = template._generate_template(ticket.ids, ["partner_to", "body_html"])
            self.assertEqual(values[ticket.id]["partner_ids"], self.contact.ids)
            self.assertIn("Nurse Wang", values[ticket.id]["body_html"])
            self.assertNotIn(self.engineer.name, values[ticket.id]["body_html"])
