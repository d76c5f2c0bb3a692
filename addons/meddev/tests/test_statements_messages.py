from odoo.exceptions import AccessError
from odoo.tests import tagged
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
