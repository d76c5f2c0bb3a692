from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TRACKING_LOG, TrailCase


@tagged("post_install", "-at_install")
class TestNames(TrailCase):
    """The name of a record at the time, where it stands in another table."""

    def tracked(self, table):
        known = self.env["audit.trail.rule"]._get_known_tables()
        return known[table]

    def test_users_have_the_name_of_their_partner(self):
        """Given a user, when they are made, changed and deleted, then each entry names them."""
        user = new_test_user(self.env, "trail_named", "base.group_user", name="Named Person")
        user.login = "trail_renamed"
        self.env.flush_all()
        user_id = user.id
        user.unlink()
        domain = [("res_model", "=", "res.users"), ("res_id", "=", user_id)]
        kinds = ("insert", "update", "delete")
        entries = self.entries.search([*domain, ("kind", "in", kinds)])
        self.assertEqual(set(entries.mapped("kind")), set(kinds))
        self.assertEqual(set(entries.mapped("res_name")), {"Named Person"})

    def test_group_memberships_name_their_owner(self):
        """Given a group that is given and taken, then both entries name the record they are of."""
        group = self.env.ref("base.group_partner_manager")
        self.employee.group_ids += group
        self.employee.group_ids -= group
        self.env.flush_all()
        relation = self.env["res.users"]._fields["group_ids"].relation
        row = self.tracked(relation)
        owner = {"res.users": self.employee, "res.groups": group}[row["model"]]
        domain = [("kind", "in", ("link", "unlink")), ("res_id", "=", owner.id)]
        entries = self.entries.search([*domain, ("res_model", "=", row["model"])]).filtered(
            lambda entry: (
                entry.details["relation"] == relation
                and {entry.res_id, int(entry.state_digest)} == {self.employee.id, group.id}
            )
        )
        self.assertEqual(set(entries.mapped("kind")), {"link", "unlink"})
        self.assertEqual(set(entries.mapped("res_name")), {owner.name})
        self.assertNotIn("altered", {kind for kind, _entry in self.problems()})

    def test_a_record_that_is_named_by_another_has_its_name(self):
        """Given a model that is named by a many2one, then the entry has a name, not a number."""
        model = self.env.ref("base.model_res_users_settings")
        self.env["audit.trail.rule"].create({"model_id": model.id})
        settings = self.env["res.users.settings"]
        self.assertEqual(settings._rec_name, "user_id")
        user = new_test_user(self.env, "trail_settings", "base.group_user", name="With Settings")
        record = settings._find_or_create_for_user(user)
        self.assertEqual(self.entries_of(record, "insert").res_name, "With Settings")

    def test_records_that_name_each_other_have_no_name(self):
        categories = self.env["res.partner.category"]
        rules = self.env["audit.trail.rule"]
        self.assertTrue(rules._query_name(categories))
        self.patch(type(categories), "_rec_name", "parent_id")
        self.assertIsNone(rules._query_name(categories))
        self.assertFalse(any(rules._prepare_name(categories).values()))

    def test_ordinary_tables_ask_no_other(self):
        """Given a table with the name in its row, then its trigger looks nowhere else."""
        row = self.tracked("res_partner_category")
        self.assertEqual((row["name_column"], row["name_query"]), ("name", None))

    def test_a_name_that_is_secret_is_no_name(self):
        """Given a model whose name is secret or personal, then no entry bears it."""
        for field in ("secret_fields", "personal_fields"):
            with self.subTest(field):
                self.rule.write({"secret_fields": False, "personal_fields": False, field: "name"})
                self.env.flush_all()
                tag = self.env["res.partner.category"].create({"name": "hunter2"})
                self.assertFalse(self.entries_of(tag).res_name)

    def test_tables_of_a_former_version_are_completed_at_the_start(self):
        """Given a table without the new columns, when the server starts, then it has them."""
        self.env.cr.execute("ALTER TABLE audit_trail_tracked DROP name_key, DROP name_query")
        with mute_logger(TRACKING_LOG):
            self.env["audit.trail.rule"]._register_hook()
        self.assertEqual(self.tracked("res_users")["name_key"], "partner_id")

    def test_a_name_that_went_away_blocks_no_write(self):
        """Given a column of names that an upgrade dropped, then rows are written without name."""
        self.env.cr.execute(
            "SELECT audit_trail_name('SELECT gone FROM res_partner WHERE id = $1', 1),"
            " audit_trail_name('SELECT name FROM no_such_table WHERE id = $1', 1),"
            " audit_trail_name('SELECT repeat(login, 500) FROM res_users WHERE id = $1', 1)"
        )
        gone, missing, long_name = self.env.cr.fetchone()
        self.assertEqual((gone, missing, len(long_name)), (None, None, 500))
