import csv
import os
from datetime import date
from pathlib import Path

from odoo.tests.common import BaseCase

from odoo.addons.meddev_device.tools.registration_number import (
    ERROR,
    OK,
    PROBLEMS,
    WARNING,
    check_licence_number,
    check_registration_number,
)

TODAY = date(2026, 11, 21)
SHARED = Path(
    os.environ.get("MEDDEV_SHARED") or Path(__file__).resolve().parents[3].parent / "shared"
)
SAMPLE = SHARED / "data" / "nmpa" / "registration_certificates_sample.csv"

GOOD = {
    "国械注准20203070123": ("registration", ("国", "准", 2020, "3", "07", "0123")),
    "国械注进20202070123": ("registration", ("国", "进", 2020, "2", "07", "0123")),
    "国械注许20183130062": ("registration", ("国", "许", 2018, "3", "13", "0062")),
    "粤械注准20202070123": ("registration", ("粤", "准", 2020, "2", "07", "0123")),
    "国械注准20143660123": ("registration", ("国", "准", 2014, "3", "66", "0123")),
    "京械注准20212400045": ("registration", ("京", "准", 2021, "2", "40", "0045")),
    "国械注进202131312345": ("registration", ("国", "进", 2021, "3", "13", "12345")),
    "国械备20170012": ("filing", ("国", None, 2017, None, None, "0012")),
    "国械备20170012号": ("filing", ("国", None, 2017, None, None, "0012")),
    "粤穗械备20190123": ("filing", ("粤穗", None, 2019, None, None, "0123")),
    "国食药监械(准)字2004第3660603号": (
        "old_registration",
        ("国", "准", 2004, "3", "66", "0603"),
    ),
    "国食药监械（进）字2013第2660603号": (
        "old_registration",
        ("国", "进", 2013, "2", "66", "0603"),
    ),
    "沪药监械(准)字2012第2220123号": (
        "old_registration",
        ("沪", "准", 2012, "2", "22", "0123"),
    ),
    "粤深食药监械（准）字2011第1460001号": (
        "old_registration",
        ("粤深", "准", 2011, "1", "46", "0001"),
    ),
}

BAD = {
    "": ("empty",),
    "  ": ("empty",),
    "国药准字S10970037": ("drug_number",),
    "国药准字SJ20171003": ("drug_number",),
    "H20170123": ("drug_number",),
    "国妆特字20210001": ("drug_number",),
    "沪卫消证字(2010)第0123号": ("not_device_number",),
    "国械注准20201070123": ("class_not_registered",),
    "国械注准20204070123": ("class_unknown",),
    "粤械注进20202070123": ("import_needs_national",),
    "粤械注准20203070123": ("province_needs_class_2",),
    "国械注准20993070123": ("year_in_future",),
    "国械备20990012": ("year_in_future",),
    "国械注准2020307012": ("unknown_shape",),
    "美械注准20203070123": ("unknown_shape",),
    "国械注准20203070123附": ("unknown_shape",),
    "K123456": ("unknown_shape",),
}


class TestRegistrationNumber(BaseCase):
    """SAMR Order 47 (2021) Art. 115, 116 and the shapes before it."""

    def test_good_numbers(self):
        keys = ("authority", "origin", "year", "class", "category", "serial")
        for number, (kind, parts) in GOOD.items():
            check = check_registration_number(number, TODAY)
            self.assertEqual((check.kind, check.severity, check.problems), (kind, OK, ()), number)
            self.assertEqual(tuple(check.parts.get(key) for key in keys), parts, number)

    def test_bad_numbers(self):
        for number, problems in BAD.items():
            check = check_registration_number(number, TODAY)
            self.assertEqual((check.severity, check.problems), (ERROR, problems), number)

    def test_doubtful_numbers_only_warn(self):
        for number, problem in (
            ("国械注准20202070123", "national_domestic_needs_class_3"),
            ("国械注准20203990123", "category_unknown"),
            ("国械注准20123070123", "year_too_early"),
        ):
            check = check_registration_number(number, TODAY)
            self.assertEqual((check.severity, check.problems), (WARNING, (problem,)), number)

    def test_the_year_may_be_this_year(self):
        for today, severity in ((date(2020, 1, 1), OK), (date(2019, 12, 31), ERROR)):
            self.assertEqual(
                check_registration_number("国械注准20203070123", today).severity,
                severity,
            )

    def test_typing_habits_do_not_matter(self):
        for number in (
            " 国械注准 20203070123 ",
            "国械注准２０２０３０７０１２３",
            "国械注准2020\u30003070123\u200b",
        ):
            check = check_registration_number(number, TODAY)
            self.assertEqual((check.severity, check.normalised), (OK, "国械注准20203070123"))
        check = check_registration_number("国食药监械〔准〕字2004第3660603号", TODAY)
        self.assertEqual(check.normalised, "国食药监械(准)字2004第3660603号")

    def test_never_raises(self):
        for text in (
            None,
            False,
            0,
            123,
            b"x",
            [],
            "\ud800",
            "国" * 100_000,
            "国械注准" + "٣" * 11,
        ):
            check = check_registration_number(text, TODAY)
            self.assertEqual(check.severity, ERROR)
            self.assertTrue(set(check.problems) <= set(PROBLEMS))
            self.assertEqual(check_licence_number(text, TODAY).severity, WARNING)

    def test_licence_numbers_only_warn(self):
        for number, kind, authority in (
            ("京海药监械经营许可20220001号", "经营许可", "京海"),
            ("粤食药监械经营备20150001号", "经营备", "粤"),
            ("沪药监械生产许可20223456号", "生产许可", "沪"),
            ("苏苏食药监械生产备20160012", "生产备", "苏苏"),
        ):
            check = check_licence_number(number, TODAY)
            self.assertEqual(
                (check.kind, check.severity, check.parts["authority"]),
                (kind, OK, authority),
            )
        for number in ("京海药监械经营许可20990001号", "whatever", ""):
            self.assertEqual(check_licence_number(number, TODAY).severity, WARNING)

    def test_public_register_sample(self):
        """Every device certificate of the sample is accepted, every drug number refused."""
        if not SAMPLE.is_file():
            self.skipTest(f"{SAMPLE.name} not found: the shared data folder is absent")
        with SAMPLE.open(encoding="utf-8") as sample:
            rows = list(csv.DictReader(sample))
        self.assertEqual(len(rows), 112)
        origins = {"国产": "准", "进口": "进", "港澳台": "许"}
        for row in rows:
            check = check_registration_number(row["certificate_no"], TODAY)
            if row["record_type"] == "药品":
                self.assertEqual(check.problems, ("drug_number",), row["certificate_no"])
            else:
                self.assertEqual(check.severity, OK, row["certificate_no"])
                self.assertEqual(check.parts["origin"], origins[row["origin"]])
