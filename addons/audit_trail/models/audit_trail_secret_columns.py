import re

from odoo import api, models
from odoo.orm.models import NO_ACCESS
from odoo.tools import ormcache, sql

#: Names of columns that hold credentials, whatever the model. A rule adds to them
#: (``secret_fields``), but none takes one away: what entered the trail once stays.
#: Sources: columns of Odoo 19 and of OCA addons that give access to whoever knows them, and
#: CWE-798 (credentials), OWASP Logging Cheat Sheet, "Data to exclude".
SECRET_COLUMNS = re.compile(
    r"""
    passw | passphrase | (^|_)(smtp_|ftp_|sftp_)?pass($|_) | (^|_)pwd($|_)
    | secret(_key)?$ | token | credential
    | (^|_)(api|access|private|secret|encryption|signing|certificate|pem|ssl|license|consumer)_?key
    | private_?key | apikey
    | ^signup_ | ^oauth_ | (^|_)t?otp($|_)
    | webhook | (^|_)pin($|_|code)
    | ssl_certificate | pkcs12 | (^|_)pem($|_)
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: Types of fields that can hold a credential: no number of a record, date, choice or yes and no.
SECRET_TYPES = ("char", "text", "html", "json", "binary", "jsonb", "properties")
SECRET_COLUMN_TYPES = ("varchar", "text", "bpchar", "bytea", "json", "jsonb")


class AuditTrailRule(models.Model):
    """Credentials, tokens and keys, which the trail records as changed only, in every table."""

    _inherit = "audit.trail.rule"

    @api.model
    def _find_secret_columns(self, model):
        """Names of columns of a model whose values never enter the trail, rule or no rule."""
        columns = sql.table_columns(self.env.cr, model._table)
        return {
            name
            for name, column in columns.items()
            if self._is_secret_column(model._fields.get(name), name, column["udt_name"])
        }

    @api.model
    @ormcache("model_name")
    def _get_secret_columns(self, model_name):
        """The same by name of the model, for readers of entries."""
        model = self.env.get(model_name)
        if model is None or model._abstract:
            return frozenset()
        return frozenset(self._find_secret_columns(model))

    @api.model
    def _is_secret_column(self, field, name, column_type):
        """Whether a column holds a credential; addons whose fields say more of it extend this.

        :param field: the field, or None: some columns (passwords, API keys) are none.
        """
        if field is not None and field.groups == NO_ACCESS:
            return True
        could = field.type in SECRET_TYPES if field else column_type in SECRET_COLUMN_TYPES
        return could and bool(SECRET_COLUMNS.search(name))
