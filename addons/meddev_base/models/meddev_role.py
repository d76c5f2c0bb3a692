from odoo import fields, models


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
    user_count = fields.Integer("Users", compute="_compute_user_count")

    _group_unique = models.UniqueIndex("(group_id)", "There is already a role of this group.")

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
