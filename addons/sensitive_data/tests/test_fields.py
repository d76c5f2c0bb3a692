from datetime import date

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..fields import SensitiveValueError
from .common import SAMPLE, VALUES, SensitiveCase

ACCESS = ("odoo.addons.base.models.ir_model", "odoo.orm.models")


@tagged("post_install", "-at_install")
class TestFields(SensitiveCase, TransactionCase):
    def test_columns_hold_ciphertext_only(self):
        """Given a value of each type, then its column shows the format and nothing of it."""
        for name, value in VALUES.items():
            token = self.column(self.patient, name)
            self.assertRegex(token, r"^sd1:[0-9a-f]{24}:")
            self.assertNotIn(str(value)[:6], token)

    def test_readers_read_what_was_written(self):
        patient = self.patient.with_user(self.reader)
        self.assertEqual(patient.patient_name, VALUES["patient_name"])
        self.assertEqual(patient.birth_date, date(1949, 12, 31))
        self.assertEqual(patient.price, VALUES["price"])
        (row,) = patient.read(["story", "patient_name_masked"])
        self.assertEqual(row["story"], VALUES["story"])
        self.assertEqual(row["patient_name_masked"], "欧阳*华")

    @mute_logger(*ACCESS)
    def test_others_see_masks_and_no_value(self):
        patient = self.patient.with_user(self.other)
        expected = {
            "patient_name_masked": "欧阳*华",
            "phone_masked": "138****5678",
            "id_number_masked": "110***********002X",
            "birth_date_masked": "1949-**-**",
            "story_masked": "致电139****4321，患者已转院",
            "price_masked": "******",
            "firmware_key_masked": "******",
        }
        self.assertRecordValues(patient, [expected])
        for name in VALUES:
            with self.assertRaises(AccessError):
                patient[name]
            self.assertNotIn(name, patient.fields_get())

    @mute_logger(*ACCESS)
    def test_what_nobody_reads_even_readers_reveal(self):
        with self.assertRaises(AccessError):
            self.patient.with_user(self.reader).read(["firmware_key"])
        answer = self.patient.with_user(self.revealer).reveal_sensitive_value(
            "firmware_key", "repair of the board"
        )
        self.assertEqual(answer["value"], VALUES["firmware_key"])

    @mute_logger(*ACCESS)
    def test_entering_without_reading_back(self):
        """Given an enterer, when they use the form's input, then it is kept, unreadable."""
        patient = self.patient.with_user(self.enterer)
        (row,) = patient.web_save(
            {"patient_name_entry": "司马小光"},
            {"patient_name_entry": {}, "patient_name_masked": {}},
        )
        self.assertFalse(row["patient_name_entry"])
        self.assertEqual(row["patient_name_masked"], "司马*光")
        self.env.invalidate_all()
        self.assertEqual(self.patient.with_user(self.reader).patient_name, "司马小光")
        with self.assertRaises(AccessError):
            patient.read(["patient_name"])
        with self.assertRaises(AccessError):
            self.patient.with_user(self.other).write({"patient_name": "X"})
        with self.assertRaises(AccessError):
            self.patient.with_user(self.other).write({"patient_name_entry": "X"})

    def test_no_way_into_a_query(self):
        """Given a reader, and the superuser: no condition, order or group on a sensitive field."""
        for model in (self.patients.with_user(self.reader), self.patients):
            for name in VALUES:
                for attempt in (
                    lambda name=name, model=model: model.search([(name, "=", "x")]),
                    lambda name=name, model=model: model.search([(name, "!=", False)]),
                    lambda name=name, model=model: model.search([], order=name),
                    lambda name=name, model=model: model.formatted_read_group([], [name], []),
                    lambda name=name, model=model: model.formatted_read_group(
                        [], [], [f"{name}:max"]
                    ),
                    lambda name=name, model=model: model.search([(f"{name}_masked", "=", "x")]),
                ):
                    with self.subTest(field=name, user=model.env.user.login):
                        self.assert_refused(attempt)
        for description in self.patients.fields_get(list(VALUES)).values():
            self.assertFalse(
                description["searchable"] or description["sortable"] or description["groupable"]
            )

    def test_exact_search_for_those_who_may(self):
        patients = self.patients.with_user(self.revealer)
        self.assertEqual(patients.search([("phone_lookup", "=", "138 1234 5678")]), self.patient)
        self.assertFalse(patients.search([("phone_lookup", "=", "13812345679")]))
        self.assertFalse(patients.search([("phone_lookup", "=", "1381234567")]))
        entry = self.last("lookup")
        self.assertEqual(entry.user_id, self.revealer)
        self.assertNotIn("138", str(entry.details))
        self.patient.phone = "13700000000"
        self.assertFalse(patients.search([("phone_lookup", "=", "13812345678")]))
        for refused in (("like", "138"), ("=", False), (">", "1")):
            self.assert_refused(lambda term=refused: patients.search([("phone_lookup", *term)]))

    @mute_logger(*ACCESS)
    def test_exact_search_is_refused_to_the_rest(self):
        for user in (self.reader, self.other, self.enterer):
            with self.assertRaises(AccessError):
                self.patients.with_user(user).search([("phone_lookup", "=", "13812345678")])

    @mute_logger(*ACCESS)
    def test_related_fields_inherit_the_protection(self):
        line = self.env["sensitive.test.line"].create({"patient_id": self.patient.id})
        self.assertEqual(line.with_user(self.reader).patient_phone, VALUES["phone"])
        self.assertEqual(line.with_user(self.other).masked_phone, "138****5678")
        with self.assertRaises(AccessError):
            line.with_user(self.other).read(["patient_phone"])
        self.assert_refused(lambda: line.search([("patient_phone", "=", VALUES["phone"])]))

    def test_copies_hold_nothing(self):
        self.assertFalse(self.patient.copy().patient_name)

    def test_a_rolled_back_key_is_not_used_again(self):
        """Given a first value whose savepoint is rolled back, when written again, then readable."""
        patient = self.patients.create({"name": "late"})
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            patient.phone = "13600000001"
            self.env.flush_all()
            raise ZeroDivisionError
        patient.phone = "13600000002"
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(patient.phone, "13600000002")
        self.assertEqual(self.env["sensitive.key"].search_count([("res_id", "=", patient.id)]), 1)

    def test_altered_and_moved_values_are_named(self):
        """Given ciphertext that was altered or moved, then record and field, and the list still."""
        other = self.patients.create({"name": "P2", "phone": "13800000000"})
        self.env.flush_all()
        token = self.column(self.patient, "phone")
        for wrong in (token[:-6] + "AAAAA=", token.replace("sd1", "sd9"), "clear text", token):
            self.env.cr.execute(
                f"UPDATE {other._table} SET phone = %s WHERE id = %s", [wrong, other.id]
            )
            self.env.invalidate_all()
            with self.assertRaisesRegex(SensitiveValueError, f"Phone of .* #{other.id} cannot"):
                other.with_user(self.reader).read(["phone"])
            self.assertEqual(
                (self.patient + other).with_user(self.other).mapped("phone_masked"),
                ["138****5678", "(unreadable)"],
            )

    def test_fifty_megabytes(self):
        text = "致电13812345678。" * 2_500_000
        self.assertGreater(len(text.encode()), 49_999_999)
        self.patient.story = text
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.patient.story, text)
        self.assertLess(len(self.patient.story_masked), 6000)
        self.assertNotIn("13812345678", self.patient.story_masked)

    def test_query_growth(self):
        """Given 2 and 22 records, then reading values takes as many queries."""
        patients = self.patients.create([{"phone": f"138000000{n:02}"} for n in range(22)])
        self.env.flush_all()
        counts = []
        for some in (patients[:2], patients):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_user(self.reader).mapped("phone")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1)

    def test_declarations_are_listed(self):
        """Given the declared fields, then an auditor reads who may do what; nobody edits it."""
        self.env["sensitive.field"]._sync()
        rows = self.env["sensitive.field"].with_user(self.auditor)
        row = rows.search([("model", "=", SAMPLE), ("name", "=", "phone")])
        self.assertEqual((row.kind, row.field_label), ("mobile", "Phone"))
        self.assertEqual(row.search_group_ids, self.env.ref("sensitive_data.group_privacy_officer"))
        with self.assertRaises(AccessError), mute_logger(*ACCESS):
            row.write({"kind": "email"})
