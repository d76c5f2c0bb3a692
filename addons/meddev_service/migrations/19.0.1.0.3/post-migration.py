"""Who reads a patient is told from now on; the rule was shipped without, and is never updated."""

from odoo import SUPERUSER_ID, api


def migrate(cr, _version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    rule = env.ref("meddev_service.audit_trail_rule_ticket_patient", raise_if_not_found=False)
    if rule:
        rule.reads_are_logged = True
