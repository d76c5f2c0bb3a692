from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.meddev_purchase.tests.common import PurchaseCommon

from .statements_common import REFUSALS, Refusals


@tagged("post_install", "-at_install")
class TestStatementsOnPurchase(Refusals, PurchaseCommon):
    """Who buys, inspects, releases and keeps the papers of suppliers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dispatcher, cls.intake, cls.analyst, cls.knowledge = (
            new_test_user(cls.env, f"buying_{name}", f"meddev_base.group_{name}")
            for name in ("dispatcher", "intake_agent", "analyst", "knowledge_manager")
        )
        cls.administrator = new_test_user(cls.env, "buying_admin", "base.group_system")
        cls.users = (
            *(cls.dispatcher, cls.intake, cls.analyst, cls.knowledge, cls.engineer),
            *(cls.parts, cls.quality, cls.manager, cls.auditor),
        )

    def _assert_readers(self, records, *readers):
        for user in self.users:
            with self.subTest(user=user.login):
                if user in readers:
                    self.assert_reads(user, records, records)
                else:
                    self.assert_unreadable(user, records)

    def test_an_engineer_reads_no_purchase_order(self):
        """Orders and their prices are for store, quality, manager and auditor. [S0-26, K2]"""
        order = self._order((self.monitor, 1))
        buyers = (self.parts, self.quality, self.manager, self.auditor)
        self._assert_readers(order, *buyers)
        self._assert_readers(order.order_line, *buyers)

    def test_a_parts_keeper_confirms_no_purchase_order(self):
        """The store receives what the buyer ordered, and orders nothing itself. [S0-15, S0-24]"""
        order = self._order((self.monitor, 1), confirm=False)
        for user in (self.parts, self.quality, self.manager, self.auditor):
            self.assert_refused(user, order, lambda order: order.button_confirm())
            self.assert_refused(
                user, order.order_line, lambda lines: lines.write({"price_unit": 1.0})
            )
        order.with_user(self.buyer).button_confirm()
        self.assertEqual(order.state, "purchase")

    def test_an_engineer_opens_no_receipt(self):
        """Receipts are for store, quality, manager and auditor. [S0-36, K2]"""
        receipt = self._order((self.monitor, 1)).picking_ids
        readers = (self.parts, self.quality, self.manager, self.auditor)
        self._assert_readers(receipt, *readers)
        self._assert_readers(receipt.move_ids, *readers)
        for user in (self.quality, self.manager, self.auditor):
            self.assert_refused(user, receipt, lambda receipt: receipt.write({"origin": "?"}))
            self.assert_refused(
                user, receipt.move_ids, lambda moves: moves.write({"product_uom_qty": 9})
            )

    def test_a_quality_specialist_inspects_no_receipt(self):
        """Incoming goods are inspected by the parts keeper alone. [S0-15, S0-36]"""
        receipt = self._order((self.monitor, 1)).picking_ids
        vals = {"picking_id": receipt.id}
        for user in self.users:
            if user != self.parts:
                self.assert_none_made(user, "meddev.incoming.inspection", vals)
        inspection = self._inspection(receipt)
        inspection.capture(self._carrier("ST-1"))
        for user in (self.quality, self.manager):
            self.assert_refused(
                user, inspection.line_ids, lambda lines: lines.write({"lot_name": "ST-2"})
            )
            self.assert_refused(user, inspection, lambda inspection: inspection.action_confirm())
        self._assert_readers(
            inspection, self.parts, self.quality, self.manager, self.auditor, self.analyst
        )
        self._assert_readers(
            inspection.line_ids, self.parts, self.quality, self.manager, self.auditor, self.analyst
        )
        inspection.action_confirm()
        self.assertEqual(inspection.done_by_id, self.parts)

    def test_who_inspected_does_not_release(self):
        """What the parts keeper quarantined at receipt, quality releases. [S0-17, K13]"""
        inspection = self._inspection(self._order((self.monitor, 1)).picking_ids)
        inspection.capture(self._carrier("ST-3"), result="quarantined", reason="Box is wet")
        inspection.action_confirm()
        line = inspection.line_ids
        for user in (self.parts, self.manager):
            self.assert_refused(user, line, lambda line: line.decide("released", "Dry again"))
        line.with_user(self.quality).decide("released", "Dried and tested")
        self.assertEqual((line.decision, line.decided_by_id), ("released", self.quality))

    def test_a_finished_inspection_is_changed_by_nobody(self):
        """The record of an inspection stays as it was finished, for its author too. [S0-34]"""
        _order, inspection = self._receive(self._carrier("ST-4"))
        self.assert_refused(
            self.parts, inspection, lambda inspection: inspection.write({"note": "?"}), UserError
        )
        self.assert_refused(
            self.parts, inspection.line_ids, lambda lines: lines.unlink(), UserError
        )
        self.assert_refused(self.parts, inspection, lambda inspection: inspection.unlink())

    def test_a_parts_keeper_waives_no_missing_paper(self):
        """Quality lets an order pass without a demanded paper; the store does not. [S0-17]"""
        self.company.meddev_order_paper_policy = "block"
        order = self._order((self.monitor, 1), partner=self.distributor, confirm=False)
        self.assert_refused(self.parts, order, lambda order: order.allow_papers("Urgent"))
        self.assert_refused(self.buyer, order, lambda order: order.allow_papers("Urgent"))
        waivers = self.env["meddev.paper.waiver"]
        waiver = waivers.browse(order.with_user(self.quality).allow_papers("Copies were seen"))
        self.assertEqual(waiver.user_id, self.quality)
        self._assert_readers(waiver, self.parts, self.quality, self.manager, self.auditor)
        for user in (self.quality, self.manager, self.auditor, self.env.user):
            self.assert_refused(
                user, waiver, lambda waiver: waiver.write({"reason": "Never"}), UserError
            )
            self.assert_refused(user, waiver, lambda waiver: waiver.unlink(), UserError)

    def test_a_suppliers_papers_are_not_for_everybody(self):
        """A licence and its scan are read where goods are bought, and nowhere else. [S0-26]"""
        self.business_licence.document = b"U0NBTg=="
        self._assert_readers(
            self.business_licence, self.parts, self.quality, self.manager, self.auditor
        )
        scan = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "meddev.supplier.paper"),
                ("res_id", "=", self.business_licence.id),
                ("res_field", "=", "document"),
            ]
        )
        self.assertEqual(scan.with_user(self.parts).raw, b"SCAN")
        for user in (self.engineer, self.dispatcher, self.intake, self.analyst, self.knowledge):
            self.env.invalidate_all()
            with self.assertRaises(AccessError, msg=user.login), mute_logger(*REFUSALS):
                scan.with_user(user).read(["raw"])

    def test_an_auditor_files_no_paper(self):
        """The auditor checks the supplier's file that store and quality keep. [S0-21]"""
        self.assert_refused(
            self.auditor, self.business_licence, lambda paper: paper.write({"number": "?"})
        )
        vals = {"partner_id": self.maker.id, "kind": "business_licence", "number": "ST-9"}
        self.assert_none_made(self.auditor, "meddev.supplier.paper", vals)
        for user in (self.parts, self.quality, self.manager, self.buyer):
            paper = self.env["meddev.supplier.paper"].with_user(user).create(vals)
            paper.issued_by = user.name
            self.assert_refused(user, paper, lambda paper: paper.unlink())

    def test_a_parts_keeper_makes_no_rules_about_papers(self):
        """What must be on file, and for how long, quality says; the store abides by it. [K14]"""
        rows = {
            "meddev.paper.requirement": {"kind": "business_licence"},
            "meddev.paper.reminder.step": {"days": 777},
        }
        readers = (self.parts, self.quality, self.manager, self.auditor)
        for model, vals in rows.items():
            for user in self.users:
                if user not in (self.quality, self.manager):
                    self.assert_none_made(user, model, vals)
            for user in (self.quality, self.manager, self.administrator):
                rule = self.env[model].with_user(user).create(vals)
                self._assert_readers(rule.with_env(self.env), *readers)
                rule.unlink()
        retention = self.env["meddev.retention.rule"].search([], limit=1)
        self._assert_readers(retention, *readers)
        self.assert_refused(self.parts, retention, lambda rule: rule.write({"active": False}))
        for user in (self.quality, self.manager, self.administrator):
            retention.with_user(user).active = not retention.active
        self.assertFalse(retention.active)

    def test_a_parts_keeper_holds_no_records(self):
        """Records are kept for a lawsuit by quality or manager, not by the store. [K14]"""
        device = self.env["stock.lot"].create(
            {"name": "ST-HOLD", "product_id": self.monitor.id, "origin": "legacy"}
        )
        for user in set(self.users) - {self.quality, self.manager}:
            with self.subTest(user=user.login):
                self.assert_refused(user, device, lambda device: device.hold_records("Suit"))
        device.with_user(self.quality).hold_records("Suit 2026-4")
        for user in (self.parts, self.auditor):
            self.assert_refused(user, device, lambda device: device.release_records("Over"))
        device.with_user(self.manager).release_records("Over")
        self.assertFalse(device.is_on_legal_hold)
