from odoo import api, models

from . import evidence


class AuditTrailExport(models.Model):
    """An export of the trail holds the signatures too: uninstalling asks for one."""

    _inherit = "audit.trail.export"

    @api.model
    def _get_evidence_tables(self):
        tables = [evidence.SIGNATURE_TABLE, evidence.VOID_TABLE]
        return [*super()._get_evidence_tables(), *tables]
