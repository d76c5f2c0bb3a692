from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .sla_kind import TARGET_KINDS

PRIORITIES = [("0", "Low"), ("1", "Normal"), ("2", "Important"), ("3", "Urgent")]


class MeddevSlaPolicy(models.Model):
    """A service level agreement: for which requests, how fast what, and who is told when.

    Of the policies in force, the first in order that fits a ticket sets its clocks. A condition
    that is left empty fits everything.
    """

    _name = "meddev.sla.policy"
    _inherit = ["meddev.versioned.mixin"]
    _description = "Service Policy"
    _order = "sequence, code, version desc"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="The first policy that fits a ticket counts.")
    # Conditions
    service_level_ids = fields.Many2many("meddev.service.level", string="Service Levels")
    nature_ids = fields.Many2many("meddev.request.nature", string="Natures of Request")
    category_ids = fields.Many2many(
        "helpdesk.ticket.category", string="Categories", help="With all categories below them."
    )
    min_priority = fields.Selection(PRIORITIES, "Priority from")
    min_criticality = fields.Selection(
        lambda self: self.env["product.template"]._fields["device_criticality"].selection,
        "Device Criticality from",
    )
    # What is agreed
    target_ids = fields.One2many("meddev.sla.target", "policy_id", "Targets", copy=True)
    step_ids = fields.One2many("meddev.sla.step", "policy_id", "Warnings", copy=True)
    note = fields.Text("Source", help="Where it was agreed: contract, tender, procedure.")
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)

    _version_unique = models.UniqueIndex(
        "(code, version)", "There is already this version of the policy."
    )

    @api.depends("name", "version")
    def _compute_display_name(self):
        for policy in self:
            policy.display_name = f"{policy.name} (v{policy.version})"

    def _ensure_complete(self):
        super()._ensure_complete()
        for policy in self:
            if not policy.target_ids:
                raise UserError(
                    self.env._(
                        "%s has no targets: add at least one before you activate it.",
                        policy.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        self._forget_choices()
        return policies

    def write(self, vals):
        result = super().write(vals)
        self._forget_choices()
        return result

    def unlink(self):
        result = super().unlink()
        self._forget_choices()
        return result

    def _set_version(self, vals):
        super()._set_version(vals)
        self._forget_choices()


class MeddevSlaTarget(models.Model):
    """One target of a policy: so much working time, counted by these working hours."""

    _name = "meddev.sla.target"
    _description = "Target of a Service Policy"
    _order = "policy_id, sequence, id"

    policy_id = fields.Many2one("meddev.sla.policy", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(compute="_compute_sequence", store=True)
    kind = fields.Selection(TARGET_KINDS, required=True)
    hours = fields.Float(required=True, help="Working hours by the working hours beside it.")
    calendar_id = fields.Many2one(
        "resource.calendar", "Working Hours", required=True, ondelete="restrict"
    )
    schedule_id = fields.Many2one(
        "meddev.work.schedule",
        "Working Time as It Is Known",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="What new clocks are counted by; follows the working hours and the holidays.",
    )

    company_id = fields.Many2one(related="policy_id.company_id", store=True)

    _kind_unique = models.UniqueIndex(
        "(policy_id, kind)", "A policy has one target of each kind. Change the one that is there."
    )
    _hours_positive = models.Constraint(
        "CHECK (hours > 0 AND hours <= 26280)",
        "A target is more than nothing and at most 26,280 hours (three years).",
    )

    @api.depends("kind")
    def _compute_sequence(self):
        order = [kind for kind, _label in TARGET_KINDS]
        for target in self:
            target.sequence = order.index(target.kind) if target.kind else len(order)

    @api.model_create_multi
    def create(self, vals_list):
        targets = super().create(vals_list)
        targets.policy_id._ensure_draft()
        targets._follow_calendar()
        return targets

    def write(self, vals):
        self.check_access("write")
        self.policy_id._ensure_draft()
        vals = {name: value for name, value in vals.items() if name != "schedule_id"}
        result = super().write(vals)
        self.policy_id._ensure_draft()
        self._follow_calendar()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        self.policy_id._ensure_draft()

    def _follow_calendar(self):
        """Take what is known of the working hours now.

        :return: the targets of which something else is known than before.
        """
        changed = self.browse()
        for calendar, targets in self.grouped("calendar_id").items():
            schedule = self.env["meddev.work.schedule"]._take(calendar)
            behind = targets.filtered(lambda target, known=schedule: target.schedule_id != known)
            if behind:
                # Not a change of what was agreed: active policies follow as well.
                super(MeddevSlaTarget, behind).write({"schedule_id": schedule.id})
                changed |= behind
        self.env["meddev.sla.policy"]._forget_choices()
        return changed


class MeddevSlaStep(models.Model):
    """A warning or escalation: at this share of a target these people are told, once."""

    _name = "meddev.sla.step"
    _description = "Warning of a Service Policy"
    _order = "policy_id, percent, id"

    policy_id = fields.Many2one("meddev.sla.policy", required=True, index=True, ondelete="cascade")
    kind = fields.Selection(TARGET_KINDS, "Target", help="Empty: every target of the policy.")
    percent = fields.Integer(
        "Share of the Target (%)", required=True, help="80 warns before the breach, 100 tells it."
    )
    role_ids = fields.Many2many("meddev.role", string="Roles")
    tells_engineer = fields.Boolean("Engineer", default=True)
    tells_leader = fields.Boolean("Team Leader")

    company_id = fields.Many2one(related="policy_id.company_id", store=True)

    _percent_sensible = models.Constraint(
        "CHECK (percent > 0 AND percent <= 1000)",
        "A warning comes at a share of the target from 1 to 1,000 percent.",
    )

    @api.constrains("role_ids", "tells_engineer", "tells_leader")
    def _check_somebody_is_told(self):
        for step in self:
            if not (step.role_ids or step.tells_engineer or step.tells_leader):
                raise ValidationError(
                    self.env._(
                        "The warning at %(percent)s %% of %(policy)s tells nobody. Choose Roles,"
                        " Engineer or Team Leader.",
                        percent=step.percent,
                        policy=step.policy_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps.policy_id._ensure_draft()
        self.env["meddev.sla.policy"]._forget_choices()
        return steps

    def write(self, vals):
        self.check_access("write")
        self.policy_id._ensure_draft()
        result = super().write(vals)
        self.policy_id._ensure_draft()
        self.env["meddev.sla.policy"]._forget_choices()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        self.policy_id._ensure_draft()
