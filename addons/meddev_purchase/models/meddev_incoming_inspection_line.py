from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.meddev_device.models.argument import ensure_single, read_text
from odoo.addons.meddev_device.models.guard import without_defaults
from odoo.addons.meddev_device.models.meddev_udi_di import ISSUERS
from odoo.addons.meddev_device.tools import udi
from odoo.addons.meddev_device.tools.serial_number import normalise_serial

from .guard import is_own_write
from .paper_kind import KIND_PRODUCTION_LICENCE, STATE_EXPIRING, STATE_VALID

RESULT_ACCEPTED = "accepted"
RESULT_QUARANTINED = "quarantined"
RESULT_REFUSED = "refused"

RESULTS = [
    (RESULT_ACCEPTED, "Accepted"),
    (RESULT_QUARANTINED, "Quarantined"),
    (RESULT_REFUSED, "Refused"),
]

DECISION_RELEASED = "released"
DECISION_REFUSED = "refused"

DECISIONS = [(DECISION_RELEASED, "Released"), (DECISION_REFUSED, "Refused for Good")]

MAX_LOT_NAME_LENGTH = 100


class MeddevIncomingInspectionLine(models.Model):
    """What was checked about one serial number, one batch or one quantity of goods received.

    What the rule wants on the record is copied from the product when the line is made, so
    that a later change of the product does not change the record. Frozen with its
    inspection; only the decision on quarantined or refused goods is added later, once.
    Rule: SAMR Order No. 54 (2022) Art. 32, 38; ISO 13485:2016 7.4.3.
    """

    _name = "meddev.incoming.inspection.line"
    _description = "Incoming Inspection Line"
    _order = "inspection_id desc, id"
    _rec_name = "lot_name"
    _rec_names_search = ["lot_name", "udi_carrier"]
    _check_company_auto = True

    inspection_id = fields.Many2one(
        "meddev.incoming.inspection",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    inspection_state = fields.Selection(related="inspection_id.state", string="Inspection State")
    product_id = fields.Many2one("product.product", required=True, ondelete="restrict")
    tracking = fields.Selection(related="product_id.tracking", string="Tracking")
    lot_name = fields.Char("Serial / Batch Number")
    normalised_serial = fields.Char(compute="_compute_normalised_serial", store=True)
    quantity = fields.Float(default=1.0, digits="Product Unit", required=True)
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    result = fields.Selection(RESULTS, required=True, default=RESULT_ACCEPTED)
    reason = fields.Char(help="Required for quarantined and refused goods.")
    # label
    udi_carrier = fields.Char("UDI as Scanned")
    udi_issuer = fields.Selection(ISSUERS, "UDI Issuer")
    udi_di = fields.Char("UDI-DI")
    udi_check_status = fields.Selection(
        [
            ("ok", "OK"),
            ("mismatch", "Mismatch"),
            ("not_applicable", "Not Applicable"),
        ],
        "Check Digit",
    )
    udi_warnings = fields.Text("UDI Warnings")
    udi_warning_text = fields.Text("UDI Reading Notes", compute="_compute_udi_warning_text")
    batch_number = fields.Char("Batch on the Label")
    production_date = fields.Date()
    expiry_date = fields.Date(index="btree_not_null")
    software_version = fields.Char()
    # product as checked
    device_name = fields.Char(compute="_compute_product_facts", store=True, precompute=True)
    device_model = fields.Char(
        "Model", compute="_compute_product_facts", store=True, precompute=True
    )
    specification = fields.Char(compute="_compute_product_facts", store=True, precompute=True)
    registration_number = fields.Char(compute="_compute_product_facts", store=True, precompute=True)
    holder_name = fields.Char(
        "Registration Holder", compute="_compute_product_facts", store=True, precompute=True
    )
    manufacturer_name = fields.Char(
        "Manufacturer", compute="_compute_product_facts", store=True, precompute=True
    )
    manufacturer_licence = fields.Char(
        "Production Licence", compute="_compute_product_facts", store=True, precompute=True
    )
    service_life_months = fields.Integer(
        "Service Life (Months)", compute="_compute_product_facts", store=True, precompute=True
    )
    # origin
    lot_id = fields.Many2one(
        "stock.lot", "Device / Lot", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    purchase_line_id = fields.Many2one(
        "purchase.order.line", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    purchase_id = fields.Many2one(related="inspection_id.purchase_id", store=True)
    picking_id = fields.Many2one(related="inspection_id.picking_id", store=True)
    supplier_id = fields.Many2one(related="inspection_id.supplier_id", store=True)
    inspected_on = fields.Date(related="inspection_id.inspected_on", store=True)
    # decision
    decision = fields.Selection(DECISIONS, readonly=True)
    decision_reason = fields.Char(readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    decided_at = fields.Datetime(readonly=True)
    can_be_decided = fields.Boolean(compute="_compute_can_be_decided")
    company_id = fields.Many2one(related="inspection_id.company_id", store=True, index=True)

    _serial_once = models.UniqueIndex(
        "(inspection_id, product_id, normalised_serial) WHERE normalised_serial IS NOT NULL",
        "A serial number can be captured once per inspection.",
    )
    _serial_index = models.Index(
        "(product_id, normalised_serial) WHERE normalised_serial IS NOT NULL"
    )
    _not_accepted_index = models.Index("(inspection_id) WHERE result != 'accepted'")
    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "The inspected quantity must be above zero."
    )

    @api.depends("lot_name", "product_id")
    def _compute_normalised_serial(self):
        for line in self:
            is_serial = line.product_id.tracking == "serial"
            line.normalised_serial = is_serial and normalise_serial(line.lot_name) or False

    @api.depends("udi_warnings")
    @api.depends_context("lang")
    def _compute_udi_warning_text(self):
        reader = self.env["meddev.udi"]
        for line in self:
            line.udi_warning_text = "\n".join(reader._describe_warnings(line.udi_warnings)) or False

    @api.depends("product_id")
    def _compute_product_facts(self):
        # Of the inspection, as the line's own company may not be derived yet.
        for company, lines in self.grouped(lambda line: line.inspection_id.company_id).items():
            facts_by_product = {
                product: self._prepare_product_facts(product, company)
                for product in lines.product_id
            }
            empty = dict.fromkeys(self._get_product_fact_names(), False)
            for line in lines:
                line.update(facts_by_product.get(line.product_id, empty))

    @api.depends("inspection_id.state", "result", "decision")
    @api.depends_context("uid")
    def _compute_can_be_decided(self):
        may_decide = self._may_decide()
        for line in self:
            line.can_be_decided = (
                may_decide
                and line.inspection_id.state == "done"
                and line.result != RESULT_ACCEPTED
                and not line.decision
            )

    @api.constrains("product_id", "quantity")
    def _check_one_per_serial(self):
        for line in self:
            if line.tracking == "serial" and line.quantity != 1:
                raise ValidationError(
                    self.env._(
                        "%(product)s %(serial)s: a serial number stands for one device."
                        " Set the quantity to 1.",
                        product=line.product_id.display_name,
                        serial=line.lot_name or "",
                    )
                )

    @api.constrains("production_date", "expiry_date")
    def _check_dates_in_order(self):
        for line in self:
            if (
                line.production_date
                and line.expiry_date
                and line.production_date > line.expiry_date
            ):
                raise ValidationError(
                    self.env._(
                        "%(product)s %(serial)s: it expires before it was produced. Correct the"
                        " Production Date or the Expiry Date.",
                        product=line.product_id.display_name,
                        serial=line.lot_name or "",
                    )
                )

    @api.onchange("udi_carrier")
    def _onchange_udi_carrier(self):
        if self.udi_carrier:
            self.update(self._prepare_carrier_vals(self.udi_carrier))

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._with_carrier_parts(vals) for vals in vals_list]
        if not is_own_write(self):
            # Forms send every field; what only our own methods write is not taken from them.
            own_fields = self._get_own_fields()
            vals_list = [
                {name: value for name, value in vals.items() if name not in own_fields}
                for vals in vals_list
            ]
        blank = without_defaults(self, self._get_own_fields())
        lines = super(MeddevIncomingInspectionLine, blank).create(vals_list).with_env(self.env)
        lines._ensure_open()
        return lines

    def write(self, vals):
        self._ensure_open()
        if not is_own_write(self) and self._get_own_fields().intersection(vals):
            raise UserError(self._get_frozen_message(self[:1]))
        result = super().write(vals)
        if "inspection_id" in vals:
            self._ensure_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_inspected(self):
        self._ensure_open()

    # Guards

    def _ensure_open(self):
        if is_own_write(self):
            return
        if frozen := self.filtered(lambda line: line.inspection_id.state != "draft"):
            raise UserError(self._get_frozen_message(frozen[0]))

    def action_view_lot(self):
        """Open the device or lot of this line."""
        ensure_single(self)
        return {
            "type": "ir.actions.act_window",
            "res_model": "stock.lot",
            "res_id": self.lot_id.id,
            "view_mode": "form",
        }

    # Hooks

    @api.model
    def _get_product_fact_names(self):
        """Fields that ``_prepare_product_facts`` fills."""
        return self._prepare_product_facts(self.env["product.product"], self.env.company).keys()

    @api.model
    def _prepare_product_facts(self, product, company):
        """What the record keeps of the product; asked once per product and batch of lines.

        :param company: whose inspection it is.
        """
        template = product.product_tmpl_id
        # sudo: the certificate's number and holder are printed on the goods themselves.
        registration = template.registration_id.sudo()
        maker = template.manufacturer_id.sudo()
        licence = self._find_production_licence(maker, company)
        return {
            "device_name": product.name or False,
            "device_model": template.device_model,
            "specification": template.specification,
            "registration_number": registration.number,
            "holder_name": registration.holder_id.name or False,
            "manufacturer_name": maker.name or False,
            "manufacturer_licence": licence.number,
            "service_life_months": template.service_life_months,
        }

    @api.model
    def _find_production_licence(self, maker, company):
        """The maker's production licence or filing in force, if it is on file with ``company``."""
        # sudo: the licence's number belongs on the inspection record whoever writes it.
        papers = self.env["meddev.supplier.paper"].sudo()
        if not maker:
            return papers
        return papers.search(
            [
                ("active", "=", True),
                ("partner_id", "child_of", maker.commercial_partner_id.id),
                ("kind", "=", KIND_PRODUCTION_LICENCE),
                ("company_id", "in", [False, company.id]),
                ("state", "in", [STATE_VALID, STATE_EXPIRING]),
            ],
            order="valid_to desc",
            limit=1,
        )

    @api.model
    def _prepare_carrier_vals(self, carrier):
        """Fields of a line that a scanned carrier fills.

        Where a lost separator (FNC1) allows several readings, only what all of them say.
        """
        reading = udi.parse(carrier)
        return self._prepare_reading_vals(reading | udi.certain_values(reading))

    @api.model
    def _prepare_reading_vals(self, reading):
        vals = {
            "udi_carrier": reading["raw"],
            "udi_issuer": reading["issuer"],
            "udi_di": reading["di"],
            "udi_check_status": reading["check_status"],
            "udi_warnings": "\n".join(map(str, reading["warnings"])) or False,
            "production_date": reading["production_date"],
            "expiry_date": reading["expiry_date"],
            "software_version": reading["software_version"],
        }
        if reading["serial"]:
            vals |= {"lot_name": reading["serial"], "batch_number": reading["lot"]}
        elif reading["lot"]:
            vals["lot_name"] = reading["lot"]
        return vals

    def _with_carrier_parts(self, vals):
        """A line imported with its carrier alone gets the carrier's parts as well."""
        carrier = vals.get("udi_carrier")
        if not carrier or "udi_di" in vals:
            return vals
        # Only checked: the separator GS at either end belongs to the carrier.
        read_text(self.env, self._fields["udi_carrier"]._description_string(self.env), carrier)
        parts = self._prepare_carrier_vals(carrier)
        return {name: value for name, value in parts.items() if value} | vals

    @api.model
    def _get_own_fields(self):
        """Fields that only our own methods write."""
        return {
            *self._get_product_fact_names(),
            "retain_until",
            "is_retained_permanently",
            "lot_id",
            "purchase_line_id",
            "decision",
            "decision_reason",
            "decided_by_id",
            "decided_at",
        }

    def _get_frozen_message(self, line):
        return self.env._(
            "%(inspection)s, %(line)s: the record of a finished incoming inspection cannot be"
            " changed. Quality decides on quarantined goods; anything else is a new record.",
            inspection=line.inspection_id.name,
            line=line.lot_name or line.product_id.display_name,
        )
