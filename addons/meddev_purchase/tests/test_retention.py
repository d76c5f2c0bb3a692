import random
from datetime import date, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.migration import load_script
from odoo.tests import tagged
from odoo.tools.misc import file_path

from odoo.addons.base.models.ir_cron import IrCron
from odoo.addons.meddev_device.models import stock_lot_fill

from ..tools.retention import add_months
from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestRetention(PurchaseCommon):
    """How long records are kept: domain rules of SAMR Order No. 54 Art. 38, GMP Art. 45."""

    def _rule(self, code):
        rules = self.env["meddev.retention.rule"].with_context(active_test=False)
        return rules.search([("code", "=", code)]).ensure_one()

    def _apply_rules(self):
        self.env.flush_all()
        with patch.object(IrCron, "_commit_progress", lambda *args, **kwargs: float("inf")):
            self.env["meddev.retention.rule"]._cron_apply_retention()

    def _device(self, serial="RET-1", **carrier):
        _order, inspection = self._receive(self._carrier(serial, **carrier))
        return inspection.line_ids.lot_id

    def test_implants_are_kept_for_ever(self):
        order = self._order((self.implant, 1))
        inspection = self._inspection(order.picking_ids)
        inspection.capture("IMP-1", product_id=self.implant.id)
        inspection.action_confirm()
        device = inspection.line_ids.lot_id
        self.assertTrue(device.is_retained_permanently)
        self.assertFalse(device.retain_until)
        self.assertTrue(inspection.is_retained_permanently)

    def test_goods_without_expiry_are_kept_five_years_from_their_receipt(self):
        """Given an order from last year, the period begins when the goods came."""
        order = self._order((self.monitor, 1))
        order.date_approve = self.today - timedelta(days=300)
        inspection = self._inspection(order.picking_ids)
        inspection.capture(self._carrier("RET-2"))
        inspection.action_confirm()
        device = inspection.line_ids.lot_id
        self.assertEqual(device.received_on, self.today)
        self.assertEqual(device.retain_until, add_months(self.today, 60))
        self.assertEqual(inspection.retain_until, device.retain_until)

    def test_goods_with_expiry_are_kept_two_years_longer(self):
        expiry = self.today + timedelta(days=900)
        self.assertEqual(self._device(expiry=expiry).retain_until, add_months(expiry, 24))

    def test_service_life_counts_from_production(self):
        self.monitor.service_life_months = 180
        order = self._order((self.monitor, 1))
        inspection = self._inspection(order.picking_ids)
        inspection.capture(f"(01){self.monitor.udi_di_ids.di}(11)260131(21)RET-3")
        inspection.action_confirm()
        self.assertEqual(inspection.line_ids.lot_id.retain_until, date(2041, 1, 31))

    def test_every_rule_names_its_source(self):
        rules = self.env["meddev.retention.rule"].with_context(active_test=False).search([])
        self.assertGreaterEqual(len(rules), 9)
        self.assertTrue(all(rules.mapped("legal_reference")))
        active = set(rules.filtered("active").mapped("jurisdiction"))
        self.assertEqual(active, {"cn"})

    def test_device_and_record_follow_the_product(self):
        device = self._device()
        line = device.inspection_line_ids
        self.monitor.product_tmpl_id.service_life_months = 120
        self.assertEqual(device.retain_until, add_months(self.today, 120))
        self.assertEqual(line.retain_until, add_months(self.today, 120))
        self.monitor.product_tmpl_id.is_implant = True
        self.assertFalse(device.retain_until)
        self.assertTrue(line.is_retained_permanently)

    def test_job_is_the_author_of_what_it_writes(self):
        """Given a new end, written by SQL after a commit, the audit trail knows of it by us."""
        device = self._device()
        self._rule("CN-DIST-NO-EXPIRY").with_user(self.quality).months = 72
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT set_config('audit_trail.key', '', TRUE),"
            " set_config('audit_trail.context', '', TRUE)"
        )
        self._apply_rules()
        # sudo: the trail is the auditor's.
        entry = self.env["audit.trail.entry"].sudo().search([], limit=1, order="id desc")
        self.assertEqual(
            (entry.res_model, entry.channel), (device.inspection_line_ids._name, "server")
        )
        of_device = [("res_model", "=", "stock.lot"), ("res_id", "=", device.id)]
        entry = entry.search(of_device, limit=1, order="id desc")
        self.assertIn("retain_until", entry.changes)
        self.assertEqual(entry.channel, "server")

    def test_device_and_record_follow_the_rules(self):
        """Given a longer period, quality changes the rule and the job computes all anew."""
        device = self._device()
        line = device.inspection_line_ids
        self._rule("CN-DIST-NO-EXPIRY").with_user(self.quality).months = 72
        self._apply_rules()
        self.assertEqual(device.retain_until, add_months(self.today, 72))
        self.assertEqual(line.retain_until, add_months(self.today, 72))
        self._rule("EU-MDR").with_user(self.manager).active = True
        self._apply_rules()
        self.assertEqual(device.retain_until, add_months(self.today, 120))

    def test_change_of_a_rule_calls_for_the_job_once(self):
        cron = self.env.ref("meddev_purchase.cron_apply_retention")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        rule = self._rule("EU-MDR").with_user(self.quality)
        rule.name = "Ten years, all goods"
        self.assertEqual(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]), triggers)
        rule.active = True
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]) - triggers)

    def test_job_commits_batch_by_batch_and_stops_when_told(self):
        """Given four lots in batches of two and no time left, the job stops after the first."""
        self.patch(stock_lot_fill, "BATCH_SIZE", 2)
        _order, inspection = self._receive(*(self._carrier(f"STOP-{n}") for n in range(4)))
        devices = inspection.line_ids.lot_id.sorted("id")
        others = self.env["product.template"].search(
            [("is_medical_device", "=", True), ("id", "!=", self.monitor.product_tmpl_id.id)]
        )
        others.is_medical_device = False
        self._rule("CN-DIST-NO-EXPIRY").months = 72
        self.env.flush_all()
        calls = []

        def progress(_jobs, processed=0, *, remaining=None):
            calls.append((processed, remaining))
            return 0

        with patch.object(IrCron, "_commit_progress", progress):
            self.env["meddev.retention.rule"]._cron_apply_retention()
        self.assertEqual(calls, [(1, 1)])
        devices.invalidate_recordset()
        ends = devices.mapped("retain_until")
        self.assertEqual(ends.count(add_months(self.today, 72)), 2)

    def test_statement_and_compute_agree(self):
        """Given any rules and any goods, SQL and Python come to the same end."""
        chance = random.Random(54)
        for attempt in range(12):
            self._shuffle_rules(chance, attempt)
            lots = self._make_lots(chance, 25)
            self.env.add_to_compute(lots._fields["retain_until"], lots)
            expected = lots.mapped("retain_until")
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE stock_lot SET retain_until = '1900-01-01' WHERE id = ANY(%s)", [lots.ids]
            )
            lots.invalidate_recordset()
            lots._fill_retention(lots.product_id.product_tmpl_id)
            self.assertEqual(lots.mapped("retain_until"), expected)

    def _shuffle_rules(self, chance, attempt):
        rules = self.env["meddev.retention.rule"].with_context(active_test=False)
        rules.search([]).active = False
        fields = rules._fields
        for number in range(chance.randint(0, 5)):
            begin = chance.choice([False, date(2020, 1, 1), date(2024, 6, 30)])
            rules.create(
                {
                    "name": "Any",
                    "code": f"ANY-{attempt}-{number}",
                    "legal_reference": "Test",
                    "goods": chance.choice(list(dict(fields["goods"].selection))),
                    "basis": chance.choice(
                        [basis for basis, _label in fields["basis"].selection]
                        if number
                        else ["expiry", "receipt", "production", "service_life"]
                    ),
                    "months": chance.choice([0, 1, 24, 60, 1200]),
                    "valid_from": begin,
                    "valid_to": begin and chance.choice([False, date(2025, 1, 31)]),
                }
            )

    def _make_lots(self, chance, count):
        days = [False, date(2020, 2, 29), date(2024, 6, 30), date(2025, 1, 31), date(2026, 3, 1)]
        self.monitor.service_life_months = chance.choice([0, 7, 120, 2**31 - 1])
        self.implant.service_life_months = chance.choice([0, 30])
        lots = self.env["stock.lot"].create(
            [
                {
                    "name": f"ANY-{chance.random()}",
                    "product_id": chance.choice((self.monitor, self.reagent, self.implant)).id,
                    "production_date": chance.choice(days[:3]),
                    "expiry_date": chance.choice([False, date(2027, 8, 31), date.max]),
                    "purchase_date": chance.choice(days),
                }
                for _number in range(count)
            ]
        )
        self.env.flush_all()
        for lot in lots:
            self.env.cr.execute(
                "UPDATE stock_lot SET received_on = %s WHERE id = %s",
                [chance.choice(days) or None, lot.id],
            )
        lots.invalidate_recordset()
        return lots

    def test_rules_are_kept_by_quality(self):
        """Lowest roles that may: quality, service manager, administrator; others only read."""
        rule = self._rule("CN-DIST-EXPIRY")
        for user in (self.parts, self.buyer, self.auditor):
            self.assertEqual(rule.with_user(user).months, 24)
            with self.assertRaises(AccessError, msg=user.login):
                rule.with_user(user).months = 1
        with self.assertRaises(AccessError):
            rule.with_user(self.engineer).read(["months"])

    def test_wrong_rules_are_refused(self):
        rule = self._rule("CN-DIST-EXPIRY")
        with self.assertRaisesRegex(ValidationError, "ends before"):
            rule.write({"valid_from": "2026-02-01", "valid_to": "2026-01-01"})
        for months in (-1, 1201):
            with self.assertRaisesRegex(ValidationError, "1200"):
                rule.months = months

    def test_day_of_receipt_is_not_typed(self):
        device = self._device()
        with self.assertRaises(UserError):
            device.received_on = "2020-01-01"
        with self.assertRaises(UserError):
            device.received_on = False
        blank = self.env["stock.lot"].with_context(default_received_on="2020-01-01")
        self.assertFalse(blank.create({"name": "RET-9", "product_id": self.monitor.id}).received_on)

    def test_update_tells_old_devices_when_they_came(self):
        device = self._device()
        self.env.flush_all()
        self.env.cr.execute("UPDATE stock_lot SET received_on = NULL WHERE id = %s", device.ids)
        path = file_path("meddev_purchase/migrations/19.0.1.3.0/post-received_on.py")
        for _attempt in range(2):
            load_script(path, "migration_of_meddev_purchase").migrate(self.env.cr, "19.0.1.0.0")
        device.invalidate_recordset()
        self.assertEqual(device.received_on, device.receipt_id.date_done.date())
