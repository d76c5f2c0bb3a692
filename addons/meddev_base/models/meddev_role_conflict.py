from odoo import api, fields, models
from odoo.exceptions import ValidationError


class MeddevRoleConflict(models.Model):
    """Two roles whose duties one person should not hold together.

    Shown, not forbidden: a small company may merge them, and says so in its access review.
    Source: ISO 13485:2016 5.5.1 (independence of who does and who verifies); S0-22, S0-79.
    """

    _name = "meddev.role.conflict"
    _description = "Conflict of Duties"
    _order = "group_id, other_group_id, id"
    _rec_name = "reason"

    group_id = fields.Many2one("res.groups", "Role", required=True, ondelete="cascade")
    other_group_id = fields.Many2one("res.groups", "Other Role", required=True, ondelete="cascade")
    reason = fields.Char("What Is at Stake", required=True, translate=True)
    source = fields.Char(required=True)
    active = fields.Boolean(default=True)

    _pair_unique = models.UniqueIndex(
        "(LEAST(group_id, other_group_id), GREATEST(group_id, other_group_id))",
        "There is already a conflict of these two roles.",
    )

    @api.constrains("group_id", "other_group_id")
    def _check_two_roles(self):
        for conflict in self:
            if conflict.group_id == conflict.other_group_id:
                raise ValidationError(
                    self.env._("A role is in no conflict with itself: choose another Other Role.")
                )

    @api.model
    def _get_conflicts(self, user):
        """Conflicts between the roles that a user holds."""
        groups = set(user._get_group_ids())
        # sudo: the conflicts of people are shown to who may ask for them; the caller decides.
        # Archived rules hold for nobody, whatever context a client sends.
        rules = self.sudo().with_context(active_test=True)
        conflicts = rules.search([("group_id", "in", list(groups))])
        return conflicts.filtered(lambda row: {row.group_id.id, row.other_group_id.id} <= groups)

    def _describe(self):
        """One sentence per conflict, with both roles."""
        return [
            self.env._(
                "%(role)s and %(other)s: %(reason)s",
                role=conflict.group_id.name,
                other=conflict.other_group_id.name,
                reason=conflict.reason,
            )
            for conflict in self
        ]
