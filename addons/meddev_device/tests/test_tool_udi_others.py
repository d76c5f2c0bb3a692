from datetime import date

from odoo.tests.common import BaseCase

from odoo.addons.meddev_device.tools.udi import parse, read
from odoo.addons.meddev_device.tools.udi.check_characters import (
    hibc_check_character,
    ma_check_digits,
)

TODAY = date(2026, 11, 21)
PRIMARY = "+A999ABC1231"


def _checked(code):
    return code + hibc_check_character(code)


class TestUdiHibcc(BaseCase):
    """ANSI/HIBC 2.6."""

    def _assert_values(self, carrier, **values):
        answer = parse(carrier, TODAY)
        self.assertEqual({key: answer[key] for key in values}, values, carrier)
        return answer

    def test_every_secondary_flag(self):
        for key, sign in (("lot", ""), ("serial", "+")):
            other = "serial" if key == "lot" else "lot"
            for data, expiry in (
                (f"${sign}X1", False),
                (f"$${sign}0226X1", "2026-02-28"),
                (f"$${sign}1226X1", "2026-12-31"),
                (f"$${sign}2022826X1", "2026-02-28"),
                (f"$${sign}3260228X1", "2026-02-28"),
                (f"$${sign}426022823X1", "2026-02-28"),
                (f"$${sign}526059X1", "2026-02-28"),
                (f"$${sign}62605923X1", "2026-02-28"),
                (f"$${sign}7X1", False),
                (f"$${sign}8240226X1", "2026-02-28"),
                (f"$${sign}824526059X1", "2026-02-28"),
                (f"$${sign}8247X1", False),
                (f"$${sign}9000247X1", False),
            ):
                expected = {
                    key: "X1",
                    other: False,
                    "expiry_date": expiry,
                    "check_status": "ok",
                }
                self._assert_values(_checked(f"{PRIMARY}/{data}"), di="A999ABC1231", **expected)
                link = hibc_check_character(PRIMARY)
                self._assert_values(_checked(f"+{data}{link}"), di=False, **expected)

    def test_supplemental_parts(self):
        reading = read(_checked(f"{PRIMARY}/$L/16D20260101/14D20270101/S1/Q500"), TODAY)
        self.assertEqual(reading.production_date, "2026-01-01")
        self.assertEqual((reading.expiry_date, reading.serial), ("2027-01-01", "1"))
        self.assertEqual(reading.extra["quantity"], 500)
        answer = parse(_checked(f"{PRIMARY}/$L/25SABC"), TODAY)
        self.assertEqual(answer["warnings"], ["unknown_identifier"])

    def test_codes_scanned_one_after_the_other(self):
        link = hibc_check_character(PRIMARY)
        secondary = _checked(f"+$$+526059X1{link}")
        serial = _checked(f"+S77{link}")
        for carrier in (
            _checked(PRIMARY) + _checked(f"+$L9{link}") + serial,
            f"*{_checked(PRIMARY)}**{_checked(f'+$L9{link}')}**{serial}*",
        ):
            self._assert_values(
                carrier,
                di="A999ABC1231",
                lot="L9",
                serial="77",
                check_status="ok",
                warnings=[],
            )
        self._assert_values(
            _checked(PRIMARY) + secondary,
            serial="X1",
            expiry_date="2026-02-28",
            check_status="ok",
        )

    def test_secondary_of_another_product_is_a_mismatch(self):
        wrong = "A" if hibc_check_character(PRIMARY) != "A" else "B"
        answer = self._assert_values(
            _checked(PRIMARY) + _checked(f"+$L9{wrong}"), check_status="mismatch"
        )
        self.assertIn("link_mismatch", answer["warnings"])

    def test_space_as_check_character(self):
        code = next(
            code
            for serial in range(100)
            if hibc_check_character(code := f"{PRIMARY}/$+{serial}") == " "
        )
        self._assert_values(code + " ", check_status="ok", di="A999ABC1231", candidates=[])
        answer = self._assert_values(code, check_status="mismatch")
        self.assertIn("space_lost", [one["reason"] for one in answer["candidates"]])

    def test_missing_check_character_is_offered(self):
        answer = self._assert_values(PRIMARY + "0", check_status="mismatch", di="A999ABC1231")
        self.assertIn("A999ABC12310", [one["di"] for one in answer["candidates"]])

    def test_lower_case_is_read_with_a_warning(self):
        answer = self._assert_values(
            _checked(f"{PRIMARY}/$+X1").lower(), serial="X1", check_status="ok"
        )
        self.assertEqual(answer["warnings"], ["case"])

    def test_bad_parts_leave_the_rest(self):
        answer = self._assert_values(
            _checked(f"{PRIMARY}/$$3261301L1/S7"),
            lot="L1",
            serial="7",
            expiry_date=False,
        )
        self.assertEqual(answer["warnings"], ["invalid_date"])
        answer = self._assert_values(_checked(f"{PRIMARY}/$$XL1/S7"), lot=False, serial="7")
        self.assertEqual(answer["warnings"], ["invalid_value"])
        answer = self._assert_values(_checked(f"{PRIMARY}/$+{'A' * 19}"), serial=False)
        self.assertEqual(answer["warnings"], ["value_too_long"])
        answer = self._assert_values(_checked(f"{PRIMARY}/$+1/S2"), serial="1")
        self.assertEqual(answer["warnings"], ["conflict"])

    def test_what_only_looks_like_it_stays_unread(self):
        for carrier in (
            "+",
            "++",
            "+8613800138000",
            "+A",
            "+A99",
            "+-",
            "*+*",
            "+/EABC",
            "+A999ABC\u4e00",
        ):
            self.assertFalse(parse(carrier, TODAY)["issuer"], carrier)


class TestUdiIccbba(BaseCase):
    """ICCBBA ST-001 and ST-011."""

    def test_structures_in_any_order(self):
        parts = [
            "=/A9999XYZ100T0944",
            "=,000025",
            "=A99971312345600",
            "=>014032",
            "=}013032",
            "&,1000000000000XYZ123",
        ]
        expected = parse("".join(parts), TODAY)
        self.assertEqual(expected["serial"], "000025")
        for turn in range(len(parts)):
            answer = parse("".join(parts[turn:] + parts[:turn]), TODAY)
            self.assertEqual({**answer, "raw": 0}, {**expected, "raw": 0})

    def test_compound_header_and_unknown_structures_are_passed_over(self):
        answer = parse("=+04000=/A9997XYZ100T0479=$77&!9=,000012=>019031", TODAY)
        self.assertEqual((answer["di"], answer["serial"]), ("A9997XYZ100T0479", "000012"))
        self.assertEqual(answer["expiry_date"], "2019-01-31")
        self.assertIn("unknown_identifier", answer["warnings"])

    def test_dates(self):
        for text, expected in (
            ("024366", "2024-12-31"),
            ("023366", False),
            ("999365", "1999-12-31"),
            ("026000", False),
        ):
            self.assertEqual(parse(f"=/A9997XYZ100T0479=>{text}", TODAY)["expiry_date"], expected)
        reading = read("&>0183652359", TODAY)
        self.assertEqual(
            (reading.expiry_date, reading.extra["expiry_time"]), ("2018-12-31", "23:59")
        )

    def test_invalid_structures_stay_unread(self):
        for carrier in (
            "=",
            "&",
            "==",
            "=/A999OAB3456T0123",
            "=/A9997AB3456t0123",
            "=A9999",
            "=z",
            "&#0105ABC12",
        ):
            self.assertFalse(parse(carrier, TODAY)["issuer"], carrier)


class TestUdiMa(BaseCase):
    """China MA; check digits are reported and never decide."""

    def test_dialects(self):
        answer = parse(
            "MA.156.M0.100472.11103316.S1576130942.P190101.LABS20191201.E20191201",
            TODAY,
        )
        self.assertEqual((answer["serial"], answer["lot"]), ("1576130942", "ABS20191201"))
        self.assertEqual(
            (answer["production_date"], answer["expiry_date"]),
            ("2019-01-01", "2019-12-01"),
        )
        self.assertEqual((answer["check_status"], answer["warnings"]), ("ok", []))

    def test_either_known_rule_satisfies_where_a_nine_occurs(self):
        """The two public implementations differ; only where both disagree is it flagged."""
        self.assertEqual(ma_check_digits("MA.156.M0.100472.1110331"), ["6"])
        payload = ".S1576130942.P190101.LABS20191201.E191201"
        self.assertEqual(ma_check_digits(payload), ["8", "7"])
        for digit, status, warnings in (
            ("8", "ok", []),
            ("7", "ok", ["check_unverified"]),
            ("1", "mismatch", ["check_mismatch"]),
        ):
            answer = parse(f"MA.156.M0.100472.11103316{payload}.C{digit}", TODAY)
            self.assertEqual((answer["check_status"], answer["warnings"]), (status, warnings))

    def test_last_valid_day_serves_when_there_is_no_expiry(self):
        answer = parse("MA.156.M0.100204.13351764.V220117", TODAY)
        self.assertEqual(
            (answer["expiry_date"], answer["warnings"]),
            ("2022-01-17", ["valid_until_used"]),
        )

    def test_sterilisation_lot_and_dots_in_values(self):
        reading = read("MA.156.M0.100204.13351764.L1.5.D20220118.X9", TODAY)
        self.assertEqual((reading.lot, reading.extra["sterilisation_lot"]), ("1.5", "20220118"))
        self.assertEqual(reading.warnings, [("unknown_identifier", {"identifier": "X9"})])

    def test_bad_dates_leave_the_rest(self):
        answer = parse("MA.156.M0.100204.13351764.S1.M221301.E2022", TODAY)
        self.assertEqual(
            (answer["serial"], answer["production_date"], answer["expiry_date"]),
            ("1", False, False),
        )
        self.assertEqual(answer["warnings"], ["invalid_date"])

    def test_invalid_codes_stay_unread(self):
        for carrier in (
            "MA.",
            "MA.156",
            "MA.156.M0.100204",
            "MA.15.M0.1.234",
            "MA.156.M0.1 0.234",
            "MA.156.M0..23",
        ):
            answer = parse(carrier, TODAY)
            self.assertEqual(
                (answer["issuer"], answer["warnings"]), (False, ["unreadable"]), carrier
            )
        self.assertEqual(parse("MA.156.M1.100204.13351764", TODAY)["warnings"][0], "not_medical")
