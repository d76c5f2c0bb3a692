from odoo import api, models


class AuditTrailRule(models.Model):
    """Sensitive values enter the trail encrypted, and can be read with their key as they were."""

    _inherit = "audit.trail.rule"

    @api.model
    def _is_secret_column(self, field, name, column_type):
        if getattr(field, "is_sensitive", False):
            return False
        return super()._is_secret_column(field, name, column_type)
