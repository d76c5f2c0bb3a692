from odoo import models


class ResGroups(models.Model):
    """A role is a privilege with one group of the same name, which is said once."""

    _inherit = "res.groups"

    def _compute_full_name(self):
        super()._compute_full_name()
        for group in self:
            # sudo: as core, which names a group for whoever sees it.
            privilege = group.sudo().privilege_id
            if privilege and privilege.name == group.sudo().name:
                group.full_name = privilege.name
