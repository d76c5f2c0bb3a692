"""Agreement with public test suites, where the shared data folder is present."""

import csv
import json
import os
import re
from datetime import date
from pathlib import Path

from odoo.tests.common import BaseCase

from odoo.addons.meddev_device.tools.udi import parse, read
from odoo.addons.meddev_device.tools.udi.check_characters import hibc_check_character
from odoo.addons.meddev_device.tools.udi.gs1_identifiers import IDENTIFIERS

TODAY = date(2026, 11, 21)
SHARED = Path(
    os.environ.get("MEDDEV_SHARED") or Path(__file__).resolve().parents[3].parent / "shared"
)

# Where the GS1 suite and we differ on purpose: the carrier and why.
GS1_DIFFERENCES = {
    "96385074": "a sound GTIN-8 is an item number, not internal data (96)",
    "701103020185": "a sound GTIN-12 is an item number, not a broken (7011)",
    "80080001021415": "a sound GTIN-14 is an item number; (8008) is a candidate",
    "15000000": "the suite switches its date check off here",
    "17221231": "the suite reads bracketed text only in this case",
    "0107032069804988100329|15210526": "the suite is told that | is the separator; we offer it",
    "0307032069804988": "a made-to-order number (03) is no UDI-DI",
    "00376130321109103421": "nothing proves GS1: wrong check digit, no separator",
    "800307071324001022085952": "nothing proves GS1 and no device is named",
    "4101234567890128": "nothing proves GS1 and no device is named",
    "4101234567890127": "nothing proves GS1 and no device is named",
    "70110301021430": "nothing proves GS1 and no device is named",
    "43240701021430": "nothing proves GS1 and no device is named",
    "43250701021430": "nothing proves GS1 and no device is named",
    "7007030102": "nothing proves GS1 and no device is named",
    "https://example.com/foo/01/614141123452/123": "the sound part is kept, with a warning",
    "https://id.gs1.org/01/614141123452/10/ABC123/22/123456789": "order only warns",
    "https://id.gs1.org/00/106141412345678908/10/ABC123": "a qualifier too many is harmless",
}
GS1_COMPARABLE = 70
# The suite takes the first day of an expiry month; HIBC 2.6 means the last.
HIBC_DIFFERENCES = {"+J123AQ3451/$$1125BC34567/S4012L": "2025-11-30"}
# A labeler code begins with a letter; with a digit it would be an old date.
GUDID_MALFORMED = {"5144B3"}


class TestUdiConformance(BaseCase):
    """Public suites: biip (GS1), two HIBC parsers, an ISBT 128 parser, AccessGUDID."""

    def _load(self, *names):
        path = SHARED.joinpath("data", *names)
        if not path.is_file():
            self.skipTest(f"{path.name} not found: the shared data folder is absent")
        return path.read_text(encoding="utf-8")

    def test_gs1_suite(self):
        compared, different = 0, set()
        for vector in json.loads(self._load("udi", "gs1_vectors_dev.json"))["vectors"]:
            expected = _expected_gs1(vector)
            if not expected:
                continue
            compared += 1
            carrier = vector["params"]["value"]
            reading = read(carrier, TODAY)
            if _actual_gs1(reading, expected) != expected:
                different.add(carrier)
        self.assertEqual(different, set(GS1_DIFFERENCES))
        self.assertEqual(compared, GS1_COMPARABLE)

    def test_hibc_suites(self):
        suites = json.loads(self._load("udi", "hibc_vectors_dev.json"))
        for vector in suites["js"]:
            self._assert_javascript_vector(vector)
        for vector in suites["csharp"]:
            self._assert_csharp_vector(vector)

    def _assert_javascript_vector(self, vector):
        expected = vector["expected"]
        reading = read(vector["input"], TODAY)
        with self.subTest(carrier=vector["input"]):
            if "labelerId" in expected:
                self.assertEqual(
                    reading.di,
                    f"{expected['labelerId']}{expected['product']}{expected['uom']}",
                )
            self.assertEqual(reading.lot, expected.get("lot", False))
            self.assertEqual(reading.serial, expected.get("serial", False))
            self.assertEqual(reading.extra.get("quantity"), expected.get("quantity"))
            day, _t, hour = expected.get("date", "").partition("T")
            self.assertTrue((reading.expiry_date or "").startswith(day))
            if hour:
                self.assertEqual(reading.extra["expiry_time"], f"{hour}:00")
            is_ok = vector["mod43_check_ok_whole_string"]
            self.assertEqual(reading.check_status, "ok" if is_ok else "mismatch")

    def _assert_csharp_vector(self, vector):
        carrier, expected = vector["input"], vector["expected"]
        reading = read(carrier, TODAY)
        unit = str(expected["UnitOfMeasure"])[0]
        expiry = expected.get("ExpirationDate", {}).get("date", False)
        with self.subTest(carrier=carrier):
            self.assertEqual(
                reading.di,
                f"{expected['LabelerIdentificationCode']}{expected['ProductCode']['code']}{unit}",
            )
            self.assertEqual(reading.lot, expected.get("BatchNumber", False))
            self.assertEqual(reading.serial, expected.get("SerialNumber", False))
            self.assertEqual(reading.extra.get("quantity"), expected.get("Quantity"))
            self.assertEqual(reading.expiry_date, HIBC_DIFFERENCES.get(carrier, expiry))
            self.assertEqual(
                reading.production_date,
                expected.get("ProductionDate", {}).get("date", False),
            )
            # Codes scanned into one text are right line by line, not as a whole.
            self.assertEqual(reading.check_status, "ok")

    def test_iccbba_suite(self):
        suite = json.loads(self._load("udi", "iccbba_vectors_dev.json"))
        refused = ("rejects", "parses Patient Identification")
        for vector in suite["vectors"]:
            wanted = {name: value.strip("'") for name, value in vector["assertions"]}
            for carrier in {call["input"] for call in vector["calls"]}:
                with self.subTest(carrier=carrier):
                    reading = read(carrier, TODAY)
                    is_refused = vector["test"].startswith(refused)
                    self.assertEqual(reading.issuer, False if is_refused else "iccbba")
                    if "udi.PI.productDivisions" in wanted:
                        self.assertEqual(reading.serial, wanted["udi.PI.productDivisions"])
                    if "result.sec?.expiryDate" in wanted:
                        self.assertEqual(reading.expiry_date, wanted["result.sec?.expiryDate"])
        theirs = suite["accessgudid_parse_udi_response"]
        ours = parse(theirs["udi"], TODAY)
        for our_key, their_key in (
            ("di", "di"),
            ("serial", "serialNumber"),
            ("lot", "lotNumber"),
            ("expiry_date", "expirationDate"),
            ("production_date", "manufacturingDate"),
        ):
            self.assertEqual(ours[our_key], theirs[their_key])

    def test_identifier_table_is_the_official_one(self):
        official = {}
        for line in self._load("udi", "gs1-syntax-dictionary.txt").splitlines():
            entry = line.partition("#")[0].split()
            if not entry:
                continue
            components = re.findall(
                r"(?<=\s)(\[?)([NXYZ](?:\.\.)?[0-9]+)(?=[,\s\]]|$)", " ".join(entry)
            )
            specification = " ".join(
                f"[{part}]" if optional else part for optional, part in components
            )
            first, _dash, last = entry[0].partition("-")
            for number in range(int(first), int(last or first) + 1):
                is_predefined = entry[1].startswith("*")
                official[str(number).zfill(len(first))] = is_predefined, specification
        ours = {code: (one.is_predefined, one.specification) for code, one in IDENTIFIERS.items()}
        self.assertEqual(ours, official)

    def test_public_device_records(self):
        """Every device identifier of the sample of GUDID survives being written and read."""
        checked = {"GS1": 0, "HIBCC": 0}
        for row in csv.DictReader(self._load("gudid", "devices_dev.csv").splitlines()):
            identifier = row["primary_di"]
            if identifier in GUDID_MALFORMED:
                continue
            if row["issuing_agency"] == "GS1":
                carrier = f"01{identifier}17301231"
            else:
                carrier = f"+{identifier}"
                carrier += hibc_check_character(carrier)
            answer = parse(carrier, TODAY)
            self.assertEqual((answer["di"], answer["check_status"]), (identifier, "ok"), identifier)
            checked[row["issuing_agency"]] += 1
        self.assertGreater(min(checked.values()), 100)


def _expected_gs1(vector):
    """What a vector of the GS1 suite says about things that we read as well."""
    parameters, test = vector["params"], vector["test"]
    carrier, expected = parameters.get("value"), parameters.get("expected")
    if not isinstance(carrier, str):
        return {}
    if isinstance(expected, dict):
        return _expected_message(expected)
    bracketed = parameters.get("expected_hri") or (
        expected if test in ("test_as_hri", "test_as_gs1_message") else ""
    )
    if bracketed:
        return {"identifiers": dict(re.findall(r"\((\d+)\)([^(]+)", bracketed))}
    if "ai" in parameters:
        values = expected if isinstance(expected, list) else [expected] if expected else []
        return {"starting": (parameters["ai"], values)}
    if "error" in parameters or "fails" in test or "nonnumeric" in test:
        return {"issuer": False}
    if "expected_date" in parameters:
        return {"day": parameters["expected_date"]}
    if vector["file"].startswith("gtin/"):
        return {"di": carrier.zfill(14)}
    if "zero_day" in test:
        return {"day": expected}
    return {}


def _expected_message(expected):
    wanted = {}
    message = expected.get("gs1_message") or expected
    if elements := message.get("element_strings"):
        wanted["identifiers"] = {one["ai"]["ai"]: one["value"] for one in elements}
    elif isinstance(expected.get("ai"), dict):
        wanted["identifiers"] = {expected["ai"]["ai"]: expected["value"]}
    if expected.get("gtin"):
        wanted["di"] = expected["gtin"]["value"].zfill(14)
    return wanted


def _actual_gs1(reading, expected):
    identifiers = dict(reading.extra.get("identifiers", {}))
    if "01" in identifiers:
        identifiers["01"] = identifiers["01"].zfill(14)
    days = [reading.production_date, reading.expiry_date]
    days += [value for key, value in reading.extra.items() if key.endswith("_date")]
    prefix, values = expected.get("starting", ("-", []))
    found = [value for code, value in identifiers.items() if code.startswith(prefix)]
    actual = {
        "identifiers": identifiers,
        "di": reading.di,
        "issuer": reading.issuer,
        "day": next(filter(None, days), None),
        "starting": (prefix, found[:1] if len(values) == 1 else found),
    }
    return {key: actual[key] for key in expected}
