from odoo import api, models
from odoo.tools import SQL

from .audit_trail_rule import split_names

#: So many tables away a name is looked for; records that name each other have none.
MAX_STEPS = 4
NAME_COLUMNS = ("name_column", "name_key", "name_query")


class AuditTrailRule(models.Model):
    """Where the row triggers find the name of a record: in its row, or in another table.

    The name of a user is their partner's, that of a product variant its template's, that of a
    ticket's patient the ticket's, that of a pair in a relation table the owner's.
    """

    _inherit = "audit.trail.rule"

    @api.model
    def _prepare_name(self, model):
        """The columns of ``audit_trail_tracked`` that say where a row's name is."""
        found = dict.fromkeys(NAME_COLUMNS)
        field, rest = self._get_first_step(model)
        if field is None:
            return found
        if field.type == "many2one":
            query = self._query_name(self.env.get(field.comodel_name), rest)
            return found | ({"name_key": field.name, "name_query": query} if query else {})
        return found | {"name_column": field.name if not rest else None}

    @api.model
    def _query_name(self, model, path=None):
        """``SELECT`` of the name of the row whose id is ``$1``, as text; None if it has no name.

        :param path: names of fields with dots between them; by default what names the record.
        """
        query = self._select_name(model, path, SQL("$1"), 1)
        return query.code if query else None

    @api.model
    def _select_name(self, model, path, row_id, step):
        if model is None or step > MAX_STEPS or not self._has_own_table(model):
            return None
        field, rest = self._get_first_step(model, path)
        if field is None or field.company_dependent:
            return None
        row = SQL.identifier(f"row{step}")
        value = SQL("%s.%s", row, SQL.identifier(field.name))
        if field.type == "many2one":
            target = self.env.get(field.comodel_name)
            inner = self._select_name(target, rest, value, step + 1)
            if not inner:
                return None
            value = SQL("(%s)", inner)
        elif rest:
            return None
        elif field.translate:
            value = SQL(
                "COALESCE(%s->>'en_US', jsonb_path_query_first(%s, '$.*') #>> '{}')", value, value
            )
        else:
            value = SQL("%s::text", value)
        table = SQL.identifier(model._table)
        return SQL("SELECT %s FROM %s %s WHERE %s.id = %s", value, table, row, row, row_id)

    @api.model
    def _get_first_step(self, model, path=None):
        """The first field of a path that has a column, and the rest of the path.

        :param path: by default what names a record; ``name`` where that is computed (groups).
        :return: ``(field, rest)``; ``(None, None)`` where there is none that may be shown.
        """
        for start in [path] if path else filter(None, (model._rec_name, "name")):
            field, rest = self._follow_related(model, start)
            if field is not None:
                is_shown = field.name not in self._get_guarded_columns(model)
                return (field, rest) if is_shown else (None, None)
        return None, None

    @api.model
    def _follow_related(self, model, path):
        for _step in range(MAX_STEPS):
            name, _dot, rest = path.partition(".")
            field = model._fields.get(name)
            if field is None or (field.store and not field.column_type):
                break
            if field.store:
                return field, rest
            if not field.related:
                break
            path = ".".join(filter(None, (field.related, rest)))
        return None, None

    @api.model
    def _get_guarded_columns(self, model):
        """Columns whose values never enter the trail in clear."""
        # sudo: the rules are kept for all, whoever starts the server. The context is a client's.
        rule = self.sudo().with_context(active_test=True).search([("model", "=", model._name)])
        return {
            *split_names(rule.secret_fields),
            *split_names(rule.personal_fields),
            *self._find_secret_columns(model),
        }
