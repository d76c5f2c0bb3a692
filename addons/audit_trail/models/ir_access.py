from odoo import models

from .events import log_refusal


def _is_told(records):
    """Whether a refusal is an entry: of tracked models, and of evidence, which nobody tracks."""
    return bool(records._audit_trail_is_evidence or records._audit_trail_rule())


class Base(models.AbstractModel):
    """Models say of themselves whether they hold evidence."""

    _inherit = "base"

    #: True where a refused attempt is told although the model is not tracked.
    _audit_trail_is_evidence = False


class IrModelAccess(models.Model):
    _inherit = "ir.model.access"

    def _make_access_error(self, model, mode):
        records = self.env[model].browse()
        if _is_told(records):
            log_refusal(self.env, records, mode, by="access")
        return super()._make_access_error(model, mode)


class IrRule(models.Model):
    _inherit = "ir.rule"

    def _make_access_error(self, operation, records):
        if _is_told(records):
            log_refusal(self.env, records, operation, by="rule")
        return super()._make_access_error(operation, records)
