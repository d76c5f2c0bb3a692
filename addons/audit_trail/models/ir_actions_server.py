import hashlib

from odoo import SUPERUSER_ID, models

from .events import log_event
from .kinds import KIND_RUN


class IrActionsServer(models.Model):
    """Code that a person entered or changed acts with all rights: each run is told.

    Shipped actions (their last writer is the installation) do what their addon does.
    """

    _inherit = "ir.actions.server"

    def _run_action_code_multi(self, eval_context):
        if self.write_uid.id != SUPERUSER_ID:
            record = eval_context.get("record")
            log_event(
                self.env,
                KIND_RUN,
                self,
                details={
                    "code sha256": hashlib.sha256((self.code or "").encode()).hexdigest(),
                    "model": self.model_id.model,
                    "record": record.id if record else None,
                },
                # Whatever the code does to its own transaction.
                own_transaction=True,
            )
        return super()._run_action_code_multi(eval_context)
