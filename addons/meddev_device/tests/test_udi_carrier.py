from odoo.exceptions import ValidationError
from odoo.modules.module import load_script
from odoo.tests import tagged
from odoo.tools.misc import file_path

from ..models.meddev_udi import WARNING_TEXTS
from ..tools import udi
from .common import DeviceCase
from .test_device_import import ImportCase

GS = "\x1d"
DI = "06901234567892"
SHORT_DI = "6901234567892"
OTHER_DI = "16901234567899"
#: Nobody knows whether the serial is ABC, with an expiry date behind it.
DOUBTFUL = f"01{DI}1125010121ABC17270131"


@tagged("post_install", "-at_install")
class TestDoubtfulCarrier(DeviceCase):
    """A carrier that may lack a separator gives no serial, batch or expiry date away."""

    def test_only_what_all_readings_say_is_stored(self):
        for name in ("ABC17270131", "ABC"):
            device = self._as("intake", self.env["stock.lot"]).create(
                {"name": name, "product_id": self.monitor.id, "udi_carrier": DOUBTFUL}
            )
            self.assertEqual((device.udi_di, device.udi_carrier), (DI, DOUBTFUL))
            self.assertEqual(str(device.production_date), "2025-01-01")
            self.assertFalse(device.expiry_date)
            self.assertIn("separator_ambiguous", device.udi_warnings)
        with self.assertRaisesRegex(ValidationError, "XYZ.*ABC17270131 / ABC"):
            self._device("XYZ", udi_carrier=DOUBTFUL)

    def test_a_batch_is_not_guessed(self):
        device = self._device("SN-1", udi_carrier=f"01{DI}10LOT717270131")
        self.assertFalse(device.batch_number or device.expiry_date)
        lots = self._as("parts", self.env["stock.lot"])
        vals = {"product_id": self.reagent.id, "udi_carrier": f"01{OTHER_DI}10LOT717270131"}
        batch = lots.create(vals | {"name": "LOT7", "expiry_date": "2027-01-31"})
        self.assertFalse(batch.batch_number)
        self.assertEqual(str(batch.expiry_date), "2027-01-31")

    def test_the_new_form_takes_the_reading_that_was_chosen(self):
        reader = self._as("intake", self.env["meddev.udi"])
        unchosen = reader.new_device(DOUBTFUL)["context"]
        self.assertEqual(unchosen["default_udi_di"], DI)
        self.assertFalse(unchosen.keys() & {"default_name", "default_expiry_date"})
        chosen = reader.new_device(DOUBTFUL, 0)["context"]
        self.assertEqual(
            (chosen["default_name"], chosen["default_expiry_date"]), ("ABC", "2027-01-31")
        )
        device = self._as("intake", self.env["stock.lot"]).with_context(**chosen).create({})
        self.assertEqual((device.name, str(device.expiry_date)), ("ABC", "2027-01-31"))

    def test_a_scan_that_may_mean_two_devices_asks(self):
        plain = self._device("ABC17270131", udi_di=DI)
        reader = self._as("intake", self.env["meddev.udi"])
        self.assertEqual(reader.find(DOUBTFUL)["status"], "one")
        split = self._device("ABC", udi_di=DI)
        answer = reader.find(DOUBTFUL)
        self.assertEqual(answer["status"], "choose")
        self.assertEqual({found["id"] for found in answer["devices"]}, {plain.id, split.id})

    def test_loading_warns_with_the_remedy(self):
        rows = [
            {"udi_carrier": DOUBTFUL, "serial": "ABC"},
            {"udi_carrier": f"01{DI}21SN-2{GS}17270131", "serial": "SN-2"},
            {"udi_carrier": DOUBTFUL, "serial": "XYZ"},
        ]
        results = self._as("intake", self.env["stock.lot"]).load_devices(rows)
        self.assertEqual([r["status"] for r in results], ["created", "created", "refused"])
        self.assertIn("separators", results[0]["warning"])
        self.assertFalse(results[1]["warning"] or results[2]["warning"])
        self.assertEqual(results[2]["field"], "udi_carrier")
        devices = self.env["stock.lot"].browse([r["id"] for r in results[:2]])
        self.assertFalse(devices[0].expiry_date)
        self.assertEqual(str(devices[1].expiry_date), "2027-01-31")


@tagged("post_install", "-at_install")
class TestOneSpelling(DeviceCase):
    """A GTIN is the same with and without zeros in front, wherever it is typed."""

    def test_a_product_keeps_14_digits_and_is_found_by_any(self):
        identifiers = self._as("quality", self.env["meddev.udi.di"])
        template = self.reagent.product_tmpl_id
        short = identifiers.create({"product_tmpl_id": template.id, "di": " 40170725 "})
        self.assertEqual(short.di, "00000040170725")
        with self.assertRaisesRegex(ValidationError, "Test Reagent"):
            identifiers.create({"product_tmpl_id": template.id, "di": "0000040170725"})
        with self.assertRaisesRegex(ValidationError, "Test Monitor"):
            short.write({"di": SHORT_DI})
        wrong = identifiers.create({"product_tmpl_id": template.id, "di": "6901234567893"})
        self.assertEqual(wrong.di, "6901234567893", "no GTIN: the check digit is wrong")
        ahm = {"product_tmpl_id": template.id, "di": "6936983800013", "issuer": "ahm"}
        other = identifiers.create(ahm)
        self.assertEqual(other.di, ahm["di"])
        (other | wrong).write({"issuer": "gs1"})
        self.assertEqual((other.di, wrong.di), ("06936983800013", "6901234567893"))
        self.assertEqual(
            set(identifiers._find_products([SHORT_DI, "40170725", "x"])), {SHORT_DI, "40170725"}
        )

    def test_devices_keep_14_digits_and_are_found_by_any(self):
        device = self._device("SN-1", udi_di=SHORT_DI)
        self.assertEqual(device.udi_di, DI)
        device.write({"udi_di": False})
        device.write({"udi_di": SHORT_DI})
        self.assertEqual(device.udi_di, DI)
        lots = self._as("dispatcher", self.env["stock.lot"])
        for text in (SHORT_DI, DI):
            self.assertIn(device, lots.search([("device_search", "ilike", text)]))
        other = self.env["product.product"].create(
            self._prepare_product_vals("Other Monitor", tracking="serial")
        )
        with self.assertRaisesRegex(ValidationError, "Test Monitor"):
            self._device("SN-2", product_id=other.id, udi_di=SHORT_DI)

    def test_rows_name_the_product_in_any_spelling(self):
        rows = [{"serial": f"SN-{di}", "udi_di": di} for di in (SHORT_DI, DI)]
        load = self._as("intake", self.env["stock.lot"]).load_devices
        self.assertEqual([r["status"] for r in load(rows)], ["created"] * 2)
        self.assertEqual([r["status"] for r in load(rows)], ["unchanged"] * 2)

    def test_stored_spellings_are_completed_on_update(self):
        """Given short GTINs on record, they get 14 digits; a product's pair stays, and is named."""
        path = file_path("meddev_device/migrations/19.0.1.2.0/post-di_spelling.py")
        migrate = load_script(path, "migration_of_di_spelling").migrate
        template = self.reagent.product_tmpl_id
        rows = self.env["meddev.udi.di"].create(
            [{"product_tmpl_id": template.id, "di": f"X{number}"} for number in range(5)]
        )
        lots = self.env["stock.lot"].create(
            [{"name": f"L-{number}", "product_id": self.cable.id} for number in range(4)]
        )
        self.env.flush_all()
        stored = [SHORT_DI, "A99912345", "6936983800013", "00000000", "4017072000193"]
        for row, di in zip(rows, stored, strict=True):
            self.env.cr.execute("UPDATE meddev_udi_di SET di = %s WHERE id = %s", [di, row.id])
        lot_values = [SHORT_DI, "4017072000193", "16901234567899", "no digits"]
        for lot, di in zip(lots, lot_values, strict=True):
            self.env.cr.execute("UPDATE stock_lot SET udi_di = %s WHERE id = %s", [di, lot.id])
        with self.assertLogs("migration_of_di_spelling", "WARNING") as logs:
            migrate(self.env.cr, "19.0.1.1.0")
        self.env.invalidate_all()
        self.assertEqual(len(logs.output), 1)
        self.assertIn(f"UDI-DI {SHORT_DI} ", logs.output[0])
        self.assertEqual(
            rows.mapped("di"),
            [SHORT_DI, "A99912345", "06936983800013", "00000000", "04017072000193"],
        )
        self.assertEqual(
            lots.mapped("udi_di"), [SHORT_DI, "04017072000193", "16901234567899", "no digits"]
        )
        migrate(self.env.cr, False)


@tagged("post_install", "-at_install")
class TestCarrierAndItsParts(DeviceCase):
    """The carrier, the number and the DI of a device agree; parts come and go with the carrier."""

    def _carrier(self, serial, expiry="300101", batch=None):
        return f"(01){DI}(17){expiry}(21){serial}" + (f"(10){batch}" if batch else "")

    def test_the_di_of_another_product_beside_a_carrier_is_refused(self):
        carrier = f"(01){OTHER_DI}(21)X1"
        with self.assertRaisesRegex(ValidationError, f"X1.*{OTHER_DI}.*{DI}"):
            self._device("X1", udi_di=DI, udi_carrier=carrier)
        device = self._device("X2", udi_di=SHORT_DI, udi_carrier=self._carrier("X2"))
        with self.assertRaisesRegex(ValidationError, f"{DI}.*{OTHER_DI}"):
            device.write({"udi_di": OTHER_DI})

    def test_a_device_is_not_renamed_under_its_carrier(self):
        device = self._as("quality", self._device("X3", udi_carrier=self._carrier("X3")))
        with self.assertRaisesRegex(ValidationError, "X9.*X3"):
            device.write({"name": "X9"})
        device.write({"name": "ｘ 3"})
        device.write({"name": "X9", "udi_carrier": self._carrier("X9")})
        device.write({"udi_carrier": False, "name": "X8"})
        self.assertEqual(device.name, "X8")

    def test_emptying_the_carrier_empties_what_it_brought(self):
        carrier = "(01)06901234567890(17)300100(10)B7(21)X1"
        device = self._as("intake", self._device("X1", udi_carrier=carrier))
        self.assertEqual(device.udi_check_status, "mismatch")
        device.write({"udi_carrier": False})
        self.assertFalse(device.udi_check_status or device.udi_warnings)
        self.assertFalse(device.batch_number or device.expiry_date)
        self.assertIn("2030-01-31", self._latest(device).summary)

    def test_a_new_carrier_takes_the_old_dates_along_and_leaves_typed_ones(self):
        device = self._device("X1", udi_carrier=self._carrier("X1", "200101", batch="B7"))
        self.assertTrue(device.is_expired)
        device.write({"udi_carrier": f"(01){DI}(21)X1"})
        self.assertFalse(device.is_expired or device.expiry_date or device.batch_number)
        device.write({"expiry_date": "2031-05-01", "batch_number": "B8"})
        device.write({"udi_carrier": f"(01){DI}(11)250101(21)X1"})
        self.assertEqual(str(device.expiry_date), "2031-05-01")
        self.assertEqual((device.batch_number, str(device.production_date)), ("B8", "2025-01-01"))
        device.write({"udi_carrier": self._carrier("X1"), "expiry_date": "2032-05-01"})
        self.assertEqual(str(device.expiry_date), "2032-05-01")
        self.assertFalse(device.production_date)
        device.write({"udi_carrier": self._carrier("X1")})
        self.assertEqual(str(device.expiry_date), "2032-05-01", "the same carrier again")

    def test_many_lots_lose_their_own_parts(self):
        devices = self.env["stock.lot"]
        for serial in ("X1", "X2"):
            carrier = self._carrier(serial, batch=f"B{serial}")
            devices |= self._device(serial, udi_carrier=carrier)
        devices[1].batch_number = "typed"
        devices.write({"udi_carrier": False})
        self.assertEqual(devices.mapped("batch_number"), [False, "typed"])

    def test_loading_keeps_separators_and_what_the_row_says(self):
        load = self._as("intake", self.env["stock.lot"]).load_devices
        carrier = f"{GS}01{DI}10B7{GS}21X1{GS}"
        row = {"serial": "X1", "udi_carrier": f" {carrier}\r\n"}
        (result,) = load([row])
        device = self.env["stock.lot"].browse(result["id"])
        self.assertEqual((device.udi_carrier, device.batch_number), (carrier, "B7"))
        self.assertEqual(load([row])[0]["status"], "unchanged")
        load([{"serial": "X1", "udi_carrier": f"(01){DI}(21)X1", "batch_number": "B7"}])
        self.assertEqual(device.batch_number, "B7")


@tagged("post_install", "-at_install")
class TestCarrierInFiles(ImportCase):
    """What a file says of carriers."""

    def test_separators_at_the_ends_stay_and_doubts_are_shown(self):
        table = [["serial", "udi_carrier"], ["ABC", DOUBTFUL], ["X1", f"{GS}01{DI}21X1{GS}"]]
        wizard = self._import(table)
        self.assertEqual(self._counts(wizard), (2, 0, 0, 0))
        self.assertTrue(wizard.warnings.startswith("Row 2:"))
        self.assertEqual(len(wizard.warnings.splitlines()), 1)
        device = self.env["stock.lot"].search([("name", "=", "X1")])
        self.assertEqual(device.udi_carrier, table[2][1])


@tagged("post_install", "-at_install")
class TestWarningText(DeviceCase):
    """People read sentences, records keep codes."""

    def test_every_code_has_a_sentence_without_gaps(self):
        sentences = self.env["meddev.udi"]._describe_warnings(list(WARNING_TEXTS))
        self.assertEqual(len(sentences), len(udi.WARNINGS))
        for sentence in sentences:
            self.assertNotIn("%", sentence)
            self.assertIn(" ", sentence)

    def test_codes_come_as_list_or_text(self):
        describe = self.env["meddev.udi"]._describe_warnings
        expected = describe(["check_mismatch", "day_unspecified"])
        self.assertEqual(len(expected), 2)
        for text in ("check_mismatch, day_unspecified", "check_mismatch\n\nday_unspecified"):
            self.assertEqual(describe(text), expected)
        self.assertEqual(describe("Read by hand, then kept."), ["Read by hand, then kept."])
        self.assertEqual([describe(False), describe("")], [[], []])

    def test_a_device_shows_sentences_in_the_users_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        device = self._device("X1", udi_carrier="(01)06901234567890(17)300100(21)X1")
        self.assertEqual(device.udi_warnings, "check_mismatch, day_unspecified")
        device = self._as("engineer", device)
        self.assertEqual(len(device.udi_warning_text.splitlines()), 2)
        self.assertNotIn("check_mismatch", device.udi_warning_text)
        device = self._as("engineer", self._device("X2", udi_carrier=DI))
        chinese = device.with_context(lang="zh_CN").udi_warning_text
        self.assertEqual(device.udi_warning_text, "The code is a bare item number.")
        self.assertNotEqual(chinese, device.udi_warning_text)
