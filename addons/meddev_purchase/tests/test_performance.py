from odoo.tests import tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestQueryGrowth(PurchaseCommon):
    def _count(self, function):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _prepare(self, quantity, prefix):
        picking = self._order((self.monitor, quantity)).picking_ids
        inspection = self._inspection(picking)
        text = "\n".join(self._carrier(f"{prefix}{number:04}") for number in range(quantity))
        return inspection, text

    def test_capture_does_not_ask_per_serial(self):
        counts = []
        for quantity, prefix in ((2, "A"), (2, "B"), (102, "C")):
            inspection, text = self._prepare(quantity, prefix)
            counts.append(self._count(lambda i=inspection, t=text: i.capture(t)))
        self.assertLessEqual(counts[2] - counts[1], 5, counts)

    def test_checks_at_the_end_do_not_ask_per_serial(self):
        counts = []
        for quantity, prefix in ((2, "D"), (2, "E"), (102, "F")):
            inspection, text = self._prepare(quantity, prefix)
            inspection.capture(text)

            def check(inspection=inspection):
                inspection._ensure_lines_right()
                inspection._ensure_reconciled()
                inspection.picking_id._ensure_receipt_papers()

            counts.append(self._count(check))
        self.assertLessEqual(counts[2] - counts[1], 3, counts)

    def test_finishing_asks_no_more_per_serial_than_core(self):
        """Core books each quant by itself; we add nothing per serial to that."""
        ours = []
        for quantity, prefix in ((2, "G"), (12, "H"), (62, "I")):
            inspection, text = self._prepare(quantity, prefix)
            inspection.capture(text)
            ours.append(self._count(inspection.action_confirm))
        self.company.meddev_inspection_policy = "optional"
        core = []
        for quantity, prefix in ((2, "J"), (12, "K"), (62, "L")):
            picking = self._order((self.monitor, quantity)).picking_ids

            def receive(picking=picking, prefix=prefix):
                for number, line in enumerate(picking.move_line_ids):
                    line.lot_name = f"{prefix}{number:04}"
                picking.button_validate()

            core.append(self._count(receive))
        self.assertLessEqual(ours[2] - ours[1], core[2] - core[1] + 5, (ours, core))

    def test_receipts_to_inspect_do_not_ask_per_receipt(self):
        def read(pickings):
            return lambda: pickings.with_user(self.parts).web_read(
                {"name": {}, "inspection_state": {}, "product_id": {}}
            )

        few = self.env["stock.picking"].concat(
            *(self._order((self.monitor, 1)).picking_ids for _number in range(2))
        )
        many = self.env["stock.picking"].concat(
            *(self._order((self.monitor, 1)).picking_ids for _number in range(12))
        )
        self._count(read(few))
        self.assertLessEqual(self._count(read(many)) - self._count(read(few)), 3)
