from odoo import models

from .audit_trail_entry import KIND_REFUSED

_TOLD = "audit_trail.refused"


class IrModelAccess(models.Model):
    _inherit = "ir.model.access"

    def _make_access_error(self, model, mode):
        _tell_refusal(self.env, self.env[model].browse(), mode, "access")
        return super()._make_access_error(model, mode)


class IrRule(models.Model):
    _inherit = "ir.rule"

    def _make_access_error(self, operation, records):
        _tell_refusal(self.env, records, operation, "rule")
        return super()._make_access_error(operation, records)


def _tell_refusal(env, records, operation, by):
    """Refused actions on tracked models are kept although their transaction is rolled back.

    Once per transaction, model and operation: who tries a thousand records tells one story.
    """
    if not records._audit_trail_rule():
        return
    told = env.cr.precommit.data.setdefault(_TOLD, set())
    key = (env.uid, records._name, operation)
    if key in told:
        return
    told.add(key)
    env["audit.trail.entry"].sudo()._log_event(  # sudo: entries are written for everybody
        KIND_REFUSED,
        records if len(records) == 1 else records.browse(),
        details={"operation": operation, "by": by, "ids": records.ids[:100]},
        name="",
        own_transaction=True,
    )
