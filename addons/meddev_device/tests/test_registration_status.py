from datetime import date, timedelta
from itertools import product

from psycopg2 import IntegrityError

from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import DeviceCase

TODAY = date(2030, 1, 15)


@tagged("post_install", "-at_install")
@freeze_time("2030-01-15 06:00:00")
class TestRegistrationStatus(DeviceCase):
    """A certificate is expiring from its first reminder on, or as the company sets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.meddev_expiring_days = 0
        cls.other = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.numbers = iter(range(1000, 9999))

    def _certify(self, days, kind="registration", **vals):
        number = f"国械备2020{next(self.numbers)}" if kind == "filing" else f"N{next(self.numbers)}"
        if kind in ("registration", "import"):
            letter = "进" if kind == "import" else "准"
            number = f"国械注{letter}2020307{next(self.numbers)}"
        end = TODAY + timedelta(days=days) if days is not None else False
        return self.env["meddev.registration"].create(
            {"number": number, "kind": kind, "valid_to": end} | vals
        )

    def _status(self, certificate):
        certificate.invalidate_recordset(["status"])
        found = {
            status
            for status in ("valid", "expiring", "expired")
            if certificate.search([("status", "=", status), ("id", "=", certificate.id)])
        }
        self.assertEqual(found, {certificate.status})
        return certificate.status

    def test_what_quality_is_told_to_renew_does_not_look_valid(self):
        """Given the steps as shipped, each kind is expiring from its own first one on."""
        for kind, first in (("registration", 365), ("import", 365), ("filing", 90), ("other", 365)):
            for days, status in (
                (first + 1, "valid"),
                (first, "expiring"),
                (0, "expiring"),
                (-1, "expired"),
                (None, "valid"),
            ):
                with self.subTest(kind=kind, days=days):
                    self.assertEqual(self._status(self._certify(days, kind)), status)

    def test_without_reminders_it_is_half_a_year(self):
        self.env["meddev.registration.reminder.step"].search([]).active = False
        self.assertEqual(self._status(self._certify(181)), "valid")
        self.assertEqual(self._status(self._certify(180)), "expiring")

    def test_the_company_sets_another_day(self):
        """Given a setting, it holds for the company's certificates and, there, for shared ones."""
        settings = self.env["res.config.settings"].create({"meddev_expiring_days": 400})
        settings.execute()
        self.assertEqual(self.company.meddev_expiring_days, 400)
        self.other.meddev_expiring_days = 10
        for company, days, status in (
            (self.env["res.company"], 400, "expiring"),
            (self.env["res.company"], 401, "valid"),
            (self.company, 400, "expiring"),
            (self.other, 11, "valid"),
            (self.other, 10, "expiring"),
        ):
            with self.subTest(company=company.name, days=days):
                certificate = self._certify(days, company_id=company.id)
                self.assertEqual(self._status(certificate), status)
        shared = self._certify(11).with_company(self.other)
        self.assertEqual(self._status(shared), "valid")
        self.company.meddev_expiring_days = 0
        self.assertEqual(self._status(self._certify(366)), "valid")

    def test_days_that_are_no_days_are_refused(self):
        step = self.env.ref("meddev_device.registration_reminder_step_365")
        for record, name in ((self.company, "meddev_expiring_days"), (step, "days")):
            for days in (-1, 36_501, 2**31 - 1):
                with (
                    mute_logger("odoo.sql_db"),
                    self.assertRaises(IntegrityError),
                    self.env.cr.savepoint(),
                ):
                    record[name] = days
                    record.flush_recordset()

    def test_a_product_is_found_by_the_status_that_it_shows(self):
        """Given products with two certificates of any kind and end, search and field agree."""
        ends = (-10, 50, 100, 200, 400, None)
        products = self.env["product.template"]
        for kinds in (("registration", "other"), ("filing", "registration")):
            for first, second in product(ends, repeat=2):
                template = self.env["product.template"].create(self._prepare_product_vals("P"))
                products |= template
                for kind, days in zip(kinds, (first, second), strict=True):
                    # Where the first ends in 50 days, a long second one has not begun yet.
                    is_ahead = first == 50 and (days or 0) >= 100
                    begin = "2030-02-01" if is_ahead else "2029-01-01"
                    certificate = self._certify(days, kind, valid_from=begin)
                    certificate.product_tmpl_ids = template
        products |= self.env["product.template"].create(self._prepare_product_vals("None"))
        products = self._as("analyst", products)
        for status in ("none", "valid", "expiring", "expired"):
            found = products.search(
                [("registration_status", "=", status), ("id", "in", products.ids)]
            )
            shown = products.filtered(
                lambda template, status=status: template.registration_status == status
            )
            self.assertEqual(found, shown, status)
            self.assertTrue(found, status)
        both = [("registration_status", "in", ["none", "valid"]), ("id", "in", products.ids)]
        self.assertEqual(
            set(products.search(both).mapped("registration_status")), {"none", "valid"}
        )
        rest = [("registration_status", "not in", ["none", "valid"]), ("id", "in", products.ids)]
        self.assertEqual(
            set(products.search(rest).mapped("registration_status")), {"expiring", "expired"}
        )

    def test_a_foreign_certificate_outranks_no_chinese_one(self):
        """Given an expired 注册证 and a K-number without end, the product's status is expired."""
        template = self.monitor.product_tmpl_id
        chinese = self._certify(-1, product_tmpl_ids=[(6, 0, template.ids)])
        foreign = self._certify(None, "other", product_tmpl_ids=[(6, 0, template.ids)])
        self.assertEqual(template.registration_id, chinese)
        self.assertEqual(template.registration_status, "expired")
        found = template.search([("registration_status", "=", "expired")])
        self.assertIn(template, found)
        chinese.active = False
        self.assertEqual(template.registration_id, foreign)
