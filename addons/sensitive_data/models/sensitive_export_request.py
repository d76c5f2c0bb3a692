from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.audit_trail.models.events import log_refusal

STATE_DRAFT = "draft"
STATE_REQUESTED = "requested"
STATE_APPROVED = "approved"
STATE_REFUSED = "refused"
STATE_USED = "used"
#: Move -> states that it may start from.
MOVES = {
    STATE_REQUESTED: (STATE_DRAFT,),
    STATE_APPROVED: (STATE_REQUESTED,),
    STATE_REFUSED: (STATE_REQUESTED,),
    STATE_USED: (STATE_APPROVED,),
}
APPROVER = "sensitive_data.group_export_approver"
VALID_HOURS = 24
EDITABLE = {"reason"}


class SensitiveExportRequest(models.Model):
    """Somebody asks to export more rows than their policy allows; somebody else approves.

    draft → requested → approved → used, or refused. Used once, within 24 hours, for the fields and
    the number of rows that were approved. Frozen from the moment it is requested.
    Rule: PIPL Art. 51; separation of duties.
    """

    _name = "sensitive.export.request"
    _description = "Export Request"
    _order = "id desc"
    _allow_sudo_commands = False

    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    state = fields.Selection(
        [
            (STATE_DRAFT, "Draft"),
            (STATE_REQUESTED, "Requested"),
            (STATE_APPROVED, "Approved"),
            (STATE_REFUSED, "Refused"),
            (STATE_USED, "Used"),
        ],
        default=STATE_DRAFT,
        required=True,
        readonly=True,
        copy=False,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Requested by",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
    )
    res_model = fields.Char(string="Model (Technical)", required=True)
    model_label = fields.Char(string="Kind of Record", compute="_compute_labels")
    field_names = fields.Text(string="Fields (Technical)", required=True)
    field_labels = fields.Text(string="Fields", compute="_compute_labels")
    row_count = fields.Integer(string="Rows", required=True)
    reason = fields.Text(required=True)
    approver_id = fields.Many2one("res.users", string="Decided by", readonly=True, copy=False)
    decided_at = fields.Datetime(string="Decided on", readonly=True, copy=False)
    used_at = fields.Datetime(string="Used on", readonly=True, copy=False)
    file_digest = fields.Char(string="SHA-256 of the File", readonly=True, copy=False)
    can_be_decided = fields.Boolean(compute="_compute_can_be_decided")
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )

    _row_count_positive = models.Constraint(
        "CHECK (row_count > 0)", "A request is for at least one row."
    )

    @api.depends("res_model", "field_names")
    @api.depends_context("lang")
    def _compute_labels(self):
        for request in self:
            model = self.env.get(request.res_model)
            names = (request.field_names or "").split(",")
            if model is None:
                request.model_label, request.field_labels = request.res_model, request.field_names
                continue
            # sudo: labels of models are no secret.
            request.model_label = self.env["ir.model"].sudo()._get(request.res_model).name
            request.field_labels = "\n".join(self._describe_path(model, name) for name in names)

    @api.model
    def _describe_path(self, model, path):
        labels = []
        for name in path.split("/"):
            field = model._fields.get(name) if model is not None else None
            labels.append(field._description_string(self.env) if field else name)
            model = self.env[field.comodel_name] if field and field.comodel_name else None
        return " / ".join(labels)

    @api.depends("state", "user_id")
    @api.depends_context("uid")
    def _compute_can_be_decided(self):
        is_approver = self.env.user.has_group(APPROVER)
        for request in self:
            request.can_be_decided = (
                is_approver
                and request.state == STATE_REQUESTED
                and request.user_id != self.env.user
            )

    @api.constrains("res_model", "field_names")
    def _check_model_is_known(self):
        for request in self:
            if request.res_model not in self.env or not request.field_names.strip(", "):
                raise ValidationError(
                    self.env._("%s is no kind of record, or no field is named.", request.res_model)
                )

    @api.constrains("reason")
    def _check_reason(self):
        for request in self:
            if not request.reason.strip():
                raise ValidationError(self.env._("Say what the file is for."))

    # Records

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.update(user_id=self.env.uid, state=STATE_DRAFT, company_id=self.env.company.id)
            # sudo: numbers are given to everybody.
            sequence = self.env["ir.sequence"].sudo()
            vals["name"] = sequence.next_by_code("sensitive.export.request") or "/"
            for name in ("approver_id", "decided_at", "used_at", "file_digest"):
                vals.pop(name, None)
        return super().create(vals_list)

    def write(self, vals):
        if set(vals) - EDITABLE or self.filtered(lambda request: request.state != STATE_DRAFT):
            log_refusal(self.env, self, "write", by="guard")
            raise UserError(
                self.env._("A request is changed by its buttons only. Make a new one instead.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_requested(self):
        if self.filtered(lambda request: request.state != STATE_DRAFT):
            raise UserError(self.env._("Export requests are kept once they have been sent."))

    # Moves

    def _move_to(self, state, vals):
        for request in self:
            if request.state not in MOVES[state]:
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "Request %(name)s is %(state)s already.",
                        name=request.name,
                        state=labels[request.state],
                    )
                )
        # The guard of write is for everybody else. sudo: approvers and requesters have no right to
        # write; what each may do was checked by the caller.
        return super(SensitiveExportRequest, self.sudo()).write(vals | {"state": state})

    def action_request(self):
        """Send the request to the approvers."""
        if self.filtered(lambda request: request.user_id != self.env.user):
            log_refusal(self.env, self, "request", by="guard")
            raise AccessError(self.env._("Only who wants to export sends the request."))
        self._move_to(STATE_REQUESTED, {})
        return True

    def action_approve(self):
        """Let the requester export once within 24 hours."""
        return self._decide(STATE_APPROVED)

    def action_refuse(self):
        """Refuse the request."""
        return self._decide(STATE_REFUSED)

    def _decide(self, state):
        self.check_access("read")
        if not self.env.user.has_group(APPROVER):
            log_refusal(self.env, self, "decide", by="role")
            raise AccessError(self.env._("Export requests are decided by export approvers."))
        if self.filtered(lambda request: request.user_id == self.env.user):
            log_refusal(self.env, self, "decide", by="own request")
            raise UserError(self.env._("Nobody decides on their own export: ask another approver."))
        self._move_to(state, {"approver_id": self.env.uid, "decided_at": fields.Datetime.now()})
        return True

    # Use

    @api.model
    def _find_approved(self, res_model, paths, row_count):
        """The approved request that covers an export of the present user."""
        since = fields.Datetime.now() - timedelta(hours=VALID_HOURS)
        domain = [
            ("user_id", "=", self.env.uid),
            ("state", "=", STATE_APPROVED),
            ("res_model", "=", res_model),
            ("row_count", ">=", row_count),
            ("decided_at", ">=", since),
        ]
        # sudo: the user's own requests, found by their id.
        for request in self.sudo().search(domain, order="row_count, id"):
            if set(paths) - {".id"} <= set(request.field_names.split(",")):
                return request
        return self.browse()

    def _use(self, digest):
        self._move_to(
            STATE_USED, {"used_at": fields.Datetime.now(), "file_digest": digest or False}
        )

    @api.model
    def _get_form(self, res_model, paths, row_count):
        """The form that asks for an approval of this export, or the open request for it."""
        # sudo: the user's own requests, found by their id.
        pending = self.sudo().search(
            [
                ("user_id", "=", self.env.uid),
                ("state", "in", (STATE_DRAFT, STATE_REQUESTED)),
                ("res_model", "=", res_model),
                ("row_count", ">=", row_count),
            ],
            limit=1,
        )
        return {
            "res_id": pending.id,
            "type": "ir.actions.act_window",
            "name": self.env._("Ask for Approval of an Export"),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "current",
            "context": {
                "default_res_model": res_model,
                "default_field_names": ",".join(path for path in paths if path != ".id"),
                "default_row_count": row_count,
            },
        }
