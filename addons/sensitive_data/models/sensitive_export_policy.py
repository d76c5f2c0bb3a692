from dataclasses import dataclass, field

from odoo import api, fields, models
from odoo.exceptions import AccessError, RedirectWarning, UserError

from odoo.addons.audit_trail.models.events import log_refusal


@dataclass
class Verdict:
    """What the policies say to one export."""

    raw_paths: list = field(default_factory=list)
    has_watermark: bool = True
    request: object = None


class SensitiveExportPolicy(models.Model):
    """Who may export a model: with or without clear values, up to how many rows, marked or not.

    Policies of a model replace the general ones; of several that fit a user the widest holds.
    Nobody whom no policy fits exports.
    Rule: PIPL Art. 51 (operation permissions).
    """

    _name = "sensitive.export.policy"
    _description = "Export Policy"
    _order = "model_id, group_id"
    _rec_name = "group_id"

    model_id = fields.Many2one(
        "ir.model",
        string="Kind of Record",
        ondelete="cascade",
        domain="[('transient', '=', False), ('abstract', '=', False)]",
        help="Empty: every kind that has no policy of its own.",
    )
    group_id = fields.Many2one("res.groups", required=True, ondelete="cascade")
    may_export = fields.Boolean(default=True)
    with_raw = fields.Boolean(
        string="Clear Values", help="Sensitive values in the clear, for those who may read them."
    )
    row_cap = fields.Integer(string="Rows at Most", required=True, default=1000)
    may_request = fields.Boolean(
        string="More With Approval", default=True, help="Otherwise more rows are refused."
    )
    has_watermark = fields.Boolean(string="Watermark", default=True)
    source = fields.Char(help="The procedure or law that asks for it.")
    active = fields.Boolean(default=True)

    _policy_unique = models.UniqueIndex(
        "(COALESCE(model_id, 0), group_id)", "There is a policy for this kind and group already."
    )
    _row_cap_positive = models.Constraint(
        "CHECK (row_cap > 0)", "Allow at least one row, or no export at all."
    )

    @api.model
    def _get_for(self, model_name):
        """The policies that hold for a model and the present user."""
        # sudo: policies hold for everybody, few may read them. An archived one holds for nobody,
        # whatever context a client sends.
        policies = self.sudo().with_context(active_test=True)
        own = policies.search([("model_id.model", "=", model_name)])
        found = own or policies.search([("model_id", "=", False)])
        groups = self.env.user.all_group_ids
        return found.filtered(lambda policy: policy.group_id in groups and policy.may_export)

    @api.model
    def _get_verdict(self, records, paths):
        """Let an export pass, or refuse it.

        :param paths: field paths, as in ``export_data``.
        :raise AccessError: no policy allows it.
        :raise UserError: too many rows; where an approval helps, with the way to ask for one.
        """
        policies = self._get_policies(records)
        raw_paths = [path for path in paths if self._check_path(records, path)]
        verdict = Verdict(raw_paths, all(policies.mapped("has_watermark")))
        cap = max(policies.mapped("row_cap"))
        if len(records) > cap:
            verdict.request = self._get_request(records, paths, cap, policies)
        return verdict

    @api.model
    def _get_table_verdict(self, records, row_count):
        """Let a table that was made of a kind of record pass, or refuse it.

        :raise AccessError: no policy, or no right to export, allows it.
        :raise UserError: too many rows.
        """
        records._ensure_may_export()
        policies = self._get_policies(records)
        if not self.env.user.has_group("base.group_allow_export"):
            log_refusal(self.env, records.browse(), "export", by="right")
            raise AccessError(
                self.env._("You may not export. Ask an administrator for the right to export.")
            )
        verdict = Verdict([], all(policies.mapped("has_watermark")))
        self._check_lines(records, row_count, max(policies.mapped("row_cap")))
        return verdict

    @api.model
    def _get_policies(self, records):
        policies = self._get_for(records._name)
        if not policies:
            log_refusal(self.env, records.browse(), "export", by="policy")
            raise AccessError(
                self.env._(
                    "No export policy allows you to export %s. Ask an administrator for one.",
                    records._description,
                )
            )
        return policies

    @api.model
    def _check_path(self, records, path):
        """Whether a path ends in a clear value, which the policy of its model must allow."""
        model = records
        for name in path.replace(".id", "id").replace(".", "/").split("/"):
            step = model._fields.get(name)
            if step is None:
                return False
            if getattr(step, "is_sensitive", False):
                if not any(self._get_for(model._name).mapped("with_raw")):
                    log_refusal(self.env, records.browse(), "export", by=f"field {step}")
                    raise AccessError(
                        self.env._(
                            "%(field)s of %(model)s may not be exported in the clear. Choose"
                            " “%(masked)s” instead.",
                            field=step._description_string(self.env),
                            model=model._description,
                            masked=model._fields[f"{name}_masked"]._description_string(self.env),
                        )
                    )
                return True
            if not step.comodel_name:
                return False
            model = self.env[step.comodel_name]
        return False

    @api.model
    def _get_request(self, records, paths, cap, policies):
        requests = self.env["sensitive.export.request"]
        if request := requests._find_approved(records._name, paths, len(records)):
            return request
        log_refusal(self.env, records.browse(), "export", by="cap", details={"rows": len(records)})
        message = self.env._(
            "%(count)s rows are more than the %(cap)s that you may export at once.",
            count=len(records),
            cap=cap,
        )
        if not any(policies.mapped("may_request")):
            raise UserError(message + " " + self.env._("Narrow your selection."))
        raise RedirectWarning(
            message + " " + self.env._("Narrow your selection, or ask for an approval."),
            requests._get_form(records._name, paths, len(records)),
            self.env._("Ask for approval"),
        )

    @api.model
    def _check_rows(self, verdict, records, rows):
        """Lines of the file count as well: one record may carry thousands."""
        cap = max(self._get_for(records._name).mapped("row_cap"))
        allowed = max(cap, verdict.request.row_count if verdict.request else 0)
        if len(rows) > len(records):
            self._check_lines(records, len(rows), allowed)

    @api.model
    def _check_lines(self, records, count, cap):
        if count > cap:
            log_refusal(self.env, records.browse(), "export", by="cap", details={"lines": count})
            raise UserError(
                self.env._(
                    "The file would have %(count)s lines, %(cap)s are allowed. Narrow your"
                    " selection, or export fewer details.",
                    count=count,
                    cap=cap,
                )
            )
