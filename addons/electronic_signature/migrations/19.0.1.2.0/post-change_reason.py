"""What is in force is changed with a reason; a rule that somebody has set up otherwise stays."""


def migrate(cr, version):
    if not version:
        return
    cr.execute(
        """
        UPDATE audit_trail_rule SET change_needs_reason = '[("active", "=", True)]'
         WHERE change_needs_reason IS NULL AND id IN (
               SELECT res_id FROM ir_model_data
                WHERE module = 'electronic_signature' AND name = 'audit_trail_rule_requirement')
        """
    )
