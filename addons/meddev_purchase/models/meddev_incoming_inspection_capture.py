from collections import defaultdict
from xmlrpc.client import Binary

from odoo import models
from odoo.exceptions import UserError

from odoo.addons.meddev_device.models.argument import ensure_single, read_text, read_whole_number
from odoo.addons.meddev_device.tools.serial_number import normalise_serial
from odoo.addons.meddev_device.tools.text import shorten

from ..tools.capture_lines import (
    MAX_CODE_LENGTH,
    MAX_ROWS,
    split_rows,
)
from .meddev_incoming_inspection import STATE_DRAFT
from .meddev_incoming_inspection_line import RESULT_ACCEPTED, RESULTS

#: Rows with all their columns at their longest.
MAX_TEXT_LENGTH = MAX_ROWS * (MAX_CODE_LENGTH + 200)

ROW_CAPTURED = "captured"
ROW_REFUSED = "refused"


class MeddevIncomingInspection(models.Model):
    """Many goods at once: pasted or scanned rows become lines, each with its answer."""

    _inherit = "meddev.incoming.inspection"

    def capture(self, text, product_id=False, result=RESULT_ACCEPTED, reason=False):
        """Add one line per row of ``text``; bad rows are refused one by one, good ones kept.

        A row is a UDI carrier, or a serial or batch number alone (then ``product_id`` is
        needed where several products are on the receipt). Tab-separated columns may follow:
        serial number or quantity, and expiry date.

        :param text: the rows; bytes in UTF-8 as well, for XML cannot carry the separator GS.
        :param result: ``accepted``, ``quarantined`` or ``refused`` for all rows.
        :return: dict with ``captured`` and ``refused`` counts and ``rows``: list of dicts
            ``row`` (1-based), ``code``, ``status``, ``line_id``, ``product``, ``serial``,
            ``field`` and ``error``.
        """
        ensure_single(self)
        self._ensure_may_inspect()
        result = read_text(self.env, self.env._("Result"), result)
        reason = read_text(self.env, self.env._("Reason"), reason)
        self._ensure_can_capture(result, reason)
        product = self._read_product(product_id)
        rows = split_rows(self._read_codes(text))
        if len(rows) > MAX_ROWS:
            raise UserError(
                self.env._(
                    "%(count)s rows are too many at once. Paste at most %(limit)s.",
                    count=len(rows),
                    limit=MAX_ROWS,
                )
            )
        entries = self._read_rows(rows, product, result, reason)
        self._find_problems([entry for entry in entries if not entry["error"]])
        good = [entry for entry in entries if not entry["error"]]
        lines = self._merge_entries(good)
        for entry, line in zip(good, lines, strict=True):
            entry["line_id"] = line.id
        return {
            "captured": len(good),
            "refused": len(entries) - len(good),
            "rows": [self._prepare_row_result(entry) for entry in entries],
        }

    def _ensure_can_capture(self, result, reason):
        if self.state != STATE_DRAFT:
            raise UserError(self.env._("%s is finished already.", self.name))
        if result not in dict(RESULTS):
            raise UserError(self.env._("The result is one of: %s.", ", ".join(dict(RESULTS))))
        if result != RESULT_ACCEPTED and not reason:
            raise UserError(self.env._("Give the reason why the goods are not accepted."))

    def _read_codes(self, text):
        """The pasted text, whatever a client sent."""
        text = text.data if isinstance(text, Binary) else text
        if isinstance(text, bytes):
            text = text.decode(errors="replace")
        if text is None or text is False:
            return ""
        if not isinstance(text, str):
            raise UserError(
                self.env._("The codes must be a text with one code per row, not %s.", shorten(text))
            )
        if len(text) > MAX_TEXT_LENGTH:
            raise UserError(
                self.env._(
                    "The text has %(length)s characters, more than %(limit)s. Capture it in parts.",
                    length=len(text),
                    limit=MAX_TEXT_LENGTH,
                )
            )
        return text

    def _read_product(self, product_id):
        """The product that was chosen, or none."""
        products = self.env["product.product"]
        if product_id is None or product_id is False:
            return products
        label = self.env._("Product")
        product = products.browse(read_whole_number(self.env, label, product_id, lowest=1))
        if not product.exists():
            raise UserError(
                self.env._("There is no product %s. Choose one of the receipt.", product_id)
            )
        return product

    def _merge_entries(self, entries):
        """Lines for ``entries``: serials get one each, repeated scans of a batch add up."""
        existing = {
            self._get_batch_key(line.product_id, line.lot_name, line.expiry_date, line.result): line
            for line in self.line_ids
            if line.tracking != "serial"
        }
        added = defaultdict(float)
        to_create = {}
        places = []
        for entry in entries:
            if entry["product"].tracking == "serial":
                place = ("serial", entry["product"].id, normalise_serial(entry["lot_name"]))
                to_create[place] = self._prepare_line_vals(entry)
            else:
                place = self._get_batch_key(
                    entry["product"], entry["lot_name"], entry["expiry_date"], entry["result"]
                )
                if place in existing:
                    added[place] += entry["quantity"]
                elif place in to_create:
                    to_create[place]["quantity"] += entry["quantity"]
                else:
                    to_create[place] = self._prepare_line_vals(entry)
            places.append(place)
        for place, quantity in added.items():
            existing[place].quantity += quantity
        lines = self.env["meddev.incoming.inspection.line"].create(list(to_create.values()))
        line_by_place = existing | dict(zip(to_create, lines, strict=True))
        return [line_by_place[place] for place in places]

    def _get_batch_key(self, product, lot_name, expiry_date, result):
        return ("batch", product.id, lot_name or "", expiry_date or False, result)

    def _prepare_line_vals(self, entry):
        """Values of the line for one captured row; asked by ``capture``."""
        vals = {}
        if entry["reading"]:
            vals = self.env["meddev.incoming.inspection.line"]._prepare_reading_vals(
                entry["reading"]
            )
            if entry["product"].tracking == "serial":
                vals["batch_number"] = entry["reading"]["lot"]
        return vals | {
            "inspection_id": self.id,
            "product_id": entry["product"].id,
            "lot_name": entry["lot_name"],
            "quantity": entry["quantity"],
            "expiry_date": entry["expiry_date"],
            "result": entry["result"],
            "reason": entry["reason"],
        }

    def _prepare_row_result(self, entry):
        return {
            "row": entry["row"],
            "code": entry["code"],
            "status": ROW_REFUSED if entry["error"] else ROW_CAPTURED,
            "line_id": entry["line_id"],
            "product": entry["product"].display_name or False,
            "serial": entry["lot_name"],
            "field": entry["field"],
            "error": entry["error"],
        }
