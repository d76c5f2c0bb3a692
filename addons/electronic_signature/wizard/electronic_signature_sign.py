from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.electronic_signature_requirement import MEANINGS


class ElectronicSignatureSign(models.TransientModel):
    """The dialogue that shows what is signed; the credentials never become a field of it."""

    _name = "electronic.signature.sign"
    _description = "Sign a Record"
    _transient_max_hours = 1

    res_name = fields.Char(string="Record", compute="_compute_content")
    transition_label = fields.Char(string="Step", compute="_compute_content")
    meaning = fields.Selection(MEANINGS, string="You Sign as", readonly=True)
    content = fields.Json(string="What You Sign", compute="_compute_content")
    reason = fields.Char(string="Comment")
    methods = fields.Json(string="Ways to Sign", compute="_compute_methods")
    asks_code = fields.Boolean(compute="_compute_methods")
    can_send_code = fields.Boolean(compute="_compute_methods")
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    transition = fields.Char(readonly=True)

    @api.depends("res_model", "res_id", "transition")
    @api.depends_context("uid", "lang", "tz")
    def _compute_content(self):
        for dialogue in self:
            record = dialogue._get_record()
            dialogue.res_name = record.display_name
            dialogue.content = record._describe_signed_content()
            labels = record._get_signature_transitions()
            dialogue.transition_label = labels.get(dialogue.transition, dialogue.transition)

    @api.depends_context("uid")
    def _compute_methods(self):
        for dialogue in self:
            dialogue.methods = self.env.user._get_signature_methods()
            dialogue.asks_code = bool(self.env.user._mfa_type())
            dialogue.can_send_code = self.env.user._can_send_signature_code()

    def _get_record(self):
        """The record, with the rights of the person at the screen."""
        self.ensure_one()
        signable = self.env["electronic.signature.requirement"]._get_signable_models()
        if self.res_model not in signable:
            raise UserError(self.env._("Open the record and choose its signature there."))
        return self.env[self.res_model].sudo(False).browse(self.res_id)._ensure_one_to_sign()

    def send_code(self):
        """Send the person at the screen the code of their second factor, where it is sent."""
        self._get_record()
        self.env.user._send_signature_code()
        return True

    def sign(self, credentials):
        """Sign with the credentials that were typed; see ``sign`` of the signable record."""
        self.ensure_one()
        return self._get_record().sign(self.transition, self.meaning, credentials, self.reason)
