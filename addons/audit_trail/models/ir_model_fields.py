from odoo import models

from .baseline import write_baseline


class IrModelFields(models.Model):
    """Odoo's own way of dropping a column: the rows that were in order before still are."""

    _inherit = "ir.model.fields"

    def _drop_column(self):
        before = self._find_differing_rows()
        result = super()._drop_column()
        after = self._find_differing_rows(only=before)
        for table, (row, differing) in after.items():
            if explained := differing - before[table][1]:
                write_baseline(
                    self.env, row, explained, {"columns": sorted(set(self.mapped("name")))}
                )
        return result

    def _find_differing_rows(self, only=None):
        """Table -> its row of ``audit_trail_tracked``, ids that differ from their last entry.

        :param only: these tables; None for those of the fields.
        """
        self.env.cr.execute("SELECT to_regclass('audit_trail_tracked')")
        if not self.env.cr.fetchone()[0]:
            return {}
        tables = only
        if tables is None:
            names = set(self.filtered("store").mapped("model"))
            tables = {self.env[name]._table for name in names if name in self.env}
        entries = self.env["audit.trail.entry"]
        return {
            table: (row, set(entries._find_state_differences(row)["changed"]))
            for table, row in self.env["audit.trail.rule"]._get_known_tables().items()
            if table in tables and not row["is_relation"]
        }
