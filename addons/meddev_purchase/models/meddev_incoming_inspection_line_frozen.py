from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .frozen import find_changed_columns
from .guard import is_own_write
from .meddev_incoming_inspection import STATE_DRAFT

#: No evidence: how long the record is kept follows the rules and the product, frozen or not.
FOLLOWING_FIELDS = {"retain_until", "is_retained_permanently"}


class MeddevIncomingInspectionLine(models.Model):
    """Lines are frozen with their inspection, below ``write`` as well."""

    _inherit = "meddev.incoming.inspection.line"

    def _write_multi(self, vals_list):
        """Refuse it where the code of a server action also reaches."""
        # Addons that are being installed or upgraded fill their columns.
        if self.pool.ready and not is_own_write(self):
            self._ensure_rows_not_frozen(vals_list)
        return super()._write_multi(vals_list)

    def _ensure_rows_not_frozen(self, vals_list):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM meddev_incoming_inspection_line line
                  JOIN meddev_incoming_inspection inspection ON inspection.id = line.inspection_id
                 WHERE line.id IN %s AND inspection.state != %s
                """,
                tuple(self.ids or [0]),
                STATE_DRAFT,
            )
        )
        frozen_ids = {line_id for (line_id,) in rows}
        finished_ids = self._get_finished_targets(vals_list)
        for line, vals in zip(self, vals_list, strict=True):
            is_frozen = line.id in frozen_ids or vals.get("inspection_id") in finished_ids
            guarded = {name: vals[name] for name in vals.keys() - FOLLOWING_FIELDS}
            if is_frozen and find_changed_columns(line, guarded):
                raise UserError(self._get_frozen_message(line))

    def _get_finished_targets(self, vals_list):
        """Ids of finished inspections to which lines are to be moved."""
        targets = [vals["inspection_id"] for vals in vals_list if vals.get("inspection_id")]
        if not targets:
            return set()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM meddev_incoming_inspection WHERE id IN %s AND state != %s",
                tuple(targets),
                STATE_DRAFT,
            )
        )
        return {inspection_id for (inspection_id,) in rows}
