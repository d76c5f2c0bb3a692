from odoo import models
from odoo.exceptions import AccessError

from odoo.addons.audit_trail.models.events import log_refusal


class Base(models.AbstractModel):
    """After-sales staff export what the role matrix lets them."""

    _inherit = "base"

    def _ensure_may_export(self):
        """Refuse to export a kind of record that the matrix names and gives none of the roles.

        Who holds no after-sales role is ruled by core's right to export alone; administrators
        hold rows of their own.
        """
        super()._ensure_may_export()
        rights = self.env["meddev.role.right"]
        if self.env.su or self._name not in rights._get_matrix():
            return
        user = self.env.user
        if user.has_group("meddev_base.group_staff") and not rights._may("export", self._name):
            log_refusal(self.env, self.browse(), "export", by="matrix")
            raise AccessError(
                self.env._(
                    "Your roles may not export %(model)s. Ask a service manager for the figures, or"
                    " an administrator for the right to export in the role matrix.",
                    model=self.env["meddev.role.check"]._get_model_label(self),
                )
            )
