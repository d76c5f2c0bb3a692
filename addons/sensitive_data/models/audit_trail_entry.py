from odoo import fields, models

KIND_REVEAL = "reveal"
KIND_LOOKUP = "lookup"
KIND_ERASE = "erase"
KIND_ALERT = "alert"


class AuditTrailEntry(models.Model):
    """What is done with sensitive values; the trail's copies of them are shown as marks."""

    _inherit = "audit.trail.entry"

    kind = fields.Selection(
        selection_add=[
            (KIND_REVEAL, "Revealed"),
            (KIND_LOOKUP, "Looked Up"),
            (KIND_ERASE, "Erased"),
            (KIND_ALERT, "Alert"),
        ]
    )

    def _may_see_field(self, model, field):
        # That a sensitive value was changed is shown to whoever may see the record; the value not.
        return getattr(field, "is_sensitive", False) or super()._may_see_field(model, field)

    def _describe_value(self, model, field, value):
        if getattr(field, "is_sensitive", False) and value is not None and value is not False:
            return self.env._("(encrypted)")
        return super()._describe_value(model, field, value)
