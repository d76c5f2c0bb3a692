from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .device_state import (
    STATE_IN_SERVICE,
    STATE_INSTALLED,
    STATE_SHIPPED,
)
from .guard import is_trusted, trusted, without_defaults
from .meddev_device_event import EVENT_ACCEPTANCE

ACCEPTANCE_DRAFT = "draft"
ACCEPTANCE_SIGNED = "signed"

#: States of a device whose acceptance may be signed.
ACCEPTABLE_STATES = (STATE_SHIPPED, STATE_INSTALLED, STATE_IN_SERVICE)

#: What only signing writes.
SIGNING_FIELDS = {"state", "signed_at", "signed_by_id", "warranty_end", "customer_id"}


class MeddevDeviceAcceptance(models.Model):
    """The customer's acceptance of one installed device: draft -> signed, then frozen.

    A signed acceptance alone starts the warranty. A correction is a new acceptance that points
    to the one it corrects. Rule: ISO 13485:2016 7.5.3; GMP 2025 Art. 120.
    """

    _name = "meddev.device.acceptance"
    _description = "Device Acceptance"
    _order = "accepted_on desc, id desc"
    _rec_name = "lot_id"

    lot_id = fields.Many2one(
        "stock.lot",
        string="Device",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('is_device', '=', True)]",
    )
    state = fields.Selection(
        [(ACCEPTANCE_DRAFT, "Draft"), (ACCEPTANCE_SIGNED, "Signed")],
        required=True,
        readonly=True,
        default=ACCEPTANCE_DRAFT,
        copy=False,
    )
    customer_id = fields.Many2one("res.partner", readonly=True, copy=False)
    installed_on = fields.Date(
        string="Installation Date", required=True, default=fields.Date.context_today
    )
    accepted_on = fields.Date(
        string="Acceptance Date", required=True, default=fields.Date.context_today
    )
    engineer_id = fields.Many2one("res.users", required=True, default=lambda self: self.env.user)
    customer_contact_id = fields.Many2one("res.partner", string="Accepted By (Contact)")
    signer_name = fields.Char(
        string="Signed By",
        compute="_compute_signer_name",
        store=True,
        readonly=False,
        precompute=True,
    )
    signature = fields.Binary(attachment=False, copy=False)
    warranty_months = fields.Integer(
        string="Warranty (Months)",
        compute="_compute_warranty_months",
        store=True,
        readonly=False,
        precompute=True,
    )
    warranty_end = fields.Date(readonly=True, copy=False)
    checklist_line_ids = fields.One2many(
        "meddev.device.acceptance.line", "acceptance_id", string="Checklist", copy=True
    )
    correction_of_id = fields.Many2one(
        "meddev.device.acceptance",
        string="Corrects",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('lot_id', '=', lot_id), ('state', '=', 'signed')]",
    )
    note = fields.Text()
    signed_at = fields.Datetime(readonly=True, copy=False)
    signed_by_id = fields.Many2one("res.users", string="Recorded By", readonly=True, copy=False)
    can_be_signed = fields.Boolean(compute="_compute_can_be_signed")
    company_id = fields.Many2one(related="lot_id.company_id", store=True, index="btree_not_null")

    _warranty_not_negative = models.Constraint(
        "CHECK (warranty_months >= 0)", "A warranty cannot be shorter than no months."
    )

    @api.depends("customer_contact_id")
    def _compute_signer_name(self):
        for acceptance in self:
            acceptance.signer_name = acceptance.customer_contact_id.name or acceptance.signer_name

    @api.depends("lot_id")
    def _compute_warranty_months(self):
        for acceptance in self:
            acceptance.warranty_months = (
                acceptance.lot_id.product_id.warranty_months or acceptance.warranty_months
            )

    @api.depends("state", "lot_id.device_state")
    @api.depends_context("uid")
    def _compute_can_be_signed(self):
        allowed = self._may_sign()
        for acceptance in self:
            acceptance.can_be_signed = (
                allowed
                and acceptance.state == ACCEPTANCE_DRAFT
                and acceptance.lot_id.device_state in ACCEPTABLE_STATES
            )

    @api.constrains("installed_on", "accepted_on", "lot_id")
    def _check_dates_in_order(self):
        for acceptance in self:
            shipped_on = acceptance.lot_id.shipping_date
            if acceptance.accepted_on < acceptance.installed_on:
                raise ValidationError(
                    self.env._(
                        "%s: the acceptance date lies before the installation date. Correct one"
                        " of them.",
                        acceptance.lot_id.display_name,
                    )
                )
            if shipped_on and acceptance.installed_on < shipped_on:
                raise ValidationError(
                    self.env._(
                        "%(device)s: the installation date lies before the shipping date"
                        " %(date)s. Correct one of them.",
                        device=acceptance.lot_id.display_name,
                        date=shipped_on,
                    )
                )
            if acceptance.accepted_on > fields.Date.context_today(acceptance):
                raise ValidationError(
                    self.env._(
                        "%s: the acceptance date lies in the future. Correct it.",
                        acceptance.lot_id.display_name,
                    )
                )

    @api.constrains("lot_id")
    def _check_lot_is_device(self):
        self.lot_id._ensure_devices()

    @api.model_create_multi
    def create(self, vals_list):
        if not is_trusted(self):
            if any(vals.get("state", ACCEPTANCE_DRAFT) != ACCEPTANCE_DRAFT for vals in vals_list):
                raise UserError(self.env._("An acceptance starts as a draft. Then sign it."))
            vals_list = [
                {name: value for name, value in vals.items() if name not in SIGNING_FIELDS}
                for vals in vals_list
            ]
        blank = without_defaults(self, SIGNING_FIELDS)
        acceptances = super(MeddevDeviceAcceptance, blank).create(vals_list).with_env(self.env)
        for acceptance in acceptances.filtered(lambda a: not a.checklist_line_ids):
            acceptance.write(
                {
                    "checklist_line_ids": [
                        fields.Command.create(line) for line in self._prepare_checklist_vals()
                    ]
                }
            )
        return acceptances

    def write(self, vals):
        if not is_trusted(self):
            self._ensure_not_signed()
            if SIGNING_FIELDS & vals.keys():
                raise UserError(
                    self.env._("An acceptance is signed with its button, not by editing it.")
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        self._ensure_not_signed()

    def _ensure_not_signed(self):
        if signed := self.filtered(lambda a: a.state == ACCEPTANCE_SIGNED):
            raise UserError(
                self.env._(
                    "The acceptance of %s is signed and frozen. Record a new acceptance that"
                    " corrects it.",
                    ", ".join(signed.mapped("lot_id.display_name")),
                )
            )

    def _ensure_can_be_signed(self):
        if not self._may_sign():
            raise UserError(
                self.env._(
                    "Signing an acceptance is for the field engineer and the service manager."
                )
            )
        self._ensure_not_signed()
        for acceptance in self:
            device = acceptance.lot_id
            if device.device_state not in ACCEPTABLE_STATES:
                raise UserError(
                    self.env._(
                        "%(device)s is in the state %(state)s: only a shipped, installed or"
                        " running device is accepted.",
                        device=device.display_name,
                        state=device._get_state_label(device.device_state),
                    )
                )
            if not device.customer_id:
                raise UserError(
                    self.env._(
                        "%s has no customer. Enter where it stands, then sign.",
                        device.display_name,
                    )
                )
            if not (acceptance.signer_name or "").strip():
                raise UserError(
                    self.env._(
                        "%s: enter who signed for the customer (Signed By).", device.display_name
                    )
                )
            if open_lines := acceptance.checklist_line_ids.filtered(
                lambda line: line.is_required and line.result != "pass"
            ):
                raise UserError(
                    self.env._(
                        "%(device)s: these checks are not passed: %(checks)s.",
                        device=device.display_name,
                        checks=", ".join(open_lines.mapped("name")),
                    )
                )
            if device.acceptance_id and acceptance.correction_of_id != device.acceptance_id:
                raise UserError(
                    self.env._(
                        "%s has a signed acceptance already. Name it under Corrects to replace it.",
                        device.display_name,
                    )
                )

    def _may_sign(self):
        is_system = self.env.user.id == self.env.ref("base.user_root").id
        return is_system or self.env["meddev.role.right"]._may(
            "approve", "meddev.device.acceptance"
        )

    def action_sign(self):
        """Freeze the acceptance, start the warranty, put the device in service."""
        self.check_access("write")
        self._ensure_can_be_signed()
        self.lock_for_update(allow_referencing=True)
        for acceptance in self:
            acceptance._sign()
        return {"ids": self.ids, "state": ACCEPTANCE_SIGNED}

    def _sign(self):
        device = self.lot_id
        warranty_end = self._get_warranty_end()
        trusted(self).write(
            {
                "state": ACCEPTANCE_SIGNED,
                "signed_at": fields.Datetime.now(),
                "signed_by_id": self.env.uid,
                "customer_id": device.customer_id.id,
                "warranty_end": warranty_end,
            }
        )
        trusted(device).write(
            {
                "installation_date": self.installed_on,
                "acceptance_date": self.accepted_on,
                "acceptance_id": self.id,
                "warranty_start": self.accepted_on,
                "warranty_end": warranty_end,
            }
        )
        device._log_device_events(
            [
                {
                    "lot_id": device.id,
                    "kind": EVENT_ACCEPTANCE,
                    "summary": self.signer_name,
                    "data": {
                        "installed_on": str(self.installed_on),
                        "accepted_on": str(self.accepted_on),
                        "warranty_end": str(warranty_end),
                        "corrects": self.correction_of_id.id,
                    },
                    "res_model": self._name,
                    "res_id": self.id,
                }
            ]
        )
        # The signature is the right to put the device in service: roles were checked above.
        if device.device_state == STATE_SHIPPED:
            device._move_device_state(STATE_INSTALLED, check_roles=False)
        if device.device_state == STATE_INSTALLED:
            device._move_device_state(STATE_IN_SERVICE, check_roles=False)

    def _get_warranty_end(self):
        """Last day of warranty: the day before the anniversary month of the acceptance."""
        self.ensure_one()
        if not self.warranty_months:
            return False
        return fields.Date.add(self.accepted_on, months=self.warranty_months, days=-1)

    def _prepare_checklist_vals(self):
        """Lines of a new acceptance; an addon with product-specific protocols extends it."""
        return [
            {"sequence": 10, "name": self.env._("Delivery complete and undamaged")},
            {"sequence": 20, "name": self.env._("Installed as required by the manufacturer")},
            {"sequence": 30, "name": self.env._("Electrical safety test passed")},
            {"sequence": 40, "name": self.env._("Functions tested against the specification")},
            {"sequence": 50, "name": self.env._("Users instructed")},
            {"sequence": 60, "name": self.env._("Manuals and certificates handed over")},
        ]


class MeddevDeviceAcceptanceLine(models.Model):
    """One check of an acceptance; frozen with it."""

    _name = "meddev.device.acceptance.line"
    _description = "Device Acceptance Check"
    _order = "sequence, id"

    acceptance_id = fields.Many2one(
        "meddev.device.acceptance", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Check", required=True)
    is_required = fields.Boolean(string="Required", default=True)
    result = fields.Selection([("pass", "Pass"), ("fail", "Fail"), ("na", "Not Applicable")])
    measured = fields.Char(string="Measured Value")
    note = fields.Char()
    company_id = fields.Many2one(
        related="acceptance_id.company_id", store=True, index="btree_not_null"
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.acceptance_id._ensure_not_signed()
        return lines

    def write(self, vals):
        self.acceptance_id._ensure_not_signed()
        result = super().write(vals)
        self.acceptance_id._ensure_not_signed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        self.acceptance_id._ensure_not_signed()
