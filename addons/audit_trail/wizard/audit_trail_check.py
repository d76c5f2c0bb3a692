import json

from odoo import api, fields, models
from odoo.exceptions import UserError


class AuditTrailCheck(models.TransientModel):
    """Verify the whole trail from the screen, with or without an anchor."""

    _name = "audit.trail.check"
    _description = "Verification of the Audit Trail"
    _transient_max_hours = 1

    anchor = fields.Text(help="The anchor that was sent or kept outside; empty: without.")
    is_done = fields.Boolean(readonly=True)
    is_ok = fields.Boolean(readonly=True)
    summary = fields.Text(readonly=True)
    problems = fields.Text(string="Findings", readonly=True)

    @api.model
    def _get_kind_labels(self):
        return {
            "altered": self.env._("Entry altered"),
            "inserted": self.env._("Entry inserted into a sealed range"),
            "removed": self.env._("Entry removed"),
            "reordered": self.env._("Entry exchanged with another"),
            "outside": self.env._("Written outside Odoo"),
            "key_expired": self.env._("Written with a key of another time"),
            "unsealed_overdue": self.env._("Not sealed in time"),
            "seal_altered": self.env._("Seal altered"),
            "seal_missing": self.env._("Seal missing"),
            "chain_broken": self.env._("Chain of seals broken"),
            "rebuilt": self.env._("Chain rebuilt after the anchor"),
            "older_than_anchor": self.env._("Older than the anchor: a backup was restored"),
            "protection_missing": self.env._("Trigger missing or switched off"),
            "function_changed": self.env._("Function of the audit trail changed"),
            "trigger_changed": self.env._("Trigger changed"),
            "trigger_foreign": self.env._("Foreign trigger on the audit trail"),
            "rule_foreign": self.env._("Foreign rewrite rule on the audit trail"),
            "table_changed": self.env._("Table of the audit trail redirected"),
            "tracking_missing": self.env._("Table not tracked as the rules want"),
            "tracking_changed": self.env._("Tracking differs from the rules or the entries"),
            "table_missing": self.env._("Tracked table missing"),
            "head_unreadable": self.env._("Kept head of the chain unreadable"),
            "changed_without_entry": self.env._("Record changed without an entry"),
            "created_without_entry": self.env._("Record created without an entry"),
            "deleted_without_entry": self.env._("Record deleted without an entry"),
            "clock_set_back": self.env._("Clock set back"),
            "purge_invalid": self.env._("Purge without a valid signature"),
        }

    def action_verify(self):
        """Run the verification and show its findings."""
        self.ensure_one()
        anchor = (self.anchor or "").strip()
        if anchor.startswith("{"):
            try:
                anchor = json.loads(anchor)
            except ValueError as error:
                raise UserError(
                    self.env._("The anchor cannot be read. Paste it as it was sent.")
                ) from error
        result = self.env["audit.trail.entry"].verify(anchor=anchor or None)
        labels = self._get_kind_labels()
        lines = [
            " · ".join(
                str(part)
                for part in (
                    labels.get(problem["kind"], problem["kind"]),
                    problem.get("entry_id") and f"#{problem['entry_id']}",
                    problem.get("model") and f"{problem['model']} #{problem.get('res_id')}",
                    problem.get("seal") and self.env._("seal %s", problem["seal"]),
                    problem.get("detail"),
                )
                if part
            )
            for problem in result["problems"][:500]
        ]
        self.write(
            {
                "is_done": True,
                "is_ok": result["ok"],
                "problems": "\n".join(lines) or False,
                "summary": self.env._(
                    "%(checked)s entries checked (%(sealed)s sealed, %(unsealed)s not yet),"
                    " %(records)s records compared. Findings: %(problems)s.",
                    checked=result["checked"],
                    sealed=result["sealed"],
                    unsealed=result["unsealed"],
                    records=result["records"],
                    problems=result["problem_count"],
                ),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Verify the Audit Trail"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
