from odoo import fields, models

KIND_SIGNED = "signed"
KIND_SIGNATURE_VOIDED = "signature_voided"
KIND_SIGNATURE_REFUSED = "signature_refused"


class AuditTrailEntry(models.Model):
    _inherit = "audit.trail.entry"

    kind = fields.Selection(
        selection_add=[
            (KIND_SIGNED, "Signed"),
            (KIND_SIGNATURE_VOIDED, "Signature Voided"),
            (KIND_SIGNATURE_REFUSED, "Signature Refused"),
        ],
        # Entries cannot change: they keep a kind that has no label any more.
        ondelete=dict.fromkeys(
            (KIND_SIGNED, KIND_SIGNATURE_VOIDED, KIND_SIGNATURE_REFUSED), lambda entries: None
        ),
    )
