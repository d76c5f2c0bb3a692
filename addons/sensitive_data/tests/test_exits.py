import hashlib
import io
import zipfile

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SAMPLE, VALUES, SensitiveCase

#: What a browser sends when a person opens an address.
OPENED = {
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-User": "?1",
}


@tagged("post_install", "-at_install")
class TestExits(SensitiveCase, HttpCase):
    """Files of core beside the export dialogue: by policy, marked, told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env.ref("sensitive_data.policy_general")
        cls.contacts = cls.env["res.partner"].create([{"name": "Card One"}, {"name": "Card Two"}])
        # Who may read contacts and lacks the right to export.
        cls.plain = new_test_user(cls.env, "sd_plain", "base.group_user")

    def get_cards(self, login="sd_other", contacts=None):
        self.authenticate(login, login)
        ids = ",".join(map(str, (contacts or self.contacts).ids))
        return self.url_open(f"/web/partner/vcard?partner_ids={ids}")

    @mute_logger("odoo.http")
    def test_cards_are_an_export(self):
        """Given a person with a policy, then marked cards and an entry with their digest."""
        answer = self.get_cards()
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            text = "".join(book.read(name).decode() for name in book.namelist())
        details = self.last("export").details
        self.assertEqual((details["rows"], details["format"]), (2, "vcf"))
        self.assertEqual(details["ids"], self.contacts.ids)
        self.assertEqual(details["sha256"], hashlib.sha256(answer.content).hexdigest())
        self.assertEqual(text.replace("\r\n ", "").count(details["number"]), 2)
        self.assertIn("Card One", self.get_cards(contacts=self.contacts[0]).text)

    @mute_logger("odoo.http")
    def test_cards_are_refused_as_other_exports_are(self):
        """Given no right to export, too many contacts or no policy, then no card, and told."""
        before = self.last("export")
        answer = self.get_cards("sd_plain")
        self.assertEqual(answer.status_code, 403)
        self.policy.row_cap = 1
        self.assertIn("2 lines, 1 are allowed", self.get_cards().text)
        self.policy.may_export = False
        answer = self.get_cards(contacts=self.contacts[0])
        self.assertIn("No export policy", answer.text)
        self.assertNotIn("Card One", answer.text)
        self.assertEqual(self.last("export"), before)
        refused = self.last("refused")
        self.assertEqual((refused.res_model, refused.details["by"]), ("res.partner", "policy"))
        self.assertEqual(self.url_open("/web/partner/vcard?partner_ids=a,0").status_code, 404)
        self.assertEqual(self.url_open("/web/partner/vcard").status_code, 404)

    def get_json(self, login):
        self.env["ir.config_parameter"].set_param("web.json.enabled", "1")
        action = self.env["ir.actions.act_window"].create(
            {"name": "Sample", "res_model": SAMPLE, "view_mode": "list,form"}
        )
        self.env["ir.ui.view"].create(
            {
                "name": "sample list",
                "model": SAMPLE,
                "arch": "<list><field name='name'/><field name='phone'/>"
                "<field name='phone_masked'/></list>",
            }
        )
        self.authenticate(login, login)
        return self.url_open(f"/json/1/action-{action.id}", headers=OPENED)

    @mute_logger("odoo.http")
    def test_json_of_a_view_is_an_export(self):
        """Given the addresses for programs, then masks and an entry; clear values by policy."""
        answer = self.get_json("sd_other")
        self.assertIn("138****5678", answer.text)
        self.assertNotIn(VALUES["phone"], answer.text)
        details = self.last("export").details
        self.assertEqual((details["rows"], details["format"]), (1, "json"))
        self.assertIn("phone_masked", details["fields"])
        answer = self.get_json("sd_reader")
        self.assertIn("in the clear", answer.text)
        self.assertNotIn(VALUES["phone"], answer.text)
        self.policy.with_raw = True
        self.assertIn(VALUES["phone"], self.get_json("sd_reader").text)
        self.assertEqual(self.last("export").details["raw"], ["phone"])
        self.policy.may_export = False
        answer = self.get_json("sd_other")
        self.assertIn("No export policy", answer.text)
        self.assertNotIn("138****5678", answer.text)
