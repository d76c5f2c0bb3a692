from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from .events import log_event, log_refusal
from .kinds import KIND_UNINSTALL

#: How long after the button the removal itself may begin.
TOLD_SECONDS = 3600


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

        The removal is an entry, and goes out with the anchor; a refused one is an entry as well.
        """
        doomed = self | self.downstream_dependencies()
        names = sorted(doomed.filtered(lambda module: module.state != "uninstalled").mapped("name"))
        if self._is_uninstall_told(names):
            return
        try:
            self._tell_uninstall(names)
        except UserError:
            log_refusal(self.env, self, "uninstall", by="guard", details={"addons": names})
            raise

    def _tell_uninstall(self, names):
        # Whoever takes the trail itself away takes what it says of all.
        takes_all = bool(self._get_evidence_addons().intersection(names))
        model_names = (
            None
            if takes_all
            else self._get_model_names_of(names) | self._get_widened_model_names(names)
        )
        if not takes_all and not self._holds_tracked_data(model_names):
            return
        # sudo: the guard looks and tells, whoever uninstalls.
        system = self.sudo().env
        system["audit.trail.seal"]._seal()
        system["audit.trail.export"]._ensure_writes_exported(model_names)
        anchor = system["audit.trail.seal"]._get_anchor()
        log_event(self.env, KIND_UNINSTALL, details={"addons": names, "anchor": anchor})
        self._send_uninstall(anchor, names)

    def _send_uninstall(self, anchor, names):
        """Send the anchor out, with the entry that tells of the removal; refuse if it cannot."""
        self.env.cr.execute(
            "SELECT id, digest, user_name, to_char(occurred_at, 'YYYY-MM-DD HH24:MI:SS')"
            "  FROM audit_trail_entry WHERE kind = %s ORDER BY id DESC LIMIT 1",
            [KIND_UNINSTALL],
        )
        entry_id, digest, user_name, moment = self.env.cr.fetchone()
        told = {"entry": entry_id, "digest": digest, "addons": names}
        told |= {"by": user_name, "at (UTC)": moment}
        system = self.sudo().env  # sudo: as above
        try:
            sent = system["audit.trail.seal"]._send_anchor(
                {"seal": 0} | anchor | {"uninstall": told},
                system["ir.config_parameter"].get_param("audit_trail.anchor_email"),
            )
        except (OSError, UserError, MailDeliveryException) as error:
            raise UserError(
                self.env._(
                    "The anchor of the audit trail could not be sent: %s. Correct the address under"
                    " Settings → Audit Trail, or the outgoing mail server, and repeat.",
                    error,
                )
            ) from error
        if not sent:
            raise UserError(
                self.env._(
                    "Before %s is uninstalled, the anchor of the audit trail is sent out, and there"
                    " is no address for it. Set Send the Anchor to under Settings → Audit Trail.",
                    ", ".join(names),
                )
            )

    @api.model
    def _is_uninstall_told(self, names):
        """Whether the button has just asked and told: installing goes on in another transaction."""
        self.env.cr.execute(
            """
            SELECT audit_trail_canonical_v1(entry), entry.digest FROM audit_trail_entry entry
             WHERE kind = %s AND details->'addons' @> to_jsonb(%s::text[])
                   AND occurred_at > clock_timestamp() AT TIME ZONE 'UTC'
                       - make_interval(secs => %s)
          ORDER BY id DESC LIMIT 1
            """,
            [KIND_UNINSTALL, names, TOLD_SECONDS],
        )
        row = self.env.cr.fetchone()
        return bool(row) and self.env["audit.trail.entry"]._is_authentic(*row)

    @api.model
    def _get_model_names_of(self, names):
        """Names of the models that only these addons define."""
        self.env.cr.execute(
            """
            SELECT model.model FROM ir_model model
              JOIN ir_model_data data ON data.model = 'ir.model' AND data.res_id = model.id
          GROUP BY model.model HAVING bool_and(data.module = ANY(%s))
            """,
            [names],
        )
        return {model for (model,) in self.env.cr.fetchall()}

    @api.model
    def _get_widened_model_names(self, names):
        """Names of the tracked models of which only these addons keep some values."""
        self.env.cr.execute(
            """
            SELECT field.model FROM ir_model_fields field
              JOIN ir_model_data data ON data.model = 'ir.model.fields' AND data.res_id = field.id
             WHERE field.store AND field.ttype <> 'one2many'
          GROUP BY field.id, field.model HAVING bool_and(data.module = ANY(%s))
            """,
            [names],
        )
        widened = {model for (model,) in self.env.cr.fetchall()}
        return widened & self.env["audit.trail.rule"]._get_tracked().keys()

    @api.model
    def _holds_tracked_data(self, model_names):
        self.env.cr.execute(
            "SELECT EXISTS (SELECT FROM audit_trail_entry WHERE res_model = ANY(%s))",
            [list(model_names)],
        )
        return self.env.cr.fetchone()[0]
