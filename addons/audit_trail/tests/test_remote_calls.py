from datetime import datetime, timedelta
from xmlrpc.client import Fault

from odoo import api
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

PASSWORD = "trail_remote_password"


@tagged("post_install", "-at_install")
class TestRemoteCalls(HttpCase):
    """Who calls from where, by each way in: core hides the request from XML-RPC and JSON-RPC."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["audit.trail.rule"].create(
            {"model_id": cls.env.ref("base.model_res_partner_category").id}
        )
        cls.user = new_test_user(
            cls.env, "trail_remote", "base.group_user,base.group_partner_manager", password=PASSWORD
        )
        cls.entries = cls.env["audit.trail.entry"]

    def last(self, kind):
        return self.entries.search([("kind", "=", kind)], limit=1)

    def assert_caller(self, entry, channel, origin):
        self.assertRecordValues(
            entry,
            [
                {
                    "user_id": self.user.id,
                    "login_user_id": self.user.id,
                    "channel": channel,
                    "address": "127.0.0.1",
                    "origin": origin,
                }
            ],
        )

    @mute_logger("odoo.addons.rpc.controllers.xmlrpc")
    def test_xmlrpc(self):
        arguments = (self.env.cr.dbname, self.user.id, PASSWORD, "res.partner.category")
        tag_id = self.xmlrpc_object.execute_kw(*arguments, "create", [{"name": "By XML-RPC"}])
        entry = self.entries.search([("kind", "=", "insert"), ("res_id", "=", tag_id)], limit=1)
        self.assertEqual(entry.res_name, "By XML-RPC")
        self.assert_caller(entry, "xmlrpc", "/xmlrpc/2/object")

    @mute_logger("odoo.addons.rpc.controllers.jsonrpc")
    def test_jsonrpc(self):
        arguments = [self.env.cr.dbname, self.user.id, PASSWORD, "res.partner.category"]
        answer = self.url_open(
            "/jsonrpc",
            json={
                "params": {
                    "service": "object",
                    "method": "execute",
                    "args": [*arguments, "create", {"name": "By JSON-RPC"}],
                }
            },
        ).json()
        self.assertIn("result", answer)
        self.assert_caller(self.last("insert"), "jsonrpc", "/jsonrpc")

    def json2(self, method, arguments):
        keys = self.env["res.users.apikeys"].with_user(self.user)
        key = keys._generate(None, "trail", datetime.now() + timedelta(days=1))
        return self.url_open(
            f"/json/2/res.partner.category/{method}",
            json=arguments,
            headers={"Authorization": f"bearer {key}"},
        )

    def test_json2(self):
        answer = self.json2("create", {"vals_list": [{"name": "By JSON-2"}]})
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assert_caller(self.last("insert"), "json2", "/json/2/res.partner.category/create")

    @mute_logger("odoo.http")
    def test_json2_asks_for_the_reason_and_takes_it(self):
        """Given a deletion that needs a reason, JSON-2 answers 422 with the way, then takes it."""
        model = self.env.ref("base.model_res_partner_category")
        rule = self.env["audit.trail.rule"].search([("model_id", "=", model.id)])
        rule.delete_needs_reason = True
        tag = self.env["res.partner.category"].create({"name": "To be deleted"})
        self.env.flush_all()
        refusal = self.json2("unlink", {"ids": tag.ids})
        self.assertEqual(refusal.status_code, 422, refusal.text)
        self.assertEqual(refusal.json()["name"], "odoo.exceptions.UserError")
        self.assertIn("audit_trail_reason", refusal.json()["message"])
        self.assertTrue(tag.exists())
        context = {"audit_trail_reason": "Entered twice"}
        answer = self.json2("unlink", {"ids": tag.ids, "context": context})
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(self.last("delete").reason, "Entered twice")

    @mute_logger("odoo.http", "odoo.addons.rpc.controllers.xmlrpc")
    def test_a_wrong_password_over_xmlrpc_is_kept(self):
        """Given a call with a wrong password, then it is kept, and nobody counts as signed in."""
        arguments = (self.env.cr.dbname, self.user.id, "guess-me-not", "res.partner.category")
        try:
            # assertRaises would roll back what the server wrote.
            self.xmlrpc_object.execute_kw(*arguments, "search", [[]])
        except Fault as fault:
            self.assertEqual(fault.faultString, "Access Denied")
        else:
            self.fail("A wrong password was taken")
        entry = self.last("login_failed")
        self.assertEqual(entry.details["login"], "trail_remote")
        self.assertEqual((entry.channel, entry.address), ("xmlrpc", "127.0.0.1"))
        self.assertNotEqual(entry.user_id, self.user, "Whoever called is not known to be this one")
        self.assertFalse(entry.login_user_id)
        self.assertNotIn("guess-me-not", str(entry.details))

    @mute_logger("odoo.http")
    def test_a_wrong_key_over_json2_is_kept(self):
        answer = self.url_open(
            "/json/2/res.partner.category/search",
            json={"domain": []},
            headers={"Authorization": "bearer guess-me-not"},
        )
        self.assertEqual(answer.status_code, 401)
        entry = self.last("login_failed")
        self.assertEqual((entry.channel, entry.details), ("json2", {"type": "API key"}))

    def test_reading_waits_for_a_cursor_that_may_write(self):
        """Given a marked model, when a request reads it, then the read-only cursor is given up."""
        self.env["audit.trail.rule"].search(
            [("model_id.model", "=", "res.partner.category")]
        ).reads_are_logged = True
        tag = self.env["res.partner.category"].create({"name": "Watched"})
        self.authenticate("trail_remote", PASSWORD)
        with self.assertLogs("odoo.http", "WARNING") as log:
            answer = self.url_open(
                "/web/dataset/call_kw/res.partner.category/web_read",
                json={
                    "params": {
                        "model": "res.partner.category",
                        "method": "web_read",
                        "args": [tag.ids],
                        "kwargs": {"specification": {"name": {}}},
                    }
                },
            ).json()
        self.assertIn("kept in the audit trail", log.output[0])
        self.assertEqual(answer["result"][0]["name"], "Watched")
        self.assertEqual(self.last("read").res_id, tag.id)


@tagged("post_install", "-at_install")
class TestSecretsOutOfReach(HttpCase):
    def test_no_method_of_a_model_hands_out_a_secret(self):
        """Given all methods of the evidence models, then none takes a context or gives a secret.

        A server action reaches them all, private ones too.
        """
        for name in ("audit.trail.entry", "audit.trail.seal", "audit.trail.rule", "base"):
            for method in ("_get_secret", "_get_own_secret", "_insert_event"):
                self.assertFalse(hasattr(self.env[name], method), f"{name}.{method}")

    def test_a_server_action_cannot_choose_the_author(self):
        """Given a server action that names another author, then the entry names its own."""
        outsider = new_test_user(self.env, "trail_framed", "base.group_user")
        admin = self.env.ref("base.user_admin")
        action = self.env["ir.actions.server"].create(
            {
                "name": "Forger",
                "model_id": self.env.ref("base.model_res_partner").id,
                "state": "code",
                "code": "env['audit.trail.entry']._log_event('print', record, details="
                f"{{'uid': {outsider.id}, 'login_uid': {outsider.id}}})",
            }
        )
        partner = self.env["res.partner"].create({"name": "Subject"})
        env = api.Environment(self.env.cr, admin.id, {})
        action.with_env(env).with_context(
            active_model="res.partner", active_id=partner.id, active_ids=partner.ids
        ).run()
        entry = self.env["audit.trail.entry"].search([("kind", "=", "print")], limit=1)
        self.assertEqual(entry.res_id, partner.id)
        self.assertEqual(entry.user_id, admin)
        self.assertFalse(entry.login_user_id)
