from odoo import models

from .events import log_event
from .kinds import KIND_PRINT


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render(self, report_ref, res_ids, data=None):
        result = super()._render(report_ref, res_ids, data=data)
        report = self._get_report(report_ref)
        if report.model in self.env and self.env[report.model]._audit_trail_rule():
            ids = [res_ids] if isinstance(res_ids, int) else list(res_ids or ())
            log_event(
                self.env,
                KIND_PRINT,
                self.env[report.model].browse(ids if len(ids) == 1 else ()),
                details={"report": report.report_name, "ids": ids[:1000], "count": len(ids)},
            )
        return result
