import hashlib

from odoo import SUPERUSER_ID, models

from .announcement import ensure_writing
from .events import log_event
from .kinds import KIND_INSERT, KIND_RUN, KIND_UPDATE

#: Fields that hold code, or say whether it runs.
CODE_FIELDS = ("state", "code", "evaluation_type", "value")


class IrActionsServer(models.Model):
    """Code that a person entered or changed acts with all rights: each run is told, beforehand.

    Shipped actions do what their addon does.
    """

    _inherit = "ir.actions.server"

    def _run_action_code_multi(self, eval_context):
        self._audit_trail_tell_run(self.code, eval_context)
        return super()._run_action_code_multi(eval_context)

    def _eval_value(self, eval_context=None):
        for action in self.filtered(lambda action: action.evaluation_type == "equation"):
            action._audit_trail_tell_run(action.value, eval_context)
        return super()._eval_value(eval_context=eval_context)

    def _audit_trail_tell_run(self, code, eval_context):
        if self._audit_trail_is_shipped():
            return
        ensure_writing(self.env)
        record = (eval_context or {}).get("record")
        log_event(
            self.env,
            KIND_RUN,
            self,
            details={
                "code sha256": hashlib.sha256((code or "").encode()).hexdigest(),
                "model": self.model_id.model,
                "record": record.id if record else None,
            },
            # Whatever the code does to its own transaction.
            own_transaction=True,
        )

    def _audit_trail_is_shipped(self):
        """Whether an addon brought this code, and nothing but an installation changed it since."""
        self.flush_recordset()
        self.env.cr.execute(
            """
            SELECT (SELECT entry.channel FROM audit_trail_entry entry
                     WHERE entry.res_model = %(model)s AND entry.res_id = %(id)s
                           AND entry.kind IN %(kinds)s AND entry.changes ?| %(names)s
                  ORDER BY entry.id DESC LIMIT 1),
                   EXISTS (
                    SELECT FROM ir_model_data data
                      JOIN ir_module_module module ON module.name = data.module
                     WHERE data.model = %(model)s AND data.res_id = %(id)s)
            """,
            {
                "model": self._name,
                "id": self.id,
                "kinds": (KIND_INSERT, KIND_UPDATE),
                "names": list(CODE_FIELDS),
            },
        )
        channel, is_of_a_module = self.env.cr.fetchone()
        # Without an entry it is older than the trail of it; then the last writer must do.
        by_installation = channel == "upgrade" if channel else self.write_uid.id == SUPERUSER_ID
        return is_of_a_module and by_installation
