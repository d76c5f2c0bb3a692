from datetime import date

from odoo.tests.common import BaseCase

from odoo.addons.meddev_device.tools import udi

GS = "\x1d"
TODAY = date(2026, 11, 21)

# carrier: issuer, check status, and the values that are not False.
VECTORS = {
    "(01)51022222233336(11)141231(17)150707(10)A213B1(21)1234": (
        "gs1",
        "ok",
        {
            "di": "51022222233336",
            "production_date": "2014-12-31",
            "expiry_date": "2015-07-07",
            "lot": "A213B1",
            "serial": "1234",
        },
    ),
    f"0151022222233336111412311715070710A213B1{GS}211234": (
        "gs1",
        "ok",
        {
            "di": "51022222233336",
            "production_date": "2014-12-31",
            "expiry_date": "2015-07-07",
            "lot": "A213B1",
            "serial": "1234",
        },
    ),
    "(01)09506000117843(11)141231(17)201231(10)1234AB(21)5678CD": (
        "gs1",
        "ok",
        {
            "di": "09506000117843",
            "production_date": "2014-12-31",
            "expiry_date": "2020-12-31",
            "lot": "1234AB",
            "serial": "5678CD",
        },
    ),
    "(01)00643169001763(17)160712(21)21A11F4855": (
        "gs1",
        "ok",
        {"di": "00643169001763", "expiry_date": "2016-07-12", "serial": "21A11F4855"},
    ),
    "(01)06901234567892(11)141231(17)150707(10)A213B1(21)1234": (
        "gs1",
        "ok",
        {
            "di": "06901234567892",
            "production_date": "2014-12-31",
            "expiry_date": "2015-07-07",
            "lot": "A213B1",
            "serial": "1234",
        },
    ),
    "(01)26901234567896(17)130131(10)1234": (
        "gs1",
        "ok",
        {"di": "26901234567896", "expiry_date": "2013-01-31", "lot": "1234"},
    ),
    f"0107032069804988100329{GS}15210526": (
        "gs1",
        "ok",
        {"di": "07032069804988", "lot": "0329"},
    ),
    "010703206980498810032915210526": (
        "gs1",
        "ok",
        {"di": "07032069804988", "lot": "032915210526"},
    ),
    "(01)00208851107345(17)150331": (
        "gs1",
        "mismatch",
        {"di": "00208851107345", "expiry_date": "2015-03-31"},
    ),
    "+A99912345/$$52001510X3/16D20111212/S77DEFG457": (
        "hibcc",
        "ok",
        {
            "di": "A99912345",
            "expiry_date": "2020-01-15",
            "lot": "10X3",
            "production_date": "2011-12-12",
            "serial": "77DEFG45",
        },
    ),
    "+J123AQ3451/$$3231231BC34567/S4012R": (
        "hibcc",
        "ok",
        {
            "di": "J123AQ3451",
            "expiry_date": "2023-12-31",
            "lot": "BC34567",
            "serial": "4012",
        },
    ),
    "+A99912345/$10X3/16D20111231/14D202001313": (
        "hibcc",
        "ok",
        {
            "di": "A99912345",
            "lot": "10X3",
            "production_date": "2011-12-31",
            "expiry_date": "2020-01-31",
        },
    ),
    "+A123BJC5D6E71G": ("hibcc", "ok", {"di": "A123BJC5D6E71"}),
    "+$$52001510X3GD": ("hibcc", "ok", {"expiry_date": "2020-01-15", "lot": "10X3"}),
    "+X999123ABC0/$$20515191234AB/S5678EDFG/16D20151001I": (
        "hibcc",
        "ok",
        {
            "di": "X999123ABC0",
            "expiry_date": "2019-05-15",
            "lot": "1234AB",
            "serial": "5678EDFG",
            "production_date": "2015-10-01",
        },
    ),
    "+X999123ABC0/$$4190515211234AB/S5678EDFG/16D20151001N": (
        "hibcc",
        "ok",
        {
            "di": "X999123ABC0",
            "expiry_date": "2019-05-15",
            "lot": "1234AB",
            "serial": "5678EDFG",
            "production_date": "2015-10-01",
        },
    ),
    "+X999123ABC0/$$619135211234AB/S5678EDFG/16D20151001N": (
        "hibcc",
        "ok",
        {
            "di": "X999123ABC0",
            "expiry_date": "2019-05-15",
            "lot": "1234AB",
            "serial": "5678EDFG",
            "production_date": "2015-10-01",
        },
    ),
    "+EDMG2203430/$$0723244375H": (
        "hibcc",
        "ok",
        {"di": "EDMG2203430", "expiry_date": "2023-07-31", "lot": "244375"},
    ),
    "+EOROCDF366A01501/$$900001122321007217": (
        "hibcc",
        "ok",
        {"di": "EOROCDF366A01501", "expiry_date": "2023-12-31", "lot": "2100721"},
    ),
    "+A999ABC123DE0/$+1234567Y": (
        "hibcc",
        "ok",
        {"di": "A999ABC123DE0", "serial": "1234567"},
    ),
    "+A999ABC123DE1/$+1234567Y": (
        "hibcc",
        "mismatch",
        {"di": "A999ABC123DE1", "serial": "1234567"},
    ),
    "+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202C": (
        "hibcc",
        "mismatch",
        {
            "di": "H123PARTNO1234567890120",
            "expiry_date": "2020-02-02",
            "lot": "LOT123456789012345",
            "serial": "XYZ456789012345678",
            "production_date": "2013-02-02",
        },
    ),
    "=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123": (
        "iccbba",
        "not_applicable",
        {
            "di": "A9999XYZ100T0944",
            "serial": "000025",
            "expiry_date": "2014-02-01",
            "production_date": "2013-02-01",
            "lot": "000000000000XYZ123",
        },
    ),
    "=)1TE123456A&)RZ12345678": (
        "iccbba",
        "not_applicable",
        {"di": "1TE123456A", "lot": "RZ12345678"},
    ),
    "=/1AB370000007JC89=,000000=1234567890ABC00=>030329=}025226": (
        "iccbba",
        "not_applicable",
        {
            "di": "1AB370000007JC89",
            "serial": "000000",
            "expiry_date": "2030-11-25",
            "production_date": "2025-08-14",
        },
    ),
    "MA.156.M0.100761.21234561.Sx00008.M220117.L20220117.D20220118.E220130.V220117.C3": (
        "ma",
        "mismatch",
        {
            "di": "MA.156.M0.100761.21234561",
            "serial": "x00008",
            "production_date": "2022-01-17",
            "lot": "20220117",
            "expiry_date": "2022-01-30",
        },
    ),
    "MA.156.M0.100350.01004YA10017.SLMSAGAAAC.M210628.LAY21062803.E220628.V220627.C3": (
        "ma",
        "ok",
        {
            "di": "MA.156.M0.100350.01004YA10017",
            "serial": "LMSAGAAAC",
            "production_date": "2021-06-28",
            "lot": "AY21062803",
            "expiry_date": "2022-06-28",
        },
    ),
    "MA.156.M0.100204.13351764": ("ma", "ok", {"di": "MA.156.M0.100204.13351764"}),
    "12345": (False, "not_applicable", {}),
    "": (False, "not_applicable", {}),
    "Zx9!" * 75: (False, "not_applicable", {}),
    "１２３４５６": (False, "not_applicable", {}),
}


class TestUdiVectors(BaseCase):
    """The published samples of every issuer, as their standards and regulators print them."""

    def test_published_samples_are_read(self):
        for carrier, (issuer, check_status, values) in VECTORS.items():
            with self.subTest(carrier=carrier[:60]):
                answer = udi.parse(carrier, TODAY)
                self.assertEqual(answer["issuer"], issuer)
                self.assertEqual(answer["check_status"], check_status)
                self.assertEqual(
                    {key: answer[key] for key in udi.VALUE_KEYS if answer[key]}, values
                )
                self.assertEqual(answer["raw"], carrier)

    def test_missing_separator_is_offered_and_not_guessed(self):
        """Vector 8: the lot is read as the standard says, the likely reading is offered."""
        answer = udi.parse("010703206980498810032915210526", TODAY)
        self.assertIn("separator_ambiguous", answer["warnings"])
        first = answer["candidates"][0]
        self.assertEqual(first["lot"], "0329")
        self.assertEqual(first["text"], "(01)07032069804988(10)0329(15)210526")

    def test_hour_and_quantity_are_kept_beside_the_keys(self):
        reading = udi.read("+X999123ABC0/$$4190515211234AB/S5678EDFG/16D20151001N", TODAY)
        self.assertEqual(reading.extra["expiry_time"], "21:00")
        self.assertIn(("expiry_time", {"time": "21:00"}), reading.warnings)
        reading = udi.read("+EOROCDF366A01501/$$900001122321007217", TODAY)
        self.assertEqual(reading.extra["quantity"], 1)

    def test_answer_has_exactly_the_promised_keys(self):
        keys = {
            "issuer",
            *udi.VALUE_KEYS,
            "check_status",
            "warnings",
            "candidates",
            "raw",
        }
        for carrier in (*VECTORS, None, b"x", 1, [], float("nan")):
            self.assertEqual(set(udi.parse(carrier, TODAY)), keys)
