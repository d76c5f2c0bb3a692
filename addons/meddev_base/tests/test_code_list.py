from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.modules.migration import load_script
from odoo.tests import tagged
from odoo.tools import file_path, mute_logger

from .common import MeddevBaseCommon


@tagged("post_install", "-at_install")
class TestCodeList(MeddevBaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.code = cls.env.ref("meddev_base.code_a0801")

    def test_built_in_lists(self):
        """IMDRF N43: level-1 terms of the annexes; NMPA catalogue: 22 sub-catalogues."""
        codes = self.env["meddev.code"]
        for annex, count in {"A": 27, "C": 24, "D": 21, "E": 24, "F": 29, "G": 7}.items():
            release = self.env.ref(f"meddev_base.code_release_imdrf_{annex.lower()}")
            domain = [("release_id", "=", release.id), ("parent_id", "=", False)]
            self.assertGreaterEqual(codes.search_count(domain), count, annex)
        nmpa = self.env.ref("meddev_base.code_release_nmpa_cat")
        self.assertEqual(
            codes.search_count([("release_id", "=", nmpa.id), ("parent_id", "=", False)]), 22
        )
        self.assertEqual(self.code.parent_id, self.env.ref("meddev_base.code_a08"))
        self.assertEqual(self.code.level, 2)
        self.assertFalse(self.env.ref("meddev_base.code_e01").is_selectable)

    def test_update_says_what_a_release_agrees_with_and_leaves_what_somebody_wrote(self):
        annex_a, annex_b, nmpa = (
            self.env.ref(f"meddev_base.code_release_{name}")
            for name in ("imdrf_a", "imdrf_b", "nmpa_cat")
        )
        shipped = "Built-in extract; complete it with the official file"
        (annex_a | nmpa).source = shipped
        annex_b.source = "annexb.xlsx of 2025, loaded by Li"
        self.env.flush_all()
        path = file_path("meddev_base/migrations/19.0.1.3.0/post-migration.py")
        load_script(path, "migration_of_meddev_base").migrate(self.env.cr, "19.0.1.2.0")
        self.env.invalidate_all()
        self.assertIn("agree with the files of release 2025", annex_a.source)
        self.assertEqual(annex_b.source, "annexb.xlsx of 2025, loaded by Li")
        self.assertEqual(nmpa.source, shipped)

    def test_display_and_search_by_code_or_term(self):
        codes = self.env["meddev.code"].with_user(self.users["field_engineer"])
        self.assertEqual(
            self.code.with_user(codes.env.user).display_name, "A0801 Failure to Calibrate"
        )
        for text in ("A0801", "failure to cal", "A0801 Failure to Calibrate", "a0801 fail"):
            with self.subTest(text=text):
                found = [code_id for code_id, _name in codes.name_search(text)]
                self.assertIn(self.code.id, found)

    def test_same_code_twice_in_a_release_is_refused(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.code.copy()

    def test_same_code_in_two_releases_is_two_records(self):
        system = self.code.system_id
        release = self.env["meddev.code.release"].create(
            {"system_id": system.id, "name": "2030", "valid_from": "2030-03-01"}
        )
        later = self.env["meddev.code"].create(
            {"release_id": release.id, "code": "A0801", "term": "Failure to Calibrate"}
        )
        self.assertNotEqual(later, self.code)
        self.assertEqual(system._get_release("2026-11-01"), self.code.release_id)
        self.assertEqual(system._get_release("2030-03-01"), release)

    def test_shape_of_the_list_is_enforced(self):
        with self.assertRaisesRegex(ValidationError, "B77777"):
            self.env["meddev.code"].create(
                {"release_id": self.code.release_id.id, "code": "B77777", "term": "Wrong"}
            )

    def test_parent_of_another_release_is_refused(self):
        with self.assertRaises(ValidationError):
            self.code.parent_id = self.env.ref("meddev_base.code_b01")
        with self.assertRaises(UserError):
            self.code.parent_id = self.code
            self.env.flush_all()

    def test_pattern_must_compile(self):
        with self.assertRaises(ValidationError):
            self.code.system_id.code_pattern = "A(["
