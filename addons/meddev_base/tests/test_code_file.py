import unittest

from odoo.addons.meddev_base.tools import code_file

SYSTEMS = {"IMDRF-A": r"A\d{2}(\d{2}){0,2}", "IMDRF-E": r"E\d{2}(\d{2}){0,2}", "NMPA-CAT": ""}
HEADER = [
    "annex",
    "imdrf_code",
    "level",
    "term",
    "fda_code",
    "definition",
    "status",
    "code_hierarchy",
]


class TestCodeFile(unittest.TestCase):
    def _read(self, *rows, system=""):
        return code_file.read_rows([HEADER, *rows], SYSTEMS, system)

    def test_columns_are_found_by_their_official_names(self):
        columns = code_file.find_columns(["\ufeffIMDRF Code", " Term ", "名称", None])
        self.assertEqual(columns, {"code": 0, "term": 1})

    def test_parent_is_the_longest_prefix(self):
        codes, problems, _columns = self._read(
            ["A", "A08", "1", "Calibration Problem", "2890", "", "", "A08"],
            ["A", "A0801", "2", "Failure to Calibrate", 2440.0, "", "New", "A08|A0801"],
        )
        self.assertFalse(problems)
        self.assertEqual([code.parent_code for code in codes], ["", "A08"])
        self.assertEqual(codes[1].external_code, "2440")

    def test_same_code_at_two_places_is_one_code(self):
        codes, problems, _columns = self._read(
            ["E", "E01", "1", "Nervous System", "", "", "Not selectable", "E01"],
            ["E", "E20", "1", "Injury", "", "", "Not selectable, Modified (editorial)", "E20"],
            ["E", "E0102", "2", "Brain Injury", "2219", "", "", "E01|E0102"],
            ["E", "E0102", "2", "Brain Injury", "2219", "", "", "E20|E0102"],
        )
        self.assertFalse(problems)
        self.assertEqual(len(codes), 3)
        self.assertFalse(codes[0].is_selectable)
        self.assertEqual((codes[2].parent_code, codes[2].also_under), ("E01", ["E20"]))

    def test_bad_rows_are_named_and_good_ones_kept(self):
        codes, problems, _columns = self._read(
            ["A", "A01", "1", "Good", "", "", "", ""],
            ["A", "", "1", "No code", "", "", "", ""],
            ["A", "A02", "1", "", "", "", "", ""],
            ["A", "A2", "1", "Bad shape", "", "", "", ""],
            ["Z", "Z01", "1", "No such annex", "", "", "", ""],
            ["A", "A03", "1", "Odd status", "", "", "perhaps", ""],
            ["A", "A01", "1", "Another text", "", "", "", ""],
            ["A", "A04", "1", "x" * 501, "", "", "", ""],
            [],
            ["A", "A05"],
        )
        self.assertEqual([code.code for code in codes], ["A01"])
        self.assertEqual(
            [(problem.row_number, problem.column, problem.reason) for problem in problems],
            [
                (3, "code", code_file.MISSING_CODE),
                (4, "term", code_file.MISSING_TERM),
                (5, "code", code_file.BAD_SHAPE),
                (6, "annex", code_file.UNKNOWN_LIST),
                (7, "status", code_file.UNKNOWN_STATUS),
                (8, "code", code_file.TWICE),
                (9, "term", code_file.TOO_LONG),
                (11, "term", code_file.MISSING_TERM),
            ],
        )

    def test_headings_in_extra_columns_become_codes(self):
        codes, problems, _columns = code_file.read_rows(
            [
                ["code", "name", "l1_code", "l1_name", "l2_code"],
                ["06-03-04", "Limiter", "06", "Imaging", "06-03"],
            ],
            SYSTEMS,
            "NMPA-CAT",
        )
        self.assertFalse(problems)
        tree = {code.code: (code.parent_code, code.is_selectable) for code in codes}
        self.assertEqual(tree, {"06": ("", False), "06-03-04": ("06", True)})

    def test_garbage_gives_no_codes_and_no_error(self):
        for rows in ([], [[]], [[None, None]], [["x", "y"], ["1", "2"]]):
            codes, _problems, columns = code_file.read_rows(rows, SYSTEMS)
            self.assertFalse(codes)
            self.assertFalse(columns)
