from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .ticket_permission import end_move, get_moving_ids, get_sealing_ids
from .ticket_state import FIXED_FIELDS, STATE_ARCHIVED


class HelpdeskTicket(models.Model):
    """The last door before the table: whatever the ORM updates, by whatever way, passes here.

    ``write`` refuses early and says what to do; code of server actions also reaches what lies
    below it. Addons that are being installed or upgraded fill their columns (the table records
    it); plain SQL does not come here and is recorded as well.
    """

    _inherit = "helpdesk.ticket"

    def _write_multi(self, vals_list):
        if self.pool.ready:
            names = set().union(*vals_list) if vals_list else set()
            if FIXED_FIELDS & names:
                self._ensure_moving(vals_list)
            if self._get_evidence_fields() & names:
                self._ensure_rows_not_archived(vals_list)
        result = super()._write_multi(vals_list)
        end_move(self)
        return result

    def _ensure_moving(self, vals_list):
        moving_ids = get_moving_ids(self)
        for ticket, vals in zip(self, vals_list, strict=True):
            if ticket.id in moving_ids:
                continue
            if changed := ticket._get_changed_columns(FIXED_FIELDS & vals.keys(), vals):
                raise UserError(ticket._get_message_of_fixed_fields(changed))

    def _ensure_rows_not_archived(self, vals_list):
        ids = set(self.ids) - get_sealing_ids()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM helpdesk_ticket WHERE id IN %s AND service_state = %s",
                tuple(ids or {0}),
                STATE_ARCHIVED,
            )
        )
        archived_ids = {ticket_id for (ticket_id,) in rows}
        names = self._get_evidence_fields()
        for ticket, vals in zip(self, vals_list, strict=True):
            if ticket.id in archived_ids and (
                changed := ticket._get_changed_columns(names & vals.keys(), vals)
            ):
                raise UserError(ticket._get_message_of_evidence(changed))

    def _get_changed_columns(self, names, vals):
        """Those of the columns whose value in the database is another one than in ``vals``."""
        names = sorted(names)
        if not names:
            return []
        differences = [
            SQL(
                "%s IS DISTINCT FROM %s::%s",
                SQL.identifier(name),
                vals[name],
                SQL(self._fields[name].column_type[1]),
            )
            for name in names
        ]
        rows = self.env.execute_query(
            SQL(
                "SELECT %s FROM helpdesk_ticket WHERE id = %s", SQL(", ").join(differences), self.id
            )
        )
        return [name for name, differs in zip(names, rows[0], strict=True) if differs]
