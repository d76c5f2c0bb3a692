from collections import deque
from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from .common import TrailCase


@tagged("post_install", "-at_install")
class TestSqlOfOdoo(TrailCase):
    """What Odoo writes by SQL of its own has an author; the trail must not cry wolf."""

    def begin(self):
        """What the next transaction finds: nobody has said who writes."""
        self.env.flush_all()
        # Rows that this transaction wrote name its author themselves.
        self.env.cr.execute("UPDATE res_users SET write_date = '2020-01-01'")
        self.env.invalidate_all()
        self.last_id = self.entries.search([], limit=1, order="id desc").id
        self.env.cr.execute(
            "SELECT set_config('audit_trail.key', '', TRUE),"
            " set_config('audit_trail.context', '', TRUE)"
        )

    def written(self, model, user):
        """What was written since, all of it by that user; ``user`` None: by nobody known."""
        self.env(user=user or self.env.user).flush_all()
        entries = self.entries.search([("res_model", "=", model), ("id", ">", self.last_id)])
        self.assertTrue(entries)
        self.assertEqual(entries.user_id, user or entries.user_id.browse())
        self.assertEqual(set(entries.mapped("channel")), {"server" if user else "database"})
        return entries

    def test_nobody_said_who_writes(self):
        """The counter-proof: SQL that nobody announced is shown as such."""
        self.begin()
        self.env.cr.execute(
            "UPDATE res_users SET share = NOT share WHERE id = %s", [self.employee.id]
        )
        self.written("res.users", None)

    def test_password_of_another(self):
        administrator = new_test_user(self.env, "trail_keeper", "base.group_system")
        self.begin()
        self.employee.with_user(administrator).write({"password": "another-password"})
        entries = self.written("res.users", administrator)
        self.assertEqual(set(entries.mapped("res_id")), {self.employee.id})
        self.assertTrue(any("password" in entry.changes for entry in entries))
        self.assertNotIn("another-password", str(entries.mapped("changes")))

    def test_password_kept_in_a_newer_way(self):
        """Given an old way of keeping passwords, a sign-in renews it without a write."""
        self.begin()
        users = self.env["res.users"].with_user(self.employee)
        hashed = users._crypt_context().hash("renewed-password")
        users._set_encrypted_password(self.employee.id, hashed)
        entry = self.written("res.users", self.employee)
        self.assertIn("password", entry.changes)

    def test_api_key(self):
        self.begin()
        keys = self.env["res.users.apikeys"].with_user(self.employee).sudo()
        key = keys._generate("rpc", "Partner's system", "2026-12-01")
        entry = self.written("res.users.apikeys", self.employee)
        self.assertNotIn(key, str(entry.changes))

    def test_update_of_an_addon(self):
        """Given an update of the addon of a tracked model, then its SQL is the update's."""
        tag = self.env["res.partner.category"].create({"name": "Watched"})
        self.begin()
        with patch.object(self.env.registry, "_post_init_queue", deque(), create=True):
            tag.browse()._auto_init()
        self.env.cr.execute("UPDATE res_partner_category SET color = 7 WHERE id = %s", [tag.id])
        self.written("res.partner.category", self.env.user)
