import random
from datetime import date

from stdnum import ean

from odoo.tests.common import BaseCase

from odoo.addons.meddev_device.tools.udi import parse, read
from odoo.addons.meddev_device.tools.udi.check_characters import gs1_check_digit

GS = "\x1d"
TODAY = date(2026, 11, 21)
DI = "09506000117843"


class TestUdiGs1(BaseCase):
    """GS1 General Specifications: element strings, bracketed text, Digital Link."""

    def _assert_values(self, carrier, **values):
        answer = parse(carrier, TODAY)
        self.assertEqual({key: answer[key] for key in values}, values, carrier)
        return answer

    def test_order_of_elements_does_not_matter(self):
        for carrier in (
            f"01{DI}17201231112101011012AB{GS}21XY",
            f"21XY{GS}1012AB{GS}112101011720123101{DI}",
            f"1012AB{GS}01{DI}21XY{GS}1720123111210101",
        ):
            self._assert_values(
                carrier,
                issuer="gs1",
                di=DI,
                lot="12AB",
                serial="XY",
                expiry_date="2020-12-31",
                production_date="2021-01-01",
                warnings=[],
                candidates=[],
            )

    def test_separators_too_many_are_ignored(self):
        self._assert_values(
            f"{GS}{GS}01{DI}{GS}17201231{GS}{GS}1012AB{GS}21XY{GS}",
            lot="12AB",
            serial="XY",
            warnings=[],
        )

    def test_symbology_identifiers_and_dirt_are_stripped(self):
        for prefix in (
            "]d2",
            "]C1",
            "]Q3",
            "]e0",
            "  ]d2",
            "\ufeff",
            "\x02",
            "]d2" + GS,
        ):
            self._assert_values(f"{prefix}01{DI}21XY\r\n", di=DI, serial="XY")

    def test_printed_stand_ins_are_separators(self):
        for text in (
            "␝",
            "<GS>",
            "{GS}",
            "[gs]",
            "<FNC1>",
            r"\x1d",
            r"\u001D",
            "&#29;",
            "^]",
            "Alt029",
        ):
            answer = self._assert_values(f"01{DI}10LOT{text}21XY", lot="LOT", serial="XY")
            self.assertEqual(answer["warnings"], ["separator_substitute"], text)

    def test_unclear_stand_ins_are_only_offered(self):
        """A character that GS1 forbids may stand for FNC1; a person decides."""
        for text in ("|", "#", "~", "~1", " ", "@"):
            answer = self._assert_values(f"01{DI}10LOT{text}21XY", di=DI, lot=False, serial=False)
            self.assertIn("separator_missing", answer["warnings"], text)
            self.assertIn(
                ("LOT", "XY"),
                [(one["lot"], one["serial"]) for one in answer["candidates"]],
            )

    def test_value_longer_than_allowed_has_no_plain_reading(self):
        """24 characters cannot be one lot: the value stays empty, readings are offered."""
        answer = self._assert_values(
            f"01{DI}10ABCDEF1720123121SERIAL12",
            lot=False,
            serial=False,
            expiry_date=False,
        )
        self.assertIn("separator_missing", answer["warnings"])
        self.assertEqual(
            answer["candidates"][0]["text"], f"(01){DI}(10)ABCDEF(17)201231(21)SERIAL12"
        )
        answer = self._assert_values(f"01{DI}10" + "Z" * 25, lot=False, di=DI, candidates=[])
        self.assertIn("value_too_long", answer["warnings"])

    def test_candidates_are_plausible(self):
        """Impossible dates, repeated identifiers and dead ends are never proposed."""
        self._assert_values(f"01{DI}10AB17201399", candidates=[])  # month 13
        self._assert_values(f"01{DI}10AB10CD", candidates=[])
        self._assert_values(f"01{DI}10AB11", candidates=[])
        self._assert_values(f"01{DI}10LOTNR", candidates=[], warnings=[])

    def test_a_separator_elsewhere_proves_the_scanner(self):
        """With GS in the text, a value that looks like more elements is still one value."""
        self._assert_values(f"01{DI}10A21B{GS}17201231", lot="A21B", candidates=[], warnings=[])

    def test_candidates_are_limited(self):
        answer = parse(f"01{DI}10" + "1721010111210101152101011321010116210101" * 2, TODAY)
        self.assertLessEqual(len(answer["candidates"]), 20)

    def test_lost_separator_after_a_value_of_one_length_is_harmless(self):
        """(7003) always has ten digits, so nothing needs guessing."""
        self._assert_values(f"01{DI}70032012311430" + "10LOT", expiry_date="2020-12-31", lot="LOT")

    def test_bad_check_digit_is_flagged(self):
        for carrier in ("(01)09506000117844(21)A", "010950600011784417201231"):
            answer = self._assert_values(carrier, di="09506000117844", check_status="mismatch")
            self.assertIn("check_mismatch", answer["warnings"])

    def test_bare_item_numbers(self):
        for carrier in (
            "96385074",
            "036000291452",
            "5901234123457",
            "]E05901234123457",
            "05901234123457",
        ):
            answer = parse(carrier, TODAY)
            self.assertEqual(answer["di"], carrier.removeprefix("]E0").zfill(14))
            self.assertEqual((answer["issuer"], answer["check_status"]), ("gs1", "ok"))
            self.assertEqual(answer["warnings"], ["bare_gtin"])
        for carrier in ("5901234123450", "0000000000000", "00000000"):
            self.assertFalse(parse(carrier, TODAY)["issuer"], carrier)

    def test_short_item_number_in_brackets_is_padded(self):
        self._assert_values("(01)96385074(21)A", di="00000096385074", check_status="ok")

    def test_other_keys_are_no_device(self):
        answer = self._assert_values(
            "(00)376130321109103420",
            issuer="gs1",
            di=False,
            check_status="not_applicable",
        )
        self.assertEqual(answer["warnings"], ["not_device_identifier", "no_device_identifier"])
        self.assertFalse(parse("(02)09506000117843(37)10", TODAY)["di"])

    def test_dates(self):
        for text, expected in (
            ("210200", "2021-02-28"),
            ("240200", "2024-02-29"),
            ("240229", "2024-02-29"),
            ("230229", False),
            ("211301", False),
            ("000000", False),
            ("760101", "2076-01-01"),
            ("770101", "1977-01-01"),
            ("2101A1", False),
        ):
            answer = self._assert_values(
                f"(01){DI}(17){text}(10)L", expiry_date=expected, lot="L", di=DI
            )
            self.assertEqual("invalid_date" in answer["warnings"], not expected, text)
            self.assertEqual(
                "day_unspecified" in answer["warnings"],
                bool(expected) and text.endswith("00"),
            )

    def test_century_follows_today(self):
        """GS1 General Specifications: 51 to 99 ahead is the last century, 50 back the next."""
        for today, text, expected in (
            (date(2026, 1, 1), "760101", "2076-01-01"),
            (date(2026, 1, 1), "770101", "1977-01-01"),
            (date(1999, 1, 1), "000101", "2000-01-01"),
            (date(2080, 1, 1), "300101", "2130-01-01"),
            (date(2080, 1, 1), "310101", "2031-01-01"),
        ):
            self.assertEqual(parse(f"(17){text}", today)["expiry_date"], expected)

    def test_invalid_date_leaves_the_rest(self):
        for carrier in (f"(01){DI}(17)211399(21)X", f"01{DI}1721139921X"):
            self._assert_values(carrier, di=DI, serial="X", expiry_date=False)

    def test_expiry_with_time(self):
        reading = read(f"(01){DI}(7003)2002021630", TODAY)
        self.assertEqual(reading.expiry_date, "2020-02-02")
        self.assertEqual(reading.extra["expiry_time"], "16:30")
        self.assertFalse(parse(f"(01){DI}(7003)2002022530", TODAY)["expiry_date"])

    def test_production_time_and_software_version(self):
        self._assert_values(
            f"(01){DI}(8008)20020216(8012)v1.2.3",
            production_date="2020-02-02",
            software_version="v1.2.3",
        )

    def test_other_identifiers_are_kept_beside_the_keys(self):
        reading = read(f"(01){DI}(235)T(240)A(241)B(250)S2(20)07(15)260101(30)4", TODAY)
        self.assertEqual(reading.extra["identifiers"]["250"], "S2")
        self.assertEqual(reading.extra["best_before_date"], "2026-01-01")
        self.assertEqual(
            (reading.serial, reading.expiry_date, reading.warnings), (False, False, [])
        )

    def test_contradictions_are_reported_and_the_first_value_stays(self):
        answer = self._assert_values(f"(01){DI}(21)A(21)B", serial="A")
        self.assertIn("conflict", answer["warnings"])
        self._assert_values(f"(01){DI}(21)A(21)A", serial="A", warnings=[])
        answer = self._assert_values(
            f"(01){DI}(17)260101(7003)2601021200", expiry_date="2026-01-01"
        )
        self.assertIn("conflict", answer["warnings"])

    def test_brackets_inside_a_value(self):
        self._assert_values(f"(01){DI}(10)AB(3)C(9999)D", lot="AB(3)C(9999)D", warnings=[])

    def test_typed_spaces_in_brackets(self):
        self._assert_values(" (01) 0 9506000 117843 ( 21 ) X1 \n", di=DI, serial="X1", warnings=[])

    def test_unknown_identifier_leaves_what_was_read(self):
        answer = self._assert_values(f"01{DI}05123", di=DI)
        self.assertIn("unparsed_data", answer["warnings"])
        answer = self._assert_values(f"(05)9(01){DI}(21)A", di=DI, serial="A")
        self.assertIn("unparsed_data", answer["warnings"])

    def test_forbidden_character_is_reported(self):
        answer = self._assert_values(f"(01){DI}(10)批号1", lot="批号1")
        self.assertIn("invalid_character", answer["warnings"])

    def test_number_without_proof_is_marked(self):
        answer = self._assert_values("2100123", issuer="gs1", serial="00123", di=False)
        self.assertEqual(answer["warnings"], ["no_device_identifier", "unproven"])
        for carrier in (
            "12345",
            "2026101234",
            "2012",
            "99887765",
            "1" * 300,
            "0" * 300,
            "01" * 150,
            "20" * 30,
        ):
            self.assertFalse(parse(carrier, TODAY)["issuer"], carrier)

    def test_fullwidth_text_is_read_where_brackets_prove_it(self):
        answer = self._assert_values(
            "（０１）０９５０６０００１１７８４３（21）ａ１", di=DI, serial="a1"
        )
        self.assertEqual(answer["warnings"], ["fullwidth"])
        answer = parse("０９５０６０００１１７８４３", TODAY)
        self.assertEqual((answer["issuer"], answer["di"]), (False, False))
        self.assertEqual([one["reason"] for one in answer["candidates"]], ["fullwidth"])

    def test_digital_link(self):
        for carrier in (
            f"https://id.gs1.org/01/{DI}/10/L%2F1/21/S%201?17=201231&foo=bar#x",
            f"]Q3HTTPS://ID.GS1.ORG/01/{DI}/10/L%2F1/21/S%201?17=201231",
            "http://example.com/a/b/01/9506000117843/10/L%2f1/21/S%201?17=201231",
        ):
            self._assert_values(
                carrier,
                issuer="gs1",
                di=DI,
                lot="L/1",
                serial="S 1",
                expiry_date="2020-12-31",
            )
        answer = parse(f"https://id.gs1.org/01/{DI}/21/A/10/B", TODAY)
        self.assertEqual(answer["warnings"], ["qualifier_order"])
        answer = parse(f"https://id.gs1.org/01/{DI}/123", TODAY)
        self.assertEqual(answer["warnings"], ["unparsed_data"])
        for carrier in (
            "https://example.com/",
            "https://example.com/01/abc",
            "http://[",
            "https://%",
            "mailto:a@b",
        ):
            self.assertFalse(parse(carrier, TODAY)["issuer"], carrier)

    def test_python_stdnum_agrees(self):
        """An independent implementation computes the same check digits.

        Its ``gs1_128`` cannot be imported beside Odoo 19, whose import hook hides
        the package's data files from it.
        """
        rng = random.Random(5)
        for _round in range(300):
            payload = "".join(rng.choices("0123456789", k=13))
            self.assertEqual(gs1_check_digit(payload), ean.calc_check_digit(payload))
