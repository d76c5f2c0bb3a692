from itertools import combinations

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools.serial_number import normalise_serial
from ..tools.udi import clean_di
from .argument import ensure_single
from .device_state import (
    DEVICE_STATES,
    FIELD_STATES,
    INITIAL_STATES,
    ORIGIN_LEGACY,
    ORIGIN_OWN_STOCK,
    ORIGINS,
    STATE_IN_SERVICE,
    STATE_INSTALLED,
    STATE_QUARANTINED,
    STATE_RECALLED,
)
from .field_error import about, errors_about
from .guard import is_in_stock_operation, is_trusted, trusted, without_defaults
from .meddev_device_event import EVENT_CREATED, EVENT_IDENTITY
from .meddev_udi_di import ISSUERS

MAX_CARRIER_LENGTH = 255

#: Facts that follow from other records; only our own methods write them.
PROTECTED_FIELDS = {
    "is_medical",
    "is_device",
    "normalised_serial",
    "manufacturer_id",
    "serial_conflict",
    "serial_review_note",
    "place_id",
    "acceptance_id",
    "warranty_start",
    "warranty_end",
    "firmware_version",
    "udi_check_status",
    "udi_warnings",
    "batch_recalled_at",
    "batch_recall_reason",
}
PLACE_FIELDS = ("customer_id", "department_id", "room_id")
#: What a batch lot (reagent, consumable) and a lot of any other product do not have.
DEVICE_ONLY_FIELDS = (
    *PLACE_FIELDS,
    "device_state",
    "shipping_date",
    "installation_date",
    "acceptance_date",
)
IDENTITY_FIELDS = ("name", "product_id", "udi_carrier", "udi_di", "udi_issuer", "batch_number")
PROVEN_DATES = ("installation_date", "acceptance_date")
DATE_ORDER = ("purchase_date", "shipping_date", "installation_date", "acceptance_date")
#: (earlier, later): every two of them that are given, whatever is missing between them.
DATE_PAIRS = (*combinations(DATE_ORDER, 2), ("production_date", "expiry_date"))
#: What a person changes by hand, and the timeline keeps (old → new).
LOGGED_FIELDS = (
    *IDENTITY_FIELDS,
    *DATE_ORDER,
    "origin",
    "production_date",
    "expiry_date",
    "software_version",
)
IDENTITY_ROLES = (
    "meddev_base.group_service_manager",
    "meddev_base.group_quality_specialist",
    "meddev_base.group_parts_keeper",
    "meddev_base.group_intake_agent",
    "stock.group_stock_user",
)


class StockLot(models.Model):
    """A device is a lot of a serial-tracked product that is flagged medical.

    This file: what a device is and how it is known. Its life cycle, history, derivation from
    stock and batch loading are in the files beside this one.
    Rule: ISO 13485:2016 7.5.8, 7.5.9; NMPA 2019 No. 66 Art. 7 (UDI = DI + PI).
    """

    _inherit = "stock.lot"

    # Identity
    is_medical = fields.Boolean(
        string="Medical Device Lot",
        compute="_compute_medical_identity",
        store=True,
        precompute=True,
    )
    is_device = fields.Boolean(
        string="Device", compute="_compute_medical_identity", store=True, precompute=True
    )
    normalised_serial = fields.Char(
        compute="_compute_normalised_serial", store=True, precompute=True, index="trigram"
    )
    serial_conflict = fields.Boolean(
        string="Serial to Review", readonly=True, copy=False, index="btree_not_null"
    )
    serial_review_note = fields.Char(string="Review Decision", readonly=True, copy=False)
    manufacturer_id = fields.Many2one(
        "res.partner",
        compute="_compute_medical_identity",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    alias_ids = fields.One2many("meddev.device.alias", "lot_id", string="Aliases")
    origin = fields.Selection(ORIGINS, copy=False)

    # UDI
    udi_carrier = fields.Char(string="UDI Carrier", copy=False)
    udi_issuer = fields.Selection(ISSUERS, string="UDI Issuer", copy=False)
    udi_di = fields.Char(string="UDI-DI", copy=False, index="btree_not_null")
    udi_check_status = fields.Selection(
        [
            ("ok", "Correct"),
            ("mismatch", "Wrong Check Character"),
            ("not_applicable", "Not Applicable"),
        ],
        string="UDI Check",
        readonly=True,
        copy=False,
    )
    udi_warnings = fields.Char(string="UDI Warnings", readonly=True, copy=False)
    batch_number = fields.Char(copy=False)
    production_date = fields.Date(copy=False)
    expiry_date = fields.Date(copy=False, index="btree_not_null")
    software_version = fields.Char(string="Software Version (UDI)", copy=False)

    # Life cycle and place
    device_state = fields.Selection(DEVICE_STATES, string="State", copy=False, group_expand=True)
    customer_id = fields.Many2one("res.partner", copy=False, ondelete="restrict")
    department_id = fields.Many2one(
        "res.partner",
        copy=False,
        ondelete="restrict",
        domain="[('facility_level', '=', 'department'),"
        " ('facility_ancestor_ids', 'in', customer_id)]",
    )
    room_id = fields.Many2one(
        "res.partner",
        copy=False,
        ondelete="restrict",
        domain="[('facility_level', '=', 'room'),"
        " ('facility_ancestor_ids', 'in', department_id or customer_id)]",
    )
    place_id = fields.Many2one(
        "res.partner",
        compute="_compute_place_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )

    # Dates and warranty
    purchase_date = fields.Date(copy=False)
    shipping_date = fields.Date(copy=False)
    installation_date = fields.Date(copy=False)
    acceptance_date = fields.Date(copy=False)
    acceptance_id = fields.Many2one(
        "meddev.device.acceptance",
        string="Proof of Acceptance",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )
    warranty_start = fields.Date(readonly=True, copy=False)
    warranty_end = fields.Date(readonly=True, copy=False)

    # Configuration and evidence
    firmware_version = fields.Char(
        string="Firmware", compute="_compute_firmware_version", store=True
    )
    firmware_ids = fields.One2many("meddev.device.firmware", "lot_id", string="Firmware History")
    component_ids = fields.One2many("meddev.device.component", "lot_id", string="Components")
    acceptance_ids = fields.One2many(
        "meddev.device.acceptance", "lot_id", string="Acceptance Records"
    )
    event_ids = fields.One2many("meddev.device.event", "lot_id", string="Timeline")
    token_ids = fields.One2many("meddev.device.token", "lot_id", string="Label Tokens")
    registration_id = fields.Many2one(related="product_id.registration_id")
    registration_status = fields.Selection(related="product_id.registration_status")
    missing_evidence = fields.Text(compute="_compute_missing_evidence")

    # Banners
    is_recalled = fields.Boolean(compute="_compute_banners", search="_search_is_recalled")
    is_expired = fields.Boolean(compute="_compute_banners")
    is_quarantined = fields.Boolean(compute="_compute_banners")
    is_certificate_expired = fields.Boolean(compute="_compute_banners")
    device_banner = fields.Text(string="Attention", compute="_compute_banners")
    device_search = fields.Char(
        string="Serial, Alias or UDI", compute="_compute_device_search", search="_search_device"
    )
    dealer_assignment_ids = fields.One2many(
        "meddev.dealer.assignment", "lot_id", string="Serving Dealers"
    )

    _device_serial_unique = models.UniqueIndex(
        "(product_id, COALESCE(company_id, 0), normalised_serial)"
        " WHERE is_device AND serial_conflict IS NOT TRUE",
        "A device of this product with the same serial number exists already.",
    )
    _device_order_index = models.Index("(name, id) WHERE is_device IS TRUE")
    _device_state_index = models.Index("(device_state, name, id) WHERE is_device IS TRUE")
    _device_customer_index = models.Index("(customer_id) WHERE customer_id IS NOT NULL")
    _medical_serial_index = models.Index("(normalised_serial) WHERE normalised_serial IS NOT NULL")

    # Computes

    @api.depends("product_id")
    def _compute_medical_identity(self):
        # Depends on the product alone: when a product is flagged or changes its maker, its lots
        # are filled by SQL in batches (_fill_medical_lots), not one by one.
        for lot in self:
            # sudo: what kind of thing a lot is does not depend on who asks.
            product = lot.product_id.sudo()
            lot.is_medical = product.is_medical_device
            lot.is_device = product.is_medical_device and product.tracking == "serial"
            lot.manufacturer_id = product.is_medical_device and product.manufacturer_id

    @api.depends("name", "product_id")
    def _compute_normalised_serial(self):
        for lot in self:
            # sudo: as above.
            is_medical = lot.product_id.sudo().is_medical_device
            lot.normalised_serial = (is_medical and normalise_serial(lot.name)) or False

    @api.depends("customer_id", "department_id", "room_id")
    def _compute_place_id(self):
        for lot in self:
            lot.place_id = lot.room_id or lot.department_id or lot.customer_id

    @api.depends("firmware_ids.version", "firmware_ids.installed_at")
    def _compute_firmware_version(self):
        for lot in self:
            latest = lot.firmware_ids.sorted(
                lambda firmware: (firmware.installed_at, firmware._origin.id)
            )[-1:]
            lot.firmware_version = latest.version

    @api.depends("device_state", "batch_recalled_at", "is_medical", "product_id", "expiry_date")
    @api.depends_context("company", "lang", "tz")
    def _compute_banners(self):
        expired = set(self._filter_expired()._ids)
        for lot in self:
            lot.is_recalled = lot.device_state == STATE_RECALLED or bool(lot.batch_recalled_at)
            lot.is_expired = lot.id in expired
            lot.is_quarantined = lot.device_state == STATE_QUARANTINED
            lot.is_certificate_expired = (
                lot.is_medical and lot.product_id.registration_status == "expired"
            )
            lot.device_banner = "\n".join(lot._get_banners()) or False

    @api.depends(
        "device_state",
        "acceptance_id",
        "customer_id",
        "department_id",
        "udi_carrier",
        "udi_di",
        "firmware_version",
        "product_id",
    )
    @api.depends_context("lang", "tz")
    def _compute_missing_evidence(self):
        for lot in self:
            lot.missing_evidence = "\n".join(lot._get_missing_evidence()) or False

    def _compute_device_search(self):
        self.device_search = False

    def _search_device(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        values = [value] if isinstance(value, str) else [text for text in value if text]
        return Domain.OR([self._get_device_search_domain(operator, text) for text in values])

    @api.model
    def _search_display_name(self, operator, value):
        domain = Domain(super()._search_display_name(operator, value))
        if operator not in ("ilike", "=", "in", "=ilike", "like") or not value:
            return domain
        texts = [value] if isinstance(value, str) else [text for text in value if text]
        extra = [self._get_device_search_domain(operator, text) for text in texts]
        return Domain.OR([domain, *extra])

    # Constraints

    @api.constrains(*DATE_ORDER, "production_date", "expiry_date")
    def _check_dates_in_order(self):
        if is_in_stock_operation(self):
            return
        for lot in self.filtered("is_medical"):
            for earlier, later in DATE_PAIRS:
                if lot[earlier] and lot[later] and lot[earlier] > lot[later]:
                    raise about(
                        ValidationError(lot._describe_wrong_order(earlier, later)), later, earlier
                    )

    @api.constrains(*PROVEN_DATES)
    def _check_proven_dates_not_in_the_future(self):
        if is_in_stock_operation(self):
            return
        today = self._get_expiry_day()
        for lot in self:
            for name in PROVEN_DATES:
                if lot[name] and lot[name] > today:
                    message = lot._describe_future_date(lot.name, name, lot[name])
                    raise about(ValidationError(message), name)

    @api.constrains("udi_di", "product_id")
    def _check_di_belongs_to_product(self):
        if is_in_stock_operation(self):
            return
        by_di = self.filtered("udi_di").grouped("udi_di")
        # sudo: a DI names one product in the world, whoever may read it.
        known = self.env["meddev.udi.di"].sudo()._find_products(by_di)
        for di, lots in by_di.items():
            product, identifier = known.get(di, (False, False))
            wrong = product and lots.filtered(
                lambda lot, identifier=identifier: (
                    lot.product_id.product_tmpl_id != identifier.product_tmpl_id
                )
            )
            if wrong:
                other = identifier.with_user(self.env.uid)._get_product_label()
                message = self.env._(
                    "%(device)s: UDI-DI %(di)s belongs to %(other)s, not to %(product)s."
                    " Correct the product or scan the carrier again.",
                    device=wrong[0].name,
                    di=di,
                    other=other or self.env._("a product that you may not see"),
                    product=wrong[0].product_id.display_name,
                )
                raise about(ValidationError(message), "udi_di", "product_id")

    @api.constrains(*DEVICE_ONLY_FIELDS, "product_id")
    def _check_only_devices_have_a_life_cycle(self):
        for lot in self:
            if lot.is_device:
                continue
            if used := [name for name in DEVICE_ONLY_FIELDS if lot[name]]:
                message = self.env._(
                    "%(lot)s is no device (a serial number of a medical product), so it has"
                    " no %(fields)s.",
                    lot=lot.name,
                    fields=", ".join(lot._get_label(name) for name in used),
                )
                raise about(ValidationError(message), *used)

    @api.constrains(*PLACE_FIELDS)
    def _check_place_is_one_branch(self):
        for lot in self:
            for inner_name, outer_name in (
                ("department_id", "customer_id"),
                ("room_id", "customer_id"),
                ("room_id", "department_id"),
            ):
                inner, outer = lot[inner_name], lot[outer_name]
                # sudo: the rule compares places; it names only those of the device itself.
                if inner and outer and outer not in inner.sudo().facility_ancestor_ids:
                    message = self.env._(
                        "%(device)s: %(inner)s does not lie in %(outer)s. Correct %(field)s.",
                        device=lot.name,
                        inner=inner.display_name,
                        outer=outer.display_name,
                        field=lot._get_label(inner_name),
                    )
                    raise about(ValidationError(message), inner_name, outer_name)

    @api.constrains("name", "product_id", "company_id")
    def _check_unique_lot(self):
        with errors_about("name"):
            return super()._check_unique_lot()

    # CRUD

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        devices_at = self._complete_device_vals(vals_list)
        lots = super(StockLot, without_defaults(self, PROTECTED_FIELDS)).create(vals_list)
        lots = lots.with_env(self.env)
        if devices_at:
            devices = self.browse([lots[index].id for index in devices_at])
            if not is_in_stock_operation(self):
                devices._log_creation()
        return lots

    def write(self, vals):
        if not is_trusted(self):
            self._ensure_not_protected(vals)
        devices = self.filtered("is_device")
        if not devices:
            return self._write_batches(vals)
        vals = devices._complete_place_vals(dict(vals))
        devices._ensure_origin_stays(vals)
        devices._ensure_may_change_identity(vals)
        devices._ensure_may_change_proven_dates(vals)
        devices._ensure_serials_stay_free(vals)
        target = vals.pop("device_state", None) if not is_trusted(self) else None
        if target is not None:
            self._ensure_devices()
        vals = self._complete_udi_vals(vals)
        logged = IDENTITY_FIELDS if is_trusted(self) else LOGGED_FIELDS
        identity = devices._snapshot(set(logged) & vals.keys())
        places = devices._snapshot(set(PLACE_FIELDS) & vals.keys())
        result = super().write(vals) if vals else True
        devices._log_identity_changes(identity)
        devices._log_place_changes(places)
        if target is not None:
            with errors_about("device_state"):
                devices.filtered(lambda lot: lot.device_state != target).move_device_state(target)
        return result

    def _write_batches(self, vals):
        """Write lots that are no devices; of those that are medical, the timeline keeps it."""
        batches = self.filtered("is_medical")
        vals = self._complete_udi_vals(vals)
        identity = batches._snapshot(set(LOGGED_FIELDS) & vals.keys())
        result = super().write(vals)
        batches._log_identity_changes(identity)
        return result

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        for lot, vals in zip(self, vals_list, strict=True):
            if lot.is_device:
                vals["origin"] = lot.origin
        return vals_list

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_history(self):
        # sudo: events of the device that this user may not read protect it as well.
        event = (
            self.env["meddev.device.event"]
            .sudo()
            .search([("lot_id", "in", self.ids), ("kind", "!=", EVENT_CREATED)], limit=1)
        )
        if event:
            raise UserError(
                self.env._(
                    "%s has a history and cannot be deleted. Retire or scrap it instead.",
                    event.lot_id.display_name,
                )
            )

    # Guards

    def _ensure_devices(self):
        if others := self.filtered(lambda lot: not lot.is_device):
            raise ValidationError(
                self.env._(
                    "%s: this is no device. A device is a serial number of a product that is"
                    " flagged as a medical device.",
                    ", ".join(others[:5].mapped("display_name")),
                )
            )

    def _ensure_not_protected(self, vals):
        if names := PROTECTED_FIELDS & vals.keys():
            message = self.env._(
                "%(fields)s: this follows from other records (acceptance, firmware, place,"
                " product, recall) and is not typed in.",
                fields=", ".join(self._get_label(name) for name in sorted(names)),
            )
            raise about(UserError(message), *sorted(names))

    def _ensure_may_change_identity(self, vals):
        """The engineer works on the device; who and what it is, others decide."""
        changed = [
            name
            for name in ("name", "product_id")
            if name in vals
            and any(self._convert_for_compare(lot[name]) != vals[name] for lot in self)
        ]
        if not changed or is_trusted(self) or self.env.uid == self.env.ref("base.user_root").id:
            return
        if not any(self.env.user.has_group(group) for group in IDENTITY_ROLES):
            message = self.env._(
                "%(device)s: your roles may not change %(fields)s. Ask the quality specialist"
                " or the service manager.",
                device=self[0].display_name,
                fields=", ".join(self._get_label(name) for name in changed),
            )
            raise about(UserError(message), *changed)
        if "product_id" in changed and self._has_history():
            message = self.env._(
                "%s has a history under its product. Enter a new device instead.",
                self[0].display_name,
            )
            raise about(UserError(message), "product_id")

    def _ensure_may_change_proven_dates(self, vals):
        """A signed acceptance proves its dates; our own devices have no other proof."""
        if is_trusted(self) or not vals.keys() & set(PROVEN_DATES):
            return
        ours = self._needs_signed_acceptance() if "acceptance_date" in vals else self.browse()
        for device in self:
            proven = PROVEN_DATES if device.acceptance_id else ()
            if device in ours:
                proven = (*proven, "acceptance_date")
            for name in proven:
                if name in vals and fields.Date.to_date(vals[name]) != (device[name] or None):
                    message = device._describe_proven_date(name, device.name)
                    raise about(UserError(message), name)

    def _describe_proven_date(self, name, device_name):
        return self.env._(
            "%(device)s: %(field)s follows from the signed acceptance. Record and sign an"
            " acceptance, or one that corrects it.",
            device=device_name,
            field=self._get_label(name),
        )

    def _ensure_serials_stay_free(self, vals):
        """Asked before a write of name, product or company: the index would refuse it blindly."""
        if not {"name", "product_id", "company_id"} & vals.keys():
            return
        devices = self.filtered(lambda lot: not lot.serial_conflict)
        rows = [
            {
                "name": vals.get("name", device.name),
                "product_id": vals.get("product_id", device.product_id.id),
                "company_id": vals.get("company_id", device.company_id.id),
            }
            for device in devices
        ]
        self._ensure_no_twins(rows, except_for=devices)

    # Hooks

    def _get_banners(self):
        """Sentences that stand on top of the device and of every ticket for it.

        Asked on reading; addons append theirs (overdue maintenance, ...).
        """
        self.ensure_one()
        banners = []
        if self.batch_recalled_at:
            banners.append(
                self.env._(
                    "Recalled: do not use or deliver this batch. Reason: %s",
                    self.batch_recall_reason,
                )
            )
        elif self.is_recalled:
            banners.append(self.env._("Recalled: stop using this device."))
        if self.is_quarantined:
            banners.append(self.env._("Quarantined: do not use or deliver this device."))
        if self.is_expired:
            banners.append(
                self.env._(
                    "Expired on %s: do not use or deliver it.",
                    format_date(self.env, self.expiry_date),
                )
            )
        if self.is_certificate_expired:
            banners.append(self.env._("The product's registration certificate has expired."))
        if self.serial_conflict:
            banners.append(self.env._("The serial number occurs more than once and awaits review."))
        return banners

    def _get_missing_evidence(self):
        """Sentences that name the evidence that this device's file lacks; addons append theirs."""
        self.ensure_one()
        missing = []
        if not self.is_medical:
            return missing
        if not self.product_id.registration_id:
            missing.append(self.env._("No registration certificate of the product"))
        if not self.udi_carrier and not self.udi_di:
            missing.append(self.env._("No UDI"))
        if not self.is_device:
            return missing
        is_in_field = self.device_state in FIELD_STATES
        is_placed = self.device_state in (STATE_INSTALLED, STATE_IN_SERVICE)
        if is_placed and not self.acceptance_id:
            missing.append(self.env._("No signed acceptance record"))
        if is_in_field and not self.customer_id:
            missing.append(self.env._("No customer"))
        if is_placed and not self.department_id:
            missing.append(self.env._("No department"))
        if not self.firmware_version and not self.software_version:
            missing.append(self.env._("No firmware version"))
        return missing

    @api.model
    def _get_device_search_domain(self, operator, text):
        """Medical lots that a person means by ``text``: serial, alias or DI, in any spelling."""
        word = normalise_serial(text)
        if not word:
            return Domain.FALSE
        is_exact = operator in ("=", "in")
        # ilike, not like: Odoo's trigram indexes are on unaccent(column) where unaccent is
        # installed, and ilike alone asks for that expression.
        comparison = "=" if is_exact else "ilike"
        # The aliases' devices are looked up first: a sub-select under OR would scan all lots.
        # sudo: only ids of lots leave, and the rules on lots apply to them afterwards.
        aliases = (
            self.env["meddev.device.alias"]
            .sudo()
            .search_fetch([("normalised_value", comparison, word)], ["lot_id"], limit=1000)
        )
        domain = Domain("normalised_serial", comparison, word)
        domain |= Domain("udi_di", "in", list({text.strip(), clean_di(text)}))
        if aliases:
            domain |= Domain("id", "in", aliases.lot_id.ids)
        return domain & Domain("is_medical", "=", True)

    # Verbs

    def _complete_device_vals(self, vals_list):
        """Fill and check what makes a lot a device, in place and before the rows exist.

        :return: positions of the devices in ``vals_list``.
        """
        default_product_id = self.env.context.get("default_product_id")
        product_ids = {vals.get("product_id") or default_product_id for vals in vals_list}
        # sudo: what kind of thing a lot is does not depend on who asks.
        products = self.env["product.product"].sudo().browse(filter(None, product_ids))
        medical = {product.id for product in products if product.is_medical_device}
        serial = {product.id for product in products if product.tracking == "serial"}
        if not is_trusted(self):
            for vals in vals_list:
                self._drop_defaults(vals)
                self._ensure_not_protected(vals)
        if not medical:
            return []
        devices_at = []
        for index, vals in enumerate(vals_list):
            product_id = vals.get("product_id") or default_product_id
            if product_id not in medical:
                continue
            vals.update(self.browse()._complete_udi_vals(vals))
            if product_id in serial:
                devices_at.append(index)
                self._complete_life_cycle_vals(vals)
                vals.update(self._complete_place_vals(vals))
        rows = [vals_list[index] for index in devices_at]
        for row in rows:
            row.setdefault("product_id", default_product_id)
        if is_in_stock_operation(self):
            self._flag_conflicts(rows)
        else:
            self._ensure_no_twins(rows)
        return devices_at

    def _drop_defaults(self, vals):
        """Web forms and imports send every field; an empty protected one says nothing."""
        for name in PROTECTED_FIELDS & vals.keys():
            if not vals[name]:
                del vals[name]

    def _complete_life_cycle_vals(self, vals):
        origin = vals.get("origin")
        if not origin:
            is_ours = is_in_stock_operation(self) or self._may_enter_own_stock()
            origin = ORIGIN_OWN_STOCK if is_ours else ORIGIN_LEGACY
            vals["origin"] = origin
        states = INITIAL_STATES[origin]
        state = vals.get("device_state") or states[0]
        vals["device_state"] = state
        if is_trusted(self):
            return
        if origin == ORIGIN_OWN_STOCK and vals.get("acceptance_date"):
            message = self._describe_proven_date("acceptance_date", vals.get("name") or "")
            raise about(UserError(message), "acceptance_date")
        if origin == ORIGIN_OWN_STOCK and not self._may_enter_own_stock():
            message = self.env._(
                "%s: devices of our own stock are entered by the parts keeper or by a"
                " receipt. Choose another origin.",
                vals.get("name") or "",
            )
            raise about(UserError(message), "origin")
        if state not in states:
            labels = dict(self._fields["device_state"]._description_selection(self.env))
            message = self.env._(
                "%(device)s: a device cannot be entered as %(state)s. Possible for this"
                " origin: %(states)s.",
                device=vals.get("name") or "",
                state=labels.get(state, state),
                states=", ".join(labels[name] for name in states),
            )
            raise about(UserError(message), "device_state", "origin")

    def _may_enter_own_stock(self):
        return self.env.su or any(
            self.env.user.has_group(group)
            for group in (
                "meddev_base.group_service_manager",
                "meddev_base.group_quality_specialist",
                "meddev_base.group_parts_keeper",
                "stock.group_stock_user",
            )
        )

    def _flag_conflicts(self, rows):
        """In core's own operations a duplicate is created, and lands in the review list."""
        for row, clash in zip(rows, self._find_twins(rows), strict=True):
            row["serial_conflict"] = bool(clash)

    def _ensure_no_twins(self, rows, except_for=None):
        """Refuse rows whose serial another device, or another row, carries already."""
        for row, clash in zip(rows, self._find_twins(rows, except_for), strict=True):
            if row.get("name") and not normalise_serial(row["name"]):
                message = self.env._(
                    "A device needs a serial number with at least one printable character."
                )
                raise about(ValidationError(message), "name")
            if clash:
                # sudo: the product's name, for the message; the person named it.
                product = self.env["product.product"].sudo().browse(row["product_id"])
                message = self.env._(
                    "Serial number %(serial)s of %(product)s is recorded already as device"
                    " %(other)s. Open that device, or correct Lot/Serial Number.",
                    serial=row["name"],
                    product=product.display_name,
                    other=clash,
                )
                raise about(ValidationError(message), "name")

    def _find_twins(self, rows, except_for=None):
        """Per row the serial that clashes with it, or False.

        :param rows: dictionaries with ``name``, ``product_id`` and perhaps ``company_id``.
        A serial is unique within a company, and a device without company clashes with all.
        """
        products = self.env["product.product"].browse({row["product_id"] for row in rows})
        # sudo: serials are compared within the product's company, whoever asks.
        company_of = {product.id: product.company_id.id for product in products.sudo()}
        serials = {normalise_serial(row.get("name")) for row in rows} - {""}
        seen = {}
        if serials:
            # sudo: a serial is taken even if another company's rule hides the device.
            found = self.sudo().search_fetch(
                Domain("product_id", "in", products.ids)
                & Domain("normalised_serial", "in", list(serials))
                & Domain("is_device", "=", True)
                & Domain("serial_conflict", "!=", True)
                & Domain("id", "not in", (except_for or self.browse()).ids),
                ["name", "normalised_serial", "product_id", "company_id"],
            )
            for lot in found:
                key = (lot.product_id.id, lot.normalised_serial)
                seen.setdefault(key, {})[lot.company_id.id] = lot.name
        clashes = []
        for row in rows:
            serial = normalise_serial(row.get("name"))
            company_id = row.get("company_id") or company_of[row["product_id"]]
            taken = seen.setdefault((row["product_id"], serial), {})
            clash = False
            if serial and taken:
                clash = taken.get(company_id) or taken.get(False)
                if not clash and not company_id:
                    clash = next(iter(taken.values()))
            if serial and not clash:
                taken[company_id] = row["name"]
            clashes.append(clash or False)
        return clashes

    def _has_history(self):
        # sudo: see _unlink_except_with_history.
        return bool(
            self.env["meddev.device.event"]
            .sudo()
            .search_count([("lot_id", "in", self.ids), ("kind", "!=", EVENT_CREATED)], limit=1)
        )

    def _log_identity_changes(self, before):
        events = []
        for lot in self:
            changes = {
                name: [old, lot._convert_for_compare(lot[name], display=True)]
                for name, old in before.get(lot.id, {}).items()
                if old != lot._convert_for_compare(lot[name], display=True)
            }
            if changes:
                events.append(
                    {
                        "lot_id": lot.id,
                        "kind": EVENT_IDENTITY,
                        "summary": "; ".join(
                            f"{lot._get_label(name)}: {old or '–'} → {new or '–'}"
                            for name, (old, new) in changes.items()
                        ),
                        "data": changes,
                    }
                )
        self._log_device_events(events)

    def _snapshot(self, names):
        """Readable values of ``names`` per device, before a write."""
        return {
            lot.id: {
                name: lot[name]
                if name in PLACE_FIELDS
                else self._convert_for_compare(lot[name], True)
                for name in names
            }
            for lot in self
            if names
        }

    def _convert_for_compare(self, value, display=False):
        if isinstance(value, models.BaseModel):
            return value.display_name if display else value.id
        return value

    def _get_label(self, name):
        return self._fields[name]._description_string(self.env)

    def _describe_wrong_order(self, earlier, later):
        return self.env._(
            "%(device)s: %(later)s (%(later_date)s) lies before %(earlier)s"
            " (%(earlier_date)s). Correct one of them.",
            device=self.name,
            later=self._get_label(later),
            later_date=self[later],
            earlier=self._get_label(earlier),
            earlier_date=self[earlier],
        )

    def _describe_future_date(self, device, name, date):
        """:param device: serial number; :param name: field of the date."""
        return self.env._(
            "%(device)s: %(field)s (%(date)s) lies in the future. Enter the day on which it"
            " happened, or leave it empty.",
            device=device or "",
            field=self._get_label(name),
            date=date,
        )

    def _rotate_tokens(self):
        """A new active token per device; the former one becomes a report-only entrance.

        Asked by the label (first print) and by the rotate button.
        :return: the new tokens.
        """
        self._ensure_devices()
        tokens = self.env["meddev.device.token"].search(
            [("lot_id", "in", self.ids), ("state", "=", "active")]
        )
        trusted(tokens).write({"state": "report_only", "rotated_at": fields.Datetime.now()})
        tokens.flush_recordset()
        return tokens.create([{"lot_id": lot.id} for lot in self])

    def action_resolve_serial(self):
        """Ask how a doubtful serial is settled."""
        ensure_single(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Review %s", self.name),
            "res_model": "meddev.serial.resolve",
            "view_mode": "form",
            "target": "new",
            "context": {"default_lot_id": self.id},
        }

    def _settle_serial(self, note, name=None):
        """Take the device off the review list: renamed, or confirmed as a device of its own.

        :param note: why; kept on the device and in its timeline.
        :param name: the right serial number. Without it both devices keep the same one, and
            this one stays outside the unique index.
        """
        self.ensure_one()
        if name and name != self.name:
            row = {"name": name, "product_id": self.product_id.id, "company_id": self.company_id.id}
            self._ensure_no_twins([row], except_for=self)
            # The serial must be right in the database before the unique index covers the device.
            trusted(self).write({"name": name, "serial_review_note": note})
            self.flush_recordset()
            trusted(self).write({"serial_conflict": False})
        else:
            trusted(self).write({"serial_review_note": note})
        self._log_device_events([{"lot_id": self.id, "kind": EVENT_IDENTITY, "summary": note}])
