from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.audit_trail.models.events import log_refusal

from .argument import ensure_single
from .guard import is_own_write, own_write, write_now

STATE_DRAFT, STATE_OPEN, STATE_DONE, STATE_CANCELLED = "draft", "open", "done", "cancelled"
KEEP, REMOVE = "keep", "remove"
FINISH = "finish"
#: Columns of a line that people fill in, and those that follow from a decision.
_ENTERED = {"remark", "write_uid", "write_date"}
_DECIDED = {"decision", "decided_by_id", "decided_at"}
PORTAL_ROLES = (
    "meddev_base.group_portal_hospital",
    "meddev_base.group_portal_dealer",
    "meddev_base.group_integration",
)


class MeddevAccessReview(models.Model):
    """A periodic review of who holds which role: each is kept or removed, and the list is signed.

    Nobody decides on their own roles, and nobody decides and approves alone. What is decided takes
    effect when the review is signed.
    Source: K13, K15; 21 CFR 11.10(d); ISO 13485:2016 4.1.6.
    """

    _name = "meddev.access.review"
    _inherit = ["electronic.signature.mixin"]
    _description = "Access Review"
    _order = "date desc, id desc"

    _signed_fields = {
        1: (
            "name",
            "date",
            "unused_days",
            "line_ids.user_name",
            "line_ids.group_name",
            "line_ids.is_unused",
            "line_ids.conflicts",
            "line_ids.decision",
            "line_ids.remark",
        ),
        # With what takes effect: a name alone can be anybody's. Numbers, as links are emptied
        # when a user is deleted.
        2: (
            "name",
            "date",
            "unused_days",
            "line_ids.user_name",
            "line_ids.user_number",
            "line_ids.group_name",
            "line_ids.group_number",
            "line_ids.is_unused",
            "line_ids.conflicts",
            "line_ids.decision",
            "line_ids.decided_by_id",
            "line_ids.remark",
        ),
    }
    _signed_states = {"state": {STATE_DONE: FINISH}}

    name = fields.Char(
        required=True,
        copy=False,
        default=lambda self: self.env._("Access Review %s", fields.Date.context_today(self)),
    )
    date = fields.Date(required=True, default=fields.Date.context_today, copy=False)
    unused_days = fields.Integer(
        "Unused After (Days)",
        required=True,
        default=90,
        help="A role counts as unused when its holder has used none of its rights for so many"
        " days; for roles that only read, when the holder has not signed in.",
    )
    state = fields.Selection(
        [
            (STATE_DRAFT, "Draft"),
            (STATE_OPEN, "In Review"),
            (STATE_DONE, "Signed"),
            (STATE_CANCELLED, "Cancelled"),
        ],
        required=True,
        default=STATE_DRAFT,
        readonly=True,
        copy=False,
    )
    line_ids = fields.One2many("meddev.access.review.line", "review_id", "Roles of People")
    open_count = fields.Integer("To Decide", compute="_compute_counts")
    unused_count = fields.Integer("Unused", compute="_compute_counts")
    conflict_count = fields.Integer("Conflicts", compute="_compute_counts")

    _unused_days_positive = models.Constraint(
        "CHECK (unused_days BETWEEN 1 AND 3650)",
        "Unused After must be between 1 and 3,650 days.",
    )

    @api.depends("line_ids.decision", "line_ids.is_unused", "line_ids.conflicts")
    def _compute_counts(self):
        for review in self:
            lines = review.line_ids
            review.open_count = len(lines.filtered(lambda line: not line.decision))
            review.unused_count = len(lines.filtered("is_unused"))
            review.conflict_count = len(lines.filtered("conflicts"))

    def write(self, vals):
        if "state" in vals and not is_own_write(self):
            raise self._get_state_refusal()
        for review in self:
            if review.state in (STATE_DONE, STATE_CANCELLED):
                log_refusal(self.env, review, "write", by="guard")
                raise UserError(
                    self.env._(
                        "%s is finished and stays as it was signed. Begin a new review.",
                        review.name,
                    )
                )
        return super().write(vals)

    def _create(self, data_list):
        if any(data["stored"].get("state", STATE_DRAFT) != STATE_DRAFT for data in data_list):
            log_refusal(self.env, self.browse(), "create", by="guard")
            raise UserError(self.env._("A review begins as a draft."))
        return super()._create(data_list)

    def _write_multi(self, vals_list):
        if not is_own_write(self) and any("state" in vals for vals in vals_list):
            raise self._get_state_refusal()
        return super()._write_multi(vals_list)

    def _get_state_refusal(self):
        log_refusal(self.env, self, "write", by="guard")
        return UserError(self.env._("The state of a review changes with its buttons alone."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_finished(self):
        for review in self:
            if review.state == STATE_DONE:
                log_refusal(self.env, review, "unlink", by="guard")
                raise UserError(self.env._("%s was signed and stays.", review.name))

    # Steps

    def action_collect(self):
        """Fill in who holds which role today; the review begins."""
        ensure_single(self)
        self.check_access("write")
        if self.state not in (STATE_DRAFT, STATE_OPEN):
            raise UserError(self.env._("%s is finished. Begin a new review.", self.name))
        known = {(line.user_id.id, line.group_id.id) for line in self.line_ids}
        # sudo: nobody enters lines, the list alone does
        own_write(self.sudo().line_ids).create(
            [
                vals
                for vals in self._prepare_lines()
                if (vals["user_id"], vals["group_id"]) not in known
            ]
        )
        write_now(self.sudo(), {"state": STATE_OPEN})  # sudo: nobody writes it by hand
        return True

    def action_cancel(self):
        """End the review without any effect."""
        for review in self:
            review.check_access("write")
            if review.state == STATE_DONE:
                log_refusal(self.env, review, "cancel", by="guard")
                raise UserError(self.env._("%s was signed and stays.", review.name))
            write_now(review.sudo(), {"state": STATE_CANCELLED})  # sudo: as above
        return True

    def _prepare_lines(self):
        roles = self._get_reviewed_groups()
        last_use = self._find_last_use()
        limit = fields.Datetime.now() - timedelta(days=self.unused_days)
        conflicts = self.env["meddev.role.conflict"]
        for user in roles.all_user_ids.filtered("active").sorted("name"):
            found = "\n".join(conflicts._get_conflicts(user)._describe())
            for role in roles & user.all_group_ids:
                used = self._get_last_use_of(user, role, last_use)
                yield {
                    "review_id": self.id,
                    "user_id": user.id,
                    "group_id": role.id,
                    "user_name": f"{user.name} ({user.login})",
                    "user_number": user.id,
                    "group_name": role.name,
                    "group_number": role.id,
                    "is_indirect": role not in user.group_ids,
                    "last_used_at": used,
                    "is_unused": not used or used < limit,
                    "conflicts": found,
                }

    @api.model
    def _get_reviewed_groups(self):
        """The groups of the roles, outside ones included."""
        # sudo: a review lists the roles of everybody.
        groups = self.env["meddev.role"].sudo().search([("group_id", "!=", False)]).group_id
        for name in PORTAL_ROLES:
            groups |= self.env.ref(name).sudo()  # sudo: as above
        return groups

    def _find_last_use(self):
        """``{(user id, model): moment}`` and ``{(user id, None): last sign-in}``, UTC."""
        since = fields.Datetime.now() - timedelta(days=max(self.unused_days, 365))
        self.env.cr.execute(
            """
            SELECT user_id, CASE WHEN kind = 'login' THEN NULL ELSE res_model END,
                   MAX(occurred_at)
              FROM audit_trail_entry
             WHERE occurred_at >= %s AND user_id IS NOT NULL
                   AND kind IN ('insert', 'update', 'delete', 'link', 'unlink', 'export', 'login')
          GROUP BY 1, 2
            """,
            [since],
        )
        return {(user_id, name): moment for user_id, name, moment in self.env.cr.fetchall()}

    @api.model
    def _get_last_use_of(self, user, role, last_use):
        """When a person last used what only acting on a role's models shows, else signed in."""
        matrix = self.env["meddev.role.right"]._get_matrix()
        acted_on = [
            name
            for name, rows in matrix.items()
            if (row := rows.get(role.id))
            and any(row[operation] != "none" for operation in ("create", "write", "unlink"))
        ]
        if not acted_on:
            return last_use.get((user.id, None), user.login_date)
        return max(
            filter(None, (last_use.get((user.id, name)) for name in acted_on)), default=False
        )

    # Signing

    @api.model
    def _get_signature_transitions(self):
        return {FINISH: self.env._("Access Review")}

    def _get_open_signature_transitions(self):
        self.ensure_one()
        is_decided = self.line_ids and not self.open_count
        return [FINISH] if self.state == STATE_OPEN and is_decided else []

    def _get_signature_performers(self):
        return super()._get_signature_performers() | self.line_ids.decided_by_id

    def _get_missing_signatures(self, transition):
        """Whoever decided on a role needs another one to sign, whatever the requirements say.

        A single signer is enough who decided on none: a company of two reviews its roles too.
        """
        result = super()._get_missing_signatures(transition)
        signers = self._get_signers(transition)
        for review, requirements in result.items():
            people = set()
            for requirement, missing in requirements:
                people |= set() if missing else review._get_counted(requirement, signers)
            # sudo: the rule holds for everybody.
            deciders = set(review.sudo().line_ids.decided_by_id.ids)
            if len(people) == 1 and people & deciders:
                result[review] = [(requirements[0][0], 1), *requirements[1:]]
        return result

    def _on_signed(self, transition, meaning):
        self.ensure_one()
        if transition == FINISH and self.is_signed_for(FINISH):
            self._finish()

    def action_finish(self):
        """Put what was decided into effect; all signatures must be there."""
        ensure_single(self)
        self.check_access("write")
        self._ensure_signed(FINISH)
        if self.state == STATE_OPEN:
            self._finish()
        return True

    def _finish(self):
        removed = self.line_ids.filtered(lambda line: line.decision == REMOVE)
        removed._remove_roles()
        write_now(self.sudo(), {"state": STATE_DONE})  # sudo: the state moves with the signature


class MeddevAccessReviewLine(models.Model):
    """One role of one person, as it was listed, and what was decided on it.

    Listed by ``action_collect`` alone; whose role it is never changes afterwards.
    """

    _name = "meddev.access.review.line"
    _description = "Role of a Person under Review"
    _order = "review_id, user_name, id"
    _rec_name = "user_name"

    review_id = fields.Many2one(
        "meddev.access.review", required=True, ondelete="cascade", index=True
    )
    state = fields.Selection(related="review_id.state")
    user_id = fields.Many2one("res.users", ondelete="set null", readonly=True)
    user_name = fields.Char("Person", required=True, readonly=True)
    user_number = fields.Integer(
        "Person ID", readonly=True, help="Stays and is signed, also when the user is deleted."
    )
    group_id = fields.Many2one("res.groups", ondelete="set null", readonly=True)
    group_name = fields.Char("Role", required=True, readonly=True)
    group_number = fields.Integer("Role ID", readonly=True)
    is_indirect = fields.Boolean(
        "Through Another Group", readonly=True, help="Held through a group that contains the role."
    )
    last_used_at = fields.Datetime("Last Used", readonly=True)
    is_unused = fields.Boolean("Unused", readonly=True)
    conflicts = fields.Text("Conflicts of Duties", readonly=True)
    decision = fields.Selection([(KEEP, "Keep"), (REMOVE, "Remove")])
    remark = fields.Char()
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True)
    decided_at = fields.Datetime("Decided on", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        self._ensure_listed_by_us()
        reviews = self.env["meddev.access.review"].browse(
            [vals["review_id"] for vals in vals_list if vals.get("review_id")]
        )
        self._ensure_open(reviews)
        return super().create(vals_list)

    def _create(self, data_list):
        self._ensure_listed_by_us()
        # Also by defaults that a client sends along with the button.
        if any(_DECIDED & data["stored"].keys() for data in data_list):
            log_refusal(self.env, self.browse(), "create", by="guard")
            raise UserError(self.env._("Roles are listed first and decided upon afterwards."))
        return super()._create(data_list)

    def write(self, vals):
        if is_own_write(self):
            return super().write(vals)
        self._ensure_open(self.review_id)
        if vals.keys() - {"decision", "remark"}:
            raise self._get_entry_refusal()
        if "decision" not in vals:
            return super().write(vals)
        for line in self:
            line._ensure_may_decide(vals["decision"])
        write_now(
            self,
            vals
            | {
                "decided_by_id": self.env.uid if vals["decision"] else False,
                "decided_at": fields.Datetime.now() if vals["decision"] else False,
            },
        )
        return True

    def _write_multi(self, vals_list):
        allowed = _ENTERED | _DECIDED if is_own_write(self) else _ENTERED
        if any(vals.keys() - allowed for vals in vals_list):
            raise self._get_entry_refusal()
        return super()._write_multi(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        self._ensure_open(self.review_id)
        if any(line.state != STATE_DRAFT for line in self):
            log_refusal(self.env, self, "unlink", by="guard")
            raise UserError(
                self.env._("Every role that was listed is decided upon, none left out.")
            )

    def _get_entry_refusal(self):
        log_refusal(self.env, self, "write", by="guard")
        return UserError(
            self.env._("Only the decision and the remark of a line are entered by hand.")
        )

    @api.model
    def _ensure_listed_by_us(self):
        if not is_own_write(self):
            log_refusal(self.env, self.browse(), "create", by="guard")
            raise UserError(
                self.env._(
                    "The roles under review come from the button List the Roles: they are never"
                    " entered or imported."
                )
            )

    @api.model
    def _ensure_open(self, reviews):
        for review in reviews:
            if review.state not in (STATE_DRAFT, STATE_OPEN):
                log_refusal(self.env, review, "write", by="guard")
                raise UserError(self.env._("%s is finished. Begin a new review.", review.name))

    def _ensure_may_decide(self, decision):
        self.ensure_one()
        if self.user_id == self.env.user:
            log_refusal(self.env, self, "decide", by="own role")
            raise UserError(
                self.env._(
                    "%(role)s of %(person)s: somebody else decides on your own roles.",
                    role=self.group_name,
                    person=self.user_name,
                )
            )
        if decision == REMOVE and self.is_indirect:
            raise UserError(
                self.env._(
                    "%(role)s of %(person)s comes through another group. An administrator takes"
                    " that group away, then list the roles again.",
                    role=self.group_name,
                    person=self.user_name,
                )
            )

    def _remove_roles(self):
        """Take away the roles that the signed review names, and no other group."""
        self.review_id._ensure_signed(FINISH)
        self._ensure_as_listed()
        for line in self:
            # sudo: the signed review takes roles away, whoever signed it; nothing is ever given,
            # but the user type that every user needs.
            user, group = line.user_id.sudo(), line.group_id.sudo()
            if not user or not group or group not in user.group_ids:
                continue
            kind = self.env.ref("base.group_portal" if user.share else "base.group_user")
            user.with_context(audit_trail_reason=line.review_id.name).write(
                {"group_ids": [Command.link(kind.id), Command.unlink(group.id)]}
            )

    def _ensure_as_listed(self):
        """What takes effect is what was signed, and a role; who or what is deleted has none."""
        roles = self.review_id._get_reviewed_groups()
        for line in self:
            user, group = line.user_id, line.group_id
            if (user and user.id != line.user_number) or (
                group and (group.id != line.group_number or group not in roles)
            ):
                raise UserError(
                    self.env._(
                        "%(role)s of %(person)s is not as this review listed it, so nothing is"
                        " removed. Cancel the review and begin a new one.",
                        role=line.group_name,
                        person=line.user_name,
                    )
                )
