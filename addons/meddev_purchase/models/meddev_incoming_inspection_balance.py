from collections import defaultdict

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError

from .meddev_incoming_inspection_line import RESULT_ACCEPTED, RESULT_QUARANTINED, RESULT_REFUSED


class MeddevIncomingInspection(models.Model):
    """Inspected quantities against those that are open on the receipt."""

    _inherit = "meddev.incoming.inspection"

    @api.depends("line_ids.quantity", "line_ids.result")
    def _compute_totals(self):
        totals = defaultdict(float)
        counts = defaultdict(int)
        for inspection, result, quantity, count in self.env[
            "meddev.incoming.inspection.line"
        ]._read_group(
            [("inspection_id", "in", self.ids)],
            ["inspection_id", "result"],
            ["quantity:sum", "__count"],
        ):
            totals[inspection.id, result] = quantity
            counts[inspection.id] += count
        for inspection in self:
            record_id = inspection._origin.id
            inspection.line_count = counts[record_id]
            inspection.accepted_quantity = totals[record_id, RESULT_ACCEPTED]
            inspection.quarantined_quantity = totals[record_id, RESULT_QUARANTINED]
            inspection.refused_quantity = totals[record_id, RESULT_REFUSED]

    @api.depends("line_ids.quantity", "line_ids.result", "line_ids.product_id", "picking_id")
    @api.depends_context("lang")
    def _compute_reconciliation(self):
        for inspection in self:
            inspection.reconciliation = inspection._render_reconciliation()

    def _get_room_left(self):
        """By product id: (open on the receipt, not yet captured), in the product's unit."""
        captured = defaultdict(float)
        for product, quantity in self.env["meddev.incoming.inspection.line"]._read_group(
            [("inspection_id", "=", self.id), ("result", "!=", RESULT_REFUSED)],
            ["product_id"],
            ["quantity:sum"],
        ):
            captured[product.id] = quantity
        demand = self._get_demand()
        return {
            product.id: (quantity, quantity - captured[product.id])
            for product, quantity in demand.items()
        }

    def _get_demand(self):
        """Quantity open on the receipt per product, in the product's unit."""
        demand = defaultdict(float)
        for move in self.picking_id._get_inspected_moves():
            demand[move.product_id] += move.product_qty
        return demand

    def _get_balance(self):
        """Per product of the receipt: (product, open, accepted + quarantined, refused)."""
        captured = defaultdict(float)
        for product, result, quantity in self.env["meddev.incoming.inspection.line"]._read_group(
            [("inspection_id", "in", self.ids)], ["product_id", "result"], ["quantity:sum"]
        ):
            captured[product.id, result == RESULT_REFUSED] += quantity
        return [
            (product, ordered, captured[product.id, False], captured[product.id, True])
            for product, ordered in self._get_demand().items()
        ]

    def _ensure_reconciled(self):
        """Inspected quantities against the receipt's; the message names every difference."""
        self.ensure_one()
        differences = []
        is_short = False
        for product, ordered, received, refused in self._get_balance():
            difference = ordered - received - refused
            if product.uom_id.compare(ordered, received) < 0:
                differences.append(
                    self.env._(
                        "%(product)s: %(ordered)s open on the order, %(received)s inspected,"
                        " %(excess)s too many. Refuse the surplus, or change the order.",
                        product=product.display_name,
                        ordered=f"{ordered:g}",
                        received=f"{received:g}",
                        excess=f"{received - ordered:g}",
                    )
                )
            elif product.uom_id.compare(difference, 0.0) > 0 and not self.is_partial_delivery:
                is_short = True
                differences.append(
                    self.env._(
                        "%(product)s: %(ordered)s open on the order, %(received)s inspected,"
                        " %(missing)s missing.",
                        product=product.display_name,
                        ordered=f"{ordered:g}",
                        received=f"{received + refused:g}",
                        missing=f"{difference:g}",
                    )
                )
        if is_short:
            differences.append(
                self.env._(
                    "Capture what is missing, or tick Partial Delivery: the rest stays on a"
                    " back order."
                )
            )
        if differences:
            raise UserError(
                self.env._(
                    "%(inspection)s does not reconcile with %(document)s:\n%(differences)s",
                    inspection=self.name,
                    document=self.purchase_id.name or self.picking_id.name,
                    differences="\n".join(differences),
                )
            )

    def _get_inspected_quantities(self):
        """Quantity accepted or quarantined by (product id, lot id); asked by the receipt."""
        quantities = defaultdict(float)
        for line in self.line_ids:
            if line.result != RESULT_REFUSED:
                quantities[line.product_id.id, line.lot_id.id] += line.quantity
        return dict(quantities)

    # Display

    def _render_reconciliation(self):
        self.ensure_one()
        balance = self._get_balance() if self.picking_id and self._origin else []
        if not balance:
            return False
        rows = Markup().join(
            Markup(
                "<tr><td>%s</td><td class='text-end'>%s</td><td class='text-end'>%s</td>"
                "<td class='text-end'>%s</td><td class='text-end %s'>%s</td></tr>"
            )
            % (
                product.display_name,
                f"{ordered:g}",
                f"{received:g}",
                f"{refused:g}",
                "text-danger fw-bold" if difference else "",
                f"{difference or 0:g}",
            )
            for product, ordered, received, refused in balance
            # Rounded, as sums of fractions miss zero by a hair.
            for difference in [product.uom_id.round(ordered - received - refused)]
        )
        return Markup(
            "<table class='table table-sm mb-0'><thead><tr><th>%s</th><th class='text-end'>%s</th>"
            "<th class='text-end'>%s</th><th class='text-end'>%s</th>"
            "<th class='text-end'>%s</th></tr></thead><tbody>%s</tbody></table>"
        ) % (
            self.env._("Product"),
            self.env._("Open on the Receipt"),
            self.env._("Accepted or Quarantined"),
            self.env._("Refused"),
            self.env._("Difference"),
            rows,
        )
