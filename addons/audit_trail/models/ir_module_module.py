from odoo import models

from .audit_trail_entry import KIND_UNINSTALL


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def button_uninstall(self):
        self._ensure_evidence_is_exported()
        return super().button_uninstall()

    def module_uninstall(self):
        # The scheduled way (to remove, then upgrade) asks as the button does.
        self._ensure_evidence_is_exported()
        return super().module_uninstall()

    def _get_evidence_addons(self):
        """Names of addons that hold evidence themselves; addons append theirs."""
        return {"audit_trail"}

    def _ensure_evidence_is_exported(self):
        """Tracked or evidence-keeping addons go only when what the trail says of them is safe.

        The anchor goes out first; then the removal itself is an entry.
        """
        doomed = self | self.downstream_dependencies()
        names = set(doomed.filtered(lambda module: module.state != "uninstalled").mapped("name"))
        if not names & self._get_evidence_addons() and not self._holds_tracked_data(names):
            return
        # sudo: the guard looks and tells, whoever uninstalls.
        system = self.sudo().env
        seals = system["audit.trail.seal"]
        anchor = seals._get_anchor()
        self.env["audit.trail.export"]._ensure_exported(anchor.get("seal", 0))
        parameters = system["ir.config_parameter"]
        seals._send_anchor(anchor, parameters.get_param("audit_trail.anchor_email"))
        system["audit.trail.entry"]._log_event(
            KIND_UNINSTALL, details={"addons": sorted(names), "anchor": anchor}
        )

    def _holds_tracked_data(self, names):
        """Whether the trail has entries on models that only these addons define."""
        self.env.cr.execute(
            """
            SELECT model.model FROM ir_model model
              JOIN ir_model_data data ON data.model = 'ir.model' AND data.res_id = model.id
          GROUP BY model.model HAVING bool_and(data.module = ANY(%s))
            """,
            [list(names)],
        )
        models = [model for (model,) in self.env.cr.fetchall()]
        self.env.cr.execute(
            "SELECT EXISTS (SELECT FROM audit_trail_entry WHERE res_model = ANY(%s))", [models]
        )
        return self.env.cr.fetchone()[0]
