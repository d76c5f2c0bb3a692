import json
import random
import string
from datetime import date

from odoo.tests.common import BaseCase

from odoo.addons.meddev_device.tools.udi import (
    ISSUERS,
    VALUE_KEYS,
    WARNINGS,
    parse,
    read,
)
from odoo.addons.meddev_device.tools.udi.check_characters import (
    gs1_check_digit,
    hibc_check_character,
)
from odoo.addons.meddev_device.tools.udi.gs1_identifiers import IDENTIFIERS

GS = "\x1d"
TODAY = date(2026, 11, 21)
SET_82 = "".join(c for c in map(chr, range(0x21, 0x7B)) if IDENTIFIERS["10"].matches(c))

PIECES = [
    *(
        "]d2",
        "]C1",
        "]A0",
        GS,
        "<GS>",
        "(01)",
        "(10)",
        "(21)",
        "(17)",
        "01",
        "10",
        "21",
        "17",
        "7003",
    ),
    *(
        "09506000117843",
        "201231",
        "211399",
        "+",
        "*",
        "/",
        "$",
        "$$",
        "$$+",
        "+A99912345",
        "/S",
        "/16D",
    ),
    *(
        "=",
        "&",
        "=/",
        "=,",
        "=>",
        "&,1",
        "A9999XYZ100T0944",
        "MA.",
        "156.M0.",
        "100204.13351764",
        ".S",
        ".C3",
    ),
    *(
        "https://id.gs1.org/01/",
        "/10/",
        "%",
        "%ff",
        "?",
        "#",
        " ",
        "\t",
        "\n",
        "\x00",
        "\ufeff",
        "\ud800",
    ),
    *(
        "（",
        "）",
        "０１",
        "１２",
        "号",
        "é",
        "ß",
        "٣",
        "²",
        "\U0001f600",
        "A",
        "z",
        "9",
        "|",
        "~1",
    ),
]


def _random_text(rng):
    choice = rng.random()
    if choice < 0.6:
        return "".join(rng.choices(PIECES, k=rng.randrange(1, 14)))
    if choice < 0.8:
        return "".join(rng.choices("0123456789" * 8 + SET_82 + GS, k=rng.randrange(1, 80)))
    return "".join(chr(rng.randrange(0x11000)) for _ in range(rng.randrange(1, 40)))


class TestUdiProperties(BaseCase):
    """What holds for every carrier, real or not."""

    def _assert_answer(self, carrier):
        reading = read(carrier, TODAY)
        answer = reading.as_dict()
        self.assertIs(answer["raw"], carrier)
        self.assertIn(answer["issuer"], (*ISSUERS, False))
        self.assertIn(answer["check_status"], ("ok", "mismatch", "not_applicable"))
        self.assertLessEqual(len(answer["candidates"]), 20 + 10)
        for values in (answer, *answer["candidates"]):
            for key in VALUE_KEYS:
                self.assertTrue(
                    values[key] is False or (isinstance(values[key], str) and values[key])
                )
                if key.endswith("_date") and values[key]:
                    date.fromisoformat(values[key])
        for code, parameters in reading.warnings:
            WARNINGS[code] % parameters  # every placeholder has its parameter
        if not answer["issuer"]:
            self.assertFalse(any(answer[key] for key in VALUE_KEYS))
        return answer

    def test_nothing_ever_raises(self):
        rng = random.Random(19)
        for _round in range(20000):
            self._assert_answer(_random_text(rng))

    def test_strange_types_and_sizes(self):
        for carrier in (
            None,
            False,
            True,
            0,
            12345,
            1.5,
            b"",
            b"(01)09506000117843",
            [],
            ["x"],
            {},
            object(),
            (),
        ):
            self.assertFalse(self._assert_answer(carrier)["issuer"])
        for text in (
            "x",
            "0",
            "1",
            "(",
            "(01)",
            "+",
            "=",
            "MA.",
            GS,
            "２",
            "\ud800",
            "01095060001178432",
        ):
            self.assertFalse(self._assert_answer(text * 300_000)["issuer"])
            self._assert_answer(text * 100)

    def test_answers_are_jsonable(self):
        rng = random.Random(20)
        for _round in range(500):
            json.dumps(parse(_random_text(rng), TODAY))

    def test_candidate_search_is_bounded(self):
        """Hostile runs of identifiers end quickly: no more than a fixed number of readings."""
        rng = random.Random(21)
        blocks = ["10", "21", "17201231", "11201231", "1", "2", "0", "240", "7003", "A"]
        for _round in range(300):
            run = "".join(rng.choices(blocks, k=40))[:120]
            answer = parse(f"010950600011784310{run}", TODAY)
            self.assertLessEqual(len(answer["candidates"]), 20)

    def test_gs1_round_trip(self):
        """Given random values in random order, when written and read, they come back."""
        rng = random.Random(22)
        for _round in range(2000):
            payload = "".join(rng.choices(string.digits, k=12)) + "7"
            day = date(rng.randrange(1990, 2070), rng.randrange(1, 13), rng.randrange(1, 29))
            values = {
                "01": payload + gs1_check_digit(payload),
                "17": f"{day:%y%m%d}",
                "10": "".join(rng.choices(SET_82.replace("(", ""), k=rng.randrange(1, 21))),
                "21": "".join(
                    rng.choices(string.ascii_uppercase + string.digits, k=rng.randrange(1, 21))
                ),
            }
            codes = rng.sample(list(values), k=4)
            element_string = "]d2" + GS.join(code + values[code] for code in codes)
            bracketed = "".join(f"({code}){values[code]}" for code in codes)
            for carrier in (element_string, bracketed):
                answer = parse(carrier, TODAY)
                self.assertEqual(answer["di"], values["01"])
                self.assertEqual((answer["lot"], answer["serial"]), (values["10"], values["21"]))
                self.assertEqual(answer["expiry_date"], day.isoformat())
                self.assertEqual(answer["check_status"], "ok")
                self.assertEqual(answer["candidates"], [])

    def test_lost_separator_is_always_among_the_candidates_or_unseen(self):
        """Given lot then serial without FNC1, the true cut is offered."""
        rng = random.Random(23)
        for _round in range(500):
            lot = "".join(rng.choices("ABC0345", k=rng.randrange(1, 8)))
            serial = "".join(rng.choices("XYZ0345", k=rng.randrange(1, 8)))
            answer = parse(f"010950600011784310{lot}21{serial}", TODAY)
            self.assertEqual(answer["lot"], f"{lot}21{serial}")
            self.assertIn(
                (lot, serial),
                [(one["lot"], one["serial"]) for one in answer["candidates"]],
            )

    def test_hibc_round_trip(self):
        rng = random.Random(24)
        alphabet = string.ascii_uppercase + string.digits
        for _round in range(2000):
            di = (
                rng.choice(string.ascii_uppercase)
                + "".join(rng.choices(alphabet, k=rng.randrange(4, 21)))
                + rng.choice(string.digits)
            )
            lot, serial = ("".join(rng.choices(alphabet, k=rng.randrange(1, 19))) for _ in range(2))
            code = f"+{di}/$$7{lot}/S{serial}/16D20200229"
            answer = parse(code + hibc_check_character(code), TODAY)
            self.assertEqual((answer["di"], answer["lot"], answer["serial"]), (di, lot, serial))
            self.assertEqual(
                (answer["check_status"], answer["production_date"]),
                ("ok", "2020-02-29"),
            )
            self.assertEqual(answer["warnings"], [])

    def test_any_single_wrong_digit_in_a_gtin_is_noticed(self):
        good = "09506000117843"
        for position in range(14):
            for digit in string.digits:
                bad = good[:position] + digit + good[position + 1 :]
                expected = "ok" if bad == good else "mismatch"
                self.assertEqual(parse(f"(01){bad}", TODAY)["check_status"], expected)
