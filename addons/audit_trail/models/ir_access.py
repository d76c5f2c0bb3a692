from odoo import models

from .events import log_refusal


class IrModelAccess(models.Model):
    _inherit = "ir.model.access"

    def _make_access_error(self, model, mode):
        records = self.env[model].browse()
        if records._audit_trail_rule():
            log_refusal(self.env, records, mode, by="access")
        return super()._make_access_error(model, mode)


class IrRule(models.Model):
    _inherit = "ir.rule"

    def _make_access_error(self, operation, records):
        if records._audit_trail_rule():
            log_refusal(self.env, records, operation, by="rule")
        return super()._make_access_error(operation, records)
