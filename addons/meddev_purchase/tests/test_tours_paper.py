from odoo.tests import HttpCase, tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestPaperTours(PurchaseCommon, HttpCase):
    """The question for the reason, in both languages; the tours point at elements, not words."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.company.meddev_receipt_paper_policy = "warn"

    def _confirm_order(self, lang):
        """Lowest role: a purchase user."""
        order = self._order((self.monitor, 1), partner=self.distributor, confirm=False)
        self.buyer.lang = lang
        self.start_tour(
            f"/odoo/action-purchase.purchase_rfq/{order.id}",
            "meddev_purchase_order_reason",
            login=self.buyer.login,
            timeout=120,
        )
        self.assertEqual(order.state, "purchase")
        self._check_waiver("order", self.buyer, "Hospital waits")

    def _finish_inspection(self, lang):
        """Lowest role: a parts keeper."""
        order = self._order((self.monitor, 1), partner=self.distributor)
        inspection = self._inspection(order.picking_ids)
        inspection.capture(self._carrier("TOUR-1"))
        self.parts.lang = lang
        self.start_tour(
            f"/odoo/incoming-inspections/{inspection.id}",
            "meddev_purchase_inspection_reason",
            login=self.parts.login,
            timeout=120,
        )
        self.assertEqual(order.picking_ids.state, "done")
        self._check_waiver("receipt", self.parts, "Patient waits")

    def _check_waiver(self, operation, user, reason):
        waiver = self.env["meddev.paper.waiver"].search(
            [("partner_id", "=", self.distributor.id), ("operation", "=", operation)]
        )
        self.assertRecordValues(waiver, [{"mode": "warned", "user_id": user.id, "reason": reason}])

    def test_order_in_english(self):
        self._confirm_order("en_US")

    def test_order_in_chinese(self):
        self._confirm_order("zh_CN")

    def test_inspection_in_english(self):
        self._finish_inspection("en_US")

    def test_inspection_in_chinese(self):
        self._finish_inspection("zh_CN")
