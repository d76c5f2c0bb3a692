import csv
import hashlib
import io
import json
import zipfile

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.http import Request
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SAMPLE, VALUES, SensitiveCase

ACCESS = ("odoo.addons.base.models.ir_model", "odoo.orm.models")
CONTROLLER = "odoo.addons.web.controllers.export"


@tagged("post_install", "-at_install")
class TestExportPolicy(SensitiveCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["sensitive.export.policy"].create(
            {
                "model_id": cls.env["ir.model"]._get_id(SAMPLE),
                "group_id": cls.env.ref("base.group_allow_export").id,
                "row_cap": 3,
            }
        )
        cls.approver = new_test_user(cls.env, "sd_approver", "sensitive_data.group_export_approver")
        cls.many = cls.patients.create([{"name": str(n)} for n in range(5)])

    def export(self, user, records, paths=("name", "phone_masked")):
        return records.with_user(user).export_data(list(paths))["datas"]

    def request(self, user, **vals):
        with self.assertRaises(RedirectWarning) as caught:
            self.export(user, self.many)
        action = caught.exception.args[1]
        requests = self.env["sensitive.export.request"].with_user(user)
        return requests.with_context(**action["context"]).create({"reason": "Recall"} | vals)

    def test_masks_are_exported_and_the_trail_says_so(self):
        rows = self.export(self.other, self.patient)
        self.assertEqual(rows, [["P1", "138****5678"]])
        entry = self.last("export")
        self.assertEqual(entry.details["fields"], ["name", "phone_masked"])
        self.assertEqual((entry.details["rows"], entry.details["masked"]), (1, True))
        self.assertEqual(len(entry.details["sha256"]), 64)

    @mute_logger(*ACCESS)
    def test_clear_values_need_reading_right_and_policy(self):
        """Given a reader, then clear values only once the policy says so; never to others."""
        with self.assertRaisesRegex(AccessError, "in the clear"):
            self.export(self.reader, self.patient, ["phone"])
        self.policy.with_raw = True
        self.assertEqual(self.export(self.reader, self.patient, ["phone"]), [[VALUES["phone"]]])
        self.assertEqual(self.last("export").details["raw"], ["phone"])
        with self.assertRaises(AccessError):
            self.export(self.other, self.patient, ["phone"])
        line = self.env["sensitive.test.line"].create({"patient_id": self.patient.id})
        self.policy.with_raw = False
        with self.assertRaisesRegex(AccessError, "in the clear"):
            self.export(self.reader, line, ["patient_id/phone"])

    def test_without_a_policy_nobody_exports(self):
        self.policy.may_export = False
        with self.assertRaisesRegex(AccessError, "No export policy"):
            self.export(self.other, self.patient)
        with self.assertRaisesRegex(AccessError, "No export policy"):
            self.export(self.enterer, self.patient)

    def test_above_the_cap_only_with_an_approval_used_once(self):
        """Given 5 rows and a cap of 3, then asked, approved by another, exported once."""
        request = self.request(self.other)
        self.assertEqual((request.row_count, request.state), (5, "draft"))
        request.action_request()
        with self.assertRaises(RedirectWarning):
            self.export(self.other, self.many)
        request.with_user(self.approver).action_approve()
        self.assertEqual(len(self.export(self.other, self.many)), 5)
        self.assertEqual(request.state, "used")
        self.assertEqual(self.last("export").details["request"], request.name)
        with self.assertRaises(RedirectWarning):
            self.export(self.other, self.many)

    def test_an_approval_covers_its_fields_rows_and_person_only(self):
        request = self.request(self.other)
        request.action_request()
        request.with_user(self.approver).action_approve()
        more = self.many + self.patient
        for user, records, paths in (
            (self.other, more, ("name", "phone_masked")),
            (self.other, self.many, ("name", "id_number_masked")),
            (self.reader, self.many, ("name", "phone_masked")),
        ):
            with self.assertRaises(RedirectWarning):
                self.export(user, records, paths)
        self.policy.may_request = False
        with self.assertRaisesRegex(UserError, "Narrow your selection"):
            self.export(self.reader, self.many)

    @mute_logger(*ACCESS, "odoo.addons.base.models.ir_rule")
    def test_nobody_approves_their_own(self):
        """Given an approver who asks, then another approver decides; others never."""
        self.approver.group_ids += self.env.ref("base.group_allow_export")
        request = self.request(self.approver, state="approved", user_id=self.other.id)
        self.assertEqual((request.state, request.user_id), ("draft", self.approver))
        request.action_request()
        self.assertFalse(request.can_be_decided)
        with self.assertRaisesRegex(UserError, "their own"):
            request.action_approve()
        with self.assertRaises(AccessError):
            request.with_user(self.other).action_approve()
        for vals in ({"state": "approved"}, {"row_count": 9}, {"reason": "x"}):
            with self.assertRaises(UserError):
                request.write(vals)
        with self.assertRaises(UserError):
            request.unlink()

    def test_lines_of_a_record_count(self):
        """Given one record with more lines than the cap, then refused as well."""
        for number in range(4):
            self.env["sensitive.test.line"].create(
                {"patient_id": self.patient.id, "name": str(number)}
            )
        with self.assertRaisesRegex(UserError, "4 lines, 3 are allowed"):
            self.export(self.other, self.patient, ["name", "line_ids/name"])


@tagged("post_install", "-at_install")
class TestExportFile(SensitiveCase, HttpCase):
    def export(self, kind, domain, **params):
        data = {
            "model": SAMPLE,
            "fields": [
                {"name": "name", "label": "Name", "type": "char"},
                {"name": "phone_masked", "label": "Phone", "type": "char"},
            ],
            "ids": False,
            "domain": domain,
            "import_compat": False,
        } | params
        self.authenticate("sd_other", "sd_other")
        return self.url_open(
            f"/web/export/{kind}",
            data={"data": json.dumps(data), "csrf_token": Request.csrf_token(self)},
        )

    def test_csv_is_watermarked_and_its_digest_is_in_the_trail(self):
        """Given a CSV export, then user, time and number in its last line, and its digest kept."""
        answer = self.export("csv", [["name", "=", "P1"]])
        rows = list(csv.reader(io.StringIO(answer.text)))
        self.assertEqual(rows[1], ["P1", "138****5678"])
        details = self.last("export").details
        self.assertIn("sd_other", rows[-1][0])
        self.assertIn(details["number"], rows[-1][0])
        self.assertEqual(details["sha256"], hashlib.sha256(answer.content).hexdigest())
        self.assertEqual((details["rows"], details["format"]), (1, "csv"))
        self.assertIn("P1", details["domain"])

    def test_xlsx_is_watermarked_beside_the_rows(self):
        answer = self.export("xlsx", [["name", "=", "P1"]])
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            text = "".join(
                book.read(name).decode() for name in book.namelist() if name.endswith(".xml")
            )
        number = self.last("export").details["number"]
        self.assertGreaterEqual(text.count(number), 3)
        self.assertIn("138****5678", text)
        grouped = self.export("xlsx", [["name", "=", "P1"]], groupby=["name"])
        self.assertEqual(grouped.status_code, 200)
        self.assertEqual(
            self.last("export").details["sha256"], hashlib.sha256(grouped.content).hexdigest()
        )

    def test_without_watermark_where_the_policy_says_so(self):
        self.env.ref("sensitive_data.policy_general").has_watermark = False
        rows = list(csv.reader(io.StringIO(self.export("csv", [["name", "=", "P1"]]).text)))
        self.assertEqual(len(rows), 2)

    @mute_logger(CONTROLLER, "odoo.http")
    def test_a_refusal_gives_no_file(self):
        self.env.ref("sensitive_data.policy_general").may_export = False
        answer = self.export("csv", [])
        self.assertEqual(answer.status_code, 500)
        self.assertNotIn("138", answer.text)


@tagged("post_install", "-at_install")
class TestPivotTable(SensitiveCase, HttpCase):
    """The file of a pivot view, which the browser makes up."""

    def export(self, login="sd_other", **changes):
        table = {
            "title": "Patients",
            "model": SAMPLE,
            "measure_count": 1,
            "col_group_headers": [[{"title": "Total", "width": 1, "height": 1}]],
            "measure_headers": [{"title": "Count", "is_bold": True}],
            "rows": [
                {"title": name, "indent": 0, "values": [{"value": 1}]}
                for name in ("Total", "P1", "P2")
            ],
        } | changes
        self.authenticate(login, login)
        return self.url_open(
            "/web/pivot/export_xlsx",
            data={"csrf_token": Request.csrf_token(self)},
            files={"data": ("blob", json.dumps(table), "application/json")},
        )

    def test_it_is_watermarked_and_told(self):
        """Given a person with a policy, then the file, marked, and an entry with its digest."""
        answer = self.export()
        self.assertEqual(answer.status_code, 200)
        entry = self.last("export")
        self.assertEqual((entry.user_id, entry.res_model), (self.other, SAMPLE))
        details = entry.details
        self.assertEqual((details["rows"], details["cells"]), (3, 3))
        self.assertEqual((details["format"], details["fields"]), ("pivot.xlsx", ["Count"]))
        self.assertEqual(details["sha256"], hashlib.sha256(answer.content).hexdigest())
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            text = "".join(book.read(name).decode() for name in book.namelist())
        self.assertIn(details["number"], text)
        self.assertIn("sd_other", text)
        usage = self.env["sensitive.usage"].search([("user_id", "=", self.other.id)], limit=1)
        self.assertEqual((usage.activity, usage.count), ("export", 3))

    @mute_logger("odoo.http", *ACCESS)
    def test_it_is_refused_as_other_exports_are(self):
        """Given no policy, too many rows or columns, or no such records, then no file."""
        before = self.last("export")
        answer = self.export("sd_enterer")
        self.assertEqual(answer.status_code, 500)
        self.assertIn("No export policy allows you to export", answer.text)
        self.assertIn("AccessError", answer.text)
        self.env.ref("sensitive_data.policy_general").row_cap = 2
        self.assertIn("3 lines, 2 are allowed", self.export().text)
        wide = {"rows": [{"title": "Total", "indent": 0, "values": [{"value": 1}] * 3}]}
        wide["measure_headers"] = [{"title": "Count", "is_bold": False}] * 3
        self.assertIn("3 lines, 2 are allowed", self.export(**wide).text)
        # Of a kind of record that the person cannot read: no matter what the table says.
        self.assertIn("AccessError", self.export(model="sensitive.key").text)
        for junk in ({"model": "no.such"}, {"model": ["a"]}, {"rows": 7}, {"rows": ["a"]}):
            answer = self.export(**junk)
            self.assertEqual(answer.status_code, 500, junk)
            self.assertIn("UserError", answer.text, junk)
        self.assertEqual(self.last("export"), before)
