import os
import tempfile

from psycopg2.errors import RestrictViolation

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.audit_trail.models import audit_trail_seal
from odoo.addons.audit_trail.models.announcement import announce
from odoo.addons.audit_trail.tools import chain_head

from .common import TamperCase

PURGE = """
    INSERT INTO audit_trail_purge (seal_from, seal_to, entry_count, last_entry_at, head_digest,
           reason, user_id, user_name, purged_at, key_id, signature)
    SELECT 1, id, 1, NOW(), digest, 'x', 1, 'x', NOW(), key_id, %s
      FROM audit_trail_seal ORDER BY id DESC LIMIT 1
"""


@tagged("post_install", "-at_install")
class TestTamperChain(TamperCase):
    """Cutting off the end of the chain, its times, and purges that nobody signed."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.patch(audit_trail_seal, "key_file", lambda: os.path.join(folder.name, "keys"))

    def kinds(self):
        return {kind for kind, _id in self.problems()}

    def seal_and_keep(self):
        """Seal, and what follows the commit."""
        made = self.seal()
        self.env.cr.postcommit.run()
        return made

    def head(self):
        return self.env["audit.trail.seal"]._get_kept_head()

    # Head

    def test_an_end_that_was_cut_off_is_missed(self):
        """Given the newest seals deleted with their entries, then the kept head tells which."""
        self.patch(audit_trail_seal, "SEAL_SIZE", 1)
        self.seal_and_keep()
        self.assertFalse(self.kinds() & {"seal_missing", "older_than_anchor", "rebuilt"})
        head = self.head()
        self.env.cr.execute("SELECT txid_from FROM audit_trail_seal WHERE id = %s", [head["seal"]])
        (start,) = self.env.cr.fetchone()
        self.without_triggers(
            "audit_trail_entry", "DELETE FROM audit_trail_entry WHERE txid >= %s", start
        )
        self.without_triggers(
            "audit_trail_seal", "DELETE FROM audit_trail_seal WHERE id = %s", head["seal"]
        )
        self.assertIn("seal_missing", self.kinds())
        detail = f"{head['seal']}-{head['seal']}"
        self.assertIn(detail, self.details("seal_missing"))

    def test_a_chain_that_goes_on_otherwise_is_found_and_the_head_stays(self):
        """Given new seals in place of those that were cut off, then it is told for good."""
        self.seal_and_keep()
        head = self.head()
        self.without_triggers("audit_trail_seal", "DELETE FROM audit_trail_seal")
        self.env["res.partner.category"].create({"name": "Later"})
        self.seal_and_keep()
        self.assertEqual(self.head(), head)
        self.assertIn("rebuilt", self.kinds())

    def test_a_restored_backup_is_told_as_such(self):
        """Given a head that is younger than all that the database knows, then from which entry."""
        self.seal_and_keep()
        self.env.cr.execute("SELECT MAX(id) FROM audit_trail_entry")
        (last,) = self.env.cr.fetchone()
        head = self.head() | {"digest": "v2:later", "last_entry": last + 10_000}
        chain_head.write(
            self.env["audit.trail.seal"]._get_head_file(), head | {"seal": head["seal"] + 3}
        )
        self.assertEqual(dict(self.problems())["older_than_anchor"], last)

    def test_another_database_of_the_same_name_has_a_head_of_its_own(self):
        self.seal_and_keep()
        self.assertTrue(self.head())
        self.env["ir.config_parameter"].set_param("database.uuid", "another")
        self.assertFalse(self.head())

    def test_a_head_that_cannot_be_read_is_told(self):
        """Given garbage where the head is kept, then seals are made, and it is a finding."""
        file = self.env["audit.trail.seal"]._get_head_file()
        os.makedirs(os.path.dirname(file))
        with open(file, "w", encoding="utf-8") as stream:
            stream.write("[1]")
        with mute_logger(audit_trail_seal.__name__):
            self.assertTrue(self.seal_and_keep())
        self.assertIn("head_unreadable", self.kinds())

    # Times of a seal

    def test_altered_times_of_a_seal_are_named(self):
        self.seal()
        self.assertNotIn("seal_altered", self.kinds())
        self.without_triggers(
            "audit_trail_seal",
            "UPDATE audit_trail_seal SET first_entry_at = '2001-01-01'"
            " WHERE id = (SELECT MAX(id) FROM audit_trail_seal)",
        )
        self.assertIn("seal_altered", self.kinds())

    def test_seals_of_the_first_version_stay_verifiable(self):
        """Given a seal whose digest leaves its times out, then the entries vouch for them."""
        self.patch(audit_trail_seal, "SEAL_VERSION", "v1")
        self.seal()
        self.assertNotIn("seal_altered", self.kinds())
        self.without_triggers(
            "audit_trail_seal",
            "UPDATE audit_trail_seal SET last_entry_at = '2001-01-01'"
            " WHERE id = (SELECT MAX(id) FROM audit_trail_seal)",
        )
        self.assertIn("times", self.details("seal_altered"))

    # Purges

    def test_an_unsigned_purge_is_refused(self):
        """Given a server action, which has the key of its transaction, then it needs more."""
        self.seal()
        announce(self.env)
        self.assert_refused(PURGE, ["x"])

    def test_a_purge_outside_odoo_is_refused(self):
        self.seal()
        self.forget_key()
        self.assert_refused(PURGE, ["A" * 86 + "=="])

    def test_a_purge_of_seals_that_are_not_there_is_refused(self):
        self.seal()
        announce(self.env)
        self.assert_refused(PURGE.replace("id, 1", "id + 9, 1"), ["A" * 86 + "=="])

    def test_no_method_signs_a_purge(self):
        """Given that server actions reach every method, then signing is none."""
        self.assertFalse(hasattr(self.env["audit.trail.purge"], "_purge_run"))
        self.assertFalse(hasattr(self.env["audit.trail.rule"], "_write_baseline"))

    def test_a_purge_that_only_looks_signed_is_named(self):
        self.seal()
        announce(self.env(user=1))
        self.env.cr.execute(PURGE, ["A" * 86 + "=="])
        self.assertIn("purge_invalid", self.kinds())

    def assert_refused(self, statement, parameters):
        with (
            self.assertRaisesRegex(RestrictViolation, "signed by Odoo alone"),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(statement, parameters)
