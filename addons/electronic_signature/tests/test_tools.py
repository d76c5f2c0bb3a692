from datetime import datetime

from odoo.tests import BaseCase

from odoo.addons.electronic_signature.tools import canonical
from odoo.addons.electronic_signature.tools.moment import write_moment


class TestCanonical(BaseCase):
    """The fixed forms: what was signed once must give the same digest for ever."""

    def test_the_digest_of_version_one_is_fixed(self):
        content = {"model": "x", "id": 1, "fields": {"b": "检查", "a": ["1", None]}}
        self.assertEqual(
            canonical.write_canonical(content),
            '{"fields":{"a":["1",null],"b":"检查"},"id":1,"model":"x"}',
        )
        self.assertEqual(
            canonical.content_digest("1", content),
            "v1:1:f4e7fb8eb273d30bf27198bb23e3aa0877b9b2f8231321e0d80583e0ff7672ad",
        )

    def test_versions_are_read_back(self):
        self.assertEqual(canonical.content_version("v1:2+stock:abc"), "2+stock")
        for junk in (None, "", "v1", "v2:1:abc", "v1::abc", "v1:1:"):
            self.assertIsNone(canonical.content_version(junk), junk)

    def test_numbers_survive_float_and_numeric(self):
        self.assertEqual(canonical.number_text(0.1 + 0.2), "0.3")
        self.assertEqual(canonical.number_text(-0.0), "0")
        self.assertEqual(canonical.number_text(12.5), "12.5")

    def test_marks_tell_fields_apart_and_hide_values(self):
        one = canonical.field_marks(b"k", {"a": 1, "b": 1})
        two = canonical.field_marks(b"k", {"a": 1, "b": 2})
        self.assertEqual(one["a"], two["a"])
        self.assertNotEqual(one["b"], two["b"])
        self.assertNotEqual(one["a"], one["b"])
        self.assertNotEqual(one, canonical.field_marks(b"other", {"a": 1, "b": 1}))

    def test_row_digests_depend_on_key_table_and_row(self):
        base = canonical.row_digest(b"k", "id", "t", {"a": 1})
        self.assertEqual(canonical.row_key_id(base), "id")
        others = {
            canonical.row_digest(b"x", "id", "t", {"a": 1}),
            canonical.row_digest(b"k", "id", "u", {"a": 1}),
            canonical.row_digest(b"k", "id", "t", {"a": 2}),
        }
        self.assertEqual(len(others | {base}), 4)
        for junk in (None, "", "v1:", "v1::x", "v2:a:b", "a:b:c:d"):
            self.assertIsNone(canonical.row_key_id(junk), junk)

    def test_moments_carry_their_zone(self):
        """Across midnight, a half-hour zone, daylight saving, and rubbish."""
        for month, day, hour, minute, zone, text in (
            (2, 28, 16, 5, "Asia/Shanghai", "03-01 00:05:00 (Asia/Shanghai, UTC+08:00)"),
            (2, 28, 18, 35, "Asia/Kolkata", "03-01 00:05:00 (Asia/Kolkata, UTC+05:30)"),
            (3, 29, 0, 59, "Europe/Berlin", "03-29 01:59:00 (Europe/Berlin, UTC+01:00)"),
            (3, 29, 1, 0, "Europe/Berlin", "03-29 03:00:00 (Europe/Berlin, UTC+02:00)"),
            (3, 1, 0, 0, "../etc", "03-01 00:00:00 (UTC, UTC+00:00)"),
            (3, 1, 0, 0, None, "03-01 00:00:00 (UTC, UTC+00:00)"),
        ):
            with self.subTest(zone=zone, hour=hour):
                moment = datetime(2026, month, day, hour, minute)
                self.assertEqual(write_moment(moment, zone), f"2026-{text}")
