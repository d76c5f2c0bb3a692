from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .statements_common import REFUSALS, StatementCase


@tagged("post_install", "-at_install")
class TestStatementsOnInternalMessages(StatementCase):
    """What colleagues and programs note stays inside, by whatever way it is asked for. [S0-26]"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._assign(cls.dealer, facility_id=cls.department.id)

    def _write_internal(self, record):
        """One internal message of each kind: log, note, tracking, internal flag, no subtype."""
        record = record.with_env(self.env(context={"lang": "en_US"}))
        messages = record._message_log(body="Password is 1234")
        for message_type in ("notification", "email", "auto_comment", "comment"):
            messages += record.message_post(
                body="Password is 1234", message_type=message_type, subtype_xmlid="mail.mt_note"
            )
        for vals in ({"is_internal": True}, {"subtype_id": False}):
            message = record.message_post(body="Password is 1234", subtype_xmlid="mail.mt_comment")
            message.write(vals)
            messages += message
        return messages

    def test_an_outsider_reads_no_internal_message_by_its_id(self):
        """Notes and logs on a hospital's own ticket, device and place are not shown to it. [K3]"""
        answer = self.ticket.message_post(
            body="We come", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        for record in (self.ticket, self.department):
            messages = self._write_internal(record)
            self.env.invalidate_all()
            for user in (self.portal_hospital, self.portal_dealer):
                with self.subTest(user=user.login, model=record._name):
                    self.assertTrue(record.with_user(user).has_access("read"))
                    self.assert_unreadable(user, messages)
            self.assert_reads(self.users["service_manager"], messages, messages)
        self.assert_reads(self.portal_hospital, answer, answer)

    def test_what_a_customer_does_writes_no_log_that_the_customer_reads(self):
        """The log of a customer's own move is for colleagues as well. [S0-26]"""
        ticket = self.ticket.with_user(self.portal_hospital).sudo()
        log = ticket._message_log(body="Recalled: do not tell yet")
        self.assertEqual(log.create_uid, self.portal_hospital)
        log = log.with_user(self.portal_hospital)
        self.env.invalidate_all()
        with self.assertRaises(AccessError), mute_logger(*REFUSALS):
            log.read(["body"])

    def test_an_outsider_writes_no_internal_message(self):
        """A customer answers; notes are for colleagues. [S0-26]"""
        for message_type in ("comment", "notification"):
            self.assert_refused(
                self.portal_hospital,
                self.ticket,
                lambda ticket, kind=message_type: ticket.message_post(
                    body="From the office", message_type=kind, subtype_xmlid="mail.mt_note"
                ),
            )
        answer = self.ticket.with_user(self.portal_hospital).message_post(
            body="It beeps", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertEqual(answer.author_id, self.contact)


@tagged("post_install", "-at_install")
class TestStatementsOnFollowers(StatementCase):
    """Who follows a ticket is told of it while they may read it, and reads no longer. [K3]"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.assignment = cls._assign(
            cls.dealer, facility_id=cls.department.id, date_to="2026-03-31"
        )
        cls.comment = cls.env.ref("mail.mt_comment")
        cls.dealer_contact.email = "hejing@example.com"
        cls.silent = cls._create_partner("Qi An", parent=cls.dealer, email="qian@example.com")

    def _follow(self, ticket, *partners):
        for partner in partners:
            ticket.message_subscribe(partner.ids, self.comment.ids)

    def _post(self, ticket, **values):
        return ticket.with_user(self.users["service_manager"]).message_post(
            body="We come tomorrow",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            **values,
        )

    def _get_told(self, message):
        return message.sudo().notification_ids.res_partner_id

    def test_a_former_dealer_is_told_of_nothing_after_the_last_day(self):
        """A dealer who still follows a ticket is told until the last day, no longer. [K3]"""
        people = (self.dealer_contact, self.silent, self.contact)
        self._follow(self.ticket, *people)
        with freeze_time("2026-03-31 12:00:00"):
            told = self._get_told(self._post(self.ticket))
            self.assertEqual(
                told & self.ticket.message_partner_ids, self.env["res.partner"].union(*people)
            )
        with freeze_time("2026-04-01 12:00:00"):
            for values in ({}, {"partner_ids": (self.dealer_contact | self.silent).ids}):
                message = self._post(self.ticket, **values)
                told = self._get_told(message)
                self.assertIn(self.contact, told)
                self.assertFalse(told & (self.dealer_contact | self.silent))
                self.assert_unreadable(self.portal_dealer, message.with_env(self.env))

    def test_a_notification_is_no_right_to_read(self):
        """What was told before the last day is read with the ticket or not at all. [K3]"""
        self._follow(self.ticket, self.dealer_contact)
        with freeze_time("2026-03-31 12:00:00"):
            message = self._post(self.ticket, partner_ids=self.dealer_contact.ids)
            message = message.with_env(self.env)
            self.assertIn(self.dealer_contact, self._get_told(message))
            self.assert_reads(self.portal_dealer, message, message)
            own = self.ticket.with_user(self.portal_dealer).message_post(
                body="Thanks", message_type="comment", subtype_xmlid="mail.mt_comment"
            )
        with freeze_time("2026-04-01 12:00:00"):
            self.assert_unreadable(self.portal_dealer, message)
            self.assert_refused(
                self.portal_dealer, message, lambda message: message.write({"body": "Never"})
            )
            self.assert_reads(self.portal_dealer, own.with_env(self.env), own.with_env(self.env))

    def test_being_told_is_no_right_to_rewrite(self):
        """Who received a message does not change what it says, customer or colleague. [K6]"""
        message = self._post(
            self.ticket, partner_ids=(self.contact | self.users["analyst"].partner_id).ids
        ).with_env(self.env)
        for user in (self.portal_hospital, self.users["analyst"]):
            self.assertIn(user.partner_id, self._get_told(message))
            self.assert_reads(user, message, message)
            self.assert_refused(user, message, lambda message: message.write({"body": "Never"}))
            self.assert_refused(user, message, lambda message: message.unlink())

    def test_a_former_dealer_who_follows_answers_nothing(self):
        """Following, and a message to answer, open no ticket for an answer. [K3]"""
        self._follow(self.ticket, self.dealer_contact)
        with freeze_time("2026-03-31 12:00:00"):
            message = self._post(self.ticket, partner_ids=self.dealer_contact.ids)
        with freeze_time("2026-04-01 12:00:00"):
            self.assert_none_made(
                self.portal_dealer,
                "mail.message",
                {
                    "model": self.ticket._name,
                    "res_id": self.ticket.id,
                    "parent_id": message.id,
                    "message_type": "comment",
                    "subtype_id": self.comment.id,
                    "body": "Let me in",
                },
            )
            self.assert_refused(
                self.portal_dealer,
                self.ticket,
                lambda ticket: ticket.message_post(
                    body="Let me in", message_type="comment", subtype_xmlid="mail.mt_comment"
                ),
            )

    def test_an_engineer_who_was_named_reads_no_message_of_another_teams_ticket(self):
        """Naming a colleague in a message does not show them the ticket. [K3]"""
        ticket = self._dispatch(self.ticket, team=self.south)
        message = self._post(ticket, partner_ids=self.engineer.partner_id.ids)
        self.assertFalse(self._get_told(message) & self.engineer.partner_id)
        self.assert_unreadable(self.engineer, message.with_env(self.env))
        self._follow(ticket, self.engineer.partner_id)
        message = self._post(ticket).with_env(self.env)
        self.assertIn(self.engineer.partner_id, self._get_told(message))
        self.assert_reads(self.engineer, message, message)

    def test_customers_without_a_login_are_told_as_before(self):
        """Who reported and has no login still gets the answer. [O1]"""
        nurse = self._create_partner("Nurse Wu", parent=self.department, email="wu@example.com")
        outsider = self.env["res.partner"].create({"name": "Ann", "email": "ann@example.com"})
        self._follow(self.ticket, nurse, outsider)
        told = self._get_told(self._post(self.ticket))
        self.assertEqual(told & (nurse | outsider), nurse | outsider)


@tagged("post_install", "-at_install")
class TestStatementsOnSpeaking(StatementCase):
    """Who speaks on a ticket: its customer, and colleagues who work on it. [S0-20, S0-21]"""

    readers = (
        *("parts_keeper", "quality_specialist", "knowledge_manager"),
        *("analyst", "compliance_auditor"),
    )

    def _get_messages(self):
        # sudo: whatever there is, whoever may see it.
        domain = [("model", "=", self.ticket._name), ("res_id", "=", self.ticket.id)]
        return self.env["mail.message"].sudo().search(domain)

    def _comment(self, ticket):
        return ticket.message_post(
            body="Seen", message_type="comment", subtype_xmlid="mail.mt_comment"
        )

    def test_a_reading_role_posts_nothing_on_a_ticket(self):
        """Who changes no ticket says nothing on it, follower or not. [S0-20, S0-21]"""
        analyst = self.users["analyst"]
        asked = self.ticket.message_post(
            body="?", subtype_xmlid="mail.mt_comment", partner_ids=analyst.partner_id.ids
        )
        self.ticket.message_subscribe(analyst.partner_id.ids)
        before = self._get_messages()
        for role in self.readers:
            for attempt in (
                self._comment,
                lambda ticket: ticket.message_post(body="Note"),
                lambda ticket: ticket.message_post(body="Note", parent_id=asked.id),
                lambda ticket: ticket.activity_schedule("mail.mail_activity_data_todo"),
            ):
                with self.subTest(role=role):
                    self.assert_refused(self.users[role], self.ticket, attempt)
        self.assertEqual(self._get_messages(), before)

    def test_a_detour_posts_nothing_either(self):
        """Composer, template and schedule post for nobody who may not post. [S0-20]"""
        template = self.env["mail.template"].create(
            {
                "name": "Hello",
                "model_id": self.env.ref("helpdesk_mgmt.model_helpdesk_ticket").id,
                "email_to": "ann@example.com",
                "body_html": "<p>Hello</p>",
                "auto_delete": False,
            }
        )
        analyst, manager = self.users["analyst"], self.users["service_manager"]

        def compose(ticket, mode):
            composer = ticket.env["mail.compose.message"].create(
                {
                    "composition_mode": mode,
                    "model": ticket._name,
                    "res_ids": str(ticket.ids),
                    "body": "<p>Hello</p>",
                    "subject": "Hello",
                    "partner_ids": [Command.set(self.contact.ids)],
                }
            )
            composer._action_send_mail()

        def schedule(ticket):
            vals = {
                "model": ticket._name,
                "res_id": ticket.id,
                "body": "Hello",
                "author_id": ticket.env.user.partner_id.id,
                "scheduled_date": "2030-01-01 08:00:00",
            }
            ticket.env["mail.scheduled.message"].create(vals)

        attempts = (
            lambda ticket: compose(ticket, "comment"),
            lambda ticket: compose(ticket, "mass_mail"),
            lambda ticket: template.with_env(ticket.env).send_mail(ticket.id),
            schedule,
        )
        for attempt in attempts:
            before = self._get_messages()
            self.assert_refused(analyst, self.ticket, attempt)
            self.assertEqual(self._get_messages(), before)
            attempt(self.ticket.with_user(manager))

    def test_who_works_on_a_ticket_and_its_customer_speak(self):
        """Intake, dispatcher, manager, the engineer of the ticket and the customer post. [O1]"""
        ticket = self._dispatch(self.ticket, self.engineer, self.north)
        for user in (
            *(self.users[role] for role in ("service_manager", "intake_agent", "dispatcher")),
            self.engineer,
            self.portal_hospital,
        ):
            message = self._comment(ticket.with_user(user))
            self.assertEqual(message.sudo().author_id, user.partner_id)
        self.assert_refused(self.colleague, ticket, self._comment)
        self.assert_refused(self.portal_far, ticket, self._comment)

    def test_an_engineer_hands_a_ticket_over(self):
        """Who gives their ticket to a colleague may not write on it afterwards; that works. [K2]"""
        ticket = self._dispatch(self.ticket, self.engineer, self.north).with_user(self.engineer)
        with self._request_of(self.engineer):
            ticket.user_id = self.colleague
            self.env.flush_all()
            self.env.cr.precommit.run()
        self.assertFalse(ticket.has_access("write"))
