from odoo import api, fields, models

MAX_LINES = 500


class ElectronicSignatureCheck(models.TransientModel):
    """Verify all signatures from the screen."""

    _name = "electronic.signature.check"
    _description = "Verification of Signatures"
    _transient_max_hours = 1

    is_done = fields.Boolean(readonly=True)
    is_ok = fields.Boolean(readonly=True)
    summary = fields.Text(readonly=True)
    problems = fields.Text(string="Findings", readonly=True)

    @api.model
    def _get_kind_labels(self):
        return {
            "forged": self.env._("Not made by signing, or altered"),
            "changed": self.env._("Content changed behind Odoo"),
            "deleted": self.env._("Signed record deleted"),
            "unknown": self.env._("Cannot be checked: its kind or version is not installed"),
            "removed": self.env._("Signature removed"),
            "void_forged": self.env._("Void event not made by Odoo"),
            "void_removed": self.env._("Void event removed"),
            "protection_missing": self.env._("Trigger missing, switched off or changed"),
            "protection_foreign": self.env._("Trigger, rule or policy that is not ours"),
        }

    def action_verify(self):
        """Run the verification and show its findings."""
        self.ensure_one()
        result = self.env["electronic.signature"].verify_signatures()
        labels = self._get_kind_labels()
        lines = [
            " · ".join(
                str(part)
                for part in (
                    labels[problem["kind"]],
                    problem["signature_id"] and f"#{problem['signature_id']}",
                    problem["model"] and f"{problem['model']} #{problem['res_id']}",
                    problem["detail"],
                )
                if part
            )
            for problem in result["problems"][:MAX_LINES]
        ]
        self.write(
            {
                "is_done": True,
                "is_ok": result["ok"],
                "problems": "\n".join(lines) or False,
                "summary": self.env._(
                    "%(checked)s signatures checked. Findings: %(problems)s.",
                    checked=result["checked"],
                    problems=len(result["problems"]),
                ),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Verify Signatures"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
