import os
import tempfile
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.audit_trail.models import announcement
from odoo.addons.audit_trail.models.keys import begin_key
from odoo.addons.audit_trail.tools.key_ring import KeyRing, KeyRingError

from ..models import key_store
from .common import SAMPLE, VALUES, SensitiveCase


@tagged("post_install", "-at_install")
class TestKeys(SensitiveCase, TransactionCase):
    def use_ring(self, path):
        """Let the addon read its secrets from another file."""
        ring = KeyRing(path)
        ring.file = path
        default = os.path.join(announcement.config["data_dir"], "audit_trail", "keys")
        return patch.dict(announcement._rings, {default: ring})

    def test_rotation_wraps_keys_anew_and_leaves_values(self):
        """Given a new secret, when keys are wrapped again, then columns stay and are readable."""
        token = self.column(self.patient, "phone")
        with tempfile.TemporaryDirectory() as folder:
            ring = announcement.ring()
            path = os.path.join(folder, "keys")
            with open(ring.file, encoding="ascii") as source, open(path, "w") as target:
                target.write(source.read())
            with self.use_ring(path):
                former = self.env["audit.trail.entry"]._get_key_id()
                current = begin_key(self.env)
                self.env.registry.clear_cache()
                self.assertNotEqual(former, current)
                with patch.object(
                    self.env.registry["ir.cron"], "_commit_progress", lambda *args, **kwargs: 1
                ):
                    self.env["sensitive.key"]._cron_rewrap_keys()
                keys = self.env["sensitive.key"].search([("is_destroyed", "=", False)])
                self.assertEqual(set(keys.mapped("master_key_id")), {current})
                self.assertEqual(self.column(self.patient, "phone"), token)
                self.env.cr.cache.clear()
                self.env.invalidate_all()
                self.assertEqual(self.patient.phone, VALUES["phone"])
        self.env.registry.clear_cache()

    def test_no_start_without_the_secret(self):
        """Given encrypted values and no secret, or another one of its id: refused, nothing lost."""
        key_store.check_masters(self.env)
        key_id = self.env["audit.trail.entry"]._get_key_id()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "keys")
            with self.use_ring(path), self.assertRaisesRegex(KeyRingError, "does not start"):
                key_store.check_masters(self.env)
            with open(path, "w", encoding="ascii") as file:
                file.write(f"{key_id}:{'A' * 43}=\n")
            with self.use_ring(path), self.assertRaisesRegex(KeyRingError, "not the one"):
                key_store.check_masters(self.env)
            with self.use_ring(os.path.join(folder, "none")):
                self.env.invalidate_all()
                self.env.cr.cache.clear()
                with self.assertRaisesRegex(UserError, "secret .* is missing"):
                    self.patients.create({"phone": "13812345678"})
        key_store.check_masters(self.env)

    def test_one_key_per_record(self):
        """Given a second key for a record that has one, then the database keeps the first."""
        ((uid, _key),) = key_store.for_writing(self.env, SAMPLE, [self.patient.id]).values()
        key_store.add(self.env, SAMPLE, {self.patient.id: ("f" * 24, b"x" * 32)})
        ((kept, _key),) = key_store.for_writing(self.env, SAMPLE, [self.patient.id]).values()
        self.assertEqual(kept, uid)

    def test_keys_are_nobodys_to_write(self):
        key = self.env["sensitive.key"].search([("res_id", "=", self.patient.id)], limit=1)
        for attempt in (
            lambda: key.write({"uid": "x"}),
            key.unlink,
            lambda: key.create({"res_model": SAMPLE, "res_id": 1, "uid": "x"}),
        ):
            with self.assertRaises(UserError):
                attempt()
        self.assertNotIn("wrapped", key.with_user(self.auditor).fields_get())

    def test_wrong_declarations_are_refused(self):
        """Given a declaration that would leak, then the registry does not take it."""
        field = self.patients._fields["phone"]
        for attribute, value in (("tracking", True), ("index", True), ("kind", "shoe size")):
            with (
                self.subTest(attribute),
                patch.object(field, attribute, value, create=True),
                self.assertRaisesRegex(TypeError, "sensitive field"),
            ):
                field.setup_nonrelated(self.patients)
