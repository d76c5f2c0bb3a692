from odoo.tests.common import BaseCase

from odoo.addons.meddev_device.tools.text import is_storable, shorten


class TestText(BaseCase):
    """Texts from outside: what can be stored, and how an error shows them."""

    def test_what_postgresql_and_utf8_cannot_hold(self):
        for text in ("a\x00", "\ud800", "心\udfff"):
            self.assertFalse(is_storable(text), ascii(text))
        for text in ("", "心电图机", "\x1d", "\U0001f489"):
            self.assertTrue(is_storable(text), ascii(text))

    def test_values_are_shown_short_and_printable(self):
        shown = {
            "some day": "some day",
            "心": "心",
            "a\x00\ud800b": "a\ufffd\ufffdb",
            "x" * 61: "x" * 60 + "…",
            b"\xff": "b'\\xff'",
            None: "None",
            10**5000: "int",
        }
        for value, text in shown.items():
            self.assertEqual(shorten(value), text)
        deep = []
        for _level in range(100_000):
            deep = [deep]
        self.assertEqual(shorten(deep), "list")
