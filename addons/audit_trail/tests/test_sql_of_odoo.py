from collections import deque
from unittest.mock import patch

from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import TrailCase


@tagged("post_install", "-at_install")
class TestSqlOfOdoo(TrailCase):
    """What Odoo writes by SQL of its own has an author; the trail must not cry wolf."""

    def begin(self):
        """What the next transaction finds: nobody has said who writes."""
        self.env.flush_all()
        # Rows that this transaction wrote name its author themselves.
        for table in ("res_users", "res_partner"):
            self.env.cr.execute(
                SQL("UPDATE %s SET write_date = '2020-01-01'", SQL.identifier(table))
            )
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

    def test_merging_contacts(self):
        """Given two contacts, when one is merged into the other, then it is the merger's work."""
        contacts = self.env["res.partner"].create([{"name": "Twin"}, {"name": "Twin"}])
        tag = self.env["res.partner.category"].create({"name": "Watched"})
        contacts[0].category_id = tag
        manager = new_test_user(
            self.env, "trail_merger", "base.group_user,base.group_partner_manager"
        )
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(manager)
        self.begin()
        wizard._merge(contacts.ids, contacts[1].with_user(manager))
        self.assertEqual(contacts[1].category_id, tag)
        # The relation is told by whichever of its models is tracked first.
        entries = self.entries.search([("kind", "=", "link"), ("id", ">", self.last_id)])
        self.written(entries.res_model, manager)

    def test_deletion_that_the_database_carries_on(self):
        """Given a record that tracked ones name, its deletion changes them by our hand."""
        self.env["audit.trail.rule"].create({"model_id": self.env.ref("base.model_res_bank").id})
        state = self.env["res.country.state"].create(
            {"name": "Nowhere", "code": "NW", "country_id": self.env.ref("base.cn").id}
        )
        bank = self.env["res.bank"].create({"name": "Watched", "state": state.id})
        self.begin()
        state.with_user(self.env.user).unlink()
        entry = self.written("res.bank", self.env.user)
        self.assertEqual((entry.res_id, list(entry.changes)), (bank.id, ["state"]))

    def test_update_of_an_addon(self):
        """Given an update of the addon of a tracked model, then its SQL is the update's."""
        tag = self.env["res.partner.category"].create({"name": "Watched"})
        self.begin()
        with patch.object(self.env.registry, "_post_init_queue", deque(), create=True):
            tag.browse()._auto_init()
        self.env.cr.execute("UPDATE res_partner_category SET color = 7 WHERE id = %s", [tag.id])
        self.written("res.partner.category", self.env.user)
