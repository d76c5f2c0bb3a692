import os
import tempfile
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.audit_trail.models import announcement, audit_trail_row_keys
from odoo.addons.audit_trail.tools import key_ring

from .common import TrailCase

LATEST = (
    announcement.ROW_KEY_SECONDS
    + audit_trail_row_keys.LONGEST_TRANSACTION_SECONDS
    + audit_trail_row_keys.CLOCK_TOLERANCE_SECONDS
)


@tagged("post_install", "-at_install")
class TestRowKeys(TrailCase):
    """A row key signs the entries of its own time, and of no other."""

    def setUp(self):
        super().setUp()
        self.tag = self.env["res.partner.category"].create({"name": "Evidence", "color": 1})
        self.env.flush_all()
        self.key_id = self.entries._get_key_id()

    def write_with(self, nonce, color):
        """What psql writes for whoever learnt a row key."""
        key = key_ring.row_key(announcement.ring().secret(self.key_id), nonce)
        text = ":".join([nonce, *key_ring.padded_halves(key)])
        self.env.cr.execute(
            "SELECT set_config('audit_trail.key', %s, TRUE),"
            ' set_config(\'audit_trail.context\', \'{"uid": 2, "channel": "web"}\', TRUE)',
            [text],
        )
        self.env.cr.execute(
            "UPDATE res_partner_category SET color = %s WHERE id = %s", [color, self.tag.id]
        )
        return self.entries_of(self.tag, "update")[-1]

    def issued_ago(self, seconds):
        self.env.cr.execute(
            "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint - %s", [seconds]
        )
        return self.env.cr.fetchone()[0]

    def test_the_row_key_says_when_it_was_made(self):
        nonce = announcement._current_row_key(self.env).partition(":")[0]
        key_id, issued, _chance = nonce.split(".")
        self.assertEqual(key_id, self.key_id)
        self.assertLess(abs(int(issued) - self.issued_ago(0)), announcement.ROW_KEY_SECONDS + 5)

    def test_a_dropped_key_signs_no_more(self):
        """Given a row key of yesterday, when it signs a write, then verification names it."""
        late = self.write_with(key_ring.nonce(self.key_id, self.issued_ago(LATEST + 5)), 5)
        early = self.write_with(key_ring.nonce(self.key_id, self.issued_ago(-3600)), 6)
        timely = self.write_with(key_ring.nonce(self.key_id, self.issued_ago(LATEST - 60)), 7)
        found = self.problems()
        self.assertIn(("key_expired", late.id), found)
        self.assertIn(("key_expired", early.id), found)
        self.assertNotIn(("key_expired", timely.id), found)
        self.assertNotIn(("altered", late.id), found)

    def test_the_time_of_a_key_cannot_be_changed(self):
        """Given an entry with an old key, when its digest claims a younger one, then altered."""
        issued = self.issued_ago(LATEST + 5)
        entry = self.write_with(key_ring.nonce(self.key_id, issued), 5)
        self.without_triggers(
            "audit_trail_entry",
            "UPDATE audit_trail_entry SET digest = replace(digest, %s, %s) WHERE id = %s",
            f".{issued}.",
            f".{issued + LATEST}.",
            entry.id,
        )
        self.assertIn(("altered", entry.id), self.problems())

    def test_keys_without_a_time_are_of_former_versions(self):
        """Given a key without time, then its entries hold, but not after keys had a time."""
        nonce = f"{self.key_id}.{'ab' * 8}"
        entry = self.write_with(nonce, 5)
        found = self.problems()
        self.assertFalse({("altered", entry.id), ("key_expired", entry.id)} & found)
        self.without_triggers(
            "audit_trail_entry",
            "UPDATE audit_trail_entry SET occurred_at = occurred_at + make_interval(secs => %s)"
            " WHERE id = %s",
            # Beyond the first dated key of this database by any means.
            10**8,
            entry.id,
        )
        self.assertIn(("key_expired", entry.id), self.problems())


@tagged("post_install", "-at_install")
class TestRotation(TrailCase):
    def setUp(self):
        super().setUp()
        # The secrets of this server stay as they are.
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "keys")
        with open(announcement.ring().file, encoding="ascii") as source:
            content = source.read()
        with open(path, "w", encoding="ascii") as target:
            target.write(content)
        ring = key_ring.KeyRing(path)
        ring.file = path
        self.ring = ring
        self.enterContext(patch.dict(announcement._rings, {announcement.key_file(): ring}))
        self.addCleanup(self.env.registry.clear_all_caches)
        self.administrator = new_test_user(self.env, "trail_admin", "base.group_system")

    def settings(self, user):
        return self.env["res.config.settings"].with_user(user)

    def test_an_administrator_begins_a_new_key(self):
        """Given entries and seals of a key, when a new one begins, then both verify; it is told."""
        tag = self.env["res.partner.category"].create({"name": "Before", "color": 1})
        self.seal()
        known = self.problems()
        former = self.entries._get_key_id()
        with self.assertRaises(AccessError):
            self.settings(self.employee).action_begin_audit_trail_key()
        settings = self.settings(self.administrator).create({})
        settings.action_begin_audit_trail_key()
        begun = self.entries._get_key_id()
        self.assertNotEqual(begun, former)
        event = self.entries.search([("kind", "=", "key")], limit=1)
        self.assertEqual(event.details, {"former": former, "begun": begun})
        self.assertEqual(event.user_id, self.administrator)
        tag.color = 7
        self.seal()
        self.env.cr.execute("SELECT DISTINCT split_part(digest, ':', 2) FROM audit_trail_entry")
        used = {nonce.partition(".")[0] for (nonce,) in self.env.cr.fetchall() if nonce}
        self.assertLessEqual({former, begun}, used)
        self.assertLessEqual({former, begun}, self.entries.get_public_keys().keys())
        self.assertFalse({kind for kind, _id in self.problems() - known} - {"inserted"})

    def test_secrets_from_the_environment_are_appended_there(self):
        key_id = self.entries._get_key_id()
        with open(self.ring.file, encoding="ascii") as file:
            line = next(line for line in file if line.startswith(key_id)).strip()
        with (
            patch.dict(os.environ, {key_ring.KEYS_VARIABLE: line}),
            self.assertRaisesRegex(UserError, "append a new"),
        ):
            self.settings(self.administrator).create({}).action_begin_audit_trail_key()

    def test_the_parameter_names_no_unknown_secret(self):
        """Given an administrator who changes the parameter by hand, then refused with a way."""
        parameters = self.env["ir.config_parameter"].with_user(self.administrator)
        parameter = parameters.search([("key", "=", announcement.KEY_PARAMETER)])
        former = self.entries._get_key_id()
        for attempt in (
            lambda: parameters.set_param(announcement.KEY_PARAMETER, "unknown"),
            lambda: parameters.set_param(announcement.KEY_PARAMETER, False),
            lambda: parameter.write({"key": "audit_trail.other"}),
            parameter.unlink,
        ):
            with self.assertRaisesRegex(ValidationError, "Begin a new key"), self.cr.savepoint():
                attempt()
        parameters.set_param(announcement.KEY_PARAMETER, former)
        self.assertEqual(self.entries._get_key_id(), former)
        self.assertTrue(self.env["res.partner.category"].create({"name": "Still written"}))
