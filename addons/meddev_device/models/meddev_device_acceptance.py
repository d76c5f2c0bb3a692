import base64

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.models import MAGIC_COLUMNS
from odoo.tools import SQL

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
#: What may follow the device once it is signed: stored copies of the device's company.
FOLLOWING_FIELDS = {*MAGIC_COLUMNS, "company_id"}

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
#: What shows that the customer signed -> how the content of such a file begins.
EVIDENCE_FIELDS = {"signature": _PICTURES, "document": (*_PICTURES, b"%PDF-")}
MAX_EVIDENCE_MEGABYTES = 10


class MeddevDeviceAcceptance(models.Model):
    """The customer's acceptance of one installed device: draft -> signed, then frozen.

    It is signed with the customer's drawn signature or a scan of the signed paper, and with every
    required check passed; which checks those are comes from ``meddev.device.acceptance.check``.
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
    # Both in the row itself, so that they are frozen with it.
    signature = fields.Binary(attachment=False, copy=False)
    document = fields.Binary(
        string="Signed Document",
        attachment=False,
        copy=False,
        help="Scan or photo of the paper that the customer signed: PDF, PNG or JPEG.",
    )
    document_name = fields.Char(string="Name of the Signed Document", copy=False)
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
            if acceptance.accepted_on > acceptance.lot_id._get_expiry_day():
                raise ValidationError(
                    self.env._(
                        "%s: the acceptance date lies in the future. Correct it.",
                        acceptance.lot_id.display_name,
                    )
                )

    @api.constrains(*EVIDENCE_FIELDS)
    def _check_evidence_is_readable(self):
        for acceptance in self.with_context(bin_size=False):
            for name, beginnings in EVIDENCE_FIELDS.items():
                if acceptance[name] and not _is_readable(acceptance[name], beginnings):
                    raise ValidationError(
                        self.env._(
                            "%(device)s: %(field)s is no picture (PNG, JPEG) or PDF of at most"
                            " %(limit)s MB. Sign again, or scan the paper anew.",
                            device=acceptance.lot_id.display_name,
                            field=acceptance._get_label(name),
                            limit=MAX_EVIDENCE_MEGABYTES,
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
        acceptances._complete_checklist()
        return acceptances

    def write(self, vals):
        if not is_trusted(self):
            self._ensure_not_signed()
            if SIGNING_FIELDS & vals.keys():
                raise UserError(
                    self.env._("An acceptance is signed with its button, not by editing it.")
                )
        result = super().write(vals)
        if "lot_id" in vals:
            self._complete_checklist()
        return result

    def _write_multi(self, vals_list):
        """Refuse it below ``write`` as well, where the code of a server action also reaches."""
        if not is_trusted(self):
            for acceptance, vals in zip(self, vals_list, strict=True):
                acceptance._ensure_row_may_change(vals)
        return super()._write_multi(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        self._ensure_not_signed()

    def _ensure_not_signed(self):
        if signed := self.filtered(lambda a: a.state == ACCEPTANCE_SIGNED):
            signed._refuse_change()

    def _refuse_change(self):
        raise UserError(
            self.env._(
                "The acceptance of %s is signed and frozen. Record a new acceptance that"
                " corrects it.",
                ", ".join(self.mapped("lot_id.display_name")),
            )
        )

    def _ensure_row_may_change(self, vals):
        """Asked before an UPDATE; what was signed is read from the row, whatever the cache says."""
        names = vals.keys() - FOLLOWING_FIELDS
        rows = names and self.env.execute_query(
            SQL("SELECT state FROM meddev_device_acceptance WHERE id = %s", self.id)
        )
        if rows and rows[0][0] == ACCEPTANCE_SIGNED:
            self._refuse_change()
        if names & SIGNING_FIELDS:
            raise UserError(
                self.env._("An acceptance is signed with its button, not by editing it.")
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
            if not any(acceptance[name] for name in EVIDENCE_FIELDS):
                raise UserError(
                    self.env._(
                        "%(device)s: nothing shows that the customer signed. Let them sign in the"
                        " field %(signature)s, or attach the signed paper in the field"
                        " %(document)s.",
                        device=device.display_name,
                        signature=acceptance._get_label("signature"),
                        document=acceptance._get_label("document"),
                    )
                )
            if open_lines := acceptance.checklist_line_ids.filtered(
                lambda line: line.is_required and line.result != "pass"
            ):
                raise UserError(
                    self.env._(
                        "%(device)s: these required checks are not passed: %(checks)s. Enter their"
                        " results. Where one does not suit this product, the service manager or"
                        " the quality specialist changes Configuration ‣ Acceptance Checks; then"
                        " record a new acceptance.",
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
        # The device too: of two who sign for it at the same time one is told to wait.
        self.lock_for_update(allow_referencing=True)
        self.lot_id.lock_for_update(allow_referencing=True)
        for acceptance in self:
            # One by one: the one before may have been for the same device.
            acceptance._ensure_can_be_signed()
            acceptance._sign()
        return {"ids": self.ids, "state": ACCEPTANCE_SIGNED}

    def _sign(self):
        device = self.lot_id
        warranty_end = self._get_warranty_end()
        # What was typed reaches the rows before they are frozen.
        self.checklist_line_ids.flush_recordset()
        self.flush_recordset()
        own = trusted(self)
        own.write(
            {
                "state": ACCEPTANCE_SIGNED,
                "signed_at": fields.Datetime.now(),
                "signed_by_id": self.env.uid,
                "customer_id": device.customer_id.id,
                "warranty_end": warranty_end,
            }
        )
        own.flush_recordset()
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

    def _complete_checklist(self):
        """Let drafts have the checks that their device asks for, and none of another's."""
        for acceptance in self:
            checks = self.env["meddev.device.acceptance.check"]._find_for(acceptance.lot_id)
            lines = trusted(acceptance.checklist_line_ids)
            missing = checks - lines.check_id
            lines.filtered_domain([("check_id", "not in", [False, *checks.ids])]).unlink()
            lines.create(
                [{"acceptance_id": acceptance.id, "check_id": check.id} for check in missing]
            )

    def _get_label(self, name):
        return self._fields[name]._description_string(self.env)


def _is_readable(content, beginnings):
    """Whether base64 ``content`` is a file that begins in one of these ways, and not too large."""
    try:
        raw = base64.b64decode(content)
    except ValueError:
        return False
    return raw.startswith(beginnings) and len(raw) <= MAX_EVIDENCE_MEGABYTES * 1024 * 1024
