from odoo import Command, fields
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import new_test_user

from ..models.guard import own_write
from .common import PurchaseCommon


class TestAttackPurchase(PurchaseCommon):
    """Ways round the papers and the inspection that were tried and once worked."""

    def test_default_keys_finish_no_inspection(self):
        receipt = self._confirmed(self.monitor).picking_ids
        inspections = self.env["meddev.incoming.inspection"].with_user(self.parts)
        inspection = inspections.with_context(
            default_state="done", default_supplier_name="Forged", default_done_by_id=self.manager.id
        ).create({"picking_id": receipt.id})
        self.assertEqual(inspection.state, "draft")
        self.assertFalse(inspection.supplier_name)
        self.assertFalse(inspection.done_by_id)

    def test_default_keys_and_values_decide_and_forge_no_line(self):
        receipt = self._confirmed(self.monitor).picking_ids
        parts_env = self.env(user=self.parts)
        inspection = parts_env["meddev.incoming.inspection"].create({"picking_id": receipt.id})
        lines = parts_env["meddev.incoming.inspection.line"].with_context(
            default_decision="released",
            default_decided_by_id=self.quality.id,
            default_registration_number="forged",
        )
        line = lines.create(
            {
                "inspection_id": inspection.id,
                "product_id": self.monitor.id,
                "lot_name": "ATTACK-1",
                "result": "refused",
                "reason": "Scratched",
                "manufacturer_name": "Forged",
                "retain_until": "2000-01-01",
            }
        )
        self.assertFalse(line.decision)
        self.assertFalse(line.decided_by_id)
        self.assertEqual(line.registration_number, self.registration.number)
        self.assertEqual(line.manufacturer_name, self.maker.name)
        self.assertGreater(line.retain_until, self.today)
        with self.assertRaises(UserError):
            line.write({"registration_number": "forged"})

    def test_origin_and_retention_are_not_typed(self):
        order = self._confirmed(self.monitor)
        lots = self.env["stock.lot"].with_user(self.parts)
        lot = lots.with_context(
            default_purchase_order_id=order.id,
            default_receipt_id=order.picking_ids.id,
            default_retain_until="2000-01-01",
        ).create(
            {
                "name": "ATTACK-LOT",
                "product_id": self.reagent.id,
                "purchase_date": self.today,
                "expiry_date": self.today,
            }
        )
        self.assertFalse(lot.purchase_order_id)
        self.assertFalse(lot.receipt_id)
        self.assertGreater(lot.retain_until, self.today)
        with self.assertRaises(UserError):
            lot.write({"retain_until": "2000-01-01"})

    def test_waiver_is_not_forged_under_sudo(self):
        order = self._order_as_buyer(self.distributor)
        with self.assertRaises(UserError):
            self.env["meddev.paper.waiver"].sudo().create(
                {
                    "operation": "order",
                    "mode": "allowed",
                    "purchase_id": order.id,
                    "partner_id": self.distributor.id,
                    "user_id": self.quality.id,
                    "allowed_at": fields.Datetime.now(),
                    "reason": "forged",
                    "missing": "forged",
                    "company_id": self.company.id,
                }
            )

    def test_supplier_is_not_swapped_after_confirming(self):
        self.company.meddev_order_paper_policy = "block"
        order = self._confirmed(self.monitor)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.with_user(self.buyer).write({"partner_id": self.distributor.id})

    def test_line_places_do_not_hide_a_receipt(self):
        receipt = self._confirmed(self.monitor).picking_ids.with_user(self.stocker)
        stock = receipt.location_dest_id
        customers = self.env.ref("stock.stock_location_customers")
        receipt.move_ids.write({"location_dest_id": customers.id})
        receipt.move_ids.move_line_ids.write(
            {"location_dest_id": stock.id, "lot_name": "ATTACK-2", "quantity": 1, "picked": True}
        )
        with self.assertRaises(RedirectWarning), self.env.cr.savepoint():
            receipt.button_validate()

    def test_scrapping_from_the_supplier_receives_nothing(self):
        stock = self.env["stock.warehouse"].search([], limit=1).lot_stock_id
        scrap = (
            self.env["stock.scrap"]
            .with_user(self.stocker)
            .create(
                {
                    "product_id": self.swab.id,
                    "scrap_qty": 1,
                    "location_id": self.env.ref("stock.stock_location_suppliers").id,
                    "scrap_location_id": stock.id,
                }
            )
        )
        with self.assertRaises(UserError), self.env.cr.savepoint():
            scrap.do_scrap()

    def test_supplier_in_the_portal_asks_for_no_exception(self):
        user = new_test_user(self.env, "mp_attack_supplier", groups="base.group_portal")
        user.partner_id.parent_id = self.distributor
        order = self._order_as_buyer(self.distributor)
        order.message_subscribe(user.partner_id.ids)
        with self.assertRaises(AccessError):
            order.with_user(user).action_request_paper_waiver()

    def _order_as_buyer(self, partner, product=None):
        return (
            self.env["purchase.order"]
            .with_user(self.buyer)
            .create(
                {
                    "partner_id": partner.id,
                    "order_line": [
                        Command.create(
                            {"product_id": (product or self.monitor).id, "product_qty": 1}
                        )
                    ],
                }
            )
        )

    def _confirmed(self, product):
        order = self._order_as_buyer(self.maker, product)
        order.button_confirm()
        return order.sudo()

    def _run(self, record, code):
        """Run the code of a server action on a record, as the strongest user."""
        action = self.env["ir.actions.server"].create(
            {
                "name": "Forge",
                "model_id": self.env["ir.model"]._get_id(record._name),
                "state": "code",
                "code": code,
            }
        )
        context = {"active_id": record.id, "active_model": record._name}
        with self.env.cr.savepoint():
            action.with_context(**context).run()
            self.env.flush_all()

    def test_no_way_below_write_changes_a_finished_record(self):
        self.company.meddev_order_paper_policy = "ignore"
        self.production_licence.valid_to = self.production_licence.valid_from
        order = self._confirmed(self.monitor)
        order.picking_ids.with_user(self.quality).allow_papers("Licence in renewal")
        inspection = self._inspection(order.picking_ids)
        inspection.capture("ATTACK-3", product_id=self.monitor.id, result="quarantined", reason="?")
        inspection.action_confirm()
        line = inspection.line_ids
        draft = self._inspection(self._confirmed(self.monitor).picking_ids)
        draft.capture("ATTACK-4", product_id=self.monitor.id)
        waiver = self.env["meddev.paper.waiver"].search([("picking_id", "=", order.picking_ids.id)])
        self.assertTrue(waiver)
        self.env.flush_all()
        for record, code in (
            (inspection, "record._write({'supplier_name': 'forged'})"),
            (inspection, "record._write({'state': 'draft'})"),
            (inspection, "record._fields['note'].write(record, 'forged')"),
            (draft, "record._write({'state': 'done'})"),
            (draft, "record._fields['supplier_name'].write(record, 'forged')"),
            (line, "record._write({'lot_name': 'forged'})"),
            (line, "record._write({'decision': 'released'})"),
            (line, "record._fields['quantity'].write(record, 1.5)"),
            (draft.line_ids, f"record._write({{'inspection_id': {inspection.id}}})"),
            (waiver, "record._write({'reason': 'forged'})"),
            (waiver, "record._fields['reason'].write(record, 'forged')"),
        ):
            with self.subTest(code=code), self.assertRaises(UserError):
                self._run(record.sudo(), code)
            self.env.invalidate_all()
        self.assertEqual(inspection.supplier_name, self.maker.name)
        line.with_user(self.quality).decide("released", "Certificate came")
        self.env.flush_all()
        self.assertEqual(line.decision, "released")

    def test_own_write_takes_no_forged_value_along(self):
        """Given a forged value that waits, an own write of another record leaves it behind."""
        _order, inspection = self._receive("ATTACK-5")
        other = self._inspection(self._confirmed(self.monitor).picking_ids)
        self.env.flush_all()
        with self.assertRaises(UserError):
            inspection._fields["note"].write(inspection.sudo(), "forged")
            own_write(other.sudo()).write({"note": "Ours"})
