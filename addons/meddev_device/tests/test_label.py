import re

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import HttpCase, tagged

from ..models.res_company import SYMBOLOGY_DATA_MATRIX, SYMBOLOGY_QR
from ..report.device_label import _DataMatrix
from .common import DeviceCase

REPORT = "meddev_device.device_label"


@tagged("post_install", "-at_install")
class TestLabel(DeviceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.devices = cls.env["stock.lot"].create(
            [
                {"name": name, "product_id": cls.monitor.id, "origin": "legacy"}
                for name in ("LB-1", "LB-2")
            ]
        )

    def _render(self, devices, role="engineer"):
        reports = self.env["ir.actions.report"].with_user(self.users[role])
        return reports._render_qweb_html(REPORT, devices.ids)[0].decode()

    def test_label_shows_the_device_and_hides_it_in_the_symbol(self):
        html = self._render(self.devices)
        for text in ("LB-1", "LB-2", "Test Monitor", "Test Maker", "TM-1"):
            self.assertIn(text, html)
        self.assertEqual(html.count('class="o_meddev_label"'), 2)
        token = self.devices[0].token_ids
        url = self.devices[0]._get_label_url(token)
        self.assertEqual(url.rsplit("/", 1)[1], token.token)
        self.assertNotIn("LB-1", url)
        self.assertNotIn(str(self.devices[0].id), url.replace(token.token, ""))

    def test_printing_again_keeps_the_token(self):
        self._render(self.devices)
        tokens = self.devices.token_ids
        self._render(self.devices)
        self.assertEqual(self.devices.token_ids, tokens)
        self.assertEqual(len(tokens), 2)

    def test_print_action_serves_one_and_many(self):
        for devices in (self.devices[0], self.devices):
            action = self._as("parts", devices).action_print_label()
            self.assertEqual(action["report_name"], REPORT)
            self.assertEqual(len(devices.token_ids), len(devices))

    def test_intake_agent_prints_no_label(self):
        with self.assertRaises(AccessError):
            self._as("intake", self.devices).action_print_label()
        with self.assertRaises(AccessError):
            self._render(self.devices, "intake")

    def test_batch_has_no_label(self):
        batch = self.env["stock.lot"].create({"name": "B", "product_id": self.reagent.id})
        with self.assertRaises(ValidationError):
            batch.action_print_label()

    def test_rotation_keeps_the_old_token_for_reports_until_revoked(self):
        device = self.devices[0]
        old = device._get_label_tokens()[device]
        action = self._as("quality", device).action_rotate_label()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(old.state, "report_only")
        self.assertTrue(old.rotated_at)
        new = device._get_label_tokens()[device]
        self.assertNotEqual(new, old)
        self.assertNotEqual(new.token, old.token)
        self.assertEqual(self._latest(device).kind, "identity")
        self._as("quality", old).action_revoke()
        self.assertRecordValues(old + new, [{"state": "revoked"}, {"state": "active"}])

    def test_timeline_tells_what_became_of_a_label_and_not_its_word(self):
        """However a label is replaced or revoked, the timeline says so, by whom; the first is
        no news."""
        device = self._as("parts", self.devices[0])
        entered = len(device.event_ids)
        device.action_print_label()
        self.assertEqual(len(device.event_ids), entered)
        device.action_rotate_label()
        device.token_ids.filtered(lambda token: token.state == "active").action_revoke()
        device._rotate_tokens()
        events = device.event_ids.sorted("id")[entered:]
        self.assertEqual(
            events.mapped("summary"),
            [
                "Label replaced; the former one can only report.",
                "Label revoked.",
                "New label; the former one was revoked.",
            ],
        )
        self.assertEqual(events.user_id, self.users["parts"])
        self.assertEqual(set(events.mapped("kind")), {"identity"})
        told = str(events.read(["summary", "data", "title"]))
        for word in device.token_ids.mapped("token"):
            self.assertNotIn(word, told)
        # A token made over RPC is told of like one of the button's.
        device.token_ids.filtered(lambda token: token.state == "active").action_revoke()
        self.env.flush_all()
        device.env["meddev.device.token"].create({"lot_id": device.id})
        self.assertIn("New label", self._latest(device).summary)

    def test_auditor_neither_replaces_nor_revokes_a_label(self):
        device = self.devices[0]
        device._rotate_tokens()
        for records in (device, device.token_ids):
            with self.subTest(model=records._name), self.assertRaises(AccessError):
                records = self._as("auditor", records)
                records.action_revoke() if "token" in records else records.action_rotate_label()

    def test_symbols_are_drawn_for_both_settings(self):
        report = self.env["report.meddev_device.device_label"]
        text = "https://service.example.com/meddev/d/" + "Ab_-" * 8
        qr_code = report._draw_symbol(SYMBOLOGY_QR, text)
        data_matrix = report._draw_symbol(SYMBOLOGY_DATA_MATRIX, text)
        self.assertIn('viewBox="0 0 48 48"', data_matrix, "44 modules and a margin of 2")
        for picture in (qr_code, data_matrix):
            self.assertTrue(re.match(r"<svg .*</svg>$", picture))
            self.assertNotIn(text, picture)
        self.env.company.meddev_label_symbology = SYMBOLOGY_DATA_MATRIX
        self.assertIn("data:image/svg+xml;base64,", self._render(self.devices[0]))

    def test_data_matrix_encodes_a_colon(self):
        """Known defect of ReportLab: ``:`` was encoded as ``^``; C40 shift 2, value 15."""
        self.assertEqual(_DataMatrix("")._encode_c40_char(":"), [1, 15])
        self.assertEqual(_DataMatrix("")._encode_c40_char("@"), [1, 21])
        self.assertEqual(_DataMatrix("")._encode_c40_char("/"), [1, 14])

    def test_too_long_an_address_is_refused_clearly(self):
        report = self.env["report.meddev_device.device_label"]
        with self.assertRaisesRegex(Exception, "too long"):
            report._draw_symbol(SYMBOLOGY_DATA_MATRIX, "https://x/" + "a" * 300)

    def test_query_count_does_not_grow_per_label(self):
        many = self.env["stock.lot"].create(
            [
                {"name": f"LM-{number}", "product_id": self.monitor.id, "origin": "legacy"}
                for number in range(22)
            ]
        )
        (self.devices | many)._get_label_tokens()
        values = self.env["report.meddev_device.device_label"]
        counts = []
        for devices in (many[:2], many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            values._get_report_values(devices.ids)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 3)


@tagged("post_install", "-at_install")
class TestLabelPage(DeviceCase, HttpCase):
    def test_page_is_the_same_for_every_word(self):
        """Given a known, an old, a revoked and an unknown word, then nobody sees a difference."""
        device = self._device("LP-1")
        words = [device._rotate_tokens().token for _round in range(3)]
        device.token_ids[-1].action_revoke()
        pages = [self.url_open(f"/meddev/d/{word}") for word in [*words, "x", "y" * 200]]
        self.assertEqual({page.status_code for page in pages}, {200})
        for page in pages:
            self.assertNotIn("LP-1", page.text)
            self.assertNotIn("Test Monitor", page.text)
            self.assertEqual(page.headers["Cache-Control"], "no-store")
            self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
            self.assertIn("noindex", page.headers["X-Robots-Tag"])
            self.assertEqual(page.text, pages[0].text)

    def test_page_speaks_both_languages(self):
        page = self.url_open("/meddev/d/anything").text
        self.assertIn("请联系售后服务", page)
        self.assertIn("Please contact the service", page)
