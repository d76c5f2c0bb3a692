"""What follows from the clocks' ledger is not recorded a second time; the rule is never updated."""

from odoo import SUPERUSER_ID, api


def migrate(cr, _version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    rule = env.ref("meddev_service.audit_trail_rule_helpdesk_ticket", raise_if_not_found=False)
    if rule and not rule.ignored_fields:
        rule.ignored_fields = "sla_due_at,sla_reasons"
