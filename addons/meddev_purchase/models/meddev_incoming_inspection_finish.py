from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError

from ..tools.address import join_address
from .guard import own_write
from .meddev_device_event import EVENT_INSPECTION
from .meddev_incoming_inspection import STATE_DONE, STATE_DRAFT
from .meddev_incoming_inspection_line import RESULT_QUARANTINED, RESULT_REFUSED


class MeddevIncomingInspection(models.Model):
    """Finishing: the lots come into being, the receipt is filled and validated."""

    _inherit = "meddev.incoming.inspection"

    def _ensure_can_be_confirmed(self):
        self._ensure_may_inspect()
        for inspection in self:
            if inspection.state != STATE_DRAFT:
                raise UserError(self.env._("%s is finished already.", inspection.name))
            if inspection.picking_id.state in ("done", "cancel"):
                raise UserError(
                    self.env._(
                        "%(inspection)s: receipt %(receipt)s is done or cancelled. Cancel the"
                        " inspection.",
                        inspection=inspection.name,
                        receipt=inspection.picking_id.name,
                    )
                )
            if not inspection.line_ids:
                raise UserError(
                    self.env._("%s has no lines. Capture what arrived first.", inspection.name)
                )

    def action_confirm(self):
        """Finish the inspection and the receipt: all of it or nothing.

        :return: what core's own Validate button returns, ``True`` as a rule.
        """
        self._ensure_can_be_confirmed()
        result = True
        for inspection in self:
            inspection.lock_for_update()
            inspection.invalidate_recordset(["state"])
            inspection._ensure_can_be_confirmed()
            inspection._ensure_goods_right()
            inspection.picking_id._ensure_receipt_papers(inspection.paper_reason)
            result = inspection._finish()
        return result

    def _ensure_goods_right(self):
        """Everything about the goods themselves; asked before anything is written."""
        self.ensure_one()
        if self.picking_id.state == "draft":
            self.picking_id.action_confirm()
        self._ensure_supplier_named()
        self._ensure_lines_right()
        self._ensure_reconciled()
        self._ensure_quarantine_possible()

    def _ensure_supplier_named(self):
        """Whatever may be received without papers, the record of it names who supplied."""
        self.ensure_one()
        if not self.supplier_id:
            raise UserError(
                self.env._(
                    "%(inspection)s: the record of the goods names their supplier. Fill in Receive"
                    " From on receipt %(receipt)s.",
                    inspection=self.name,
                    receipt=self.picking_id.name,
                )
            )

    def _ensure_quarantine_possible(self):
        self.ensure_one()
        if self.company_id.meddev_quarantine_location_id:
            return
        batches = self.line_ids.filtered(
            lambda line: line.result == RESULT_QUARANTINED and line.tracking != "serial"
        )
        if batches:
            raise UserError(
                self.env._(
                    "%s: batches are quarantined by their place, but there is no Quarantine"
                    " Location. Have it set in the purchase settings, or refuse the goods.",
                    ", ".join(line.lot_name or line.product_id.display_name for line in batches),
                )
            )

    def _finish(self):
        """Make the lots, fill the receipt, validate it and freeze this record."""
        self.ensure_one()
        lines = self.line_ids
        received = lines.filtered(lambda line: line.result != RESULT_REFUSED)
        if received:
            # First of all, as deleting empties the cache and everything would be read again.
            self.picking_id._get_inspected_moves().move_line_ids.unlink()
            shares = self._share_among_moves(received)
            received._assign_lots(self._get_origins(shares))
            self._fill_receipt(shares)
        # What waits to be written of the lines belongs to the draft still.
        lines.flush_recordset()
        own_write(self).write(self._prepare_done_vals())
        result = self._validate_receipt(received)
        self._quarantine_devices()
        self._log_inspection(received)
        return result

    def _prepare_done_vals(self):
        """What is fixed when the record is finished; asked once by ``_finish``."""
        # sudo: name, address and licence of the supplier belong on the record.
        supplier = self.supplier_id.sudo().commercial_partner_id
        licence = self._get_supplier_licence(supplier)
        return {
            "state": STATE_DONE,
            "done_at": fields.Datetime.now(),
            "done_by_id": self.env.uid,
            "supplier_name": supplier.name,
            "supplier_address": join_address(supplier._display_address(without_company=True)),
            "supplier_contact": " ".join(filter(None, [supplier.phone, supplier.email])),
            "supplier_licence": ", ".join(licence.mapped("number")),
        }

    def _get_supplier_licence(self, supplier):
        """The licences in force that entitle the supplier to sell to us."""
        return (
            # sudo: see _prepare_done_vals.
            self.env["meddev.supplier.paper"]
            .sudo()
            .search(
                [
                    ("active", "=", True),
                    ("partner_id", "child_of", supplier.ids),
                    ("kind", "in", ["production_licence", "distribution_licence"]),
                    ("company_id", "in", [False, self.company_id.id]),
                    ("state", "in", ["valid", "expiring"]),
                ]
            )
        )

    def _share_among_moves(self, received):
        """Which part of which line fills which move: list of (line, move, quantity)."""
        moves = self.picking_id._get_inspected_moves()
        shares = []
        for product, lines in received.grouped("product_id").items():
            queue = [[move, move.product_qty] for move in moves if move.product_id == product]
            for line in lines:
                left = line.quantity
                while queue and product.uom_id.compare(left, 0) > 0:
                    move, open_quantity = queue[0]
                    if product.uom_id.compare(open_quantity, 0) <= 0:
                        queue.pop(0)
                        continue
                    taken = min(left, open_quantity)
                    shares.append((line, move, taken))
                    queue[0][1] -= taken
                    left -= taken
        return shares

    def _get_origins(self, shares):
        """What each line's lot knows of its origin; notes the order line on the line as well."""
        lots = self.env["stock.lot"]
        vals_by_move = {move: lots._prepare_origin_vals(move) for _line, move, _part in shares}
        move_by_line = {}
        for line, move, _part in shares:
            move_by_line.setdefault(line, move)
        for purchase_line, lines in self._group_by_order_line(move_by_line).items():
            own_write(lines).purchase_line_id = purchase_line
        return {line: vals_by_move[move] for line, move in move_by_line.items()}

    def _group_by_order_line(self, move_by_line):
        groups = defaultdict(list)
        for line, move in move_by_line.items():
            groups[move.purchase_line_id].append(line.id)
        return {key: self.line_ids.browse(line_ids) for key, line_ids in groups.items()}

    def _fill_receipt(self, shares):
        """Give the receipt one move line per inspected serial or batch, in one call."""
        picking = self.picking_id
        moves = picking._get_inspected_moves()
        move_lines = self.env["stock.move.line"].create(
            [self._prepare_move_line_vals(*share) for share in shares]
        )
        moves._recompute_state()
        self._apply_putaway(move_lines)
        others = picking.move_ids.filtered(
            lambda move: move not in moves and move.state not in ("done", "cancel")
        )
        if others and not any(move.picked for move in others):
            others.filtered("quantity").picked = True

    def _prepare_move_line_vals(self, line, move, quantity):
        """Values of the stock move line of one share; asked once per serial or batch."""
        quarantine = self.company_id.meddev_quarantine_location_id
        is_quarantined = line.result == RESULT_QUARANTINED and quarantine
        return {
            "move_id": move.id,
            "picking_id": self.picking_id.id,
            "company_id": self.company_id.id,
            "product_id": line.product_id.id,
            "product_uom_id": line.product_id.uom_id.id,
            "location_id": move.location_id.id,
            "location_dest_id": quarantine.id if is_quarantined else move.location_dest_id.id,
            "lot_id": line.lot_id.id,
            "quantity": quantity,
            "picked": True,
        }

    def _apply_putaway(self, move_lines):
        """Core's own choice of shelf, for the goods that are not quarantined."""
        quarantine = self.company_id.meddev_quarantine_location_id
        stored = move_lines.filtered(lambda line: line.location_dest_id != quarantine)
        has_rules = self.env["stock.putaway.rule"].search_count(
            [("location_in_id", "in", stored.location_dest_id.ids)], limit=1
        )
        if has_rules:
            stored._apply_putaway_strategy()

    def _validate_receipt(self, received):
        picking = self.picking_id
        if not received:
            # All of it was refused: nothing enters the stock, the order stays open.
            return True
        result = picking.with_context(skip_backorder=True).button_validate()
        if picking.state != "done":
            raise UserError(
                self.env._(
                    "Receipt %s could not be validated together with its inspection. Validate"
                    " what it asks for first.",
                    picking.name,
                )
            )
        return result

    def _quarantine_devices(self):
        lines = self.line_ids.filtered(lambda line: line.result == RESULT_QUARANTINED)
        for reason, of_reason in lines.grouped("reason").items():
            of_reason.lot_id.filtered("is_device")._quarantine_on_receipt(reason, self)

    def _log_inspection(self, received):
        """Tell the timeline of every device how it came in."""
        labels = dict(received._fields["result"]._description_selection(self.env))
        devices = received.filtered(lambda line: line.lot_id.is_device)
        devices.lot_id._log_device_events(
            [
                {
                    "lot_id": line.lot_id.id,
                    "kind": EVENT_INSPECTION,
                    "summary": f"{self.name} · {labels[line.result]}"
                    + (f" · {line.reason}" if line.reason else ""),
                    "data": {"result": line.result, "supplier": self.supplier_name},
                    "res_model": self._name,
                    "res_id": self.id,
                }
                for line in devices
            ]
        )
