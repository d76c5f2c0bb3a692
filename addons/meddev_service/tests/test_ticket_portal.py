from lxml import html

from odoo import http
from odoo.tests import HttpCase, tagged

from .common import TicketCase


@tagged("post_install", "-at_install")
class TestTicketPortal(TicketCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_tickets()
        cls.done = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")

    def _login(self, user):
        self.authenticate(user.login, user.login)

    def _post(self, url, data, files=None, **kw):
        data = {"csrf_token": http.Request.csrf_token(self)} | data
        return self.url_open(url, data=data, files=files, **kw)

    def _close(self, ticket, stage=None):
        stage = stage or self.done
        return self._post("/ticket/close", {"ticket_id": ticket.id, "stage_id": stage.id})

    # ------------------------------------------------------------ list

    def test_every_portal_user_gets_the_list(self):
        """The page adds the record rules to its search, so their fields must be searchable."""
        ticket = self._open()
        for user, count in ((self.hospital_user, 1), (self.other_user, 0), (self.dealer_user, 0)):
            self._login(user)
            response = self.url_open("/my/tickets")
            self.assertEqual(response.status_code, 200, user.login)
            self.assertEqual(response.text.count(ticket.number), count, user.login)

    # ------------------------------------------------------------ closing

    def test_closing_by_get_is_impossible(self):
        """Upstream closes anybody's ticket by one GET (OCA/helpdesk#1089)."""
        ticket = self._open()
        self._login(self.hospital_user)
        response = self.url_open(f"/ticket/close?ticket_id={ticket.id}&stage_id={self.done.id}")
        self.assertEqual(response.status_code, 405)
        self.assertEqual(ticket.service_state, "received")

    def test_closing_needs_the_token_of_the_form(self):
        ticket = self._open()
        self._login(self.hospital_user)
        response = self.url_open(
            "/ticket/close", data={"ticket_id": ticket.id, "stage_id": self.done.id}
        )
        self.assertEqual(response.status_code, 400)
        self.assertEqual(ticket.service_state, "received")

    def test_hospital_closes_its_own_ticket(self):
        ticket = self._open()
        self._login(self.hospital_user)
        self._close(ticket)
        self.env.invalidate_all()
        self.assertEqual(ticket.service_state, "done")
        self.assertEqual(ticket.done_by_id, self.hospital_user)
        self.assertTrue(ticket.transition_ids.is_by_customer)
        self.assertIn("customer", ticket.transition_ids.reason)

    def test_other_hospital_ward_and_dealer_cannot_close(self):
        ticket = self._open()
        for user in (self.other_user, self.ward_user, self.dealer_user):
            self._login(user)
            response = self._close(ticket)
            self.assertTrue(response.url.endswith("/my"))
            self.env.invalidate_all()
            self.assertEqual(ticket.service_state, "received")

    def test_closing_needs_a_stage_that_is_meant_for_it(self):
        ticket = self._open()
        self._login(self.hospital_user)
        for xmlid in (
            "helpdesk_mgmt.helpdesk_ticket_stage_rejected",
            "helpdesk_mgmt.helpdesk_ticket_stage_awaiting",
            "meddev_service.stage_archived",
        ):
            self._close(ticket, self.env.ref(xmlid))
            self.env.invalidate_all()
            self.assertEqual(ticket.service_state, "received")

    def test_customer_cannot_close_while_work_goes_on_nor_reopen_the_archive(self):
        working, archived = self._bring_to("in_progress"), self._bring_to("archived")
        self._login(self.hospital_user)
        for ticket, state in ((working, "in_progress"), (archived, "archived")):
            self._close(ticket)
            self.env.invalidate_all()
            self.assertEqual(ticket.service_state, state)

    def test_closing_nonsense(self):
        self._login(self.hospital_user)
        for data in ({}, {"ticket_id": "x", "stage_id": "y"}, {"ticket_id": 0, "stage_id": 1}):
            response = self._post("/ticket/close", data)
            self.assertEqual(response.status_code, 200)

    # ------------------------------------------------------------ page

    def _page(self, ticket):
        response = self.url_open(f"/my/ticket/{ticket.id}")
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text), response.text

    def test_sidebar_is_filled(self):
        """Upstream's is empty on 19: number, closing buttons, engineer and customer."""
        ticket = self._bring_to("waiting")
        self._login(self.hospital_user)
        page, _text = self._page(ticket)
        sidebar = "".join(page.xpath("//div[@id='sidebar_content']//text()"))
        self.assertIn(ticket.number, sidebar)
        self.assertIn(self.engineer.name, sidebar)
        self.assertIn("Lakeside Hospital", sidebar)
        forms = page.xpath("//form[contains(@action, '/ticket/close')]")
        self.assertTrue(forms)
        for form in forms:
            self.assertEqual(form.get("method"), "POST")
            self.assertTrue(form.xpath(".//input[@name='csrf_token']/@value")[0])

    def test_page_does_not_print_the_engineers_contacts(self):
        self.engineer.partner_id.write(
            {"email": "private.engineer@example.org", "phone": "+86 138 0000 1234"}
        )
        ticket = self._bring_to("waiting")
        self._login(self.hospital_user)
        _page, text = self._page(ticket)
        self.assertNotIn("private.engineer@example.org", text)
        self.assertNotIn("138 0000 1234", text)

    def test_page_shows_the_device_and_its_department(self):
        ticket = self._open()
        self._login(self.hospital_user)
        page, _text = self._page(ticket)
        body = " ".join(page.xpath("//div[@id='card_body']//text()"))
        self.assertIn("VN-2026-0001", body)
        self.assertIn("Intensive Care", body)

    def test_pages_of_others_are_closed(self):
        ticket = self._open()
        for user in (self.other_user, self.ward_user, self.dealer_user):
            self._login(user)
            response = self.url_open(f"/my/ticket/{ticket.id}")
            self.assertTrue(response.url.endswith("/my"), response.url)

    def test_archived_page_shows_the_way_out(self):
        ticket = self._open()
        attachment = self.env["ir.attachment"].create(
            {"name": "a.txt", "raw": b"a", "res_model": "helpdesk.ticket", "res_id": ticket.id}
        )
        self._bring_to("archived", ticket)
        self._login(self.hospital_user)
        page, text = self._page(ticket)
        self.assertIn(attachment.name, text)
        self.assertEqual(page.xpath("//div[@id='discussion']/@data-allow_composer"), ["0"])
        self.assertEqual(
            page.xpath("//div[@name='archived_notice']//a/@href"),
            [f"/new/ticket?previous={ticket.id}"],
        )
        response = self.make_jsonrpc_request_raw(ticket)
        self.assertIn("archived", response)

    def make_jsonrpc_request_raw(self, ticket):
        """The answer of the portal's own message route, as text."""
        return self.url_open(
            "/mail/message/post",
            json={
                "jsonrpc": "2.0",
                "id": 1,
                "method": "call",
                "params": {
                    "thread_model": "helpdesk.ticket",
                    "thread_id": ticket.id,
                    "post_data": {"body": "late", "message_type": "comment"},
                },
            },
        ).text

    def test_list_shows_own_tickets(self):
        own, other = self._open(), self._open(lot_id=self.other_device.id)
        self._login(self.hospital_user)
        text = self.url_open("/my/tickets").text
        self.assertIn(own.number, text)
        self.assertIn("VN-2026-0001", text)
        self.assertNotIn(other.number, text)
        for query in ("?groupby=stage", "?groupby=category", "?sortby=update", "?search=Alarm"):
            self.assertEqual(self.url_open(f"/my/tickets{query}").status_code, 200)

    # ------------------------------------------------------------ new tickets

    def _submit(self, files=None, **data):
        before = self.tickets.search([], limit=1, order="id desc")
        data = {"subject": "No picture", "description": "Black screen", "device": ""} | data
        response = self._post("/submitted/ticket", data, files=files)
        self.env.invalidate_all()
        return response, self.tickets.search([("id", ">", before.id or 0)])

    def test_new_ticket_of_a_hospital(self):
        self._login(self.hospital_user)
        self.assertEqual(self.url_open("/new/ticket").status_code, 200)
        files = [("attachment", ("photo.png", b"\x89PNG\r\n\x1a\n", "image/png"))]
        _response, ticket = self._submit(device="vn 2026 0001".upper(), files=files)
        self.assertEqual(len(ticket), 1)
        self.assertRecordValues(
            ticket,
            [
                {
                    "partner_id": self.hospital.id,
                    "contact_id": self.contact.id,
                    "department_id": self.department.id,
                    "service_state": "received",
                    "user_id": False,
                }
            ],
        )
        self.assertEqual(ticket.attachment_ids.mapped("name"), ["photo.png"])

    def test_device_of_the_own_hospital_is_found(self):
        self._login(self.hospital_user)
        _response, ticket = self._submit(device="VN-2026-0001")
        self.assertEqual(ticket.lot_id, self.device)

    def test_device_of_another_hospital_is_only_quoted(self):
        self._login(self.hospital_user)
        _response, ticket = self._submit(device="VN-2026-0002")
        self.assertFalse(ticket.lot_id)
        self.assertEqual(ticket.device_reference, "VN-2026-0002")

    def test_submitting_by_get_is_impossible(self):
        self._login(self.hospital_user)
        self.assertEqual(self.url_open("/submitted/ticket?subject=x").status_code, 405)

    def test_dangerous_and_large_files_are_refused(self):
        """Upstream stores any file of any size under sudo."""
        self.env["ir.config_parameter"].set_param("meddev_service.portal_max_file_mb", "1")
        self._login(self.hospital_user)
        for name, content, words in (
            ("page.html", b"<html><script>alert(1)</script></html>", "not accepted"),
            ("picture.png", b"<html><script>alert(1)</script></html>", "not accepted"),
            ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not accepted"),
            ("setup.exe", b"MZ", "not accepted"),
            ("film.mp4", b"x" * (1024 * 1024 + 1), "larger than 1 MB"),
        ):
            files = [("attachment", (name, content, "application/octet-stream"))]
            response, ticket = self._submit(files=files)
            self.assertFalse(ticket, name)
            self.assertIn(words, response.text)
            self.assertIn("Black screen", response.text)
        many = [("attachment", (f"{index}.txt", b"x", "text/plain")) for index in range(11)]
        response, ticket = self._submit(files=many)
        self.assertFalse(ticket)

    def test_nonsense_in_the_form(self):
        self._login(self.hospital_user)
        response, ticket = self._submit(subject=" ")
        self.assertFalse(ticket)
        self.assertIn("Fill in", response.text)
        _response, ticket = self._submit(category="abc", team="-1", previous="zzz")
        self.assertEqual(len(ticket), 1)

    def test_follow_up_of_an_own_ticket_only(self):
        own = self._bring_to("archived")
        other = self._bring_to("archived", self._open(lot_id=self.other_device.id))
        self._login(self.hospital_user)
        self.assertIn(own.number, self.url_open(f"/new/ticket?previous={own.id}").text)
        self.assertNotIn(other.number, self.url_open(f"/new/ticket?previous={other.id}").text)
        _response, ticket = self._submit(previous=own.id, device="VN-2026-0001")
        self.assertEqual(ticket.previous_ticket_id, own)
        _response, ticket = self._submit(previous=other.id)
        self.assertFalse(ticket.previous_ticket_id)

    def test_answer_in_the_portal_resumes_the_ticket(self):
        ticket = self._bring_to("waiting")
        self._login(self.hospital_user)
        self.make_jsonrpc_request_raw(ticket)
        self.env.invalidate_all()
        self.assertEqual(ticket.service_state, "in_progress")
        self.assertTrue(ticket.transition_ids.sorted("id")[-1].is_by_customer)

    # ------------------------------------------------------------ Chinese

    def test_portal_speaks_chinese(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.hospital_user.lang = "zh_CN"
        ticket = self._bring_to("waiting")
        self._login(self.hospital_user)
        text = self.url_open("/my/tickets").text
        for word in ("工单", "全部", "最新", "待客户"):
            self.assertIn(word, text)
        _page, text = self._page(ticket)
        for word in ("待客户", "设备", "科室"):
            self.assertIn(word, text)
        text = self.url_open("/new/ticket").text
        self.assertIn("提交工单", text)
