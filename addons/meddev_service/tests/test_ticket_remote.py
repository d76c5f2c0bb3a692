import json
import xmlrpc.client

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import TicketCase


@tagged("post_install", "-at_install")
class TestTicketRemote(TicketCase, HttpCase):
    """The same contract over XML-RPC and JSON-2."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_tickets()

    def _xmlrpc(self, user, method, *args, **kw):
        self.env.flush_all()
        result = self.xmlrpc_object.execute_kw(
            self.env.cr.dbname, user.id, user.login, "helpdesk.ticket", method, args, kw
        )
        self.env.invalidate_all()
        return result

    def _key(self, user):
        return self.env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", "test", None)

    def _json2(self, user, method, **body):
        key = self._key(user)
        self.env.flush_all()
        response = self.url_open(
            f"/json/2/helpdesk.ticket/{method}",
            data=json.dumps(body),
            headers={"Authorization": f"bearer {key}", "Content-Type": "application/json"},
        )
        self.env.invalidate_all()
        return response

    def test_whole_life_over_xmlrpc(self):
        """No public method answers None, which XML-RPC cannot carry after it has committed."""
        ticket_id = self._xmlrpc(
            self.intake,
            "create",
            {"name": "By wire", "description": "x", "lot_id": self.device.id},
        )
        ticket = self.tickets.browse(ticket_id)
        self._xmlrpc(self.dispatcher, "write", [ticket_id], {"user_id": self.engineer.id})
        for user, state in (
            (self.intake, "dispatched"),
            (self.engineer, "in_progress"),
            (self.engineer, "done"),
            (self.quality, "archived"),
        ):
            answer = self._xmlrpc(user, "move_to", [ticket_id], state)
            self.assertEqual(answer["tickets"], [{"id": ticket_id, "number": ticket.number}])
            self.assertEqual(ticket.service_state, state)

    def test_public_methods_return_values(self):
        ticket = self._open(user_id=self.dispatcher.id)
        answer = self._xmlrpc(self.dispatcher, "assign_to_me", ticket.ids)
        self.assertEqual(answer, {"id": ticket.id, "user_id": self.dispatcher.id})
        answer = self._xmlrpc(self.dispatcher, "action_duplicate_tickets", ticket.ids)
        self.assertEqual(answer["res_model"], "helpdesk.ticket")
        answer = self._xmlrpc(self.dispatcher, "find_devices", "SN VN-2026-0002")
        self.assertEqual(answer[0]["id"], self.other_device.id)
        self.assertIs(self._xmlrpc(self.dispatcher, "action_dispatch", ticket.ids), True)
        original = self._open()
        wizard = (
            self.env["helpdesk.ticket.duplicate.wizard"]
            .with_user(self.dispatcher)
            .create({"ticket_id": ticket.id, "duplicate_of_id": original.id})
        )
        self.env.flush_all()
        self.assertTrue(
            self.xmlrpc_object.execute_kw(
                self.env.cr.dbname,
                self.dispatcher.id,
                self.dispatcher.login,
                wizard._name,
                "action_confirm",
                [wizard.ids],
            )
        )

    @mute_logger("odoo.http")
    def test_refusals_over_xmlrpc(self):
        ticket = self._open()
        for user, method, args in (
            (self.analyst, "move_to", (ticket.ids, "dispatched")),
            (self.intake, "move_to", (ticket.ids, "archived")),
            (self.intake, "write", (ticket.ids, {"service_state": "done"})),
            (self.hospital_user, "move_to", (ticket.ids, "done", "please")),
            (self.manager, "_move", (ticket.ids, "done", "private")),
            (self.intake, "create", ({"name": "x", "description": "x", "service_state": "done"},)),
        ):
            with self.assertRaises(xmlrpc.client.Fault):
                self._xmlrpc(user, method, *args)
            self.assertEqual(ticket.service_state, "received")

    def test_moves_over_json2(self):
        ticket = self._open()
        response = self._json2(self.intake, "move_to", ids=ticket.ids, state="dispatched")
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.json()["state"], "dispatched")
        self.assertEqual(ticket.service_state, "dispatched")
        response = self._json2(
            self.dispatcher, "move_to", ids=ticket.ids, state="received", reason="Wrong hospital"
        )
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(ticket.transition_ids.sorted("id")[-1].reason, "Wrong hospital")

    @mute_logger("odoo.http")
    def test_refusals_over_json2(self):
        ticket = self._open()
        for user, body, status in (
            (self.analyst, {"state": "dispatched"}, 403),
            (self.intake, {"state": "archived"}, 422),
            (self.intake, {"state": "done"}, 422),
        ):
            response = self._json2(user, "move_to", ids=ticket.ids, **body)
            self.assertEqual(response.status_code, status, response.text)
        response = self._json2(
            self.manager, "write", ids=ticket.ids, vals={"service_state": "archived"}
        )
        self.assertEqual(response.status_code, 422)
        self.assertIn("State", response.json()["message"])
        self.assertEqual(ticket.service_state, "received")
