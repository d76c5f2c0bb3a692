"""Field types that the suite's models share."""

from odoo import fields


class FreshBoolean(fields.Boolean):
    """Computed boolean that a filter works out anew.

    For an answer that hangs on the date or on records far away. Declaring it to depend on those
    would load every record that they might concern, a million devices for one assignment of a
    province; a value that lies in the cache may be yesterday's. A filter, as a record rule is one,
    therefore trusts no value that was worked out before it; the compute method gets its records
    together.
    """

    def filter_function(self, records, field_expr, operator, value):
        if field_expr == self.name:
            records.invalidate_recordset([self.name], flush=False)
        return super().filter_function(records, field_expr, operator, value)
