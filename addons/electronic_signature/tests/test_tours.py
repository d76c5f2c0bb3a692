from odoo.tests import HttpCase, tagged

from .common import SigningCase

ARCH = """
    <form>
        <sheet>
            <group><field name="name" /><field name="amount" /><field name="kind" /></group>
            <field name="signature_status" widget="electronic_signatures" nolabel="1" />
        </sheet>
    </form>
"""


@tagged("post_install", "-at_install")
class TestTours(SigningCase, HttpCase):
    """Signing in the browser, in both languages; the tour points at elements, not at words."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.env["ir.ui.view"].create(
            {"name": "paper", "model": cls.paper._name, "type": "form", "arch": ARCH}
        )
        cls.action = cls.env["ir.actions.act_window"].create(
            {
                "name": "Papers",
                "res_model": cls.paper._name,
                "view_mode": "form",
                "path": "test-papers",
            }
        )

    def _sign(self, lang):
        self.approver.lang = lang
        self.start_tour(
            f"/odoo/test-papers/{self.paper.id}",
            "electronic_signature_sign",
            login=self.approver.login,
            timeout=120,
        )
        self.assertTrue(self.paper.is_signed_for("approve"))
        signature = self.signatures.search([("res_id", "=", self.paper.id)])
        self.assertEqual(signature.reason, "Read and found right")
        self.assertTrue(self.trail("signature_refused", self.paper))

    def test_signing_in_english(self):
        """Given a wrong password first, then the right one, then the form shows the signature."""
        self._sign("en_US")

    def test_signing_in_chinese(self):
        self._sign("zh_CN")
