"""Roles that sign or reveal are marked where the roles exist already: their records are not
updated by the addon's data."""

ROLES = (
    "role_service_manager",
    "role_field_engineer",
    "role_quality_specialist",
    "role_compliance_auditor",
)


def migrate(cr, version):
    cr.execute(
        """
        UPDATE meddev_role SET needs_second_factor = TRUE
         WHERE id IN (SELECT res_id FROM ir_model_data
                       WHERE module = 'meddev_base' AND name IN %s)
        """,
        [ROLES],
    )
