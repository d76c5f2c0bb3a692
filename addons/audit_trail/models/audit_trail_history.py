from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime

from .audit_trail_verify import AUDITOR
from .kinds import RELATION_KINDS, ROW_KINDS

MAX_ENTRIES = 200


class AuditTrailEntry(models.Model):
    """Entries in plain words: labels instead of columns, names instead of numbers."""

    _inherit = "audit.trail.entry"

    @api.depends("changes", "res_model")
    @api.depends_context("lang", "tz", "uid")
    def _compute_changes_text(self):
        for entry in self:
            lines = [
                f"{change['label']}: {change['before'] or '–'} → {change['after'] or '–'}"
                for change in entry._describe_changes()
            ]
            entry.changes_text = "\n".join(lines) or False

    @api.model
    def get_history(self, res_model, res_id, limit=50, before_id=None):
        """What happened to one record, newest first, in the reader's words.

        Auditors see the entries that they find in the trail, of deleted records too; others those
        of records that they may read, without the fields that they may not, and of users without
        what these did (sign-ins).

        :param before_id: entries older than this one.
        :return: list of dictionaries ``id``, ``when`` (reader's zone), ``utc``, ``who``, ``kind``,
            ``kind_label``, ``channel``, ``reason``, ``changes`` (``label``, ``before``, ``after``).
        :raise AccessError: the record is not the reader's to see.
        :raise UserError: the record cannot be identified.
        """
        if not isinstance(res_model, str) or res_model not in self.env:
            raise UserError(self.env._("%s is no kind of record.", res_model))
        numbers = [res_id, limit] + ([before_id] if before_id else [])
        if not all(type(number) is int and 0 < number < 2**53 for number in numbers):
            raise UserError(self.env._("Name the record and the limit by whole numbers."))
        entries = self._get_readable_entries(res_model, res_id)
        self.env.flush_all()
        domain = [("res_model", "=", res_model), ("res_id", "=", res_id)]
        if not self._may_see_events(res_model, res_id):
            domain.append(("kind", "in", ROW_KINDS + RELATION_KINDS))
        if before_id:
            domain.append(("id", "<", before_id))
        entries = entries.search(domain, limit=min(limit, MAX_ENTRIES))
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        channels = dict(self._fields["channel"]._description_selection(self.env))
        return [
            {
                "id": entry.id,
                "when": format_datetime(
                    self.env, entry.occurred_at, dt_format="yyyy-MM-dd HH:mm:ss"
                ),
                "utc": entry.occurred_exactly,
                "who": entry.user_name or entry.db_role,
                "kind": entry.kind,
                "kind_label": kinds.get(entry.kind, entry.kind),
                "channel": channels.get(entry.channel, entry.channel),
                "reason": entry.reason or "",
                "is_outside": not entry.digest,
                "changes": entry.with_env(self.env)._describe_changes(entry.changes),
            }
            for entry in entries
        ]

    @api.model
    def _get_readable_entries(self, res_model, res_id):
        """The model of entries, with the rights under which this reader searches for a record.

        :raise AccessError: the record is not the reader's to see.
        """
        if self.env.su or self.env.user.has_group(AUDITOR):
            # Of their own companies alone, as in the trail itself.
            return self
        record = self.env[res_model].browse(res_id).exists()
        if not record or not self.env.user._is_internal() or not record._audit_trail_rule():
            raise AccessError(self.env._("The history of this record is for auditors."))
        record.check_access("read")
        # sudo: the right to the record was checked just above; fields are checked one by one.
        return self.sudo()

    @api.model
    def _may_see_events(self, res_model, res_id):
        """Whether the reader may see what is no change of the record: of users their sign-ins.

        When a person signs in and out is for auditors, administrators and the person.
        """
        user = self.env.user
        return (
            res_model != "res.users"
            or self.env.su
            or user.id == res_id
            or user.has_group(AUDITOR)
            or user.has_group("base.group_erp_manager")
        )

    def describe_changes(self):
        """Changes of this entry in plain words, for the form; only for who may read the entry."""
        self.ensure_one()
        self.check_access("read")
        return self._describe_changes()

    def _describe_changes(self, changes=None):
        """Changes of one entry as a list of ``label``, ``before``, ``after``."""
        self.ensure_one()
        if changes is None:
            changes = self.changes
        res_model = self.sudo().res_model  # sudo: the caller checked the right to the entry
        model = self.env.get(res_model)
        described = []
        secret = self.env["audit.trail.rule"]._get_secret_columns(res_model)
        for name, pair in (changes or {}).items():
            field = model._fields.get(name) if model is not None else None
            if field and not self._may_see_field(model, field):
                continue
            if name in secret:
                # Entries from before the column was known to hold one.
                pair = [value and {"hidden": "secret"} for value in pair]
            label = field._description_string(self.env) if field else name
            before, after = (self._describe_value(model, field, value) for value in pair)
            described.append(
                {"label": label, "before": before, "after": after}
                | self._describe_more(model, field, pair)
            )
        return sorted(described, key=lambda change: change["label"])

    def _may_see_field(self, model, field):
        """Whether the reader may see values of a field; addons that mask values extend it."""
        return self.env.su or model._has_field_access(field, "read")

    def _describe_more(self, model, field, pair):
        """What else the screen is told of one change; for addons that offer something there."""
        return {}

    def _describe_value(self, model, field, value):
        if value is None or value is False and (not field or field.type != "boolean"):
            return ""
        if isinstance(value, dict) and "hidden" in value:
            return self._describe_hidden(value)
        if not field:
            return str(value)
        if field.type in ("many2one", "many2many"):
            return self._describe_related(field.comodel_name, value)
        if field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        if field.type == "selection":
            labels = dict(field._description_selection(self.env))
            return str(labels.get(value, value))
        if field.type == "datetime" and isinstance(value, str):
            moment = fields.Datetime.to_datetime(value.replace("T", " ")[:19])
            return format_datetime(self.env, moment, dt_format="yyyy-MM-dd HH:mm:ss")
        if isinstance(value, dict):
            # A translated or company-dependent text.
            return str(
                value.get(self.env.lang) or value.get("en_US") or next(iter(value.values()), "")
            )
        return str(value)

    def _describe_related(self, comodel_name, value):
        if not isinstance(value, int) or comodel_name not in self.env:
            return str(value)
        # sudo: the name of what the record points to, as the record's own form shows it.
        related = self.env[comodel_name].sudo().browse(value).exists()
        return f"{related.display_name} (#{value})" if related else f"#{value}"

    def _describe_hidden(self, value):
        labels = {
            "secret": self.env._("(secret)"),
            "personal": self.env._("(personal, kept as a fingerprint)"),
            "large": self.env._("(%s bytes)", value.get("bytes")),
        }
        return labels.get(value["hidden"], self.env._("(hidden)"))
