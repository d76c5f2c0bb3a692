"""What a done stock move means for the devices in it."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from .device_state import (
    STATE_IN_STOCK,
    STATE_LOST,
    STATE_ON_LOAN,
    STATE_QUARANTINED,
    STATE_RECALLED,
    STATE_SCRAPPED,
    STATE_SHIPPED,
    TRANSITIONS,
    UNDELIVERABLE_STATES,
)
from .guard import in_stock_operation
from .meddev_device_event import EVENT_STOCK

STEP_RECEIPT = "receipt"
STEP_RETURN = "return"
STEP_DELIVERY = "delivery"
STEP_SUPPLIER_RETURN = "supplier_return"
STEP_SCRAP = "scrap"
STEP_LOSS = "loss"
STEP_INTERNAL = "internal"

INSIDE = ("internal", "transit", "view")

#: Steps after which the device is no longer where it was.
PLACE_STEPS = (STEP_DELIVERY, STEP_RETURN, STEP_SUPPLIER_RETURN)

#: What a done line says about the way of a device.
DONE_FIELDS = ("lot_id", "lot_name", "product_id", "location_id", "location_dest_id", "quantity")
#: Those of them that name another record.
LINE_LINKS = tuple(name for name in DONE_FIELDS if name.endswith("_id"))


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    # Core has no index here: every look from a lot to its moves scans all move lines.
    _lot_index = models.Index("(lot_id) WHERE lot_id IS NOT NULL")

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        # Core lets a done transfer be topped up, which moves stock without _action_done.
        lines.filtered(lambda line: line.state == "done")._move_devices_along()
        return lines

    def write(self, vals):
        if vals.get("quant_id"):
            # Core copies the quant's lot and location after our check: so before it, too.
            vals = vals | self._copy_quant_info(vals)
        if not any(name in vals for name in (*DONE_FIELDS, "product_uom_id")):
            return super().write(vals)
        self._ensure_done_devices_stay(vals)
        widened = self._find_widened_lines(vals)
        result = super().write(vals)
        widened._ensure_devices_deliverable()
        widened._note_expired_deliveries()
        return result

    def _find_widened_lines(self, vals):
        """Done lines that deliver another lot, elsewhere or more once ``vals`` are written.

        Less of a batch that was recalled since its delivery is an ordinary correction.
        """
        names = [name for name in (*LINE_LINKS, "product_uom_id") if name in vals]
        return self.filtered(
            lambda line: (
                line.state == "done"
                and (
                    any(line[name].id != (vals[name] or False) for name in names)
                    or ("quantity" in vals and (vals["quantity"] or 0) > line.quantity)
                )
            )
        )

    def _ensure_done_devices_stay(self, vals):
        """Which device a done transfer moved, and where to, is on the device's timeline."""
        for line in self.filtered(lambda line: line.state == "done"):
            # sudo: what kind of thing a product is does not depend on who asks.
            product = line.product_id.sudo()
            if not product.is_medical_device or product.tracking != "serial":
                continue
            for name in DONE_FIELDS:
                value = line[name].id if name.endswith("_id") else line[name]
                if name in vals and (vals[name] or False) != (value or False):
                    raise UserError(
                        self.env._(
                            "%(transfer)s is done and on the timeline of device %(device)s."
                            " Return the device, then move the right one.",
                            transfer=line.reference or line.picking_id.name or "",
                            device=line.lot_id.name or "",
                        )
                    )

    def _create_and_assign_production_lot(self):
        # A serial that core's own operation brings is never refused: it lands in the review list.
        return super(StockMoveLine, in_stock_operation(self))._create_and_assign_production_lot()

    def _get_device_lines(self):
        """Lines that move a device. Everything else passes by at the cost of one read."""
        if not self.lot_id:
            return self.browse()
        # sudo: a lot that the line holds is the line's business, whatever rules hide.
        devices = set(self.lot_id.sudo().filtered("is_device")._ids)
        return self.filtered(lambda line: line.lot_id.id in devices and line.quantity)

    def _ensure_devices_deliverable(self):
        """Nobody hands a recalled, quarantined, retired or scrapped device to a customer.

        A recalled batch neither, nor, unless the company only warns, what has expired: it stays
        with us, moves inside, is scrapped, or goes back to its supplier.
        """
        outgoing = self._get_outgoing_lines()
        sentences = []
        # sudo: a lot that the line holds is the line's business, whatever rules hide.
        blocked = outgoing.lot_id.sudo().filtered(
            lambda lot: lot.batch_recalled_at or lot.device_state in UNDELIVERABLE_STATES
        )
        if blocked:
            sentences.append(
                self.env._(
                    "These devices or batches must not be delivered: %s. Take them off the"
                    " delivery, or let the quality specialist release them.",
                    ", ".join(
                        f"{lot.name} ({lot._get_state_label(lot.device_state or STATE_RECALLED)})"
                        for lot in blocked[:10]
                    ),
                )
            )
        if expired := outgoing._get_blocked_expired_lots():
            sentences.append(
                self.env._(
                    "These devices or batches have expired and must not be delivered: %s. Take them"
                    " off the delivery; they are scrapped or go back to the supplier.",
                    ", ".join(
                        f"{lot.name} ({format_date(self.env, lot.expiry_date)})"
                        for lot in expired[:10]
                    ),
                )
            )
        if sentences:
            raise UserError("\n".join(sentences))

    def _get_device_step(self):
        """What this line means for a device; addons with locations of their own extend it."""
        self.ensure_one()
        source = self.location_id.usage
        target = self.location_dest_id.usage
        if target == "inventory":
            return STEP_SCRAP if self.move_id.scrap_id else STEP_LOSS
        if target == "customer":
            return STEP_INTERNAL if source == "customer" else STEP_DELIVERY
        if target == "supplier":
            return STEP_SUPPLIER_RETURN
        if target in INSIDE and source == "customer":
            return STEP_RETURN
        if target in INSIDE and source not in INSIDE:
            return STEP_RECEIPT
        return STEP_INTERNAL

    def _move_devices_along(self):
        """Move the devices of done lines along, set-based: a few statements for any number.

        Goods that must not be delivered stop core's operation. Nothing else does: a step that
        the life cycle does not know leaves the state alone and is marked on the timeline.
        """
        self._ensure_devices_deliverable()
        self._note_expired_deliveries()
        lines = self._get_device_lines()
        if not lines:
            return
        # sudo: a warehouse user without an after-sales role moves devices along as well; the
        # stock operation is the right, and core has checked it.
        devices = in_stock_operation(lines.lot_id.sudo())
        by_id = {device.id: device for device in devices}
        steps = {line: line._get_device_step() for line in lines}
        former = devices._get_former_customers(
            {line.lot_id.id for line, step in steps.items() if step == STEP_DELIVERY}
        )
        places = {}
        groups = defaultdict(list)
        events = []
        for line, step in steps.items():
            device = by_id[line.lot_id.id]
            partner = line.picking_id.partner_id or line.move_id.partner_id
            if step == STEP_DELIVERY and partner not in places:
                places[partner] = device._split_place(partner) if partner else {}
            target, is_anomaly = device._get_state_after(step)
            vals = device._prepare_stock_vals(
                step, target, places.get(partner, {}), former.get(device.id)
            )
            events.append(line._prepare_device_event_vals(device, step, vals, is_anomaly))
            if vals:
                groups[tuple(sorted(vals.items()))].append(device.id)
        for vals, device_ids in groups.items():
            devices.browse(device_ids).write(dict(vals))
        self.env["stock.lot"]._log_device_events(events)

    def _prepare_device_event_vals(self, device, step, vals, is_anomaly):
        self.ensure_one()
        document = self.picking_id or self.move_id.scrap_id
        event = {
            "lot_id": device.id,
            "kind": EVENT_STOCK,
            "occurred_at": self.date,
            "summary": self.reference or self.move_id.reference or False,
            "is_anomaly": is_anomaly,
            "data": {
                "step": step,
                "from": self.location_id.complete_name,
                "to": self.location_dest_id.complete_name,
            },
            "res_model": document._name if document else False,
            "res_id": document.id,
        }
        target = vals.get("device_state") or (
            device.device_state if step == STEP_RECEIPT and not is_anomaly else False
        )
        if target:
            event |= {"state_from": device.device_state, "state_to": target}
        if step in PLACE_STEPS:
            event["sets_place"] = True
            for name in ("customer_id", "department_id", "room_id"):
                event[name] = vals.get(name, device[name].id)
                event[f"old_{name}"] = device[name].id
        return event


class StockLot(models.Model):
    _inherit = "stock.lot"

    def _get_state_after(self, step):
        """State after a stock step and whether the step does not fit the life cycle.

        :return: (state or False for no change, is_anomaly)
        """
        self.ensure_one()
        state = self.device_state
        if step == STEP_INTERNAL:
            return False, False
        if step in (STEP_RECEIPT, STEP_RETURN):
            if state in (STATE_IN_STOCK, STATE_QUARANTINED, STATE_RECALLED):
                return False, False
            # What was used comes back unchecked: only quality puts it in stock again.
            fresh = state == STATE_SHIPPED or (state == STATE_LOST and step == STEP_RECEIPT)
            target = STATE_IN_STOCK if fresh else STATE_QUARANTINED
        elif step in (STEP_DELIVERY, STEP_SUPPLIER_RETURN):
            if state in (STATE_SHIPPED, STATE_ON_LOAN):
                return False, False
            if step == STEP_SUPPLIER_RETURN and state in (STATE_QUARANTINED, STATE_RECALLED):
                return False, False
            target = STATE_SHIPPED
        elif step == STEP_SCRAP:
            target = STATE_SCRAPPED
        else:
            target = STATE_LOST
        if state == target:
            return False, False
        if (state, target) not in TRANSITIONS:
            return False, True
        return target, False

    def _prepare_stock_vals(self, step, target, place, former_customer_id):
        """Values that change on the device; only those that differ."""
        self.ensure_one()
        vals = {"device_state": target} if target else {}
        if step in PLACE_STEPS:
            place = place or dict.fromkeys(("customer_id", "department_id", "room_id"), False)
            vals |= {name: value for name, value in place.items() if self[name].id != value}
        if step == STEP_DELIVERY:
            customer_id = place.get("customer_id")
            is_back = customer_id and customer_id in (former_customer_id, self.customer_id.id)
            if not self.shipping_date or not is_back:
                vals["shipping_date"] = fields.Date.context_today(self)
            if not is_back:
                # Sold to somebody else: its installation, acceptance and warranty begin anew;
                # the former ones stay in the acceptance records and on the timeline.
                vals |= {
                    name: False
                    for name in (
                        "installation_date",
                        "acceptance_date",
                        "acceptance_id",
                        "warranty_start",
                        "warranty_end",
                    )
                    if self[name]
                }
        return vals

    def _get_former_customers(self, device_ids):
        """Customer from whom each device came back last, for those that are delivered now."""
        if not device_ids:
            return {}
        self.env["meddev.device.event"].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (lot_id) lot_id, old_customer_id
                      FROM meddev_device_event
                     WHERE lot_id IN %s AND kind = %s AND sets_place
                           AND old_customer_id IS NOT NULL AND customer_id IS NULL
                  ORDER BY lot_id, occurred_at DESC, id DESC
                    """,
                    tuple(device_ids),
                    EVENT_STOCK,
                )
            )
        )

    # Core's delivery search runs under company rules, where ``move_id.picking_code`` becomes a
    # sub-select over all moves (1.0 s per form at a million moves). Search as the system, then
    # keep what the user may see.

    def _find_delivery_ids_by_lot_iterative(self):
        # sudo: only pickings that the user may read leave the method.
        found = super(StockLot, self.sudo())._find_delivery_ids_by_lot_iterative()
        return self._keep_visible_deliveries(found)

    def _find_delivery_ids_by_lot(self, lot_path=None, delivery_by_lot=None):
        # sudo: as above.
        found = super(StockLot, self.sudo())._find_delivery_ids_by_lot(
            lot_path=lot_path, delivery_by_lot=delivery_by_lot
        )
        return self._keep_visible_deliveries(found)

    def _keep_visible_deliveries(self, found):
        if self.env.su:
            return found
        ids = {picking_id for picking_ids in found.values() for picking_id in picking_ids}
        pickings = self.env["stock.picking"].browse(ids)
        visible = set(pickings._filtered_access("read")._ids)
        return {
            lot_id: [picking_id for picking_id in picking_ids if picking_id in visible]
            for lot_id, picking_ids in found.items()
        }
