from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.moment import write_moment
from . import evidence

CAUSE_CHANGE = "change"
CAUSE_FOUND = "found"


class ElectronicSignatureVoid(models.Model):
    """The event that ended a signature: its record's content is no longer what was signed.

    Appended in the transaction that changes the content, or by the check that finds it changed.
    """

    _name = "electronic.signature.void"
    _inherit = "electronic.signature.evidence"
    _description = "Voided Electronic Signature"
    _order = "id desc"
    _rec_name = "text"
    _auto = False

    voided_at = fields.Datetime(readonly=True)
    cause = fields.Selection(
        [(CAUSE_CHANGE, "Changed in Odoo"), (CAUSE_FOUND, "Found Changed by a Check")],
        readonly=True,
    )
    user_name = fields.Char(string="By", readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    field_names = fields.Json(string="Changed Fields (Technical)", readonly=True)
    text = fields.Char(string="What Happened", compute="_compute_text", compute_sudo=True)
    channel = fields.Char(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    signature_id = fields.Many2one("electronic.signature", readonly=True)
    content_digest = fields.Char(string="Digest of the Content", readonly=True)
    digest = fields.Char(string="Digest of the Event", readonly=True)

    @api.depends("cause", "field_names", "voided_at", "user_name")
    @api.depends_context("lang", "tz")
    def _compute_text(self):
        for void in self:
            values = {
                "when": write_moment(void.voided_at, self.env.tz.zone),
                "who": void.user_name or "–",
                "fields": ", ".join(void._get_field_labels()) or "–",
            }
            void.text = (
                self.env._("Changed by %(who)s on %(when)s: %(fields)s", **values)
                if void.cause == CAUSE_CHANGE
                else self.env._("Found changed on %(when)s: %(fields)s", **values)
            )

    def _get_field_labels(self):
        self.ensure_one()
        model = self.env.get(self.signature_id.res_model)
        names = [str(name) for name in self.field_names or () if isinstance(name, str)]
        if model is None or not hasattr(model, "_get_signed_field_label"):
            return names
        return [model._get_signed_field_label(name) for name in names]

    @api.model
    def _get_voided_ids(self, signature_ids):
        """Which of these signatures have an authentic void event."""
        return set(self._get_authentic_ids(signature_ids).values())

    @api.model
    def _get_authentic_ids(self, signature_ids):
        """``{id of the event: id of the signature}`` of events that are ours, for signatures."""
        rows = evidence.read(
            self.env, evidence.VOID_TABLE, SQL("signature_id = ANY(%s)", list(signature_ids))
        )
        return {
            row["id"]: row["signature_id"]
            for row in rows
            if evidence.is_authentic(evidence.VOID_TABLE, row)
        }
