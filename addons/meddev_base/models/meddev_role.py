import os

from odoo import api, fields, models
from odoo.tools import ormcache, str2bool

#: Environment of the server: in the profile production strict sign-in is on unless switched off.
PROFILE_VARIABLE = "MEDDEV_PROFILE"
STRICT_PARAMETER = "meddev_base.strict_sign_in"
APPLIED_PARAMETER = "meddev_base.strict_sign_in_applied"
SESSION_PARAMETER = "meddev_base.session_minutes"
IDLE_PARAMETER = "meddev_base.idle_minutes"
SESSION_MINUTES = 720
IDLE_MINUTES = 15


class MeddevRole(models.Model):
    """One of the nine after-sales roles: what it is for and where its work starts.

    The group gives the rights; this record gives the sentence and the landing screen.
    """

    _name = "meddev.role"
    _description = "After-Sales Role"
    _order = "sequence, id"

    name = fields.Char(related="group_id.name", string="Role")
    group_id = fields.Many2one("res.groups", required=True, ondelete="cascade")
    sequence = fields.Integer(
        default=100, help="A user with several roles starts on the screen of the first one."
    )
    purpose = fields.Char(required=True, translate=True)
    landing_action_id = fields.Many2one(
        "ir.actions.actions",
        "Landing Screen",
        ondelete="set null",
        help="What users of this role see after login, unless they chose a home action.",
    )
    needs_second_factor = fields.Boolean(
        "Second Factor",
        help="With the setting Strict Sign-In the people of this role need a second factor, and"
        " their sessions end. Roles that sign or reveal always do, whether it is ticked or not.",
    )
    signs_or_reveals = fields.Boolean(
        "Signs or Reveals",
        compute="_compute_signs_or_reveals",
        help="Follows from the required signatures and from who reveals sensitive fields.",
    )
    user_count = fields.Integer("Users", compute="_compute_user_count")

    _group_unique = models.UniqueIndex("(group_id)", "There is already a role of this group.")

    @api.depends("group_id")
    def _compute_signs_or_reveals(self):
        groups = self._get_signing_groups() | self._get_revealing_groups()
        for role in self:
            role.signs_or_reveals = role.group_id in groups

    def _compute_user_count(self):
        for role in self:
            # Reading groups and counting users is the administrator's right; only the number
            # leaves this method, so that an auditor sees how many people hold a role.
            role.user_count = len(role.group_id.sudo().all_user_ids.filtered("active"))

    def _get_landing_action_id(self, user):
        """Id of the first landing screen of the user's roles, or False.

        Asked by ``ir.http.session_info`` when the user has no home action of their own.
        """
        # Which groups a user has is no secret to that user; actions are readable by
        # administrators only, and nothing but the id leaves this method.
        roles = self.sudo().search(
            [("group_id.all_user_ids", "in", user.ids), ("landing_action_id", "!=", False)], limit=1
        )
        return roles.landing_action_id.id

    # Strict sign-in: a second factor, and sessions that end

    @api.model_create_multi
    def create(self, vals_list):
        roles = super().create(vals_list)
        if any(vals.get("needs_second_factor") for vals in vals_list):
            self._apply_strict_sign_in()
        return roles

    def write(self, vals):
        result = super().write(vals)
        if "needs_second_factor" in vals:
            self._apply_strict_sign_in()
        return result

    def _register_hook(self):
        super()._register_hook()
        self._apply_strict_sign_in()

    @api.model
    def _is_sign_in_strict(self):
        """What the settings say; before anybody saved them, what the server's profile says."""
        # sudo: the setting holds for who may not read it.
        chosen = self.env["ir.config_parameter"].sudo().get_param(STRICT_PARAMETER)
        if chosen:
            return str2bool(chosen, False)
        return os.environ.get(PROFILE_VARIABLE) == "production"

    @api.model
    def _set_strict_sign_in(self, is_strict):
        """Demand a second factor of the roles that need one, and end their sessions, or not."""
        # sudo: called by the settings, which administrators alone save, and by data files.
        self.env["ir.config_parameter"].sudo().set_param(STRICT_PARAMETER, str(bool(is_strict)))
        self._apply_strict_sign_in()

    @api.model
    def _apply_strict_sign_in(self):
        """Give the groups of the roles the time limits of core's ``auth_timeout``."""
        self.env.registry.clear_cache()
        parameters = self.env["ir.config_parameter"].sudo()  # sudo: as above
        is_strict = self._is_sign_in_strict()
        applied = parameters.get_param(APPLIED_PARAMETER)
        if not is_strict and not applied:
            # Limits that an administrator set on a group by hand are theirs.
            return
        bound = self.env["res.groups"].browse(sorted(self._get_second_factor_groups()))
        # An earlier version noted that it had set limits, not which groups got them.
        former = (
            self.sudo().search([("group_id", "!=", False)]).group_id  # sudo: as above
            if applied == "True"
            else bound.browse(int(number) for number in (applied or "").split(",") if number)
        )
        parameters.set_param(APPLIED_PARAMETER, ",".join(map(str, bound.ids)) or False)
        session = int(parameters.get_param(SESSION_PARAMETER) or SESSION_MINUTES)
        idle = int(parameters.get_param(IDLE_PARAMETER) or IDLE_MINUTES)
        for group in (bound | former.exists()).sudo():  # sudo: as above
            is_bound = group in bound
            wanted = {
                "lock_timeout": session if is_bound else 0,
                "lock_timeout_mfa": is_bound,
                "lock_timeout_inactivity": idle if is_bound else 0,
                "lock_timeout_inactivity_mfa": False,
            }
            if any(group[name] != value for name, value in wanted.items()):
                group.write(wanted)

    @api.model
    @ormcache()
    def _get_second_factor_groups(self):
        """Ids of the groups whose people need a second factor now, roles or not.

        Who signs is read from the required signatures, who reveals from the sensitive fields of
        all addons: nobody has to remember a tick. Administrators sign access reviews, so they are
        among them.
        """
        if not self._is_sign_in_strict():
            return frozenset()
        # sudo: as above.
        ticked = self.sudo().search([("needs_second_factor", "=", True)]).group_id
        groups = ticked | self._get_signing_groups() | self._get_revealing_groups()
        return frozenset(groups.ids)

    @api.model
    def _get_signing_groups(self):
        # sudo: the rule holds for everybody, also for who may not read it; all requirements that
        # are in force count, whatever context the first to ask has sent.
        requirements = self.env["electronic.signature.requirement"].sudo()
        # pylint: disable-next=no-search-all
        return requirements.with_context(active_test=True).search([]).group_ids

    @api.model
    def _get_revealing_groups(self):
        declarations = self.env["sensitive.field"]
        names = {field.reveal_groups for field in declarations._get_declared_fields()}
        return declarations._get_groups(",".join(filter(None, names)))
