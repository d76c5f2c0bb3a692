from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools import key_ring
from .audit_trail_purge import EVENTS_PARAMETER
from .audit_trail_verify import UNSEALED_MINUTES, UNSEALED_PARAMETER
from .keys import begin_key


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    audit_trail_unsealed_minutes = fields.Integer(
        string="Minutes until Sealed",
        config_parameter=UNSEALED_PARAMETER,
        default=UNSEALED_MINUTES,
    )
    audit_trail_anchor_email = fields.Char(
        string="Send the Anchor to", config_parameter="audit_trail.anchor_email"
    )
    audit_trail_event_retention_months = fields.Integer(
        string="Keep Events (Months)", config_parameter=EVENTS_PARAMETER
    )
    audit_trail_key_id = fields.Char(
        string="Present Key",
        compute="_compute_audit_trail_key_id",
        help="What is written now is keyed with it. Former keys stay for verification.",
    )

    @api.depends_context("uid")
    def _compute_audit_trail_key_id(self):
        # sudo: the number of the key is no secret; only administrators have this screen.
        self.audit_trail_key_id = self.env["audit.trail.entry"].sudo()._get_key_id()

    def action_begin_audit_trail_key(self):
        """Make a new secret and key the trail with it from now on; former ones still verify.

        :raise AccessError: the caller is no administrator.
        :raise UserError: no secret could be made; the text says why.
        """
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Beginning a new key is for administrators."))
        try:
            begin_key(self.env)
        except key_ring.KeyRingError as error:
            raise UserError(
                self.env._("No new key of the audit trail was made: %s", error)
            ) from error
        return {"type": "ir.actions.client", "tag": "reload"}
