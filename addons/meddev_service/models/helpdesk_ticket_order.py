from odoo import fields, models
from odoo.tools import SQL

from .ticket_state import TICKET_STATES

_STATE = "service_state"


class HelpdeskTicket(models.Model):
    """States stand in the order of the life cycle, not of the alphabet, in whatever language."""

    _inherit = "helpdesk.ticket"

    # All six columns, also empty ones.
    service_state = fields.Selection(group_expand=True)

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        if field_name != _STATE:
            return super()._order_field_to_sql(alias, field_name, direction, nulls, query)
        column = self._field_to_sql(alias, field_name, query)
        query._order_groupby.append(column)
        return SQL("%s %s %s", self._get_state_rank(column), direction, nulls)

    def _read_group_orderby(self, order, groupby_terms, query):
        if _STATE not in groupby_terms:
            return super()._read_group_orderby(order, groupby_terms, query)
        column = groupby_terms[_STATE]
        terms = groupby_terms | {_STATE: self._get_state_rank(column)}
        orderby = super()._read_group_orderby(order, terms, query)
        # Core adds to the terms what it orders a relation by.
        groupby_terms.update(terms | {_STATE: column})
        return orderby

    def _get_state_rank(self, column):
        """SQL for the place of a state in the life cycle."""
        return SQL(
            "array_position(%s, %s::text)", [state for state, _label in TICKET_STATES], column
        )
