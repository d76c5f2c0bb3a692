import threading

import psycopg2

from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from odoo.addons.electronic_signature.models import evidence

MODEL = "test.signed.paper.turn"


@tagged("post_install", "-at_install")
class TestTurns(BaseCase):
    """Two people sign one record at once: two real transactions."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._forget)

    def _forget(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM electronic_signature_turn WHERE res_model = %s", [MODEL])

    def _take_turn(self, cr, res_id=7):
        from odoo import api

        evidence.take_turn(api.Environment(cr, 1, {}), MODEL, res_id)

    def _race(self, end_of_first, res_id=7):
        """The second begins its transaction and waits while the first signs."""
        outcome = []
        with self.registry.cursor() as first, self.registry.cursor() as second:
            second.execute("SELECT 1 FROM electronic_signature LIMIT 1")
            self._take_turn(first)

            def wait_and_sign():
                try:
                    self._take_turn(second, res_id)
                    outcome.append("signed")
                except psycopg2.errors.SerializationFailure:
                    outcome.append("again")
                second.rollback()

            thread = threading.Thread(target=wait_and_sign)
            thread.start()
            thread.join(0.5)
            waited = thread.is_alive()
            getattr(first, end_of_first)()
            thread.join(10)
            self.assertFalse(thread.is_alive())
        return waited, outcome[0]

    @mute_logger("odoo.sql_db")
    def test_the_second_waits_and_starts_again_when_the_first_has_signed(self):
        """Given a transaction that began before, then it is not allowed to work on old facts."""
        self.assertEqual(self._race("commit"), (True, "again"))

    def test_the_second_signs_when_the_first_gave_up(self):
        self.assertEqual(self._race("rollback"), (True, "signed"))

    def test_another_record_does_not_wait(self):
        self.assertEqual(self._race("rollback", res_id=8), (False, "signed"))
