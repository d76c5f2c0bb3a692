from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .argument import ensure_single

STATE_DRAFT = "draft"
STATE_ACTIVE = "active"
STATE_RETIRED = "retired"


class MeddevVersionedMixin(models.AbstractModel):
    """A rule that decisions are made by: what was in force when one was made stays readable.

    draft → active → retired. A draft is edited; what is active is not, it gets a new version, and
    the version before ends where the new one begins. Decisions point to the version itself.
    Rule: ISO 13485:2016 4.2.4 (control of documents).
    """

    _name = "meddev.versioned.mixin"
    _description = "Versioned Rule"

    code = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        help="The same for all versions of one rule.",
    )
    version = fields.Integer(required=True, readonly=True, copy=False, default=1)
    state = fields.Selection(
        [(STATE_DRAFT, "Draft"), (STATE_ACTIVE, "Active"), (STATE_RETIRED, "Retired")],
        "Status",
        required=True,
        readonly=True,
        copy=False,
        default=STATE_DRAFT,
    )
    effective_from = fields.Datetime(
        "In Force from", copy=False, help="Empty: from the moment of its activation."
    )
    effective_to = fields.Datetime(
        "In Force until", copy=False, help="Empty: until a new version begins or it is retired."
    )
    activated_at = fields.Datetime("Activated at", readonly=True, copy=False)
    activated_by_id = fields.Many2one(
        "res.users", "Activated by", readonly=True, copy=False, ondelete="restrict"
    )

    @api.constrains("effective_from", "effective_to")
    def _check_effective_period(self):
        for rule in self:
            if rule.effective_to and rule.effective_to < (rule.effective_from or rule.effective_to):
                raise ValidationError(
                    self.env._(
                        "%(rule)s: In Force until lies before In Force from. Correct one of them.",
                        rule=rule.display_name,
                    )
                )

    # ------------------------------------------------------------ hooks

    @api.model
    def _get_free_fields(self):
        """Names of the fields that may be changed while a version is active.

        Translations and the order among other rules say nothing else than before.
        """
        return {"name", "sequence", "effective_to", "note"}

    def _ensure_complete(self):
        """Refuse to activate what decides nothing; asked for each version by its model."""

    def _prepare_version_defaults(self):
        """Values of the next version's draft; asked by the button New Version."""
        self.ensure_one()
        return {"code": self.code, "version": max(self._get_versions().mapped("version")) + 1}

    # ------------------------------------------------------------ create, write, delete

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("state", STATE_DRAFT) != STATE_DRAFT or vals.get("activated_at"):
                raise UserError(
                    self.env._(
                        "%s: a new version is a draft. Create it, then activate it.",
                        vals.get("name") or self._description,
                    )
                )
        return super().create(
            [vals if vals.get("code") else vals | {"code": self._next_code()} for vals in vals_list]
        )

    def write(self, vals):
        self.check_access("write")
        if self._get_version_fields() & vals.keys():
            self._ensure_versions_unchanged(vals)
        frozen = vals.keys() - self._get_free_fields() - self._get_version_fields()
        if frozen and self.pool.ready:
            self._ensure_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_activated(self):
        self._ensure_draft()

    @api.model
    def _get_version_fields(self):
        return {"code", "version", "state", "activated_at", "activated_by_id"}

    @api.model
    def _next_code(self):
        """Code of a new rule, from the sequence whose code is the model's name."""
        # sudo: numbering is the system's.
        return self.env["ir.sequence"].sudo().next_by_code(self._name) or "/"

    def _ensure_versions_unchanged(self, vals):
        for rule in self:
            for name in self._get_version_fields() & vals.keys():
                field = self._fields[name]
                if field.convert_to_cache(vals[name], rule) != field.convert_to_cache(
                    rule[name], rule
                ):
                    raise UserError(
                        self.env._(
                            "%(rule)s: %(field)s follows from its buttons and cannot be written.",
                            rule=rule.display_name,
                            field=field._description_string(self.env),
                        )
                    )

    def _ensure_draft(self):
        """Asked as well by the lines of a rule, which are a part of it."""
        if decided := self.filtered(lambda rule: rule.state != STATE_DRAFT):
            raise UserError(
                self.env._(
                    "%(rules)s: decisions were made by it, it is not changed any more. Make a new"
                    " version of it.",
                    rules=", ".join(decided.mapped("display_name")),
                )
            )

    # ------------------------------------------------------------ buttons

    def action_activate(self):
        """Put these drafts into force; the version before each ends where it begins.

        :return: True.
        :raise UserError: one is no draft, or is not complete.
        """
        self.check_access("write")
        self._ensure_draft()
        self._ensure_complete()
        now = fields.Datetime.now()
        for rule in self:
            begin = max(rule.effective_from or now, now)
            for former in rule._get_versions() - rule:
                if former.state == STATE_ACTIVE and (former.effective_to or begin) >= begin:
                    former._set_version({"effective_to": begin})
            rule._set_version(
                {
                    "state": STATE_ACTIVE,
                    "effective_from": begin,
                    "activated_at": now,
                    "activated_by_id": self.env.uid,
                }
            )
        return True

    def action_retire(self):
        """Take active versions out of force now.

        :return: True.
        """
        self.check_access("write")
        now = fields.Datetime.now()
        for rule in self.filtered(lambda rule: rule.state == STATE_ACTIVE):
            end = min(rule.effective_to or now, now)
            rule._set_version({"state": STATE_RETIRED, "effective_to": end})
        return True

    def action_new_version(self):
        """Open a draft that is to follow this version."""
        self.check_access("create")
        ensure_single(self)
        draft = self.copy(self._prepare_version_defaults())
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

    # ------------------------------------------------------------ in force

    def _set_version(self, vals):
        super().write(vals)

    def _get_versions(self):
        return self.with_context(active_test=False).search([("code", "=", self.code)])

    @api.model
    def _get_in_force_domain(self, moment):
        """Versions that decide at a moment.

        :param moment: naive UTC datetime.
        """
        return (
            Domain("state", "=", STATE_ACTIVE)
            & Domain("effective_from", "<=", moment)
            & (Domain("effective_to", "=", False) | Domain("effective_to", ">", moment))
        )
