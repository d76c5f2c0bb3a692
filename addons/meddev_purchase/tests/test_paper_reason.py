from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import PurchaseCommon


class PaperReasonCommon(PurchaseCommon):
    """Offers ``order``, a draft of a supplier without papers, and ``_give_reason``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.meddev_receipt_paper_policy = "warn"
        cls.order = cls._order((cls.monitor, 1), partner=cls.distributor, confirm=False)

    def _waivers(self, operation="order"):
        return self.env["meddev.paper.waiver"].search(
            [("partner_id", "=", self.distributor.id), ("operation", "=", operation)]
        )

    def _give_reason(self, action, user, reason):
        """Fill in the dialogue that ``action`` opens, as ``user``, and press its button."""
        self.assertEqual(action["res_model"], "meddev.paper.waive")
        self.assertEqual(action["target"], "new")
        wizard = Form(
            self.env["meddev.paper.waive"].with_user(user).with_context(**action["context"])
        )
        wizard.reason = reason
        return wizard.save().action_allow()


@tagged("post_install", "-at_install")
class TestPaperReason(PaperReasonCommon):
    """Where the setting warns, whoever goes on says why: SAMR Order No. 54 (2022) Art. 32."""

    def test_buyer_is_asked_and_goes_on(self):
        """Given a missing licence, the button asks, and the answer confirms the order."""
        order = self.order.with_user(self.buyer)
        self.assertTrue(order.needs_paper_reason)
        answer = self._give_reason(order.action_ask_paper_reason(), self.buyer, " Hospital waits ")
        self.assertEqual(answer["type"], "ir.actions.act_window_close")
        self.assertEqual(order.state, "purchase")
        waiver = self._waivers()
        self.assertRecordValues(
            waiver,
            [{"mode": "warned", "user_id": self.buyer.id, "reason": "Hospital waits"}],
        )
        self.assertIn("Distribution Licence", waiver.missing)
        self.assertEqual(waiver.purchase_id, self.order)
        self.assertEqual(waiver.allowed_at.date(), waiver.create_date.date())
        self.assertIn("Hospital waits", self.order.message_ids[:1].body)

    def test_program_is_told_how_to_give_the_reason(self):
        """Given no reason, the error names finding, method, argument and field; nothing is kept."""
        order = self.order.with_user(self.buyer)
        for method in ("button_confirm", "button_approve"):
            with self.assertRaises(UserError) as refusal, self.env.cr.savepoint():
                getattr(order, method)()
            text = refusal.exception.args[0]
            for word in (
                order.name,
                "Distribution Licence",
                "allow_papers(reason)",
                "purchase.order",
                "paper_reason",
                "Reason for Going On",
            ):
                self.assertIn(word, text)
        self.assertEqual(order.state, "draft")
        self.assertFalse(self._waivers())
        waiver_id = order.allow_papers("Licence in renewal, receipt seen")
        self.assertEqual(self._waivers().id, waiver_id)
        order.button_confirm()
        self.assertEqual(order.state, "purchase")
        self.assertEqual(len(self._waivers()), 1)

    def test_reason_in_the_field_is_used_once(self):
        """Given a reason that was used, the next missing paper is asked about again."""
        order = self.order.with_user(self.buyer)
        order.paper_reason = "Hospital waits"
        order.button_confirm()
        self.assertEqual(self._waivers().reason, "Hospital waits")
        self.assertFalse(order.paper_reason)
        self.registration.valid_to = self.today - timedelta(days=1)
        asked = self.assertRaisesRegex(UserError, "(?s)registration certificate.*reason")
        with asked, self.env.cr.savepoint():
            order.order_line.product_qty = 2
        order.write(
            {
                "paper_reason": "Renewal is published",
                "order_line": [Command.update(order.order_line.id, {"product_qty": 2})],
            }
        )
        self.assertEqual(self._waivers()[0].reason, "Renewal is published")
        self.assertNotIn("Distribution Licence", self._waivers()[0].missing)

    def test_blank_reason_is_none(self):
        order = self.order.with_user(self.buyer)
        for reason in ("", "  \n", False, None):
            with self.assertRaisesRegex(UserError, "reason"):
                order.allow_papers(reason)
        order.paper_reason = "   "
        self.assertTrue(order.needs_paper_reason)
        with self.assertRaisesRegex(UserError, "reason"):
            order.button_confirm()

    def test_line_added_in_the_form_asks_in_the_form(self):
        """Given a confirmed order, a further product without papers shows banner and field."""
        order = self._order((self.desk, 1), partner=self.distributor)
        form = Form(order.with_user(self.buyer))
        self.assertFalse(form.missing_papers)
        with form.order_line.new() as line:
            line.product_id = self.monitor
        self.assertIn("Distribution Licence", form.missing_papers)
        self.assertTrue(form.needs_paper_reason)
        form.paper_reason = "Replacement for the ward"
        form.save()
        self.assertEqual(order.order_line.product_id, self.desk + self.monitor)
        self.assertEqual(self._waivers().reason, "Replacement for the ward")
        self.assertFalse(Form(order.with_user(self.buyer)).missing_papers)

    def test_import_names_the_row_and_loses_nothing(self):
        """Given a file with confirmed orders, rows with a reason go in, one without is named."""
        fields = ["partner_id/.id", "state", "paper_reason", "order_line/product_id/.id"]
        rows = [
            [str(self.distributor.id), "purchase", reason, str(self.monitor.id)]
            for reason in ("Old stock", "", "Tender")
        ]
        orders = self.env["purchase.order"].with_user(self.buyer)
        before = orders.search_count([])
        answer = orders.load(fields, rows)
        self.assertFalse(answer["ids"])
        # Core repeats the error of the whole batch before the one of the row.
        error = answer["messages"][-1]
        self.assertEqual((error["type"], error["rows"]["from"]), ("error", 1))
        self.assertIn("Reason for Going On", error["message"])
        self.assertEqual(orders.search_count([]), before)
        rows[1][2] = "Sample"
        answer = orders.load(fields, rows)
        self.assertEqual(len(answer["ids"]), 3, answer["messages"])
        self.assertEqual(set(self._waivers().mapped("reason")), {"Old stock", "Tender", "Sample"})

    def test_scheduled_job_goes_on_and_quality_is_asked(self):
        """Given nobody who could be asked, the order is confirmed, recorded and looked at."""
        order = self.order.with_user(self.env.ref("base.user_root"))
        order.button_confirm()
        self.assertEqual(order.state, "purchase")
        waiver = self._waivers()
        self.assertEqual((waiver.mode, waiver.user_id), ("automatic", order.env.user))
        self.assertIn("nobody could be asked", waiver.reason)
        activity = self.order.activity_ids
        self.assertTrue(activity.user_id.has_group("meddev_base.group_quality_specialist"))
        self.assertIn("Distribution Licence", activity.note)
        order.order_line.product_qty = 2
        self.assertEqual((len(self._waivers()), len(self.order.activity_ids)), (1, 1))
        with self.assertRaisesRegex(UserError, "reason"):
            order.order_line.with_user(self.buyer).product_qty = 3

    def test_others_are_refused(self):
        """Given the warning, who may not confirm the document may not let it go on either."""
        self.company.meddev_inspection_policy = "optional"
        supplier = new_test_user(self.env, "mp_reason_supplier", groups="base.group_portal")
        supplier.partner_id.parent_id = self.distributor
        self.order.message_subscribe(supplier.partner_id.ids)
        receipt = self._order((self.monitor, 1), partner=self.distributor).picking_ids
        order_only = (self.auditor, self.engineer, self.parts, supplier)
        for document, users in ((self.order, order_only), (receipt, (self.auditor, supplier))):
            for user in users:
                with self.assertRaises(AccessError, msg=user.login):
                    document.with_user(user).allow_papers("I say so")
                with self.assertRaises(AccessError, msg=user.login):
                    document.with_user(user).sudo().allow_papers("I say so")
                with self.assertRaises(AccessError, msg=user.login):
                    document.with_user(user).action_ask_paper_reason()
                self.assertFalse(document.with_user(user).sudo().can_allow_papers)
        self.assertNotIn("I say so", self.env["meddev.paper.waiver"].search([]).mapped("reason"))

    def test_quality_allows_where_the_setting_warns(self):
        """Given quality's decision before, whoever confirms is not asked."""
        self.order.with_user(self.quality).allow_papers("Seen in the original")
        order = self.order.with_user(self.buyer)
        self.assertFalse(order.needs_paper_reason)
        order.button_confirm()
        self.assertEqual(self._waivers().mode, "allowed")

    def test_reason_opens_no_blocked_document(self):
        """Given the setting blocks, no reason of the buyer counts, by any way."""
        self.company.meddev_order_paper_policy = "block"
        order = self.order.with_user(self.buyer)
        order.paper_reason = "I need it"
        self.assertFalse(order.needs_paper_reason)
        with self.assertRaisesRegex(UserError, "stopped"):
            order.button_confirm()
        with self.assertRaises(AccessError):
            order.allow_papers("I need it")
        with self.assertRaisesRegex(UserError, "stopped"):
            order.action_ask_paper_reason()
        with self.assertRaisesRegex(UserError, "stopped"):
            order.with_user(self.env.ref("base.user_root")).button_confirm()
        self.assertFalse(self._waivers())

    def test_warning_that_turned_into_a_block_is_decided_anew(self):
        self.order.with_user(self.buyer).allow_papers("Hospital waits")
        self.company.meddev_order_paper_policy = "block"
        with self.assertRaisesRegex(UserError, "stopped"):
            self.order.with_user(self.buyer).button_confirm()


@tagged("post_install", "-at_install")
class TestReceiptReason(PaperReasonCommon):
    """The same at the receipt, with an inspection and without."""

    def test_inspection_asks_and_finishes(self):
        """Given a missing licence, Finish asks why and receives the goods with the answer."""
        picking = self._order((self.monitor, 1), partner=self.distributor).picking_ids
        inspection = self._inspection(picking)
        inspection.capture(self._carrier("WHY-1"))
        self.assertTrue(inspection.needs_paper_reason)
        self.assertFalse(picking.with_user(self.stocker).needs_paper_reason)
        with self.assertRaisesRegex(UserError, r"(?s)Distribution Licence.*stock\.picking"):
            inspection.action_confirm()
        self._give_reason(inspection.action_ask_paper_reason(), self.parts, "Patient waits")
        self.assertEqual((inspection.state, picking.state), ("done", "done"))
        self.assertRecordValues(
            self._waivers("receipt"),
            [
                {
                    "mode": "warned",
                    "user_id": self.parts.id,
                    "reason": "Patient waits",
                    "picking_id": picking.id,
                }
            ],
        )

    def test_program_gives_the_reason_to_the_receipt(self):
        picking = self._order((self.monitor, 1), partner=self.distributor).picking_ids
        inspection = self._inspection(picking)
        inspection.capture(self._carrier("WHY-2"))
        picking.with_user(self.parts).allow_papers("Licence in renewal")
        self.assertFalse(inspection.needs_paper_reason)
        inspection.action_confirm()
        self.assertEqual(self._waivers("receipt").reason, "Licence in renewal")

    def test_goods_are_checked_before_the_question(self):
        """Given a short delivery, nobody is asked for a reason in vain."""
        picking = self._order((self.monitor, 2), partner=self.distributor).picking_ids
        inspection = self._inspection(picking)
        inspection.capture(self._carrier("WHY-3"))
        with self.assertRaisesRegex(UserError, "1 missing"):
            inspection.action_ask_paper_reason()

    def test_others_finish_no_inspection_with_a_reason(self):
        picking = self._order((self.monitor, 1), partner=self.distributor).picking_ids
        inspection = self._inspection(picking)
        inspection.capture(self._carrier("WHY-4"))
        for user in (self.stocker, self.quality, self.auditor):
            with self.assertRaises(AccessError, msg=user.login):
                inspection.with_user(user).action_ask_paper_reason()

    def test_core_receipt_asks_as_well(self):
        """Given no inspection, core's Validate asks the storekeeper and then receives."""
        self.company.meddev_inspection_policy = "optional"
        picking = self._order((self.monitor, 1), partner=self.distributor).picking_ids
        picking.move_ids.move_line_ids.lot_name = "WHY-5"
        own = picking.with_user(self.stocker)
        self.assertTrue(own.needs_paper_reason)
        with self.assertRaisesRegex(UserError, "allow_papers"):
            own.button_validate()
        with self.assertRaisesRegex(UserError, "allow_papers"):
            own.move_ids._action_done()
        self._give_reason(own.action_ask_paper_reason(), self.stocker, "Urgent")
        self.assertEqual(picking.state, "done")
        self.assertEqual(self._waivers("receipt").user_id, self.stocker)
        self.assertEqual(picking.move_line_ids.lot_id.name, "WHY-5")

    def test_no_question_where_none_is_needed(self):
        """Given complete papers, the asking button simply goes on."""
        order = self._order((self.monitor, 1), confirm=False).with_user(self.buyer)
        self.assertFalse(order.needs_paper_reason)
        order.action_ask_paper_reason()
        self.assertEqual(order.state, "purchase")
        self.assertFalse(self.env["meddev.paper.waiver"].search([("purchase_id", "=", order.id)]))
