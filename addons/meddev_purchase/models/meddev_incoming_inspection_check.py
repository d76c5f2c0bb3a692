from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.meddev_device.tools.serial_number import normalise_serial

from .meddev_incoming_inspection import STATE_CANCELLED, STATE_DRAFT
from .meddev_incoming_inspection_line import (
    DECISION_RELEASED,
    MAX_LOT_NAME_LENGTH,
    RESULT_ACCEPTED,
    RESULT_REFUSED,
)


class MeddevIncomingInspection(models.Model):
    """What is checked about every captured, typed or imported line."""

    _inherit = "meddev.incoming.inspection"

    def _find_problems(self, entries):
        """Put ``error`` and ``field`` into the entries that this receipt cannot take.

        Entries are dicts as made by ``_read_rows`` or ``_prepare_entries``; the number of
        queries does not depend on theirs.
        """
        self.ensure_one()
        known = self._get_known_goods(entries)
        room = self._get_room_left()
        for entry in entries:
            problem = self._find_problem(entry, known, room)
            if problem:
                entry["field"], entry["error"] = problem

    def _find_problem(self, entry, known, room=None):
        """First problem of one entry as (field name, message), or None; notes it as taken.

        :param room: what is still open per product; None where quantities are reconciled
            elsewhere.
        """
        product = entry["product"]
        lot_name = entry["lot_name"]
        if product not in self.product_ids:
            return "product_id", self.env._(
                "%(product)s is not on receipt %(receipt)s. Put it aside, or correct the order.",
                product=product.display_name,
                receipt=self.picking_id.name,
            )
        if product.tracking != "none" and not lot_name:
            return "lot_name", self.env._(
                "%s is tracked, but the serial or batch number is missing. Give it in the second"
                " column, or capture it alone.",
                product.display_name,
            )
        if lot_name and len(lot_name) > MAX_LOT_NAME_LENGTH:
            return "lot_name", self.env._(
                "The serial or batch number has %(length)s characters, more than %(limit)s.",
                length=len(lot_name),
                limit=MAX_LOT_NAME_LENGTH,
            )
        return (
            self._find_date_problem(entry)
            or self._find_identity_problem(entry, known)
            or self._find_quantity_problem(entry, room)
        )

    def _find_date_problem(self, entry):
        produced, expires = entry["production_date"], entry["expiry_date"]
        if produced and expires and produced > expires:
            return "production_date", self.env._(
                "It expires on %(expires)s, before it was produced on %(produced)s.",
                expires=expires,
                produced=produced,
            )
        if produced and produced > self.inspected_on:
            return "production_date", self.env._(
                "The production date %s lies in the future.", produced
            )
        if expires and expires < self.inspected_on and entry["result"] != RESULT_REFUSED:
            return "expiry_date", self.env._("It expired on %s. Capture it as refused.", expires)
        return None

    def _find_identity_problem(self, entry, known):
        product, lot_name = entry["product"], entry["lot_name"]
        if product.tracking != "serial":
            expiry_date = known["batches"].get((product.id, lot_name))
            if expiry_date and entry["expiry_date"] and expiry_date != entry["expiry_date"]:
                return "expiry_date", self.env._(
                    "Batch %(batch)s is known with expiry date %(known)s, not %(given)s.",
                    batch=lot_name,
                    known=expiry_date,
                    given=entry["expiry_date"],
                )
            if product.tracking == "lot" and entry["expiry_date"]:
                known["batches"][product.id, lot_name] = entry["expiry_date"]
            return None
        key = (product.id, normalise_serial(lot_name))
        if not key[1]:
            return "lot_name", self.env._("A serial number needs a printable character.")
        if key in known["taken"]:
            return "lot_name", self.env._(
                "Serial number %(serial)s occurs twice: %(where)s.",
                serial=lot_name,
                where=known["taken"][key],
            )
        if entry["result"] != RESULT_REFUSED:
            if lot := known["lots"].get(key):
                return "lot_name", self.env._(
                    "Serial number %(serial)s of %(product)s is known already as device"
                    " %(device)s. A device that comes back is received with a return.",
                    serial=lot_name,
                    product=product.display_name,
                    device=lot,
                )
            if inspection := known["refused"].get(key):
                return "lot_name", self.env._(
                    "Serial number %(serial)s was refused in %(inspection)s. A quality specialist"
                    " must release it first.",
                    serial=lot_name,
                    inspection=inspection,
                )
        known["taken"][key] = self.env._("row %s", entry["row"]) if entry["row"] else self.name
        return None

    def _find_quantity_problem(self, entry, room):
        if room is None or entry["result"] == RESULT_REFUSED:
            return None
        product = entry["product"]
        ordered, left = room.get(product.id, (0.0, 0.0))
        uom = product.uom_id
        if uom.compare(entry["quantity"], left) > 0:
            return "quantity", self.env._(
                "%(product)s: %(ordered)s are open on receipt %(receipt)s, this is %(excess)s too"
                " many. Refuse the surplus, or change the order.",
                product=product.display_name,
                ordered=f"{ordered:g}",
                receipt=self.picking_id.name,
                excess=f"{entry['quantity'] - max(left, 0.0):g}",
            )
        room[product.id] = (ordered, left - entry["quantity"])
        return None

    def _get_known_goods(self, entries):
        """What is known about the numbers in ``entries``, in a fixed number of queries.

        :return: dict with ``lots`` and ``refused`` by (product id, serial): name of the device
            or of the inspection; ``taken``: where else it is captured; ``batches``: expiry date
            by (product id, batch number).
        """
        own_line_ids = [entry["line_id"] for entry in entries if entry["line_id"]]
        products = self.env["product.product"].union(*(entry["product"] for entry in entries))
        names = {entry["lot_name"] for entry in entries if entry["lot_name"]}
        serials = {serial for name in names if (serial := normalise_serial(name))}
        # sudo: a serial number is taken even where the user may not open the device.
        lots = (
            self.env["stock.lot"]
            .sudo()
            .search_fetch(
                Domain("product_id", "in", products.ids)
                & Domain("company_id", "in", [False, self.company_id.id])
                & (
                    Domain("normalised_serial", "in", list(serials))
                    | Domain("name", "in", list(names))
                ),
                ["name", "product_id", "normalised_serial", "expiry_date"],
            )
        )
        lines = (
            self.env["meddev.incoming.inspection.line"]
            .sudo()
            .search_fetch(
                Domain("product_id", "in", products.ids)
                & Domain("normalised_serial", "in", list(serials))
                & Domain("company_id", "=", self.company_id.id)
                & Domain("inspection_id.state", "!=", STATE_CANCELLED)
                & Domain("id", "not in", own_line_ids),
                ["product_id", "normalised_serial", "inspection_id", "result", "decision"],
            )
        )
        known = {"lots": {}, "refused": {}, "taken": {}, "batches": {}}
        batches = lots.filtered(lambda lot: lot.product_id.tracking != "serial")
        for lot in batches:
            known["batches"][lot.product_id.id, lot.name] = lot.expiry_date
        for lot in (lots - batches) - (lots - batches)._get_sent_back_to_supplier():
            known["lots"][lot.product_id.id, lot.normalised_serial] = lot.name
        for line in lines.sorted("id"):
            key = (line.product_id.id, line.normalised_serial)
            if line.inspection_id.state == STATE_DRAFT:
                known["taken"][key] = line.inspection_id.name
            elif line.result == RESULT_REFUSED and line.decision != DECISION_RELEASED:
                known["refused"][key] = line.inspection_id.name
            else:
                known["refused"].pop(key, None)
        return known

    def _prepare_entries(self):
        """Entries as ``_find_problems`` takes them, from the lines of this inspection."""
        return [
            {
                "row": 0,
                "line_id": line.id,
                "product": line.product_id,
                "lot_name": line.lot_name,
                "result": line.result,
                "quantity": line.quantity,
                "expiry_date": line.expiry_date,
                "production_date": line.production_date,
                "field": False,
                "error": False,
            }
            for line in self.line_ids
        ]

    def _ensure_lines_right(self):
        """Every line again at the end: time has passed, and lines can be typed or imported."""
        self.ensure_one()
        if unexplained := self.line_ids.filtered(
            lambda line: line.result != RESULT_ACCEPTED and not (line.reason or "").strip()
        ):
            raise UserError(
                self.env._(
                    "Give the Reason for what is quarantined or refused: %s.",
                    ", ".join(line.lot_name or line.display_name for line in unexplained[:10]),
                )
            )
        entries = self._prepare_entries()
        known = self._get_known_goods(entries)
        errors = []
        for entry in entries:
            if problem := self._find_problem(entry, known):
                label = entry["lot_name"] or entry["product"].display_name
                errors.append(f"{label}: {problem[1]}")
        if errors:
            shown = "\n".join(errors[:20])
            raise UserError(
                self.env._(
                    "%(inspection)s, lines to correct (%(count)s):\n%(errors)s",
                    inspection=self.name,
                    count=len(errors),
                    errors=shown,
                )
            )
