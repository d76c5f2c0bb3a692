import secrets

from odoo import fields, models
from odoo.exceptions import UserError

TOKEN_ACTIVE = "active"
TOKEN_REPORT_ONLY = "report_only"
TOKEN_REVOKED = "revoked"


class MeddevDeviceToken(models.Model):
    """The opaque word on a device's label: active -> report only (after rotation) -> revoked."""

    _name = "meddev.device.token"
    _description = "Device Label Token"
    _order = "id desc"
    _rec_name = "lot_id"

    lot_id = fields.Many2one(
        "stock.lot",
        string="Device",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('is_device', '=', True)]",
    )
    token = fields.Char(required=True, readonly=True, copy=False, default=lambda self: _word())
    state = fields.Selection(
        [
            (TOKEN_ACTIVE, "Active"),
            (TOKEN_REPORT_ONLY, "Report Only"),
            (TOKEN_REVOKED, "Revoked"),
        ],
        required=True,
        readonly=True,
        default=TOKEN_ACTIVE,
        copy=False,
    )
    rotated_at = fields.Datetime(readonly=True)
    revoked_at = fields.Datetime(readonly=True)
    company_id = fields.Many2one(related="lot_id.company_id", store=True, index="btree_not_null")

    _token_unique = models.UniqueIndex("(token)")
    _one_active = models.UniqueIndex(
        "(lot_id) WHERE state = 'active'",
        "A device has one active label token. Rotate it to get a new one.",
    )

    def _rotate(self):
        """Replace active tokens; the old one stays a report-only entrance until revoked."""
        return self.lot_id._rotate_tokens()

    def action_revoke(self):
        """Close this entrance for good; the device gets a new token when a label is printed."""
        self.check_access("write")
        if self.filtered(lambda token: token.state == TOKEN_REVOKED):
            raise UserError(self.env._("This label token is revoked already."))
        return self.write({"state": TOKEN_REVOKED, "revoked_at": fields.Datetime.now()})


def _word():
    return secrets.token_urlsafe(24)
