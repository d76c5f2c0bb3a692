import random
import sys

from odoo.tests.common import BaseCase

from odoo.addons.meddev_device.tools.serial_number import (
    normalise_serial,
    normalise_serial_sql,
)


class TestSerialNumber(BaseCase):
    """One spelling for one serial number."""

    def test_writings_of_one_number_are_equal(self):
        for text in (
            "SN-123AB",
            "sn-123ab",
            " SN -123 AB\n",
            "ＳＮ－１２３ＡＢ",
            "SN\u3000\u2013\u200b123\xa0AB\ufeff",
            "S\u200dN\u2212123A\u00adB",
            "SN\u2014123AB",
            "SNー123AB",
            "SN\x1d-123\x00AB",
        ):
            self.assertEqual(normalise_serial(text), "SN-123AB", repr(text))

    def test_nothing_is_the_empty_text(self):
        for text in (None, False, "", " ", "\u3000\u200b\ufeff"):
            self.assertEqual(normalise_serial(text), "")
        self.assertEqual(normalise_serial(0), "0")

    def test_different_numbers_stay_different(self):
        numbers = [
            "SN1",
            "SN-1",
            "SN_1",
            "SN.1",
            "SN/1",
            "SN#1",
            "SNI",
            "SNO",
            "SN0",
            "序1",
            "ß",
            "SS",
        ]
        self.assertEqual(len({normalise_serial(number) for number in numbers}), len(numbers))

    def test_idempotent_for_every_character(self):
        """All but the ideographs and syllables, which have no compatibility forms."""
        for code in (*range(0x3400), *range(0xD7B0, 0x20000), sys.maxunicode):
            once = normalise_serial(f"a{chr(code)}\u0301b")
            self.assertEqual(normalise_serial(once), once, hex(code))

    def test_idempotent_for_random_texts(self):
        rng = random.Random(7)
        for _round in range(20000):
            once = normalise_serial("".join(chr(rng.randrange(0x3200)) for _ in range(8)))
            self.assertEqual(normalise_serial(once), once)
            self.assertFalse(any(character.isspace() for character in once))

    def test_sql_is_plain_ascii_without_placeholders(self):
        """The expression is built into queries: no percent sign, nothing to escape."""
        expression = normalise_serial_sql('"name"')
        self.assertTrue(expression.isascii())
        self.assertNotIn("%", expression)
        self.assertEqual(expression.count("'"), 4)
        self.assertIn('normalize("name", NFKC)', expression)
