import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError

from .guard import is_trusted, trusted, without_defaults
from .meddev_device_event import EVENT_IDENTITY

TOKEN_ACTIVE = "active"
TOKEN_REPORT_ONLY = "report_only"
TOKEN_REVOKED = "revoked"

#: What rotating and revoking write, and no client.
PROTECTED_FIELDS = {"token", "state", "rotated_at", "revoked_at"}


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

    @api.model_create_multi
    def create(self, vals_list):
        if any(PROTECTED_FIELDS & vals.keys() for vals in vals_list) and not is_trusted(self):
            raise UserError(self._describe_protection())
        blank = without_defaults(self, PROTECTED_FIELDS)
        tokens = super(MeddevDeviceToken, blank).create(vals_list).with_env(self.env)
        tokens._log_replacements()
        return tokens

    def write(self, vals):
        if not is_trusted(self):
            raise UserError(self._describe_protection())
        return super().write(vals)

    def _describe_protection(self):
        return self.env._(
            "A label token is drawn by chance and belongs to one device: it is only replaced or"
            " revoked, with the buttons."
        )

    def action_revoke(self):
        """Close this entrance for good; the device gets a new token when a label is printed."""
        self.check_access("write")
        if self.filtered(lambda token: token.state == TOKEN_REVOKED):
            raise UserError(self.env._("This label token is revoked already."))
        result = trusted(self).write({"state": TOKEN_REVOKED, "revoked_at": fields.Datetime.now()})
        self._log_token_events({token: self.env._("Label revoked.") for token in self})
        return result

    def _log_replacements(self):
        """Tell the timeline that a device has another label than before; the first is no news."""
        earlier = self.search([("lot_id", "in", self.lot_id.ids), ("id", "not in", self.ids)])
        former = {token.lot_id: token for token in earlier.sorted("id")}
        replaced = self.env._("Label replaced; the former one can only report.")
        revoked = self.env._("New label; the former one was revoked.")
        self._log_token_events(
            {
                token: revoked if former[token.lot_id].state == TOKEN_REVOKED else replaced
                for token in self
                if token.lot_id in former
            }
        )

    def _log_token_events(self, summaries):
        """:param summaries: token -> what the timeline says; never the word itself."""
        self.env["stock.lot"]._log_device_events(
            [
                {
                    "lot_id": token.lot_id.id,
                    "kind": EVENT_IDENTITY,
                    "summary": summary,
                    "data": {"token_id": token.id},
                }
                for token, summary in summaries.items()
            ]
        )


def _word():
    return secrets.token_urlsafe(24)
