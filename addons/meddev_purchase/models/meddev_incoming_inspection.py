from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.meddev_device.models.argument import ensure_single
from odoo.addons.meddev_device.models.guard import without_defaults

from .frozen import find_changed_columns
from .guard import is_own_write, own_write, without_own_write

#: Fields of the conversation, which goes on after the record is finished.
CHATTER_PREFIXES = ("message_", "activity_", "website_message_", "my_activity_")

STATE_DRAFT = "draft"
STATE_DONE = "done"
STATE_CANCELLED = "cancelled"


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
    purchase_date = fields.Date(compute="_compute_purchase", store=True, precompute=True)
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

    @api.depends("picking_id.partner_id")
    def _compute_purchase(self):
        # What a finished record says of its supplier stays.
        for inspection in self.filtered(lambda inspection: inspection.state == STATE_DRAFT):
            # sudo: the inspection record names order and supplier whoever may open them.
            picking = inspection.picking_id.sudo()
            order = picking.purchase_id
            inspection.purchase_id = order
            inspection.supplier_id = order.partner_id or picking.partner_id
            bought_at = order.date_approve or order.date_order
            inspection.purchase_date = (
                bought_at and fields.Datetime.context_timestamp(inspection, bought_at).date()
            )

    @api.depends("picking_id.move_ids.product_id")
    def _compute_product_ids(self):
        for inspection in self:
            inspection.product_ids = inspection.picking_id._get_inspected_moves().product_id

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
        # The right to write covers what is written here and nothing that waits.
        without_own_write(self).flush_model()
        result = super().write(vals)
        self.flush_recordset()
        return result

    def _write_multi(self, vals_list):
        """Refuse it below ``write`` as well, where the code of a server action also reaches."""
        # Addons that are being installed or upgraded fill their columns.
        if self.pool.ready and not is_own_write(self):
            self._ensure_rows_not_frozen(vals_list)
        return super()._write_multi(vals_list)

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
        changed = {name for name in vals if not name.startswith(CHATTER_PREFIXES)}
        if not changed:
            return
        frozen = self.filtered(lambda inspection: inspection.state != STATE_DRAFT)
        if frozen or self._get_own_fields() & changed:
            raise UserError((frozen or self)._get_frozen_message(changed))

    def _ensure_rows_not_frozen(self, vals_list):
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM meddev_incoming_inspection WHERE id IN %s AND state != %s",
                tuple(self.ids or [0]),
                STATE_DRAFT,
            )
        )
        frozen_ids = {inspection_id for (inspection_id,) in rows}
        own_fields = self._get_own_fields()
        for inspection, vals in zip(self, vals_list, strict=True):
            guarded = {
                name: value
                for name, value in vals.items()
                if not name.startswith(CHATTER_PREFIXES)
                and (inspection.id in frozen_ids or name in own_fields)
            }
            if changed := find_changed_columns(inspection, guarded):
                raise UserError(inspection._get_frozen_message(changed))

    def _get_frozen_message(self, names):
        return self.env._(
            "%(inspections)s: %(fields)s cannot be changed by hand. A finished record is"
            " frozen; the state changes with the buttons.",
            inspections=", ".join(self.mapped("name")),
            fields=", ".join(
                self._fields[name]._description_string(self.env)
                for name in sorted(names)
                if name in self._fields
            ),
        )

    def _ensure_may_inspect(self):
        if not self._may_inspect():
            raise AccessError(
                self.env._("Only a parts keeper does incoming inspections. Ask one to inspect.")
            )

    def action_cancel(self):
        """Give up a draft, for example when the receipt was validated without it."""
        self._ensure_may_inspect()
        if done := self.filtered(lambda inspection: inspection.state == STATE_DONE):
            raise UserError(self.env._("%s is finished and stays.", ", ".join(done.mapped("name"))))
        # Written at once: the index on drafts must know before another one is started.
        own_write(self).write({"state": STATE_CANCELLED})
        return self.ids

    def action_capture(self):
        """Open the dialogue for scanning or pasting many at once."""
        ensure_single(self)
        self._ensure_may_inspect()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Scan or Paste"),
            "res_model": "meddev.incoming.capture",
            "view_mode": "form",
            "target": "new",
            "context": {"default_inspection_id": self.id},
        }

    def action_view_lines(self):
        """Open the lines as a list of their own."""
        ensure_single(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "meddev_purchase.meddev_incoming_inspection_line_action"
        )
        return action | {
            "domain": [("inspection_id", "=", self.id)],
            "context": {"default_inspection_id": self.id, "create": self.state == STATE_DRAFT},
        }

    def action_view_lots(self):
        """Open the devices and lots that this receipt brought."""
        ensure_single(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Devices and Lots"),
            "res_model": "stock.lot",
            "view_mode": "list,form",
            "domain": [("id", "in", self.line_ids.lot_id.ids)],
            "context": {"create": False},
        }

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
