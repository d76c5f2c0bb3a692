from datetime import date, timedelta
from urllib.parse import urlencode

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, JsonRpcException, tagged

from .common import ROLES, TicketCase, TicketCommon

YESTERDAY = date.today() - timedelta(days=1)


@tagged("post_install", "-at_install")
class TestTicketLink(TicketCase, HttpCase):
    """Links in mails and on pages, followed while the right lasts and the day after."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_tickets()
        cls.ticket = cls.env["helpdesk.ticket"].create(
            {"name": "Alarm", "description": "<p>Alarm.</p>", "lot_id": cls.device.id}
        )
        cls.file = cls.env["ir.attachment"].create(
            {
                "name": "alarm.txt",
                "raw": b"log of the alarm",
                "res_model": "helpdesk.ticket",
                "res_id": cls.ticket.id,
            }
        )
        cls.ticket.with_user(cls.manager).message_post(
            body="We are coming.",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=[("plan.txt", b"plan of the visit")],
        )
        cls.token = cls.ticket._portal_ensure_token()
        cls.assignment = cls.env["meddev.dealer.assignment"].create(
            {
                "dealer_id": cls.dealer.id,
                "facility_id": cls.department.id,
                "date_from": "2024-01-01",
            }
        )

    def _login(self, user):
        self.authenticate(user and user.login, user and user.login)

    def _sign(self, partner):
        return {"pid": partner.id, "hash": self.ticket._sign_token(partner.id)}

    def _mail_link(self, partner):
        return self.ticket._get_share_url(redirect=True, pid=partner.id)

    def _opens(self, url):
        response = self.url_open(url)
        return response.status_code == 200 and self.ticket.number in response.text

    def _fetch(self, **access):
        answer = self.make_jsonrpc_request(
            "/mail/chatter_fetch",
            {"thread_model": "helpdesk.ticket", "thread_id": self.ticket.id} | access,
        )
        return answer["data"].get("mail.message", [])

    def _post(self, **access):
        self.make_jsonrpc_request(
            "/mail/message/post",
            {
                "thread_model": "helpdesk.ticket",
                "thread_id": self.ticket.id,
                "post_data": {"body": "Still there", "message_type": "comment"},
            }
            | access,
        )
        self.env.invalidate_all()
        return self.ticket.message_ids.sorted("id")[-1]

    def _ensure_closed(self, partner):
        """Page, messages and posting are closed, whatever of the old links is shown."""
        signed = self._sign(partner)
        link_token = self.ticket._get_link_token(partner.id, signed["hash"])
        before = self.ticket.message_ids
        for url in (
            f"/my/ticket/{self.ticket.id}",
            f"/my/ticket/{self.ticket.id}/{self.token}",
            f"/my/ticket/{self.ticket.id}?{urlencode(signed | {'access_token': self.token})}",
            self._mail_link(partner),
        ):
            with self.subTest(url=url):
                self.assertFalse(self._opens(url))
        for access in (
            {"token": self.token},
            {"token": link_token},
            signed,
            signed | {"token": self.token},
        ):
            with self.subTest(access=access):
                with self.assertRaises(JsonRpcException):
                    self._post(**access)
                if "token" not in access:
                    # Without one core's route answers what the visitor's own rights show.
                    self.assertFalse(self._fetch(**access))
                    continue
                with self.assertRaises(JsonRpcException):
                    self._fetch(**access)
        self.env.invalidate_all()
        self.assertEqual(self.ticket.message_ids, before)

    # ------------------------------------------------------------ dealers

    def test_former_dealer_is_out_the_day_after(self):
        self._login(self.dealer_user)
        page = f"/my/ticket/{self.ticket.id}/{self.token}"
        self.assertTrue(self._opens(page))
        self.assertEqual(len(self._fetch()), 1)
        self.assertEqual(self._post().author_id, self.dealer_contact)
        self.assignment.date_to = YESTERDAY
        self._ensure_closed(self.dealer_contact)
        self._login(None)
        self._ensure_closed(self.dealer_contact)

    def test_dealers_link_ends_with_the_assignment_without_a_login_too(self):
        person = self.env["res.partner"].create({"name": "Zhou", "parent_id": self.dealer.id})
        self.ticket.message_subscribe(person.ids)
        self.assertTrue(self._opens(self._mail_link(person)))
        self.assignment.date_to = YESTERDAY
        self._ensure_closed(person)

    # ------------------------------------------------------------ hospitals

    def test_hospitals_own_contact_reads_and_posts(self):
        self._login(self.hospital_user)
        for url in (f"/my/ticket/{self.ticket.id}", self._mail_link(self.contact)):
            self.assertTrue(self._opens(url))
        (message,) = self._fetch()
        self.assertEqual(message["author_id"]["name"], self.manager.name)
        self.assertEqual(self._post().author_id, self.contact)

    def test_link_of_a_person_with_a_login(self):
        """Given the mail's link and nobody logged in / then it works until the login is closed."""
        self.assertTrue(self._opens(self._mail_link(self.contact)))
        signed = self._sign(self.contact)
        self.assertEqual(self._post(**signed).author_id, self.contact)
        self.hospital_user.active = False
        self._ensure_closed(self.contact)

    def test_link_of_a_contact_without_a_login(self):
        """Given the ticket's own contact / then page, messages and posting until another is it."""
        person = self.env["res.partner"].create(
            {"name": "Nurse Guo", "email": "guo@example.com", "parent_id": self.department.id}
        )
        self.assertFalse(self._opens(self._mail_link(person)))
        self.ticket.contact_id = person
        self.assertTrue(self._opens(self._mail_link(person)))
        signed = self._sign(person)
        link_token = self.ticket._get_link_token(person.id, signed["hash"])
        self.assertEqual(len(self._fetch(token=link_token)), 1)
        self.assertEqual(self._post(**signed, token=link_token).author_id, person)
        self.ticket.contact_id = self.contact
        self.ticket.message_unsubscribe(person.ids)
        self._ensure_closed(person)

    def test_nothing_but_a_signature_opens_a_ticket_to_visitors(self):
        response = self.url_open(f"/my/ticket/{self.ticket.id}/{self.token}", allow_redirects=False)
        self.assertIn("/web/login", response.headers["Location"])
        for junk in (
            {"pid": "x", "hash": "y"},
            {"pid": "9" * 30, "hash": "\u00e9"},
            {"pid": self.contact.id, "hash": self.ticket._sign_token(self.ward_contact.id)},
            {"pid": self.ward_contact.id, "hash": self.ticket._sign_token(self.ward_contact.id)},
        ):
            self.assertFalse(self._opens(f"/my/ticket/{self.ticket.id}?{urlencode(junk)}"))
        for token in ("-", "x-y", ["x"], 7, self.token):
            with self.assertRaises(JsonRpcException):
                self._fetch(token=token)

    # ------------------------------------------------------------ files

    def _file_addresses(self, url):
        page = self.url_open(url).text
        address = page.split(f"/web/content/{self.file.id}?", 1)[1].split('"', 1)[0]
        return f"/web/content/{self.file.id}?" + address.replace("&amp;", "&")

    def test_addresses_of_files_end_with_the_right(self):
        posted = self.ticket.message_ids.attachment_ids
        self.file.generate_access_token()
        addresses = [
            f"/web/content/{self.file.id}?access_token={self.file.access_token}",
            *(
                f"/web/content/{file.id}?access_token={token}"
                for file in self.file | posted
                for token in (
                    self.env["ir.attachment"]
                    .with_user(self.env.ref("base.public_user"))
                    .browse(file.id)
                    ._get_raw_access_token(),
                )
            ),
        ]
        self._login(self.dealer_user)
        of_page = self._file_addresses(f"/my/ticket/{self.ticket.id}")
        for address in (of_page, *addresses):
            with self.subTest(address=address):
                self.assertEqual(self.url_open(address).status_code, 200)
        self.assertFalse(self._fetch()[0]["attachment_ids"][0]["raw_access_token"])
        self.assignment.date_to = YESTERDAY
        for address in (of_page, *addresses):
            self.assertEqual(self.url_open(address).status_code, 404)
        self._login(None)
        self.assertEqual(self.url_open(of_page).status_code, 404)

    def test_files_of_internal_notes_are_for_colleagues(self):
        note = self.ticket.with_user(self.manager).message_post(
            body="Between us.",
            subtype_xmlid="mail.mt_note",
            attachments=[("calculation.txt", b"what it costs us")],
        )
        address = f"/web/content/{note.attachment_ids.id}"
        link = self._mail_link(self.contact)
        self.assertNotIn("calculation.txt", self.url_open(link).text)
        self._login(self.hospital_user)
        self.assertNotIn("calculation.txt", self.url_open(link).text)
        self.assertEqual(self.url_open(address).status_code, 404)
        self._login(self.manager)
        self.assertEqual(self.url_open(address).content, b"what it costs us")

    def test_visitor_gets_the_files_of_the_page(self):
        address = self._file_addresses(self._mail_link(self.contact))
        self.assertEqual(self.url_open(address).content, b"log of the alarm")


@tagged("post_install", "-at_install")
class TestTicketToken(TicketCommon):
    def test_nobody_reads_the_token(self):
        ticket = self._open()
        ticket._portal_ensure_token()
        people = [getattr(self, name) for name in ROLES]
        for user in (*people, self.hospital_user, self.dealer_user):
            tickets = self.tickets.with_user(user)
            with self.subTest(user=user.login):
                self.assertNotIn("access_token", tickets.fields_get())
                with self.assertRaises(AccessError):
                    tickets.browse(ticket.id).read(["access_token"])
                with self.assertRaises(AccessError):
                    tickets.search([("access_token", "=", ticket.access_token)])
