from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .argument import ensure_single
from .meddev_device_event import EVENT_CREATED
from .meddev_registration import (
    CHINESE_KINDS,
    STATUS_EXPIRED,
    STATUS_EXPIRING,
    STATUS_NONE,
    STATUS_VALID,
)

#: A change of one of these changes what the product's lots are.
LOT_DEFINING_FIELDS = {"is_medical_device", "tracking", "manufacturer_id"}


class ProductTemplate(models.Model):
    _inherit = "product.template"

    is_medical_device = fields.Boolean(index="btree_not_null")
    device_class = fields.Selection(
        [("1", "Class I"), ("2", "Class II"), ("3", "Class III")], string="Management Class"
    )
    manufacturer_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        domain="[('is_manufacturer', '=', True)]",
    )
    device_model = fields.Char(string="Model")
    specification = fields.Char()
    catalogue_code_id = fields.Many2one(
        "meddev.code",
        domain="[('system_id.code', '=', 'NMPA-CAT')]",
        index="btree_not_null",
    )
    is_implant = fields.Boolean(string="Implantable")
    device_criticality = fields.Selection(
        [("standard", "Standard"), ("high", "High"), ("life_support", "Life Support")],
        default="standard",
        help="What hangs on the device: service policies and priorities follow it.",
    )
    registration_ids = fields.Many2many(
        "meddev.registration",
        "meddev_registration_product_template_rel",
        "product_tmpl_id",
        "registration_id",
        string="Registration Certificates",
    )
    registration_id = fields.Many2one(
        "meddev.registration",
        string="Current Certificate",
        compute="_compute_registration",
    )
    registration_status = fields.Selection(
        [
            (STATUS_NONE, "None"),
            (STATUS_VALID, "Valid"),
            (STATUS_EXPIRING, "Expiring"),
            (STATUS_EXPIRED, "Expired"),
        ],
        string="Certificate Status",
        compute="_compute_registration",
        search="_search_registration_status",
    )
    udi_di_ids = fields.One2many("meddev.udi.di", "product_tmpl_id", string="Device Identifiers")
    service_life_months = fields.Integer(string="Expected Service Life (Months)")
    warranty_months = fields.Integer(string="Warranty (Months)")
    requires_calibration = fields.Boolean()
    calibration_interval_months = fields.Integer(string="Calibration Interval (Months)")
    requires_maintenance = fields.Boolean(string="Requires Preventive Maintenance")
    maintenance_interval_months = fields.Integer(string="Maintenance Interval (Months)")
    device_count = fields.Integer(compute="_compute_device_count")

    _months_not_negative = models.Constraint(
        "CHECK (COALESCE(service_life_months, 0) >= 0 AND COALESCE(warranty_months, 0) >= 0"
        " AND COALESCE(calibration_interval_months, 0) >= 0"
        " AND COALESCE(maintenance_interval_months, 0) >= 0)",
        "Service life, warranty and intervals are counted in whole months, none below zero.",
    )

    @api.depends(
        "registration_ids.kind",
        "registration_ids.valid_from",
        "registration_ids.status",
        "registration_ids.active",
    )
    @api.depends_context("company", "tz")
    def _compute_registration(self):
        today = fields.Date.context_today(self)
        for template in self:
            # sudo: every reader of a product may know whether its certificate is valid; only
            # the certificate's dates are read.
            current = template.sudo()._get_current_registration(today)
            template.registration_id = current.sudo(self.env.su)
            template.registration_status = current.status or STATUS_NONE

    def _search_registration_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        current = self._get_current_registrations_sql(fields.Date.context_today(self))
        domain = Domain("id", "not in", SQL("SELECT product_tmpl_id FROM (%s) link", current))
        domain = domain if STATUS_NONE in value else Domain.FALSE
        # sudo: as the field, for every reader of the product.
        registrations = self.env["meddev.registration"].sudo()
        wanted = registrations._search([("status", "in", list(value))]).subselect()
        return domain | Domain(
            "id",
            "in",
            SQL(
                "SELECT product_tmpl_id FROM (%s) link WHERE registration_id IN %s",
                current,
                wanted,
            ),
        )

    def _compute_device_count(self):
        counts = dict(
            self.env["stock.lot"]._read_group(
                [("product_id.product_tmpl_id", "in", self.ids), ("is_device", "=", True)],
                ["product_id"],
                ["__count"],
            )
        )
        for template in self:
            template.device_count = sum(
                counts.get(product, 0) for product in template.product_variant_ids
            )

    def write(self, vals):
        changed = self.browse()
        if LOT_DEFINING_FIELDS & vals.keys():
            changed = self._get_changed_products(vals)
            changed._ensure_may_change_lots(vals)
        result = super().write(vals)
        changed._refresh_medical_lots()
        return result

    def action_view_devices(self):
        """Open the devices of this product."""
        ensure_single(self)
        action = self.env["ir.actions.act_window"]._for_xml_id("meddev_device.device_action")
        action["domain"] = [
            ("is_device", "=", True),
            ("product_id", "in", self.product_variant_ids.ids),
        ]
        action["context"] = {"default_product_id": self.product_variant_id.id}
        return action

    def _get_current_registration(self, today):
        """The certificate in force: the latest valid one, else the one that expired last.

        Of Chinese certificates, where there is one: a foreign certificate outranks none.
        """
        self.ensure_one()
        begun = self.registration_ids.filtered(
            lambda registration: (
                registration.active
                and (not registration.valid_from or registration.valid_from <= today)
            )
        )
        return begun.sorted(
            lambda registration: (
                registration.kind in CHINESE_KINDS,
                registration.valid_to or fields.Date.to_date("9999-12-31"),
                registration.valid_from or fields.Date.to_date("1900-01-01"),
                registration.id,
            )
        )[-1:]

    @api.model
    def _get_current_registrations_sql(self, today):
        """Each product with its certificate in force, as :meth:`_get_current_registration`.

        SQL: which of several certificates counts cannot be said in a domain.
        """
        self.env["meddev.registration"].flush_model(["active", "kind", "valid_from", "valid_to"])
        self.flush_model(["registration_ids"])
        return SQL(
            """
            SELECT DISTINCT ON (link.product_tmpl_id) link.product_tmpl_id, link.registration_id
              FROM meddev_registration_product_template_rel link
              JOIN meddev_registration registration ON registration.id = link.registration_id
             WHERE registration.active
               AND (registration.valid_from IS NULL OR registration.valid_from <= %s)
          ORDER BY link.product_tmpl_id, registration.kind IN %s DESC,
                   COALESCE(registration.valid_to, '9999-12-31') DESC,
                   COALESCE(registration.valid_from, '1900-01-01') DESC, registration.id DESC
            """,
            today,
            CHINESE_KINDS,
        )

    def _get_changed_products(self, vals):
        """Products among these whose lots are something else after writing ``vals``."""
        return self.filtered(
            lambda template: (
                any(
                    (template[name].id if name == "manufacturer_id" else template[name])
                    != vals[name]
                    for name in LOT_DEFINING_FIELDS & vals.keys()
                )
                and (template.is_medical_device or vals.get("is_medical_device"))
            )
        )

    def _ensure_may_change_lots(self, vals):
        """A product whose devices or batches have a history stays what it is.

        Only its batches may become devices: nothing of their file is lost.
        """
        changed = self.filtered(
            lambda template: any(
                name in vals and vals[name] != template[name]
                for name in ("is_medical_device", "tracking")
            )
        )
        changed._ensure_no_recalled_batches()
        losing = changed.filtered("is_medical_device").filtered(
            lambda template: (
                not vals.get("is_medical_device", True)
                or vals.get("tracking", template.tracking) not in (template.tracking, "serial")
            )
        )
        if not losing:
            return
        # sudo: the history of another company's device protects the product as well; the
        # message names the product only.
        event = (
            self.env["meddev.device.event"]
            .sudo()
            .search(
                [
                    ("lot_id.product_id.product_tmpl_id", "in", losing.ids),
                    ("kind", "!=", EVENT_CREATED),
                ],
                limit=1,
            )
        )
        if event:
            raise UserError(
                self.env._(
                    "%s has devices or batches with a history: it stays a medical device, tracked"
                    " as it is.",
                    event.lot_id.product_id.display_name,
                )
            )

    def _ensure_no_recalled_batches(self):
        """A batch that becomes a device, or nothing of ours, would lose its recall."""
        if not self:
            return
        # sudo: the recall of another company's batch protects the product as well.
        batch = (
            self.env["stock.lot"]
            .sudo()
            .search(
                [
                    ("product_id.product_tmpl_id", "in", self.ids),
                    ("batch_recalled_at", "!=", False),
                ],
                limit=1,
            )
        )
        if batch:
            raise UserError(
                self.env._(
                    "Batch %s is under recall: its product stays as it is until the recall ends.",
                    batch.display_name,
                )
            )

    def _refresh_medical_lots(self):
        """Derive again, by SQL in batches, what the lots of these products are."""
        if self:
            self.env["stock.lot"]._fill_medical_lots(self)
