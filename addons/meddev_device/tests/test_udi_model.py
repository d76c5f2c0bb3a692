import base64
import json
import math
import random
import xmlrpc.client

from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, new_test_user, tagged

from ..models.meddev_udi import FIELD_TEXTS, REASON_TEXTS, WARNING_TEXTS
from ..tools import udi
from .common import DeviceCase

GS = "\x1d"
DI = "06901234567892"
KEYS = {
    "issuer",
    "di",
    "serial",
    "lot",
    "production_date",
    "expiry_date",
    "software_version",
    "check_status",
    "warnings",
    "candidates",
    "raw",
}
GARBAGE = [
    None,
    False,
    True,
    0,
    7,
    10**30,
    -(10**12),
    3.5,
    math.nan,
    math.inf,
    "",
    "   ",
    "x" * 5000,
    "\x00\x01",
    "\ud800",
    "\uffff",
    "🩻" * 40,
    b"\xff\xfe",
    b"",
    [],
    [None, {"a": None}],
    {"a": {1: 2}},
    object(),
    "(01)",
    "]d2",
    "+",
    "=",
    "MA.",
    "%s %(x)s %",
]


@tagged("post_install", "-at_install")
class TestUdiParse(DeviceCase):
    def _parse(self, carrier, **context):
        return self.env["meddev.udi"].with_context(**context).parse(carrier)

    def test_gs1_carrier_is_read(self):
        reading = self._parse(f"01{DI}11260101172812312110SN-1{GS}10LOT7")
        self.assertEqual(set(reading), KEYS)
        self.assertEqual(reading["issuer"], "gs1")
        self.assertEqual(reading["di"], DI)
        self.assertEqual(reading["production_date"], "2026-01-01")
        self.assertEqual(reading["expiry_date"], "2028-12-31")
        self.assertEqual(reading["check_status"], "ok")

    def test_garbage_is_answered_and_can_be_sent(self):
        """Given anything, then a complete answer that JSON and XML-RPC can carry."""
        for carrier in GARBAGE:
            with self.subTest(carrier=repr(carrier)[:40]):
                reading = self._parse(carrier)
                self.assertEqual(set(reading), KEYS)
                json.dumps(reading, ensure_ascii=False, allow_nan=False).encode()
                self.assertTrue(reading["warnings"] or reading["issuer"])
                xmlrpc.client.dumps((reading,), allow_none=False)

    def test_random_garbage_never_raises(self):
        generator = random.Random(20261121)
        alphabet = f"0123456789()]+=.{GS}ABab%/$MA第１ \x00\ud83d"
        for _round in range(400):
            text = "".join(generator.choices(alphabet, k=generator.randrange(60)))
            self.assertEqual(set(self._parse(text)), KEYS)

    def test_raw_text_is_kept(self):
        carrier = f"]d201{DI}21A 1{GS}10L "
        self.assertEqual(self._parse(carrier)["raw"], carrier)
        self.assertEqual(self._parse(carrier.encode())["raw"], carrier)

    def test_warnings_are_sentences_in_the_users_language(self):
        english = self._parse("no such code")["warnings"]
        self.assertEqual(english, [udi.WARNINGS["unrecognised"]])
        self.env["res.lang"]._activate_lang("zh_CN")
        chinese = self._parse("no such code", lang="zh_CN")["warnings"]
        self.assertNotEqual(chinese, english)

    def test_every_warning_and_reason_has_its_sentence(self):
        self.assertEqual(
            {code: str(text._source) for code, text in WARNING_TEXTS.items()}, udi.WARNINGS
        )
        self.assertEqual(set(FIELD_TEXTS), set(udi.VALUE_KEYS))
        reading = self._parse(f"01{DI}21ABC10LOT")
        self.assertTrue(reading["candidates"])
        for candidate in reading["candidates"]:
            self.assertIn(candidate["reason"], REASON_TEXTS)
            self.assertTrue(candidate["explanation"])

    def test_explain_adds_stable_codes(self):
        answer = self.env["meddev.udi"].explain("01069012345678932110")
        self.assertIn("check_mismatch", [detail["code"] for detail in answer["details"]])
        json.dumps(answer)

    def test_fullwidth_number_offers_its_reading(self):
        reading = self._parse("".join(chr(ord(digit) + 0xFEE0) for digit in DI))
        self.assertFalse(reading["issuer"])
        self.assertEqual(reading["candidates"][0]["di"], DI)


@tagged("post_install", "-at_install")
class TestUdiFind(DeviceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device = cls.env["stock.lot"].create(
            {
                "name": "SN-1001",
                "product_id": cls.monitor.id,
                "origin": "legacy",
                "customer_id": cls.hospital.id,
            }
        )

    def _find(self, carrier, role="dispatcher", **kwargs):
        return self.env["meddev.udi"].with_user(self.users[role]).find(carrier, **kwargs)

    def _scan(self, carrier, role="dispatcher", **kwargs):
        return self.env["meddev.udi"].with_user(self.users[role]).scan(carrier, **kwargs)

    def _found(self, answer):
        return [match["id"] for match in answer["devices"] + answer["lots"]]

    def test_serial_in_any_spelling_opens_the_device(self):
        for text in ("SN-1001", " sn-1001\n", "ＳＮ－１００１", "sn 1001".replace(" ", "–")):
            with self.subTest(text=text):
                answer = self._find(text)
                self.assertEqual(answer["status"], "one")
                self.assertEqual(self._found(answer), self.device.ids)
                self.assertEqual(self._scan(text)["res_id"], self.device.id)

    def test_alias_opens_the_device(self):
        self.env["meddev.device.alias"].create({"lot_id": self.device.id, "value": "HOSP 0042"})
        answer = self._find("hosp0042")
        self.assertEqual(self._found(answer), self.device.ids)
        self.assertEqual(answer["devices"][0]["matched_by"], "alias")

    def test_carrier_opens_the_device(self):
        answer = self._find(f"]d201{DI}1126010121SN-1001{GS}10L7")
        self.assertEqual(answer["status"], "one")
        self.assertEqual(self._found(answer), self.device.ids)
        self.assertEqual(answer["devices"][0]["matched_by"], "udi")
        json.dumps(answer)

    def test_di_of_a_package_and_in_other_length_names_the_product(self):
        self.env["meddev.udi.di"].create(
            {
                "product_tmpl_id": self.monitor.product_tmpl_id.id,
                "di": "16901234567899",
                "packaging_level": "carton",
                "contains_quantity": 4,
            }
        )
        answer = self._find(f"(01)16901234567899(21)SN-1001{GS}")
        self.assertEqual(self._found(answer), self.device.ids)
        self.assertEqual(answer["product"]["packaging_level"], "carton")
        self.assertEqual(answer["product"]["contains_quantity"], 4)
        self.di.di = DI[1:]
        self.assertEqual(self._find(f"01{DI}")["product"]["id"], self.monitor.id)

    def test_serial_that_looks_like_a_code_is_a_serial_first(self):
        plain = self._device("2100123")
        other = self._device("00123")
        self.assertEqual(self._found(self._find("2100123")), plain.ids)
        plain.name = "X2100123"
        answer = self._find("2100123")
        self.assertEqual(answer["status"], "choose", "nothing proves that 21 is an identifier")
        self.assertEqual(self._found(answer), other.ids)

    def test_several_matches_open_a_list(self):
        product = self.env["product.product"].create(
            {
                "name": "Other Monitor",
                "is_storable": True,
                "tracking": "serial",
                "is_medical_device": True,
            }
        )
        twin = self._device("SN-1001", product_id=product.id)
        answer = self._find("SN-1001")
        self.assertEqual(answer["status"], "several")
        action = self._scan("SN-1001")
        found = self.env["stock.lot"].search(action["domain"])
        self.assertEqual(found, self.device | twin)

    def test_unknown_serial_of_known_product_offers_creation(self):
        carrier = f"01{DI}112601011728123121SN-2002{GS}10L7"
        action = self._scan(carrier, "intake")
        context = action["context"]
        self.assertEqual(action["res_model"], "stock.lot")
        self.assertFalse(action["res_id"])
        self.assertEqual(context["default_name"], "SN-2002")
        self.assertEqual(context["default_product_id"], self.monitor.id)
        self.assertEqual(context["default_udi_carrier"], carrier)
        self.assertEqual(context["default_expiry_date"], "2028-12-31")
        lots = self.env["stock.lot"].with_user(self.users["intake"]).with_context(**context)
        device = Form(lots, "meddev_device.device_view_form").save()
        self.assertRecordValues(
            device,
            [{"name": "SN-2002", "udi_di": DI, "batch_number": "L7", "udi_check_status": "ok"}],
        )

    def test_role_without_the_right_is_not_offered_creation(self):
        answer = self._find(f"01{DI}21SN-2002{GS}", "dispatcher")
        self.assertEqual((answer["status"], answer["can_create"]), ("new", False))
        action = self._scan(f"01{DI}21SN-2002{GS}", "dispatcher")
        self.assertEqual(action["tag"], "meddev_device.scan")
        with self.assertRaises(AccessError):
            self.env["meddev.udi"].with_user(self.users["dispatcher"]).new_device("x")

    def test_bare_di_lists_the_products_devices(self):
        self.assertEqual(self._find(DI)["status"], "product")
        action = self._scan(f"(01){DI}")
        self.assertIn(self.device, self.env["stock.lot"].search(action["domain"]))

    def test_batch_lot_is_found_by_di_and_lot(self):
        self.env["meddev.udi.di"].create(
            {"product_tmpl_id": self.reagent.product_tmpl_id.id, "di": "06901234567908"}
        )
        batch = self.env["stock.lot"].create({"name": "L-77", "product_id": self.reagent.id})
        answer = self._find(f"010690123456790810L-77{GS}17281231")
        self.assertEqual([match["id"] for match in answer["lots"]], batch.ids)
        self.assertEqual(answer["status"], "one")

    def test_lost_separator_is_never_guessed(self):
        """Given no FNC1 between serial and lot, then the person chooses, and the choice opens."""
        carrier = f"01{DI}21SN-100110LOT7"
        answer = self._find(carrier)
        self.assertEqual(answer["status"], "choose")
        self.assertIn(self.device.id, self._found(answer))
        choice = next(
            index
            for index, candidate in enumerate(answer["reading"]["candidates"])
            if candidate["serial"] == "SN-1001"
        )
        chosen = self._find(carrier, choice=choice)
        self.assertEqual((chosen["status"], self._found(chosen)), ("one", self.device.ids))
        self.assertEqual(self._scan(carrier, choice=choice)["res_id"], self.device.id)

    def test_serial_under_an_unknown_di_is_only_proposed(self):
        answer = self._find(f"010401234567890121SN-1001{GS}")
        self.assertEqual(answer["status"], "choose")
        self.assertEqual(answer["devices"][0]["matched_by"], "serial_only")

    def test_unreadable_carrier_on_file_opens_its_device(self):
        self.device.udi_carrier = "AHM|88123|unknown layout"
        self.assertEqual(self._found(self._find("AHM|88123|unknown layout")), self.device.ids)

    def test_own_label_opens_the_device(self):
        token = self.device._rotate_tokens()
        url = self.device._get_label_url(token)
        self.assertEqual(self._found(self._find(url)), self.device.ids)
        self.assertEqual(self._find(url[:-1] + "?")["status"], "none")

    def test_garbage_finds_nothing_and_does_not_fail(self):
        for carrier in GARBAGE:
            with self.subTest(carrier=repr(carrier)[:40]):
                answer = self._find(carrier)
                self.assertFalse(self._found(answer))
                json.dumps(answer, allow_nan=False)
                json.dumps(self._scan(carrier), allow_nan=False)

    def test_other_company_stays_hidden(self):
        company = self.env["res.company"].create({"name": "Other Company"})
        self.env["stock.lot"].create(
            {
                "name": "HIDDEN-1",
                "product_id": self.monitor.id,
                "origin": "legacy",
                "company_id": company.id,
            }
        )
        self.assertEqual(self._find("HIDDEN-1")["status"], "none")

    def test_user_without_after_sales_role_is_refused(self):
        with self.assertRaises(AccessError):
            self._find("SN-1001", "outsider")

    def test_query_count_does_not_grow_with_the_ledger(self):
        """The look-up is index work: as many queries with one device as with sixty."""
        self._find("SN-1001")
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self._find("SN-1001")
        few = self.env.cr.sql_log_count - before
        self.env["stock.lot"].create(
            [
                {"name": f"MANY-{number}", "product_id": self.monitor.id, "origin": "legacy"}
                for number in range(60)
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self._find("SN-1001")
        self.assertLessEqual(self.env.cr.sql_log_count - before, few + 2)


@tagged("post_install", "-at_install")
class TestUdiRpc(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.employee = new_test_user(cls.env, "udi_employee", "base.group_user")
        cls.partner_user = new_test_user(cls.env, "udi_partner", "base.group_portal")

    def _json2(self, user, method, body):
        key = (
            self.env["res.users.apikeys"]
            .with_user(user)
            .sudo()
            ._generate("rpc", "test", self.env.cr.now().replace(year=2100))
        )
        return self.url_open(
            f"/json/2/meddev.udi/{method}",
            data=json.dumps(body),
            headers={
                "Authorization": f"bearer {key}",
                "Content-Type": "application/json",
            },
        )

    def _xmlrpc(self, user, method, *arguments):
        return self.xmlrpc_object.execute_kw(
            self.env.cr.dbname, user.id, user.login, "meddev.udi", method, list(arguments)
        )

    def test_json2_keeps_the_separator(self):
        carrier = f"01{DI}21A1{GS}10L"
        for user in (self.employee, self.partner_user):
            response = self._json2(user, "parse", {"carrier": carrier})
            self.assertEqual(response.status_code, 200, response.text)
            self.assertEqual(response.json()["raw"], carrier)
            self.assertEqual(response.json()["serial"], "A1")

    def test_json2_answers_anything(self):
        for carrier in (None, 12, 10**25, [], {"a": None}, "\ud800", "\x00", "x" * 9000):
            response = self._json2(self.employee, "parse", {"carrier": carrier})
            self.assertEqual(response.status_code, 200, response.text)
            self.assertEqual(set(response.json()), KEYS)

    def test_json2_refuses_find_to_those_without_a_role(self):
        response = self._json2(self.employee, "find", {"carrier": "SN"})
        self.assertEqual(response.status_code, 403)

    def test_xmlrpc_answers_anything_that_it_can_send(self):
        for carrier in (
            "",
            "no code",
            12,
            -5,
            2.5,
            True,
            [],
            ["a"],
            {"a": "b"},
            "设备",
            "x" * 9000,
        ):
            self.assertEqual(set(self._xmlrpc(self.employee, "parse", carrier)), KEYS)

    def test_xmlrpc_takes_the_separator_as_base64(self):
        """XML 1.0 has no 0x1D: it goes in as bytes, and Odoo drops it from texts going out."""
        carrier = f"01{DI}21A1{GS}10L"
        for user in (self.employee, self.partner_user):
            reading = self._xmlrpc(user, "parse", xmlrpc.client.Binary(carrier.encode()))
            self.assertEqual((reading["serial"], reading["lot"]), ("A1", "L"))
            self.assertEqual(reading["raw"], carrier.replace(GS, ""))
        with self.assertRaises(xmlrpc.client.Fault):
            self._xmlrpc(self.employee, "parse", carrier)

    def test_xmlrpc_takes_a_printed_separator(self):
        reading = self._xmlrpc(self.employee, "parse", f"01{DI}21A1␝10L")
        self.assertEqual((reading["serial"], reading["lot"]), ("A1", "L"))
        self.assertTrue(reading["warnings"])

    def test_binary_of_other_encodings_is_read(self):
        reading = self._xmlrpc(
            self.employee, "parse", xmlrpc.client.Binary(base64.b64decode("/w=="))
        )
        self.assertEqual(reading["raw"], "ÿ")
