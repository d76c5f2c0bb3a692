from odoo import api, models
from odoo.exceptions import RedirectWarning
from odoo.tools import SQL, safe_eval, sql

from .announcement import DELETION_REASON, announce, is_superuser_session
from .events import log_event
from .kinds import KIND_EXPORT, KIND_READ

REASON_KEY = "audit_trail_reason"


class Base(models.AbstractModel):
    """Every write of a tracked model tells the database who writes, and why where that is asked."""

    _inherit = "base"

    def _audit_trail_rule(self):
        """What the trail asks of this model, or None when it is not tracked."""
        return self.env["audit.trail.rule"]._get_tracked().get(self._name)

    def _create(self, data_list):
        if self._audit_trail_rule():
            announce(self.env)
        return super()._create(data_list)

    def _write_multi(self, vals_list):
        if self and self._audit_trail_rule():
            announce(self.env, *self._audit_trail_take_reason())
        return super()._write_multi(vals_list)

    def write(self, vals):
        rule = self._audit_trail_rule()
        if not rule:
            return super().write(vals)
        reason = self._audit_trail_get_reason()
        needs_reason = bool(rule["change"]) and self._audit_trail_needs_reason(rule["change"])
        if needs_reason and not reason and not self._audit_trail_is_system():
            # Who may not write is refused, and not asked.
            self.check_access("write")
            reason = self._audit_trail_ask_reason()
        if not reason and not needs_reason:
            if any(map(self._audit_trail_is_written_at_once, vals)):
                announce(self.env)
            return super().write(vals)
        # What waits to be written has no part in this reason.
        self.env.flush_all()
        pending = self.env.cr.precommit.data.setdefault("audit_trail.reason", {})
        pending[self._name] = (reason, needs_reason)
        try:
            announce(self.env, reason, needs_reason)
            result = super().write(vals)
            self.flush_recordset()
        finally:
            pending.pop(self._name, None)
        return result

    def unlink(self):
        if not self or not self._audit_trail_rule():
            if self and self._name in self.env["audit.trail.rule"]._get_referenced():
                announce(self.env)
            return super().unlink()
        # What waits to be written has no part in this deletion, nor in its reason.
        self.env.flush_all()
        announce(self.env)
        try:
            return super().unlink()
        finally:
            self.env.cr.precommit.data.pop(DELETION_REASON, None)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_without_reason(self):
        """Asked last, after everything that forbids the deletion."""
        rule = self._audit_trail_rule()
        if not rule:
            return
        reason = self._audit_trail_get_reason()
        if rule["delete"] and not reason and not self._audit_trail_is_system():
            reason = self._audit_trail_ask_reason()
        if reason:
            self.env.cr.precommit.data[DELETION_REASON] = reason
            announce(self.env)

    def _audit_trail_is_written_at_once(self, name):
        """Relations are written by the caller, and inverse methods may write by SQL (passwords)."""
        field = self._fields.get(name)
        return bool(field) and (field.type == "many2many" or bool(field.inverse))

    def _audit_trail_announce(self):
        """For methods that write the table of a tracked model by SQL of their own: who does it.

        Called before the statement, and again after each commit; without it the database can only
        tell that somebody wrote outside Odoo.
        """
        if self._audit_trail_rule():
            announce(self.env)

    def _auto_init(self):
        # Defaults of new columns, migrations and hooks of an upgrade write by SQL. What is asked
        # elsewhere, with columns of the rules that may not be there yet, is not asked here.
        if sql.table_exists(self.env.cr, "audit_trail_tracked") and self.env.execute_query(
            SQL("SELECT FROM audit_trail_tracked WHERE table_name = %s", self._table)
        ):
            announce(self.env)
        return super()._auto_init()

    # Reasons

    def _audit_trail_take_reason(self):
        pending = self.env.cr.precommit.data.get("audit_trail.reason", {})
        return pending.get(self._name, (None, False))

    def _audit_trail_get_reason(self):
        reason = self.env.context.get(REASON_KEY)
        return reason.strip() if isinstance(reason, str) and reason.strip() else None

    def _audit_trail_needs_reason(self, domain):
        return bool(self.sudo().filtered_domain(safe_eval.safe_eval(domain, {})))  # sudo: a test

    def _audit_trail_is_system(self):
        """The system itself (jobs, installation) has no reason but its name, which is kept.

        A person who became the superuser is no system.
        """
        if not self.env.registry.ready:
            return True
        is_root = self.env.uid == self.env.ref("base.user_root").id
        return is_root and not is_superuser_session(self.env)

    def _audit_trail_ask_reason(self):
        """The reason that this user left for these records, or the question for it."""
        if reason := self.env["audit.trail.reason"]._take(self):
            return reason
        raise RedirectWarning(
            self.env._(
                "%(records)s: the audit trail wants to know why. Give the reason, then repeat what"
                " you did.\n\nPrograms send the reason in the context as audit_trail_reason.",
                records=", ".join(self.sudo()[:3].mapped("display_name")),  # sudo: for the message
            ),
            self.env["audit.trail.reason"]._get_question(self),
            self.env._("Give the reason"),
        )

    # Reading, exporting

    def _read_format(self, fnames, load="_classic_read"):
        rule = self._audit_trail_rule()
        # Forms read records that are not saved yet; of saved ones they show what is saved.
        saved = self._origin
        if rule and rule["reads"] and saved and not self.env.su:
            log_event(
                self.env,
                KIND_READ,
                saved.browse() if len(saved) > 1 else saved,
                details={"ids": saved.ids[:1000], "count": len(saved), "fields": list(fnames)},
            )
        return super()._read_format(fnames, load=load)

    def export_data(self, fields_to_export):
        result = super().export_data(fields_to_export)
        if self._audit_trail_tells_export():
            log_event(
                self.env,
                KIND_EXPORT,
                self.browse(),
                details={
                    "ids": self.ids[:1000],
                    "count": len(self),
                    "fields": list(fields_to_export),
                },
            )
        return result

    def _audit_trail_tells_export(self):
        """Whether an export of these is told here; the hook for addons that know more of it."""
        return bool(self._audit_trail_rule())
