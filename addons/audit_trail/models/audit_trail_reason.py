from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

VALID_MINUTES = 10


class AuditTrailReason(models.Model):
    """Why a person is about to delete or change records; used once, within ten minutes."""

    _name = "audit.trail.reason"
    _description = "Reason for the Audit Trail"
    _rec_name = "reason"

    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, default=lambda self: self.env.user
    )
    res_model = fields.Char(required=True)
    res_ids = fields.Json(required=True)
    reason = fields.Text(required=True)
    is_used = fields.Boolean(readonly=True)

    @api.constrains("reason")
    def _check_reason(self):
        for reason in self:
            if not reason.reason.strip():
                raise ValidationError(self.env._("The reason needs a text."))

    @api.model_create_multi
    def create(self, vals_list):
        # A reason is its author's own, and fresh.
        vals_list = [vals | {"user_id": self.env.uid, "is_used": False} for vals in vals_list]
        return super().create(vals_list)

    def action_done(self):
        """Close the dialogue; the person repeats what they did."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._(
                    "The reason is kept for %s minutes. Delete or change once more now.",
                    VALID_MINUTES,
                ),
                "type": "success",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _take(self, records):
        """The reason that the present user left for all of these records, which uses it up."""
        since = fields.Datetime.now() - timedelta(minutes=VALID_MINUTES)
        # sudo: the user's own reasons, found by their id.
        for reason in self.sudo().search(
            [
                ("user_id", "=", self.env.uid),
                ("res_model", "=", records._name),
                ("is_used", "=", False),
                ("create_date", ">=", since),
            ],
            order="id desc",
        ):
            if set(records.ids) <= set(reason.res_ids or ()):
                reason.is_used = True
                return reason.reason
        return None

    @api.model
    def _get_question(self, records):
        """The dialogue that asks for the reason."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Why?"),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_res_model": records._name, "default_res_ids": records.ids},
        }

    @api.autovacuum
    def _gc_old_reasons(self):
        """What was used is in the trail; what was not is void."""
        since = fields.Datetime.now() - timedelta(days=1)
        self.search([("create_date", "<", since)]).unlink()
