import hashlib
import json

from odoo import models
from odoo.exceptions import AccessError

from odoo.addons.audit_trail.models.events import log_refusal

from ..fields import is_superuser_session
from .export_session import current_session, log_export


class Base(models.AbstractModel):
    """Every export of a person asks the policies first, and is told to the trail."""

    _inherit = "base"

    def export_data(self, fields_to_export):
        if self.env.su and not is_superuser_session(self.env):
            # Code of the server, not a person.
            return super().export_data(fields_to_export)
        self._ensure_may_export()
        policies = self.env["sensitive.export.policy"]
        verdict = policies._get_verdict(self, fields_to_export)
        result = super().export_data(fields_to_export)
        rows = result["datas"]
        policies._check_rows(verdict, self, rows)
        self.env["sensitive.usage"]._count("export", self._name, len(self))
        if session := current_session(self.env):
            session.verdict = verdict
            session.row_count = len(rows)
            return result
        content = json.dumps(rows, ensure_ascii=False, default=str).encode()
        details = {
            "ids": self.ids[:1000],
            "fields": list(fields_to_export),
            "rows": len(rows),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        log_export(self.env, self, details, verdict)
        return result

    def _ensure_may_export(self):
        """Refuse a person who may not export this kind of record, whatever the policies say.

        The hook for every addon that knows of such rights; asked by each way by which files leave.
        """
        if is_superuser_session(self.env):
            log_refusal(self.env, self.browse(), "export", by="superuser")
            raise AccessError(
                self.env._(
                    "Nobody exports %s as the superuser: sign in as yourself, so that your own"
                    " rights and policies hold.",
                    self._description,
                )
            )
        self.browse().check_access("read")

    def _audit_trail_tells_export(self):
        """A person's export is told once, by ``export_data`` above, with its digest."""
        return self.env.su and super()._audit_trail_tells_export()
