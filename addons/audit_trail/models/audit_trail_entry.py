from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import file_open, ormcache

from ..tools import key_ring
from .announcement import ring
from .events import log_event, log_refusal
from .keys import present_key
from .kinds import (
    KIND_ACKNOWLEDGED,
    KIND_ANCHOR,
    KIND_BASELINE,
    KIND_DELETE,
    KIND_EXPORT,
    KIND_INSERT,
    KIND_KEY,
    KIND_LINK,
    KIND_LOGIN,
    KIND_LOGIN_FAILED,
    KIND_PRINT,
    KIND_PURGE,
    KIND_READ,
    KIND_REFUSED,
    KIND_REPAIR,
    KIND_RUN,
    KIND_SUPERUSER,
    KIND_TRACKING,
    KIND_UNINSTALL,
    KIND_UNLINK,
    KIND_UPDATE,
    PLAIN_KINDS,
)


class AuditTrailEntry(models.Model):
    """What happened to one record, or one event around records; written once, by the database.

    Row entries come from the triggers of tracked tables, whatever wrote the row. Events come from
    ``events.log_event``. Neither is ever changed; whole sealed ranges go with a signed purge.
    Rule: 21 CFR 11.10(e); EU GMP Annex 11 (2011) 9; ISO 13485:2016 4.2.5.
    """

    _name = "audit.trail.entry"
    _description = "Audit Trail Entry"
    _order = "id desc"
    _rec_name = "title"
    _auto = False
    _log_access = False
    _allow_sudo_commands = False
    _audit_trail_is_evidence = True

    occurred_at = fields.Datetime(string="When", readonly=True)
    occurred_exactly = fields.Char(string="UTC, Exactly", compute="_compute_occurred_exactly")
    kind = fields.Selection(
        [
            (KIND_INSERT, "Created"),
            (KIND_UPDATE, "Changed"),
            (KIND_DELETE, "Deleted"),
            (KIND_LINK, "Linked"),
            (KIND_UNLINK, "Unlinked"),
            (KIND_BASELINE, "Initial State"),
            (KIND_READ, "Read"),
            (KIND_EXPORT, "Exported"),
            (KIND_PRINT, "Printed"),
            (KIND_LOGIN, "Signed In"),
            (KIND_LOGIN_FAILED, "Sign-In Failed"),
            (KIND_REFUSED, "Refused"),
            (KIND_TRACKING, "Tracking Changed"),
            (KIND_REPAIR, "Protection Repaired"),
            (KIND_PURGE, "Purged"),
            (KIND_ANCHOR, "Anchor Sent"),
            (KIND_UNINSTALL, "Uninstalled"),
            (KIND_ACKNOWLEDGED, "Finding Acknowledged"),
            (KIND_KEY, "Key Begun"),
            (KIND_RUN, "Server Action Run"),
            (KIND_SUPERUSER, "Became the Superuser"),
        ],
        string="What",
        readonly=True,
    )
    title = fields.Char(compute="_compute_title")
    res_model = fields.Char(string="Model (Technical)", readonly=True)
    model_label = fields.Char(string="Kind of Record", compute="_compute_model_label")
    res_id = fields.Many2oneReference(string="Record ID", model_field="res_model", readonly=True)
    res_name = fields.Char(string="Record", readonly=True)
    changes = fields.Json(readonly=True)
    details = fields.Json(readonly=True)
    changes_text = fields.Text(string="What Changed", compute="_compute_changes_text")
    reason = fields.Char(readonly=True)
    reason_required = fields.Boolean(string="Reason Demanded", readonly=True)
    user_id = fields.Many2one("res.users", string="Who", readonly=True)
    user_name = fields.Char(string="Name at the Time", readonly=True)
    login_user_id = fields.Many2one("res.users", string="Signed in as", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    channel = fields.Selection(
        [
            ("web", "Web Client"),
            ("portal", "Portal"),
            ("json2", "JSON-2"),
            ("xmlrpc", "XML-RPC"),
            ("jsonrpc", "JSON-RPC"),
            ("cron", "Scheduled Job"),
            ("upgrade", "Installation or Upgrade"),
            ("server", "Server"),
            ("database", "Outside Odoo"),
        ],
        readonly=True,
    )
    address = fields.Char(string="From Address", readonly=True)
    session = fields.Char(readonly=True)
    origin = fields.Char(string="Job, Page or Batch", readonly=True)
    db_role = fields.Char(string="Database Role", readonly=True)
    application = fields.Char(string="Database Client", readonly=True)
    generation = fields.Integer(readonly=True)
    txid = fields.Integer(string="Transaction", readonly=True)
    state_digest = fields.Char(readonly=True)
    digest = fields.Char(readonly=True)

    def init(self):
        for name in ("tables.sql", "functions.sql"):
            with file_open(f"audit_trail/sql/{name}") as file:
                self.env.cr.execute(file.read().replace("%", "%%"), ())

    # Computes

    @api.depends("occurred_at")
    def _compute_occurred_exactly(self):
        for entry in self:
            moment = entry.occurred_at
            entry.occurred_exactly = moment and moment.isoformat(timespec="microseconds") + "Z"

    @api.depends("kind", "res_model", "res_name", "res_id")
    @api.depends_context("lang")
    def _compute_title(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for entry in self:
            subject = entry.res_name or (entry.res_id and f"#{entry.res_id}")
            parts = (kinds.get(entry.kind, entry.kind), entry.model_label, subject)
            entry.title = " · ".join(str(part) for part in parts if part)

    @api.depends("res_model")
    @api.depends_context("lang")
    def _compute_model_label(self):
        for entry in self:
            entry.model_label = self._describe_model(entry.res_model)

    def _describe_model(self, name):
        if not name or name not in self.env:
            return name or False
        # sudo: the label of a model is no secret.
        return self.env["ir.model"].sudo()._get(name).name

    # Refusals: there is no way to write an entry but the database's own

    def _get_refusal(self, operation):
        """The error for whoever tries; that they tried is kept."""
        log_refusal(self.env, self, operation, by="guard")
        return UserError(
            self.env._(
                "The audit trail is written by the database alone: entries are never entered,"
                " changed or deleted."
            )
        )

    @api.model_create_multi
    def create(self, vals_list):
        raise self._get_refusal("create")

    def write(self, vals):
        raise self._get_refusal("write")

    def unlink(self):
        raise self._get_refusal("unlink")

    def copy(self, default=None):
        raise self._get_refusal("create")

    @api.model
    def load(self, fields, data):
        raise self._get_refusal("create")

    # Keys

    @api.model
    @ormcache()
    def _get_key_id(self):
        """Id of the secret with which new rows are keyed."""
        return present_key(self.env)

    @api.model
    def get_public_keys(self):
        """The published keys (Ed25519, base64) by id, with which exports are verified."""
        self.env.cr.execute("SELECT DISTINCT key_id FROM audit_trail_seal")
        key_ids = {key_id for (key_id,) in self.env.cr.fetchall()} | {self._get_key_id()}
        return {key_id: key_ring.public_key(ring().secret(key_id)) for key_id in key_ids}

    # Events

    @api.model
    def _log_event(self, kind, record=None, *, details=None, reason=None, name=None):
        """Append an event that has no consequences; the hook for server actions.

        Addons call ``events.log_event``. A method is within reach of every server action, which
        may choose the user of its environment: what is counted, verified or allowed by its
        entries (signatures, reveals, acknowledgements) is not told through one.

        :param kind: one of ``PLAIN_KINDS``.
        """
        if kind not in PLAIN_KINDS:
            raise UserError(
                self.env._(
                    "Server actions tell the audit trail of %(kinds)s alone; %(kind)s is told by"
                    " what does it.",
                    kinds=", ".join(PLAIN_KINDS),
                    kind=str(kind)[:60],
                )
            )
        log_event(self.env, kind, record, details=details, reason=reason, name=name)

    def action_open_record(self):
        """Open the record as it stands today, as far as the reader may see it."""
        self.ensure_one()
        if not self.res_id or self.res_model not in self.env:
            raise UserError(self.env._("This entry belongs to no single record."))
        if not self.env[self.res_model].browse(self.res_id).exists():
            raise UserError(self.env._("%s does not exist any more.", self.res_name or self.res_id))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
