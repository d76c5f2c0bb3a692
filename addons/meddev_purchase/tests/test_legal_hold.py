from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestLegalHold(PurchaseCommon):
    """Legal hold beats every period of retention."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device = cls.env["stock.lot"].create(
            {"name": "HOLD-1", "product_id": cls.monitor.id, "origin": "legacy"}
        )
        cls.batch = cls.env["stock.lot"].create({"name": "HB-1", "product_id": cls.reagent.id})

    def test_quality_holds_and_ends_with_a_reason(self):
        """Given a device that may be deleted, the hold keeps it, and its end frees it."""
        lots = (self.device + self.batch).with_user(self.quality)
        wizard = Form(
            self.env["meddev.legal.hold"]
            .with_user(self.quality)
            .with_context(**lots.action_hold_records()["context"])
        )
        wizard.reason = "Inquiry 2026-117"
        wizard.save().action_apply()
        self.assertEqual(lots.mapped("legal_hold_reason"), ["Inquiry 2026-117"] * 2)
        for lot in self.device + self.batch:
            with self.assertRaisesRegex(UserError, "Inquiry 2026-117"):
                lot.sudo().unlink()
        self.assertEqual(lots.release_records("Inquiry closed"), lots.ids)
        self.assertFalse(any(lots.mapped("is_on_legal_hold")))
        summaries = self.device.event_ids.filtered(lambda event: event.kind == "retention")
        self.assertEqual(
            set(summaries.mapped("summary")),
            {"Legal hold: Inquiry 2026-117", "Legal hold ended: Inquiry closed"},
        )
        self.assertEqual(summaries.user_id, self.quality)
        self.assertIn("Inquiry closed", self.batch.message_ids[:1].body)
        self.batch.unlink()

    def test_hold_is_told_once(self):
        device = self.device.with_user(self.manager)
        self.assertEqual(device.hold_records("Lawsuit"), device.ids)
        self.assertEqual(device.hold_records("Lawsuit again"), [])
        self.assertEqual(device.legal_hold_reason, "Lawsuit")

    def test_only_quality_and_manager_hold(self):
        for user in (self.parts, self.engineer, self.auditor, self.stocker):
            for method in ("hold_records", "release_records"):
                with self.assertRaises(AccessError, msg=user.login):
                    getattr(self.device.with_user(user), method)("I say so")
            with self.assertRaises(AccessError, msg=user.login):
                self.device.with_user(user).action_hold_records()
            with self.assertRaises(AccessError, msg=user.login):
                self.env["meddev.legal.hold"].with_user(user).create(
                    {"lot_ids": self.device.ids, "reason": "x"}
                )
        self.assertFalse(self.device.is_on_legal_hold)

    def test_no_other_way_begins_or_ends_a_hold(self):
        """Given a hold, neither a write, sudo, a default nor a context key ends or forges it."""
        self.device.with_user(self.quality).hold_records("Lawsuit")
        for lot in (self.device, self.device.sudo()):
            for vals in ({"is_on_legal_hold": False}, {"legal_hold_reason": "x"}):
                smuggled = lot.with_context(meddev_purchase_own_write=True)
                with self.assertRaises(UserError):
                    smuggled.write(vals)
        lots = self.env["stock.lot"].with_context(default_is_on_legal_hold=True)
        self.assertFalse(
            lots.create({"name": "HOLD-2", "product_id": self.monitor.id}).is_on_legal_hold
        )
        self.assertFalse(self.device.copy({"name": "HOLD-3"}).is_on_legal_hold)

    def test_received_goods_are_kept_for_their_period(self):
        _order, inspection = self._receive(self._carrier("HOLD-4"))
        with self.assertRaisesRegex(UserError, "HOLD-4"):
            inspection.line_ids.lot_id.sudo().unlink()

    def test_reason_is_required(self):
        for reason in (None, "", "  "):
            with self.assertRaisesRegex(UserError, "reason"):
                self.device.with_user(self.quality).hold_records(reason)
