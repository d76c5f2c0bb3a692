from odoo import api, fields, models

_PATIENT = "meddev.ticket.patient"


class HelpdeskTicket(models.Model):
    """The patient of a request: a record of its own, which few roles reach."""

    _inherit = "helpdesk.ticket"

    patient_ids = fields.One2many(
        _PATIENT,
        "ticket_id",
        "Patient Data",
        groups="meddev_base.group_intake_agent,meddev_base.group_field_engineer,"
        "meddev_base.group_service_manager,meddev_base.group_quality_specialist,"
        "meddev_base.group_compliance_auditor",
    )

    def unlink(self):
        # sudo: what goes with the tickets; whether they may go is asked next.
        patient_ids = self.sudo().patient_ids.ids
        result = super().unlink()
        # PostgreSQL deletes the rows with their ticket, and knows no index of values.
        self.env["sensitive.index"]._forget(_PATIENT, patient_ids)
        return result

    @api.model
    def _get_view_field_attributes(self):
        """Core asks the model of the form, also for the fields of the patient inside it."""
        return [*super()._get_view_field_attributes(), "sensitive_kind", "can_reveal"]
