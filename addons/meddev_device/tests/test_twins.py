from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DeviceCase

DI = "06901234567892"
NUMBER = "国械注准20203070123"


@tagged("post_install", "-at_install")
class TestTwins(DeviceCase):
    """Who enters a DI, certificate number or alias again is told where it is and what to do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.hidden = cls.env["product.template"].create(
            cls._prepare_product_vals("Hidden Monitor", tracking="serial")
            | {"company_id": cls.company.id}
        )

    def _refuse(self, records, vals, *words):
        """The message of a refused create (a list of values) or write, with these words in it."""
        with self.assertRaises(ValidationError) as caught, self.env.cr.savepoint():
            records.create(vals) if isinstance(vals, list) else records.write(vals)
        for word in words:
            self.assertIn(word, str(caught.exception))
        return str(caught.exception)

    # Device identifiers

    def _identifiers(self, role="quality"):
        return self._as(role, self.env["meddev.udi.di"])

    def _di_vals(self, di, product=None):
        return {"product_tmpl_id": (product or self.reagent).product_tmpl_id.id, "di": di}

    def test_a_di_says_whose_it_is(self):
        words = (DI, "Test Monitor", "Open it, or correct Device Identifier (DI)")
        self.assertNotIn("archived", self._refuse(self._identifiers(), [self._di_vals(DI)], *words))
        self._refuse(self._identifiers(), [self._di_vals(" ０6901234567892")], *words)
        other = self._identifiers().create(self._di_vals("16901234567899"))
        self._refuse(other, {"di": DI}, *words)
        other.write({"di": "16901234567899"})
        self._as("quality", self.di).write({"di": DI, "packaging_level": "box"})
        self.assertEqual(self.di.di, DI)

    def test_a_di_of_an_archived_product_says_so(self):
        self.monitor.product_tmpl_id.active = False
        self._refuse(self._identifiers(), [self._di_vals(DI)], "Test Monitor (archived)")

    def test_a_di_twice_in_one_go_is_named(self):
        rows = [self._di_vals("16901234567899"), self._di_vals(" 16901234567899 ")]
        self._refuse(self._identifiers(), rows, "16901234567899", "more than once")
        two = self._identifiers().create([self._di_vals("26901234567896"), self._di_vals("X-1")])
        self._refuse(two, {"di": "X-2"}, "X-2", "more than once")

    def test_a_product_of_another_company_is_not_named(self):
        self.env["meddev.udi.di"].create({"product_tmpl_id": self.hidden.id, "di": "X-1"})
        message = self._refuse(self._identifiers(), [self._di_vals("X-1")], "X-1", "may not see")
        self.assertNotIn("Hidden", message)
        device = self._as("intake", self._device("SN-1"))
        message = self._refuse(device, {"udi_di": "X-1"}, "X-1", "may not see")
        self.assertNotIn("Hidden", message)
        self.users["quality"].company_ids |= self.company
        both = self._identifiers().with_context(
            allowed_company_ids=(self.env.company | self.company).ids
        )
        self._refuse(both, [self._di_vals("X-1")], "Hidden Monitor")

    def test_who_may_enter_no_di_learns_nothing(self):
        with self.assertRaises(AccessError):
            self._identifiers("engineer").create(self._di_vals(DI))

    def test_the_indexes_stay_behind(self):
        twins = (
            ("meddev_udi_di", "di", DI, "di_unique"),
            ("meddev_registration", "normalised_number", NUMBER, "number_unique"),
            ("meddev_device_alias", "normalised_value", "A1", "value_unique"),
        )
        self._certify(number="国械注准20203070124")
        self._certify()
        device = self._device("SN-1")
        aliases = self.env["meddev.device.alias"]
        aliases.create([{"lot_id": device.id, "value": value} for value in ("A1", "A2")])
        self.env["meddev.udi.di"].create(self._di_vals("X-1"))
        self.env.flush_all()
        for table, column, value, index in twins:
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(IntegrityError, index),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(f"UPDATE {table} SET {column} = %s", [value])

    # Certificates

    def _certify(self, **vals):
        vals = {"number": NUMBER, "product_tmpl_ids": self.monitor.product_tmpl_id.ids} | vals
        return self.env["meddev.registration"].create(vals)

    def test_a_certificate_number_says_where_it_is(self):
        first = self._certify(valid_to="2025-12-31")
        certificates = self._as("quality", self.env["meddev.registration"])
        words = (NUMBER, "Test Monitor", "renew it, or correct Number")
        self._refuse(certificates, [{"number": " 国械注准２０２０３０７０１２３"}], *words)
        second = certificates.create({"number": "国械注准20203070124"})
        self._refuse(second, {"number": NUMBER}, *words)
        self._refuse(second.with_context(default_number=NUMBER), [{"valid_to": "2030-12-31"}])
        first.active = False
        self._refuse(certificates, [{"number": NUMBER}], "(archived)")
        first.product_tmpl_ids = False
        self._refuse(certificates, [{"number": NUMBER}], "recorded already. Open")
        rows = [{"number": "国械注准20203070125"}] * 2
        self._refuse(certificates, rows, "国械注准20203070125", "more than once")

    def test_a_renewal_keeps_its_number_and_gives_it_back(self):
        """Given a renewal, its number is that of the former; without it the former is in force."""
        first = self._certify(valid_to="2025-12-31")
        second = self._certify(previous_id=first.id, valid_to="2030-12-31")
        first.write({"number": NUMBER, "note": "seen"})
        self._refuse(second, {"previous_id": False}, NUMBER)
        second.write({"number": "国械注准20203070199"})
        second.write({"previous_id": False})
        self.assertFalse(first.is_superseded)

    def test_companies_keep_their_own_certificates(self):
        theirs = self._certify(company_id=self.company.id, product_tmpl_ids=[])
        own = self._certify(company_id=self.env.company.id)
        shared = self._certify(product_tmpl_ids=[])
        certificates = self._as("quality", self.env["meddev.registration"])
        vals = {"number": NUMBER, "company_id": self.company.id}
        message = self._refuse(certificates, [vals], NUMBER, "may not see")
        self.assertNotIn("Test", message)
        self._refuse(self._as("quality", shared), {"company_id": self.env.company.id}, NUMBER)
        self.assertEqual(len(theirs | own | shared), 3)

    # Aliases

    def test_an_alias_says_whose_it_is(self):
        vals = {"customer_id": self.hospital.id}
        device, other = self._device("SN-1", **vals), self._device("SN-2", **vals)
        aliases = self._as("intake", self.env["meddev.device.alias"])
        aliases.create({"lot_id": device.id, "value": "A-1"})
        words = ("A-1 (Test Hospital)", "SN-1", "Test Monitor", "correct Alias")
        self._refuse(aliases, [{"lot_id": other.id, "value": "ａ-1"}], *words)
        second = aliases.create({"lot_id": other.id, "value": "A-1", "partner_id": False})
        self._refuse(second, {"partner_id": self.hospital.id}, *words)
        second.write({"value": "A-1 ", "partner_id": False})
        rows = [{"lot_id": device.id, "value": value} for value in ("A-9", "a-9")]
        self._refuse(aliases, rows, "A-9", "more than once")

    def test_a_device_of_another_company_is_not_named(self):
        theirs = self._device("HIDDEN", company_id=self.company.id)
        self.env["meddev.device.alias"].create({"lot_id": theirs.id, "value": "A-1"})
        aliases = self._as("intake", self.env["meddev.device.alias"])
        rows = [{"lot_id": self._device("SN-1").id, "value": "A-1"}]
        message = self._refuse(aliases, rows, "A-1", "may not see")
        self.assertNotIn("HIDDEN", message)

    # Cost

    def test_many_rows_cost_as_many_statements_as_two(self):
        def count(number):
            rows = [self._di_vals(f"N-{number}-{index}") for index in range(number)]
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self._identifiers().create(rows)
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertLessEqual(count(22), count(2) + 1)
