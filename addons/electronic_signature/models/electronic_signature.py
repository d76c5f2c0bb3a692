from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, file_open

from ..tools.canonical import content_version
from ..tools.moment import write_moment
from . import evidence
from .electronic_signature_requirement import MEANINGS

VALID = "valid"
CHANGED = "changed"
VOIDED = "voided"
FORGED = "forged"
DELETED = "deleted"
UNKNOWN = "unknown"


class ElectronicSignature(models.Model):
    """One person's signature under one record's content, with its meaning; written once.

    It is bound to the digest of the record's declared source fields. When they change, the
    signature stays and an ``electronic.signature.void`` is appended; what changed behind Odoo is
    found by computing the digest again. A row that was not written by signing is "forged" and
    counts nowhere.
    Rule: 21 CFR 11.50, 11.70; EU GMP Annex 11 (2011) 14; Electronic Signature Law of the PRC,
    Art. 13.
    """

    _name = "electronic.signature"
    _inherit = "electronic.signature.evidence"
    _description = "Electronic Signature"
    _order = "id desc"
    _rec_name = "user_name"
    _auto = False

    user_name = fields.Char(string="Printed Name", readonly=True)
    user_login = fields.Char(string="Login", readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    meaning = fields.Selection(MEANINGS, readonly=True)
    signed_at = fields.Datetime(readonly=True)
    signed_at_text = fields.Char(string="Signed", compute="_compute_signed_at_text")
    timezone = fields.Char(string="Signer's Time Zone", readonly=True)
    state = fields.Selection(
        [
            (VALID, "Valid"),
            (CHANGED, "Void: Content Changed"),
            (VOIDED, "Void"),
            (FORGED, "Not Made by Signing"),
            (DELETED, "Record Deleted"),
            (UNKNOWN, "Cannot Be Checked"),
        ],
        string="Validity",
        compute="_compute_state",
        compute_sudo=True,
    )
    void_text = fields.Text(string="Why It Is Void", compute="_compute_void_text")
    reason = fields.Char(string="Comment", readonly=True)
    res_name = fields.Char(string="Record", readonly=True)
    model_label = fields.Char(string="Kind of Record", compute="_compute_labels")
    transition_label = fields.Char(string="Step", compute="_compute_labels")
    methods = fields.Char(string="Proved by (Technical)", readonly=True)
    methods_text = fields.Char(string="Proved by", compute="_compute_origin_texts")
    address = fields.Char(string="From Address", readonly=True)
    channel = fields.Char(string="Channel (Technical)", readonly=True)
    channel_text = fields.Char(string="Channel", compute="_compute_origin_texts")
    session = fields.Char(readonly=True)
    void_ids = fields.One2many("electronic.signature.void", "signature_id", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    res_model = fields.Char(string="Model (Technical)", readonly=True)
    res_id = fields.Many2oneReference(string="Record ID", model_field="res_model", readonly=True)
    transition = fields.Char(string="Step (Technical)", readonly=True)
    content_digest = fields.Char(string="Digest of the Content", readonly=True)
    content_marks = fields.Json(readonly=True)
    digest = fields.Char(string="Digest of the Signature", readonly=True)

    def init(self):
        with file_open("electronic_signature/sql/tables.sql") as file:
            self.env.cr.execute(file.read().replace("%", "%%"), ())

    # Computes

    @api.depends("signed_at", "timezone")
    def _compute_signed_at_text(self):
        for signature in self:
            moment = signature.signed_at
            signature.signed_at_text = moment and write_moment(moment, signature.timezone)

    @api.depends("digest")
    def _compute_state(self):
        verdicts = self._get_verdicts()
        for signature in self:
            signature.state = verdicts.get(signature.id, FORGED)

    @api.depends("void_ids")
    @api.depends_context("lang", "tz")
    def _compute_void_text(self):
        authentic = self.env["electronic.signature.void"]._get_authentic_ids(self.ids)
        for signature in self:
            voids = signature.void_ids.filtered(lambda void: void.id in authentic)
            signature.void_text = "\n".join(voids.mapped("text")) or False

    @api.depends("res_model", "transition")
    @api.depends_context("lang")
    def _compute_labels(self):
        for signature in self:
            model = self.env.get(signature.res_model)
            transitions = {}
            if model is not None and hasattr(model, "_get_signature_transitions"):
                transitions = model._get_signature_transitions()
            signature.model_label = (
                self.env["ir.model"]._get(signature.res_model).sudo().name  # sudo: a label
                if model is not None
                else signature.res_model
            )
            signature.transition_label = transitions.get(signature.transition, signature.transition)

    @api.depends("methods", "channel")
    @api.depends_context("lang")
    def _compute_origin_texts(self):
        names = self._get_method_labels()
        entries = self.env["audit.trail.entry"]
        channels = dict(entries._fields["channel"]._description_selection(self.env))
        for signature in self:
            methods = (signature.methods or "").split(",")
            signature.methods_text = ", ".join(names.get(name, name) for name in methods)
            signature.channel_text = channels.get(signature.channel, signature.channel)

    @api.model
    def _get_method_labels(self):
        """Words for the ways to prove who one is, by their names in core."""
        return {
            "password": self.env._("Password"),
            "totp": self.env._("Code of an authenticator"),
            "totp_mail": self.env._("Code by mail"),
            "webauthn": self.env._("Passkey"),
        }

    # Validity

    def _get_verdicts(self):
        """``{signature id: validity}``, found out anew: row, void events, content as it is now."""
        rows = evidence.read(
            self.env, evidence.SIGNATURE_TABLE, SQL("id = ANY(%s)", list(self._ids))
        )
        verdicts, open_rows = self._judge_rows(rows)
        for (res_model, version), group in _grouped(open_rows).items():
            verdicts.update(self._judge_content(res_model, version, group))
        return verdicts

    @api.model
    def _judge_rows(self, rows):
        """Verdicts that follow from the rows alone, and the rows that need a look at content."""
        voided = self.env["electronic.signature.void"]._get_voided_ids([row["id"] for row in rows])
        verdicts, open_rows = {}, []
        for row in rows:
            if not evidence.is_authentic(evidence.SIGNATURE_TABLE, row):
                verdicts[row["id"]] = FORGED
            elif row["id"] in voided:
                verdicts[row["id"]] = VOIDED
            else:
                open_rows.append(row)
        return verdicts, open_rows

    @api.model
    def _judge_content(self, res_model, version, rows):
        model = self.env.get(res_model)
        if model is None or version not in getattr(model, "_get_signed_fields", dict)():
            return {row["id"]: UNKNOWN for row in rows}
        records = model.browse({row["res_id"] for row in rows})
        digests = records._get_content_digests(version)
        return {
            row["id"]: (
                DELETED
                if row["res_id"] not in digests
                else VALID
                if digests[row["res_id"]] == row["content_digest"]
                else CHANGED
            )
            for row in rows
        }

    def _describe(self):
        """Signatures as dictionaries in the reader's words: for screens and for prints."""
        states = dict(self._fields["state"]._description_selection(self.env))
        meanings = dict(self._fields["meaning"]._description_selection(self.env))
        return [
            {
                "id": signature.id,
                "name": signature.user_name,
                "meaning": signature.meaning,
                "meaning_label": meanings.get(signature.meaning, signature.meaning),
                "transition": signature.transition,
                "transition_label": signature.transition_label,
                "when": signature.signed_at_text,
                "reason": signature.reason or "",
                "state": signature.state,
                "state_label": states[signature.state],
                "is_valid": signature.state == VALID,
                "void": signature.void_text or "",
            }
            for signature in self
        ]

    # Actions

    def action_open_record(self):
        """Open the signed record as it stands today, as far as the reader may see it."""
        self.ensure_one()
        model = self.env.get(self.res_model)
        if model is None or not model.browse(self.res_id).exists():
            raise UserError(self.env._("%s does not exist any more.", self.res_name or self.res_id))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }


def _grouped(rows):
    groups = {}
    for row in rows:
        groups.setdefault((row["res_model"], content_version(row["content_digest"])), []).append(
            row
        )
    return groups
