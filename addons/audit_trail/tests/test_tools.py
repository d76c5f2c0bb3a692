import hashlib
import hmac
import os
import random
import tempfile

from odoo.tests import BaseCase

from odoo.addons.audit_trail.tools import key_ring
from odoo.addons.audit_trail.tools.entry_ranges import read_ranges, write_ranges


class TestTools(BaseCase):
    def test_ranges_are_read_as_written(self):
        """Given any set of ids, when written and read, then it is the same set."""
        generator = random.Random(19)
        for _round in range(50):
            ids = {generator.randint(1, 300) for _ in range(generator.randint(0, 120))}
            self.assertEqual(read_ranges(write_ranges(ids)), ids)
        self.assertEqual(write_ranges([3, 1, 2, 7]), "1-3,7")

    def test_padded_halves_make_an_hmac(self):
        """Given a key, then SHA-256 over the two halves is what the library calls HMAC."""
        key, text = os.urandom(32), "内容".encode()
        inner, outer = map(bytes.fromhex, key_ring.padded_halves(key))
        own = hashlib.sha256(outer + hashlib.sha256(inner + text).digest()).digest()
        self.assertEqual(own, hmac.digest(key, text, "sha256"))

    def test_a_missing_secret_is_said_with_place_and_remedy(self):
        with tempfile.TemporaryDirectory() as folder:
            ring = key_ring.KeyRing(os.path.join(folder, "keys"))
            key_id = ring.create()
            self.assertEqual(len(ring.secret(key_id)), 32)
            self.assertEqual(os.stat(ring.file).st_mode & 0o777, 0o600)
            second = ring.create()
            self.assertNotEqual(ring.secret(key_id), ring.secret(second))
            with self.assertRaisesRegex(key_ring.KeyRingError, "keys has it"):
                ring.secret("unknown")

    def test_signatures_hold_for_their_text_only(self):
        secret = os.urandom(32)
        public, signature = key_ring.public_key(secret), key_ring.sign(secret, "text")
        self.assertTrue(key_ring.is_signed(public, "text", signature))
        for wrong in (
            (public, "test", signature),
            (public, "text", "??"),
            ("x", "text", signature),
        ):
            self.assertFalse(key_ring.is_signed(*wrong))
