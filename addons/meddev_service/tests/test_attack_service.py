import xmlrpc.client

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import TicketCase, TicketCommon


@tagged("post_install", "-at_install")
class TestAttackService(TicketCommon):
    """Ways round the guards of tickets that were tried and once worked."""

    def test_default_keys_attach_nothing_to_an_archived_ticket(self):
        ticket = self._bring_to("archived")
        for context, vals in (
            ({"default_res_model": ticket._name, "default_res_id": ticket.id}, {}),
            ({"default_res_model": ticket._name}, {"res_id": ticket.id}),
            ({}, {"res_model": ticket._name, "res_id": str(ticket.id)}),
        ):
            attachments = self.env["ir.attachment"].with_context(**context)
            with (
                self.subTest(context=context, vals=vals),
                self.assertRaises(UserError),
                self.env.cr.savepoint(),
            ):
                attachments.create({"name": "late.txt", "raw": b"late"} | vals)

    def test_default_keys_put_no_message_on_an_archived_ticket(self):
        ticket = self._bring_to("archived")
        messages = self.env["mail.message"].with_context(
            default_model=ticket._name, default_res_id=ticket.id
        )
        for user in (self.env.user, self.quality):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                messages.with_user(user).create({"body": "late"})

    def test_tracking_of_an_archived_ticket_is_not_extended(self):
        ticket, other = self._open(), self._open()
        # A commit of its own: core tracks nothing in the transaction that creates.
        self.env.cr.precommit.run()
        self._bring_to("archived", ticket)
        self._bring_to("dispatched", other)
        self.env.cr.precommit.run()
        tracked = ticket.message_ids.sudo().tracking_value_ids[:1]
        self.assertTrue(tracked)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            tracked.copy({"new_value_char": "forged"})
        foreign = other.message_ids.sudo().tracking_value_ids[:1]
        self.assertTrue(foreign)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            foreign.write({"mail_message_id": ticket.message_ids[:1].id})

    def test_finished_activity_of_an_archived_ticket_stays(self):
        ticket = self._bring_to("done")
        activity = ticket.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.manager.id, summary="Call back"
        )
        activity.with_user(self.manager).action_feedback("Called")
        ticket.move_to("archived")
        self.assertTrue(activity.exists())
        with self.assertRaises(UserError), self.env.cr.savepoint():
            activity.sudo().write({"feedback": "forged"})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            activity.sudo().unlink()

    def test_number_of_a_ticket_is_not_changed(self):
        ticket = self._open()
        number = ticket.number
        for user in (self.intake, self.manager):
            with self.assertRaises(UserError):
                ticket.with_user(user).write({"number": "FORGED"})
        ticket.with_user(self.intake).write({"number": number, "name": "Same number"})
        self.assertEqual((ticket.number, ticket.name), (number, "Same number"))

    def test_colleague_in_the_customers_name_resumes_nothing(self):
        ticket = self._bring_to("waiting")

        def post(user):
            ticket.with_user(user).message_post(
                body="I say so",
                author_id=self.contact.id,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )

        for user in (self.intake, self.dispatcher):
            post(user)
        for user in (self.analyst, self.quality):
            with self.assertRaises(AccessError):
                post(user)
        self.assertEqual(ticket.service_state, "waiting")

    def test_customer_does_not_search_by_internal_notes(self):
        ticket = self._open()
        ticket.message_post(body="Between us: weakword", subtype_xmlid="mail.mt_note")
        tickets = self.tickets.with_user(self.hospital_user)
        self.assertIn(ticket, tickets.search([]))
        for name in ("message_ids.body", "website_message_ids.body", "deviation_reason"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                tickets.search_count([(name, "ilike", "weakword")])
        for name in ("message_ids", "duplicate_id"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                ticket.with_user(self.hospital_user).read([name])

    def test_ticket_is_not_about_a_device_of_another_company(self):
        company = self.env["res.company"].create({"name": "Attacked Company"})
        device = self.env["stock.lot"].create(
            {
                "name": "ATTACK-COMPANY",
                "product_id": self.product.id,
                "origin": "legacy",
                "company_id": company.id,
            }
        )
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._open(lot_id=device.id)

    def test_engineer_takes_no_ticket_that_nobody_dispatched(self):
        ticket = self._open(user_id=False, team_id=False)
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            ticket.with_user(self.engineer).write({"user_id": self.engineer.id})
        ticket.with_user(self.dispatcher).move_to("dispatched")
        ticket.with_user(self.engineer).write({"user_id": self.engineer.id})
        self.assertEqual(ticket.user_id, self.engineer)

    def test_junk_arguments_are_refused_clearly(self):
        ticket = self._open().with_user(self.manager)
        for junk in (["done"], {"state": "done"}, 7):
            with self.subTest(junk=junk):
                with self.assertRaises(UserError):
                    ticket.move_to(junk)
                with self.assertRaises(UserError):
                    ticket.move_to("done", junk)
        with self.assertRaises(UserError):
            self.tickets.find_devices("VN-2026-0001", "junk")


@tagged("post_install", "-at_install")
class TestAttackServicePortal(TicketCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_tickets()

    def test_strange_parameters_show_no_error_page(self):
        self._open()
        self.authenticate("service_hospital_user", "service_hospital_user")
        for query in (
            "sortby=junk",
            "groupby=junk",
            "search=x&search_in=user_id",
            "date_begin=x&date_end=y",
            "search=%00",
            "filterby=99999",
        ):
            with self.subTest(query=query):
                self.assertEqual(self.url_open(f"/my/tickets?{query}").status_code, 200)

    def _call_route(self, route, **params):
        payload = {"jsonrpc": "2.0", "id": 1, "method": "call", "params": params}
        return self.url_open(route, json=payload).text

    @mute_logger("odoo.http")
    def test_routes_of_the_chatter_change_no_archived_ticket(self):
        """Edit, react, attach, delete: what the portal's own script may call."""
        ticket = self._open()
        message = ticket.with_user(self.hospital_user).message_post(
            body="It beeps", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        attachment = self.env["ir.attachment"].create(
            {"name": "a.txt", "raw": b"a", "res_model": ticket._name, "res_id": ticket.id}
        )
        self._bring_to("archived", ticket)
        before = (message.body, len(ticket.message_ids), ticket.attachment_ids)
        self.authenticate("service_hospital_user", "service_hospital_user")
        self._call_route(
            "/mail/message/update_content",
            message_id=message.id,
            update_data={"body": "forged", "attachment_ids": []},
        )
        self._call_route("/mail/message/reaction", message_id=message.id, content="x", action="add")
        self._call_route("/mail/attachment/delete", attachment_id=attachment.id)
        self.url_open(
            "/mail/attachment/upload",
            data={
                "csrf_token": http.Request.csrf_token(self),
                "thread_model": ticket._name,
                "thread_id": ticket.id,
                "is_pending": "false",
            },
            files={"ufile": ("late.txt", b"late", "text/plain")},
        )
        self.env.invalidate_all()
        self.assertEqual((message.body, len(ticket.message_ids), ticket.attachment_ids), before)
        self.assertFalse(message.sudo().reaction_ids)

    @mute_logger("odoo.http")
    def test_programs_change_no_archived_ticket(self):
        """XML-RPC and JSON-2 as the service manager, whose rights end at the archive."""
        ticket = self._open()
        message = ticket.message_post(body="Seen")
        self._bring_to("archived", ticket)
        self.env.flush_all()
        key = self.env["res.users.apikeys"].with_user(self.manager).sudo()
        key = key._generate("rpc", "test", None)
        target = {"res_model": ticket._name, "res_id": ticket.id}
        for model, method, ids, body in (
            (ticket._name, "write", ticket.ids, {"vals": {"name": "forged"}}),
            (ticket._name, "move_to", ticket.ids, {"state": "done", "reason": "x"}),
            (ticket._name, "message_post", ticket.ids, {"body": "late"}),
            (ticket._name, "unlink", ticket.ids, {}),
            ("mail.message", "write", message.ids, {"vals": {"body": "forged"}}),
            ("mail.message", "unlink", message.ids, {}),
            ("ir.attachment", "create", [], {"vals_list": [{"name": "x", "raw": ""} | target]}),
        ):
            with self.subTest(model=model, method=method):
                response = self.url_open(
                    f"/json/2/{model}/{method}",
                    json=({"ids": ids} if ids else {}) | body,
                    headers={"Authorization": f"bearer {key}"},
                )
                self.assertIn(response.status_code, (403, 422), response.text)
                with self.assertRaises(xmlrpc.client.Fault):
                    self.xmlrpc_object.execute_kw(
                        self.env.cr.dbname,
                        self.manager.id,
                        "service_manager",
                        model,
                        method,
                        [ids] if ids else [],
                        body,
                    )
        self.env.invalidate_all()
        self.assertEqual((ticket.name, ticket.service_state), ("Alarm does not stop", "archived"))
        self.assertIn("Seen", message.body)
        self.assertFalse(ticket.attachment_ids)
