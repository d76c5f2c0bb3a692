from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.meddev_device.models.argument import ensure_single
from odoo.addons.meddev_device.models.device_state import STATE_IN_STOCK, STATE_QUARANTINED
from odoo.addons.meddev_device.models.field_error import about
from odoo.addons.meddev_device.models.guard import in_stock_operation, without_defaults

from .guard import is_own_write, own_write
from .meddev_device_event import EVENT_PURCHASE

#: Facts that a receipt sets and nothing else.
RECEIPT_FIELDS = {
    "purchase_order_id",
    "purchase_line_id",
    "receipt_id",
    "received_on",
    "retain_until",
}
#: Facts that may be typed for devices that never came through a receipt of ours.
ORIGIN_FIELDS = {"supplier_id", "purchase_date"}


class StockLot(models.Model):
    """Where a device or batch came from."""

    _inherit = "stock.lot"

    purchase_order_id = fields.Many2one(
        "purchase.order",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    purchase_line_id = fields.Many2one(
        "purchase.order.line",
        "Purchase Order Line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    supplier_id = fields.Many2one(
        "res.partner", copy=False, index="btree_not_null", ondelete="restrict"
    )
    receipt_id = fields.Many2one(
        "stock.picking",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    received_on = fields.Date(readonly=True, copy=False)
    inspection_line_ids = fields.One2many(
        "meddev.incoming.inspection.line", "lot_id", "Incoming Inspection Lines"
    )
    inspection_count = fields.Integer(compute="_compute_inspection_count")

    def _compute_inspection_count(self):
        counts = {
            lot.id: count
            # sudo: how often a lot was inspected may be known to every reader of the lot.
            for lot, count in self.env["meddev.incoming.inspection.line"]
            .sudo()
            ._read_group([("lot_id", "in", self.ids)], ["lot_id"], ["__count"])
        }
        for lot in self:
            lot.inspection_count = counts.get(lot.id, 0)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._ensure_receipt_fields_untouched(vals)
        blank = without_defaults(self, RECEIPT_FIELDS)
        return super(StockLot, blank).create(vals_list).with_env(self.env)

    def write(self, vals):
        self._ensure_receipt_fields_untouched(vals)
        return super().write(vals)

    def action_view_inspections(self):
        """Open the incoming inspection lines of this device or lot."""
        ensure_single(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "meddev_purchase.meddev_incoming_inspection_line_action"
        )
        return action | {"domain": [("lot_id", "=", self.id)], "context": {"create": False}}

    def _ensure_receipt_fields_untouched(self, vals):
        if is_own_write(self):
            return
        if names := [name for name in RECEIPT_FIELDS if vals.get(name)]:
            message = self.env._(
                "%(fields)s: this follows from the receipt and is not typed in.",
                fields=", ".join(map(self._get_label, sorted(names))),
            )
            raise about(UserError(message), *sorted(names))
        if names := [name for name in RECEIPT_FIELDS & vals.keys() if any(self.mapped(name))] + [
            name for name in ORIGIN_FIELDS & vals.keys() if self._differs_from_receipt(name, vals)
        ]:
            message = self.env._(
                "%(fields)s: where the goods came from stays on record.",
                fields=", ".join(map(self._get_label, sorted(names))),
            )
            raise about(UserError(message), *sorted(names))

    def _differs_from_receipt(self, name, vals):
        """Whether writing ``vals`` would change what a receipt said about one of these lots."""
        field = self._fields[name]
        return any(
            lot.receipt_id
            and field.convert_to_write(lot[name], lot)
            != field.convert_to_write(
                field.convert_to_record(field.convert_to_cache(vals[name], lot), lot), lot
            )
            for lot in self
        )

    def _record_origin(self, move):
        """Set where these lots came from; one write for all lots of one move.

        :param move: the done move of a receipt from a supplier.
        """
        vals = self._prepare_origin_vals(move)
        changed = self.filtered(lambda lot: not lot._has_origin(vals))
        in_stock_operation(own_write(changed)).write(vals)
        if not move.picking_id._get_finished_inspections():
            self._log_purchase(move, vals)

    def _has_origin(self, vals):
        """Whether the inspection that made the lot gave it this origin already."""
        return all(
            self._fields[name].convert_to_write(self[name], self) == value
            for name, value in vals.items()
        )

    def _prepare_origin_vals(self, move):
        """What a receipt tells about its lots; asked once per move."""
        # sudo: order, supplier and receipt of goods that the user receives.
        move = move.sudo()
        order = move.purchase_line_id.order_id
        supplier = order.partner_id or move.picking_id.partner_id or move.partner_id
        bought_at = order.date_approve or order.date_order or move.date
        return {
            "purchase_order_id": order.id,
            "purchase_line_id": move.purchase_line_id.id,
            "supplier_id": supplier.commercial_partner_id.id,
            "receipt_id": move.picking_id.id,
            "received_on": fields.Date.context_today(self),
            "purchase_date": fields.Datetime.context_timestamp(self, bought_at).date(),
        }

    def _log_purchase(self, move, vals):
        # sudo: see _prepare_origin_vals.
        names = [
            move.sudo().purchase_line_id.order_id.name,
            self.env["res.partner"].sudo().browse(vals["supplier_id"]).name,
            move.picking_id.name,
        ]
        self._log_device_events(
            [
                {
                    "lot_id": lot.id,
                    "kind": EVENT_PURCHASE,
                    "summary": " · ".join(filter(None, names)),
                    "res_model": "stock.picking",
                    "res_id": move.picking_id.id,
                }
                for lot in self
                if lot.is_device
            ]
        )

    def _quarantine_on_receipt(self, reason, inspection):
        """Quarantine devices as the incoming inspection decided; asked when it is confirmed."""
        self.filtered(lambda lot: lot.device_state != STATE_QUARANTINED)._move_device_state(
            STATE_QUARANTINED,
            reason=reason,
            check_roles=False,
            res_model=inspection._name,
            res_id=inspection.id,
        )

    def _release_from_quarantine(self, reason):
        """Back in stock as quality decided; devices that went elsewhere meanwhile stay there."""
        # sudo: quality's right to decide was checked; the device follows the decision.
        quarantined = self.sudo().filtered(lambda lot: lot.device_state == STATE_QUARANTINED)
        quarantined._move_device_state(STATE_IN_STOCK, reason=reason, check_roles=False)

    def _get_sent_back_to_supplier(self):
        """Those whose last move brought them back to a supplier, so that they may come again."""
        if not self:
            return self
        # sudo: whether a device is with its supplier does not depend on who asks.
        move_lines = (
            self.env["stock.move.line"]
            .sudo()
            .search([("lot_id", "in", self.ids), ("state", "=", "done")], order="date, id")
        )
        last = {move_line.lot_id.id: move_line for move_line in move_lines}
        return self.filtered(
            lambda lot: lot.id in last and last[lot.id].location_dest_id.usage == "supplier"
        )
