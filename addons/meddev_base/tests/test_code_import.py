import base64
import csv
import io
import unittest
from pathlib import Path

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import MeddevBaseCommon

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
SMALL = [
    ["annex", "imdrf_code", "level", "term", "fda_code", "definition", "status", "code_hierarchy"],
    ["A", "A08", "1", "Calibration Problem", "2890", "Problem with calibration.", "", "A08"],
    ["A", "A0801", "2", "Failure to Calibrate", "2440", "", "Modified (editorial)", "A08|A0801"],
    ["A", "A0899", "2", "Invented for the Test", "", "", "New", "A08|A0899"],
    ["E", "E01", "1", "Nervous System", "", "", "Not selectable", "E01"],
    ["E", "E20", "1", "Injury", "", "", "Not selectable", "E20"],
    ["E", "E0102", "2", "Brain Injury", "2219", "", "Retired", "E01|E0102"],
    ["E", "E0102", "2", "Brain Injury", "2219", "", "Retired", "E20|E0102"],
]


@tagged("post_install", "-at_install")
class TestCodeImport(MeddevBaseCommon):
    def _wizard(self, content, filename, user=None, **vals):
        return (
            self.env["meddev.code.import"]
            .with_user(user or self.users["knowledge_manager"])
            .create({"file": base64.b64encode(content), "filename": filename, **vals})
        )

    def _import(self, rows, filename="annexes_2031.csv", **vals):
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        wizard = self._wizard(text.getvalue().encode(), filename, **vals)
        wizard.action_import()
        return wizard

    def _counts(self, wizard):
        names = ("created_count", "updated_count", "unchanged_count", "refused_count")
        return tuple(wizard[name] for name in names)

    def _codes(self, system, release="2031"):
        return self.env["meddev.code"].search(
            [("system_id.code", "=", system), ("release_id.name", "=", release)]
        )

    def test_file_becomes_releases_of_the_lists_that_it_names(self):
        wizard = self._import(SMALL)
        self.assertEqual(wizard.release_name, "2031")
        self.assertEqual(self._counts(wizard), (6, 0, 0, 0))
        codes = {code.code: code for code in self._codes("IMDRF-A") | self._codes("IMDRF-E")}
        self.assertEqual(codes["A0801"].parent_id, codes["A08"])
        self.assertEqual(codes["A0801"].external_code, "2440")
        self.assertEqual(codes["E0102"].also_under_ids, codes["E20"])
        self.assertEqual(codes["E0102"].status, "retired")
        self.assertFalse(codes["E01"].is_selectable)

    def test_second_load_changes_nothing_and_a_changed_row_is_updated(self):
        self._import(SMALL)
        self.assertEqual(self._counts(self._import(SMALL)), (0, 0, 6, 0))
        changed = [*SMALL[:3], ["A", "A0899", "2", "Renamed", "", "", "", ""], *SMALL[4:]]
        self.assertEqual(self._counts(self._import(changed)), (0, 1, 5, 0))

    def test_built_in_release_is_completed_and_not_doubled(self):
        code = self.env.ref("meddev_base.code_a0801")
        count = len(self._codes("IMDRF-A", "2025"))
        wizard = self._import(SMALL[:4], filename="imdrf_2025.csv")
        self.assertEqual(wizard.created_count, 1)
        self.assertEqual(len(self._codes("IMDRF-A", "2025")), count + 1)
        self.assertEqual(self._codes("IMDRF-A", "2025").filtered(lambda c: c.code == "A0801"), code)

    def test_one_bad_row_in_a_thousand_is_named_and_the_others_kept(self):
        rows = [["code", "name"]]
        rows += [[f"FT-{number:02}", f"Fault {number}"] for number in range(1, 100)]
        rows[50] = ["??", "Bad"]
        wizard = self._import(
            rows,
            "faults.csv",
            release_name="T",
            system_id=self.env.ref("meddev_base.code_system_fault").id,
        )
        self.assertEqual(self._counts(wizard), (98, 0, 0, 1))
        self.assertEqual(wizard.line_ids.row_number, 51)
        self.assertIn("??", wizard.line_ids.message)

    def test_excel_file(self):
        workbook = openpyxl.Workbook()
        for row in SMALL:
            workbook.active.append([int(cell) if cell.isdigit() else cell for cell in row])
        content = io.BytesIO()
        workbook.save(content)
        wizard = self._wizard(content.getvalue(), "annexes 2031.xlsx")
        wizard.action_import()
        self.assertEqual(self._counts(wizard), (6, 0, 0, 0))
        self.assertEqual(self._codes("IMDRF-A")[0].external_code, "2890")

    def test_file_in_chinese_encoding(self):
        text = "代码,名称\nHW-01,电源模块\n".encode("gb18030")
        system = self.env.ref("meddev_base.code_system_fault")
        wizard = self._wizard(text, "x.csv", release_name="T", system_id=system.id)
        wizard.action_import()
        self.assertEqual(self._codes("FAULT", "T").term, "电源模块")

    def test_useless_files_are_refused_with_a_remedy(self):
        system = self.env.ref("meddev_base.code_system_fault").id
        cases = {
            b"a,b\n1,2\n": "no column for: code, term",
            b"": "no column for",
            b"PK\x03\x04 not a workbook": "XLSX",
            b"code,term\nA01,x\n": "choose the Code List",
        }
        for content, message in cases.items():
            vals = {} if b"A01" in content else {"system_id": system}
            wizard = self._wizard(content or b"\n", "f.csv", release_name="T", **vals)
            with self.subTest(content=content), self.assertRaisesRegex(UserError, message):
                wizard.action_import()
        with self.assertRaisesRegex(UserError, "Choose a File"):
            self.env["meddev.code.import"].create({}).action_import()

    def test_next_lower_role_is_refused(self):
        with self.assertRaises(AccessError):
            self._import(SMALL, user=self.users["quality_specialist"])

    def test_queries_grow_with_levels_and_not_with_rows(self):
        def queries(count, release):
            rows = [["code", "name"], ["ZZ", "Top"]]
            rows += [[f"ZZ-{number:02}", f"Code {number}"] for number in range(count)]
            system = self.env.ref("meddev_base.code_system_fault").id
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self._import(rows, "f.csv", release_name=release, system_id=system)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(2, "T0")
        self.assertLessEqual(queries(80, "T2"), queries(2, "T1") + 15)

    @unittest.skipUnless(SHARED.is_dir(), "the official files are not on this machine")
    def test_official_imdrf_releases(self):
        """2,089 rows of the 2025 release are 1,891 codes; the earlier one has fewer columns."""
        content = (SHARED / "codes" / "imdrf_annexes_2025.csv").read_bytes()
        wizard = self._wizard(content, "imdrf_annexes_2025.csv", release_name="R25")
        wizard.action_import()
        self.assertEqual(self._counts(wizard), (1891, 0, 0, 0))
        again = self._wizard(content, "imdrf_annexes_2025.csv", release_name="R25")
        again.action_import()
        self.assertEqual(self._counts(again), (0, 0, 1891, 0))
        content = (SHARED / "codes" / "imdrf_annexes_earlier.csv").read_bytes()
        earlier = self._wizard(content, "imdrf_annexes_earlier.csv", release_name="R23")
        earlier.action_import()
        # One code of that release stands twice with two different terms.
        self.assertEqual(earlier.line_ids.row_number, 1626)
        self.assertGreater(earlier.created_count, 1700)

    @unittest.skipUnless(SHARED.is_dir(), "the official files are not on this machine")
    def test_built_in_imdrf_codes_are_those_of_release_2025(self):
        """Code, term and FDA code, as the source of the built-in releases says."""
        text = (SHARED / "codes" / "imdrf_annexes_2025.csv").read_text(encoding="utf-8-sig")
        official = {
            row["imdrf_code"]: (row["term"].strip(), row["fda_code"])
            for row in csv.DictReader(io.StringIO(text))
        }
        for annex in "abcdefg":
            release = self.env.ref(f"meddev_base.code_release_imdrf_{annex}")
            self.assertIn("release 2025", release.source)
            # What somebody loaded beside the built-in codes is not ours to prove.
            built_in = release.code_ids.filtered(
                lambda code: code.get_external_id()[code.id].startswith("meddev_base.")
            )
            self.assertTrue(built_in)
            for code in built_in:
                self.assertEqual((code.term, code.external_code or ""), official[code.code])

    @unittest.skipUnless(SHARED.is_dir(), "the official files are not on this machine")
    def test_official_nmpa_catalogue(self):
        content = (SHARED / "nmpa" / "classification_catalogue_2017.csv").read_bytes()
        system = self.env.ref("meddev_base.code_system_nmpa_cat").id
        wizard = self._wizard(content, "catalogue.csv", release_name="R17", system_id=system)
        wizard.action_import()
        self.assertEqual(self._counts(wizard), (1132 + 22, 0, 0, 0))
        codes = {code.code: code for code in self._codes("NMPA-CAT", "R17")}
        self.assertEqual(codes["06-03-04"].parent_id, codes["06"])
