from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError

from .res_company import INSPECTION_REQUIRED


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        from_supplier = self.filtered(lambda move: move._is_medical_receipt())
        from_supplier.picking_id._ensure_papers()
        from_supplier._ensure_inspected()
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        for move in moves.filtered(
            lambda move: move.state == "done" and move._is_medical_receipt()
        ):
            move.move_line_ids.lot_id._record_origin(move)
        return moves

    def _is_medical_receipt(self):
        """Medical goods that come from a supplier into our own place."""
        self.ensure_one()
        if not self.product_id.is_medical_device:
            return False
        # The lines may name other places than the move, and the stock goes where they say.
        lines = self.move_line_ids
        sources = set((self.location_id | lines.location_id).mapped("usage"))
        targets = set((self.location_dest_id | lines.location_dest_id).mapped("usage"))
        from_supplier = "supplier" in sources or (
            bool(self.purchase_line_id) and not sources <= {"internal", "view"}
        )
        return from_supplier and not targets.isdisjoint(("internal", "transit"))

    def _ensure_inspected(self):
        """What is received now is what was inspected, serial by serial.

        Compared with the finished inspections themselves, so that no way of validating, and no
        context, gets round it.
        """
        pending = self.filtered(lambda move: move.state not in ("done", "cancel"))
        # sudo: the setting of the goods' own company.
        if loose := pending.filtered(
            lambda move: (
                not move.picking_id
                and move.company_id.sudo().meddev_inspection_policy == INSPECTION_REQUIRED
            )
        ):
            raise UserError(
                self.env._(
                    "%s comes from a supplier: receive it with a receipt, which is inspected.",
                    loose[0].product_id.display_name,
                )
            )
        due = pending.filtered(lambda move: move.picking_id._is_inspection_required())
        for picking, moves in due.grouped("picking_id").items():
            received = moves._get_received_quantities()
            if not received:
                continue
            inspections = picking._get_finished_inspections()
            if not inspections:
                picking._raise_inspection_missing()
            if not self._is_same_goods(received, inspections._get_inspected_quantities()):
                raise UserError(
                    self.env._(
                        "Receipt %(receipt)s contains other goods or quantities than its incoming"
                        " inspection. Receive them through an inspection.",
                        receipt=picking.name,
                    )
                )

    def _is_same_goods(self, received, inspected):
        """Whether both hold the same quantities, as exactly as each product is counted."""
        products = self.env["product.product"]
        return all(
            products.browse(key[0]).uom_id.compare(received.get(key, 0), inspected.get(key, 0)) == 0
            for key in received.keys() | inspected.keys()
        )

    def _get_received_quantities(self):
        """Quantity to be received by (product id, lot id), as core is about to do it."""
        quantities = defaultdict(float)
        for move in self:
            for line in move.move_line_ids:
                if line.quantity and line.picked:
                    quantities[line.product_id.id, line.lot_id.id] += line.quantity_product_uom
        return dict(quantities)
