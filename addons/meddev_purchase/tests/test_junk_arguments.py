from odoo.tests import tagged

from odoo.addons.meddev_base.tests.junk import JUNK, JunkCase

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestJunkArguments(JunkCase, PurchaseCommon):
    """Every public method of this addon answers junk with a sentence, or with an answer."""

    addon = "meddev_purchase"
    sensible = {
        "reason": "why",
        "decision": "released",
        "result": "quarantined",
        "text": "JUNK-7",
        "product_id": None,
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.meddev_receipt_paper_policy = "warn"
        # Whoever may do everything meets every check behind the first.
        cls.parts.group_ids |= cls.quality.group_ids | cls.buyer.group_ids | cls.stocker.group_ids
        cls.sensible = cls.sensible | {"product_id": cls.monitor.id}
        cls.receipt = cls._order((cls.monitor, 3), partner=cls.distributor).picking_ids
        cls.inspection = cls._inspection(cls.receipt)
        cls.inspection.capture("JUNK-1\nJUNK-2", product_id=cls.monitor.id)
        cls.done = cls._inspection(cls._order((cls.monitor, 2)).picking_ids)
        cls.done.capture("JUNK-3\nJUNK-4", result="quarantined", reason="Wet")
        cls.done.action_confirm()
        cls.draft = cls._order((cls.monitor, 1), partner=cls.distributor, confirm=False)
        cls._make_wizards()

    @classmethod
    def _make_wizards(cls):
        for model, vals in (
            ("meddev.paper.waive", {"res_model": "purchase.order", "res_id": cls.draft.id}),
            ("meddev.paper.waive", {"res_model": "stock.picking", "res_id": 2**31 - 1}),
            ("meddev.legal.hold", {"lot_ids": cls.done.line_ids.lot_id.ids}),
            (
                "meddev.quarantine.decide",
                {"line_ids": cls.done.line_ids.ids, "decision": "released"},
            ),
        ):
            cls.env[model].with_user(cls.parts).create(vals | {"reason": "why"})
        captures = cls.env["meddev.incoming.capture"].with_user(cls.parts)
        captures.create([{"inspection_id": cls.inspection.id, "text": "JUNK-8"}] * 2)

    def _get_receivers(self, model_name):
        """The documents above beside what the database holds."""
        own = {
            "purchase.order": self.draft,
            "stock.picking": self.receipt,
            "meddev.incoming.inspection": self.inspection + self.done,
            "meddev.incoming.inspection.line": self.done.line_ids,
            "stock.lot": self.done.line_ids.lot_id,
        }.get(model_name, ())
        return [*super()._get_receivers(model_name), *own]

    def _call(self, records, name, arguments):
        """Core's way to refuse and to lead to the right screen is a sentence as well."""
        problem = super()._call(records, name, arguments)
        return problem if problem and "RedirectWarning('" not in problem else False

    def test_public_methods_are_found(self):
        found = {(model, name) for model, name, _parameters in self._find_public_methods()}
        for known in (
            ("meddev.incoming.inspection", "capture"),
            ("meddev.incoming.inspection", "action_confirm"),
            ("meddev.incoming.inspection.line", "decide"),
            ("meddev.paper.waive", "action_allow"),
            ("meddev.supplier.paper", "action_renew"),
            ("purchase.order", "allow_papers"),
            ("res.partner", "action_view_supplier_papers"),
            ("stock.lot", "hold_records"),
            ("stock.picking", "action_inspect"),
        ):
            self.assertIn(known, found)
        self.assertNotIn(("purchase.order", "button_confirm"), found)

    def test_junk_ends_in_a_sentence(self):
        """Given junk in one argument or in all, no method ends in an error of Python or SQL."""
        for user in (self.parts, self.engineer):
            with self.subTest(user=user.login):
                problems = self._call_everything(user)
                self.assertFalse(problems, "\n".join(problems))

    def test_junk_in_the_values_that_we_read_ends_in_a_sentence(self):
        """What core reads first is core's; what our own code reads first is ours."""
        lines = self.env["meddev.incoming.inspection.line"].with_user(self.parts)
        vals = {"inspection_id": self.inspection.id, "product_id": self.monitor.id}
        for name in ("udi_carrier", "decision", "lot_id"):
            problems = [self._call(lines, "create", [vals | {name: junk}]) for junk in JUNK]
            with self.subTest(name=name):
                self.assertEqual([problem for problem in problems if problem], [])

    def test_codes_may_come_as_bytes(self):
        """XML cannot carry the separator GS: over XML-RPC the rows come as Binary."""
        row = f"01{self.monitor.udi_di_ids.di}10B7\x1d21JUNK-9"
        answer = self.inspection.capture(row.encode())
        self.assertEqual(answer["rows"][0]["serial"], "JUNK-9")
