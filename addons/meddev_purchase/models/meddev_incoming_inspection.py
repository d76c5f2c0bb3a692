from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.meddev_device.models.guard import without_defaults
from odoo.addons.meddev_device.models.stock_lot import MAX_CARRIER_LENGTH
from odoo.addons.meddev_device.tools import udi
from odoo.addons.meddev_device.tools.serial_number import normalise_serial

from ..tools.capture_lines import (
    MAX_CODE_LENGTH,
    MAX_ROWS,
    parse_day,
    parse_quantity,
    split_rows,
)
from .guard import is_own_write, own_write
from .meddev_device_event import EVENT_INSPECTION
from .meddev_incoming_inspection_line import (
    DECISION_RELEASED,
    MAX_LOT_NAME_LENGTH,
    RESULT_ACCEPTED,
    RESULT_QUARANTINED,
    RESULT_REFUSED,
    RESULTS,
)

STATE_DRAFT = "draft"
STATE_DONE = "done"
STATE_CANCELLED = "cancelled"

#: Readings that only look like a UDI because they consist of digits: a serial number may too.
DOUBTFUL_WARNINGS = {"unproven", "bare_gtin"}

ROW_CAPTURED = "captured"
ROW_REFUSED = "refused"


class MeddevIncomingInspection(models.Model):
    """The record of incoming inspection (进货查验记录) of one receipt.

    draft → done, or draft → cancelled. Confirming checks every line, reconciles the
    quantities with the order, makes the lots and validates the receipt, all or nothing.
    A finished record is frozen for everyone, with its lines; quality adds decisions.
    Rule: SAMR Order No. 54 (2022) Art. 32, 38; ISO 13485:2016 7.4.3.
    """

    _name = "meddev.incoming.inspection"
    _description = "Incoming Inspection"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "inspected_on desc, id desc"
    _rec_names_search = ["name", "picking_id.name", "purchase_id.name"]
    _check_company_auto = True

    name = fields.Char("Number", readonly=True, copy=False, default="/", index="trigram")
    state = fields.Selection(
        [(STATE_DRAFT, "Draft"), (STATE_DONE, "Done"), (STATE_CANCELLED, "Cancelled")],
        default=STATE_DRAFT,
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    picking_id = fields.Many2one(
        "stock.picking",
        "Receipt",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('picking_type_code', '=', 'incoming'), ('state', 'not in', ('done', 'cancel'))]",
    )
    purchase_id = fields.Many2one(
        "purchase.order",
        "Purchase Order",
        compute="_compute_purchase",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    supplier_id = fields.Many2one(
        "res.partner",
        compute="_compute_purchase",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    arrived_on = fields.Date("Arrival Date", default=fields.Date.context_today, required=True)
    inspected_on = fields.Date(
        "Inspection Date", default=fields.Date.context_today, required=True, tracking=True
    )
    inspector_id = fields.Many2one(
        "res.users",
        default=lambda self: self.env.user,
        required=True,
        tracking=True,
        domain="[('share', '=', False)]",
    )
    transport_condition = fields.Char("Transport and Storage Conditions")
    is_packaging_intact = fields.Boolean("Packaging Intact")
    is_labelling_complete = fields.Boolean("Labels and Instructions Complete")
    has_certificate_of_conformity = fields.Boolean("Certificate of Conformity Enclosed")
    is_partial_delivery = fields.Boolean(
        "Partial Delivery",
        help="Tick it when less arrived than was ordered: the rest stays on a back order.",
    )
    line_ids = fields.One2many("meddev.incoming.inspection.line", "inspection_id", "Lines")
    note = fields.Text("Remarks")
    # supplier as checked
    supplier_name = fields.Char(readonly=True)
    supplier_address = fields.Char(readonly=True)
    supplier_contact = fields.Char(readonly=True)
    supplier_licence = fields.Char(readonly=True)
    # papers
    missing_papers = fields.Text(compute="_compute_missing_papers")
    paper_policy = fields.Selection(related="company_id.meddev_receipt_paper_policy")
    paper_reason = fields.Char(
        "Reason for Going On", help="Kept when the receipt goes on in spite of missing papers."
    )
    # totals
    product_ids = fields.Many2many(
        "product.product", string="Expected Products", compute="_compute_product_ids"
    )
    line_count = fields.Integer(compute="_compute_totals")
    accepted_quantity = fields.Float(compute="_compute_totals", digits="Product Unit")
    quarantined_quantity = fields.Float(compute="_compute_totals", digits="Product Unit")
    refused_quantity = fields.Float(compute="_compute_totals", digits="Product Unit")
    reconciliation = fields.Html(compute="_compute_reconciliation", sanitize=False)
    retain_until = fields.Date("Keep Until", compute="_compute_retention")
    is_retained_permanently = fields.Boolean("Keep Permanently", compute="_compute_retention")
    done_at = fields.Datetime("Finished At", readonly=True, copy=False)
    done_by_id = fields.Many2one("res.users", "Finished By", readonly=True, copy=False)
    can_be_confirmed = fields.Boolean(compute="_compute_can_be_confirmed")
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, precompute=True, index=True
    )

    _one_draft_per_receipt = models.UniqueIndex(
        "(picking_id) WHERE state = 'draft'",
        "This receipt already has an inspection under way. Open that one.",
    )
    _name_unique = models.UniqueIndex(
        "(company_id, name) WHERE name != '/'", "Inspection numbers are unique per company."
    )

    @api.depends("picking_id")
    def _compute_company_id(self):
        for inspection in self:
            inspection.company_id = inspection.picking_id.company_id or self.env.company

    @api.depends("picking_id")
    def _compute_purchase(self):
        for inspection in self:
            # sudo: the inspection record names order and supplier whoever may open them.
            picking = inspection.picking_id.sudo()
            inspection.purchase_id = picking.purchase_id
            inspection.supplier_id = picking.purchase_id.partner_id or picking.partner_id

    @api.depends("picking_id.move_ids.product_id")
    def _compute_product_ids(self):
        for inspection in self:
            inspection.product_ids = inspection.picking_id._get_inspected_moves().product_id

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

    @api.depends("line_ids.retain_until", "line_ids.is_retained_permanently")
    def _compute_retention(self):
        ends = {}
        for inspection, is_permanent, end in self.env[
            "meddev.incoming.inspection.line"
        ]._read_group(
            [("inspection_id", "in", self.ids)],
            ["inspection_id", "is_retained_permanently"],
            ["retain_until:max"],
        ):
            ends.setdefault(inspection.id, {})[is_permanent] = end
        for inspection in self:
            end = ends.get(inspection._origin.id, {})
            inspection.is_retained_permanently = True in end
            inspection.retain_until = not inspection.is_retained_permanently and end.get(False)

    @api.depends("state", "picking_id", "line_ids.product_id")
    @api.depends_context("lang", "tz")
    def _compute_missing_papers(self):
        for inspection in self:
            inspection.missing_papers = inspection.state == STATE_DRAFT and "\n".join(
                gap.message for gap in inspection.picking_id._get_open_paper_gaps()
            )

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_can_be_confirmed(self):
        may_inspect = self._may_inspect()
        for inspection in self:
            inspection.can_be_confirmed = may_inspect and inspection.state == STATE_DRAFT

    @api.constrains("picking_id")
    def _check_receipt_from_supplier(self):
        for inspection in self:
            if not inspection.picking_id._get_inspected_moves():
                raise ValidationError(
                    self.env._(
                        "%(receipt)s is no receipt of medical products from a supplier. Choose"
                        " another Receipt.",
                        receipt=inspection.picking_id.name,
                    )
                )

    @api.constrains("arrived_on", "inspected_on")
    def _check_inspected_after_arrival(self):
        today = fields.Date.context_today(self)
        for inspection in self:
            if inspection.arrived_on > inspection.inspected_on:
                raise ValidationError(
                    self.env._(
                        "%(name)s: the goods cannot be inspected before they arrive. Correct"
                        " the Arrival Date or the Inspection Date.",
                        name=inspection.name,
                    )
                )
            if inspection.inspected_on > today:
                raise ValidationError(
                    self.env._(
                        "%(name)s: the Inspection Date lies in the future.", name=inspection.name
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not is_own_write(self):
                for name in self._get_own_fields():
                    vals.pop(name, None)
        blank = without_defaults(self, self._get_own_fields())
        inspections = super(MeddevIncomingInspection, blank).create(vals_list).with_env(self.env)
        for inspection in inspections:
            # sudo: whoever may write the record gets its number; sequences are settings.
            sequence = self.env["ir.sequence"].sudo().with_company(inspection.company_id)
            own_write(inspection).name = sequence.next_by_code("meddev.incoming.inspection")
        return inspections

    def write(self, vals):
        if not is_own_write(self):
            self._ensure_not_frozen(vals)
        return super().write(vals)

    def copy(self, default=None):
        raise UserError(self.env._("An inspection is not copied: start one from the receipt."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if kept := self.filtered(lambda inspection: inspection.state != STATE_DRAFT):
            raise UserError(
                self.env._(
                    "%s cannot be deleted: it is kept as long as the rules say.",
                    ", ".join(kept.mapped("name")),
                )
            )

    # Guards

    def _ensure_not_frozen(self, vals):
        changed = {
            name
            for name in vals
            if not name.startswith(("message_", "activity_", "website_message_", "my_activity_"))
        }
        if not changed:
            return
        frozen = self.filtered(lambda inspection: inspection.state != STATE_DRAFT)
        if not frozen and not self._get_own_fields() & changed:
            return
        raise UserError(
            self.env._(
                "%(inspections)s: %(fields)s cannot be changed by hand. A finished record is"
                " frozen; the state changes with the buttons.",
                inspections=", ".join((frozen or self).mapped("name")),
                fields=", ".join(
                    self._fields[name]._description_string(self.env)
                    for name in sorted(changed)
                    if name in self._fields
                ),
            )
        )

    def _ensure_may_inspect(self):
        if not self._may_inspect():
            raise AccessError(
                self.env._("Only a parts keeper does incoming inspections. Ask one to inspect.")
            )

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
            if inspection.picking_id.state == "draft":
                inspection.picking_id.action_confirm()
            inspection._ensure_lines_right()
            inspection._ensure_reconciled()
            inspection._ensure_quarantine_possible()
            inspection.picking_id._ensure_receipt_papers(inspection.paper_reason)
            result = inspection._finish()
        return result

    def action_cancel(self):
        """Give up a draft, for example when the receipt was validated without it."""
        self._ensure_may_inspect()
        if done := self.filtered(lambda inspection: inspection.state == STATE_DONE):
            raise UserError(self.env._("%s is finished and stays.", ", ".join(done.mapped("name"))))
        own_write(self).write({"state": STATE_CANCELLED})
        # The index on drafts must know before another one is started.
        self.flush_recordset(["state"])
        return self.ids

    def action_capture(self):
        """Open the dialogue for scanning or pasting many at once."""
        self.ensure_one()
        self._ensure_may_inspect()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Scan or Paste"),
            "res_model": "meddev.incoming.capture",
            "view_mode": "form",
            "target": "new",
            "context": {"default_inspection_id": self.id},
        }

    def action_request_waiver(self):
        """Ask quality to look at the missing papers."""
        self.ensure_one()
        return self.picking_id.action_request_paper_waiver()

    def action_allow_papers(self):
        """Open the dialogue in which the receipt is allowed in spite of missing papers."""
        self.ensure_one()
        return self.picking_id.action_allow_papers()

    def action_view_lines(self):
        """Open the lines as a list of their own."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "meddev_purchase.meddev_incoming_inspection_line_action"
        )
        return action | {
            "domain": [("inspection_id", "=", self.id)],
            "context": {"default_inspection_id": self.id, "create": self.state == STATE_DRAFT},
        }

    def action_view_lots(self):
        """Open the devices and lots that this receipt brought."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Devices and Lots"),
            "res_model": "stock.lot",
            "view_mode": "list,form",
            "domain": [("id", "in", self.line_ids.lot_id.ids)],
            "context": {"create": False},
        }

    # Capture

    def capture(self, text, product_id=False, result=RESULT_ACCEPTED, reason=False):
        """Add one line per row of ``text``; bad rows are refused one by one, good ones kept.

        A row is a UDI carrier, or a serial or batch number alone (then ``product_id`` is
        needed where several products are on the receipt). Tab-separated columns may follow:
        serial number or quantity, and expiry date.

        :param result: ``accepted``, ``quarantined`` or ``refused`` for all rows.
        :return: dict with ``captured`` and ``refused`` counts and ``rows``: list of dicts
            ``row`` (1-based), ``code``, ``status``, ``line_id``, ``product``, ``serial``,
            ``field`` and ``error``.
        """
        self.ensure_one()
        self._ensure_may_inspect()
        self._ensure_can_capture(result, reason)
        rows = split_rows(text)
        if len(rows) > MAX_ROWS:
            raise UserError(
                self.env._(
                    "%(count)s rows are too many at once. Paste at most %(limit)s.",
                    count=len(rows),
                    limit=MAX_ROWS,
                )
            )
        product = self.env["product.product"].browse(product_id or [])
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
        if result != RESULT_ACCEPTED and not (reason or "").strip():
            raise UserError(self.env._("Give the reason why the goods are not accepted."))

    def _read_rows(self, rows, product, result, reason):
        """Entries from pasted rows: what each says, without a look at what is known already."""
        readings = {}
        for row in rows:
            if row.code and len(row.code) <= MAX_CODE_LENGTH:
                readings[row.code] = udi.parse(row.code)
        identifiers = {reading["di"] for reading in readings.values() if reading["di"]}
        # sudo: which product a DI names is no secret; products are read as the user below.
        found = self.env["meddev.udi.di"].sudo().search([("di", "in", list(identifiers))])
        by_di = {identifier.di: identifier for identifier in found}
        entries = []
        for row in rows:
            entry = {
                "row": row.number,
                "code": row.code,
                "result": result,
                "reason": reason,
                "quantity": 1.0,
                "lot_name": False,
                "product": product,
                "reading": readings.get(row.code),
                "field": False,
                "error": False,
                "line_id": False,
            }
            try:
                self._read_row(entry, row, by_di)
            except ValidationError as refusal:
                entry["error"] = refusal.args[0]
            entries.append(entry)
        return entries

    def _read_row(self, entry, row, by_di):
        """Fill ``entry`` from one row; raise ``ValidationError`` with what is wrong."""
        reading = entry["reading"]
        if not row.code:
            self._refuse(entry, "lot_name", self.env._("The first column is empty."))
        if not reading:
            self._refuse(
                entry,
                "udi_carrier",
                self.env._(
                    "The code has %(length)s characters; no carrier has more than %(limit)s."
                    " Were several codes scanned into one row?",
                    length=len(row.code),
                    limit=MAX_CARRIER_LENGTH,
                ),
            )
        if self._is_carrier(reading, by_di):
            self._read_carrier(entry, reading, by_di)
        else:
            self._read_bare_number(entry, row)
        self._read_columns(entry, row)

    def _is_carrier(self, reading, by_di):
        """A UDI, or only a serial number that happens to consist of digits?"""
        if reading["di"] in by_di:
            return True
        if not reading["issuer"] and not reading["candidates"]:
            return False
        return not DOUBTFUL_WARNINGS.intersection(reading["warnings"])

    def _read_carrier(self, entry, reading, by_di):
        identifier = by_di.get(reading["di"])
        if "separator_missing" in reading["warnings"]:
            self._refuse(
                entry,
                "udi_carrier",
                self.env._(
                    "A separator (FNC1) is missing, so the code can be read in several ways. Set"
                    " the scanner to send it, or capture the serial number alone."
                ),
            )
        if not reading["di"]:
            self._refuse(
                entry,
                "udi_carrier",
                self.env._(
                    "The code names no product (no DI). Scan the primary code of the label."
                ),
            )
        if not identifier:
            self._refuse(
                entry,
                "udi_di",
                self.env._("DI %s is unknown. Record it on its product first.", reading["di"]),
            )
        entry["product"] = self._get_product_of(identifier, entry["product"])
        entry["identifier"] = identifier
        entry["lot_name"] = (
            reading["serial"] if entry["product"].tracking == "serial" else reading["lot"]
        )

    def _get_product_of(self, identifier, chosen):
        """The product that a DI names, preferring a variant that is on this receipt."""
        if identifier.product_id:
            return identifier.product_id.sudo(self.env.su)
        template = identifier.product_tmpl_id
        expected = self.product_ids.filtered(
            lambda product: product.product_tmpl_id.id == template.id
        )
        if chosen in expected:
            return chosen
        return expected[:1] or template.product_variant_id.sudo(self.env.su)

    def _read_bare_number(self, entry, row):
        if not entry["product"] and len(self.product_ids) == 1:
            entry["product"] = self.product_ids
        if not entry["product"]:
            self._refuse(
                entry,
                "product_id",
                self.env._(
                    "%s is no UDI that can be read. If it is a serial or batch number, choose"
                    " the product.",
                    row.code,
                ),
            )
        entry["lot_name"] = row.code
        entry["reading"] = None

    def _read_columns(self, entry, row):
        reading = entry["reading"] or {}
        is_serial = entry["product"].tracking == "serial"
        identifier = entry.get("identifier")
        entry["expiry_date"] = fields.Date.to_date(reading.get("expiry_date"))
        entry["production_date"] = fields.Date.to_date(reading.get("production_date"))
        if identifier and is_serial and identifier.contains_quantity > 1:
            self._refuse(
                entry,
                "udi_di",
                self.env._(
                    "This is the code of a package of %s pieces. Scan each device.",
                    identifier.contains_quantity,
                ),
            )
        if identifier:
            entry["quantity"] = float(identifier.contains_quantity or 1)
        if row.second and is_serial:
            self._read_second_serial(entry, row)
        elif row.second:
            try:
                entry["quantity"] = parse_quantity(row.second)
            except ValueError:
                self._refuse(
                    entry, "quantity", self.env._("%s is no quantity above zero.", row.second)
                )
        if row.third:
            self._read_expiry(entry, row)

    def _read_second_serial(self, entry, row):
        if entry["reading"] is None:
            if row.second in ("1", "1.0"):
                return
            self._refuse(
                entry,
                "quantity",
                self.env._(
                    "%(serial)s is a serial number, so %(second)s in the second column has no"
                    " meaning.",
                    serial=row.code,
                    second=row.second,
                ),
            )
        given = entry["lot_name"]
        if given and normalise_serial(given) != normalise_serial(row.second):
            self._refuse(
                entry,
                "lot_name",
                self.env._(
                    "The code says serial number %(code)s, the second column %(column)s.",
                    code=given,
                    column=row.second,
                ),
            )
        entry["lot_name"] = given or row.second

    def _read_expiry(self, entry, row):
        try:
            expiry_date = parse_day(row.third)
        except ValueError:
            self._refuse(
                entry,
                "expiry_date",
                self.env._("%s is no date. Write it as 2027-12-31.", row.third),
            )
        if entry["expiry_date"] and entry["expiry_date"] != expiry_date:
            self._refuse(
                entry,
                "expiry_date",
                self.env._(
                    "The code says it expires on %(code)s, the third column says %(column)s.",
                    code=entry["expiry_date"],
                    column=expiry_date,
                ),
            )
        entry["expiry_date"] = expiry_date

    def _refuse(self, entry, field, message):
        entry["field"] = field
        raise ValidationError(message)

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

    # Checks

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

    # Finish

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
        own_write(self).write(self._prepare_done_vals())
        self.flush_recordset()
        result = self._validate_receipt(received)
        self._quarantine_devices()
        self._log_inspection(received)
        return result

    def _prepare_done_vals(self):
        """What is fixed when the record is finished; asked once by ``_finish``."""
        # sudo: name, address and licence of the supplier belong on the record.
        supplier = self.supplier_id.sudo().commercial_partner_id
        address = ", ".join(
            part.strip()
            for part in supplier._display_address(without_company=True).split("\n")
            if part.strip()
        )
        licence = self._get_supplier_licence(supplier)
        return {
            "state": STATE_DONE,
            "done_at": fields.Datetime.now(),
            "done_by_id": self.env.uid,
            "supplier_name": supplier.name,
            "supplier_address": address,
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

    def _get_inspected_quantities(self):
        """Quantity accepted or quarantined by (product id, lot id); asked by the receipt."""
        quantities = defaultdict(float)
        for line in self.line_ids:
            if line.result != RESULT_REFUSED:
                quantities[line.product_id.id, line.lot_id.id] += round(line.quantity, 6)
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
                "" if ordered == received + refused else "text-danger fw-bold",
                f"{ordered - received - refused:g}",
            )
            for product, ordered, received, refused in balance
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

    # Rights

    @api.model
    def _may_inspect(self):
        return self.env.user.has_group("meddev_base.group_parts_keeper")

    @api.model
    def _get_own_fields(self):
        """Fields that only our own methods write."""
        return {
            "name",
            "state",
            "done_at",
            "done_by_id",
            "supplier_name",
            "supplier_address",
            "supplier_contact",
            "supplier_licence",
        }
