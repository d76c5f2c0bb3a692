import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import ormcache, safe_eval, sql

#: Columns that say nothing about the record itself.
ALWAYS_IGNORED = ("create_uid", "create_date", "write_uid", "write_date", "parent_path")
TRACKED_COLUMNS = (
    "table_name",
    "model",
    "is_relation",
    "field",
    "column1",
    "column2",
    "name_column",
    "name_key",
    "name_query",
    "ignored",
    "secret",
    "fingerprint",
    "secret_names",
    "delete_reason",
)


class AuditTrailRule(models.Model):
    """One model whose every insert, update and delete enters the audit trail.

    The rules are data; PostgreSQL's row triggers read them from the table
    ``audit_trail_tracked``, which this model keeps. A change of the rules is an entry itself.
    """

    _name = "audit.trail.rule"
    _description = "Audit Trail Rule"
    _order = "model"
    _rec_name = "model"

    model_id = fields.Many2one(
        "ir.model",
        required=True,
        ondelete="cascade",
        domain="[('transient', '=', False), ('abstract', '=', False)]",
    )
    model = fields.Char(
        string="Technical Name", related="model_id.model", store=True, precompute=True
    )
    model_label = fields.Char(string="Kind of Record", compute="_compute_model_label")
    active = fields.Boolean(default=True)
    ignored_fields = fields.Char(
        string="Not Recorded",
        help="Names of fields, separated by commas: counters and other technical values.",
    )
    secret_fields = fields.Char(
        string="Recorded as Changed Only",
        help="Passwords, tokens and keys: the trail tells that they changed, never a value.",
    )
    personal_fields = fields.Char(
        string="Recorded as Fingerprint",
        help="Personal data: the trail keeps a keyed fingerprint instead of the value.",
    )
    secret_names = fields.Char(
        string="Secret Records",
        help="Regular expression: records whose name it matches are recorded without values.",
    )
    reads_are_logged = fields.Boolean(
        string="Log Reads", help="Every reading by a user becomes an entry."
    )
    delete_needs_reason = fields.Boolean(string="Reason for Deletion")
    change_needs_reason = fields.Char(
        string="Reason for Changes When",
        help="Domain: records that match it are changed only with a reason (approved ones, say).",
    )
    retention_months = fields.Integer(
        help="Entries may be purged after so many months; 0 keeps them for good."
    )
    entry_count = fields.Integer(string="Entries", compute="_compute_entry_count")
    history_action_id = fields.Many2one(
        "ir.actions.client", readonly=True, copy=False, ondelete="set null"
    )

    _model_unique = models.Constraint("UNIQUE (model_id)", "This model is tracked already.")
    _retention_positive = models.Constraint(
        "CHECK (retention_months >= 0)", "The retention cannot be negative."
    )

    @api.depends("model_id")
    @api.depends_context("lang")
    def _compute_model_label(self):
        for rule in self:
            # sudo: the label of a model is no secret; auditors may not read the list of models.
            rule.model_label = rule.sudo().model_id.name

    @api.depends("model_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = rule.model_label

    @api.depends("model")
    def _compute_entry_count(self):
        entries = self.env["audit.trail.entry"]
        counts = dict(
            entries._read_group(
                [("res_model", "in", self.mapped("model"))], ["res_model"], ["__count"]
            )
        )
        for rule in self:
            rule.entry_count = counts.get(rule.model, 0)

    # Constraints

    @api.constrains("ignored_fields", "secret_fields", "personal_fields", "model_id")
    def _check_fields_exist(self):
        for rule in self:
            model = self.env.get(rule.model)
            if model is None:
                continue
            # Keys and the like are columns that are no fields.
            known = model._fields.keys() | sql.table_columns(self.env.cr, model._table).keys()
            for name in ("ignored_fields", "secret_fields", "personal_fields"):
                if unknown := [part for part in split_names(rule[name]) if part not in known]:
                    raise ValidationError(
                        self.env._(
                            "%(model)s has no field %(names)s. Correct %(field)s.",
                            model=rule.model_id.name,
                            names=", ".join(unknown),
                            field=self._fields[name]._description_string(self.env),
                        )
                    )

    @api.constrains("model_id")
    def _check_has_a_table(self):
        for rule in self:
            model = self.env.get(rule.model)
            if model is None or model._transient or not self._has_own_table(model):
                raise ValidationError(
                    self.env._("%s has no table of its own to be tracked.", rule.model_id.name)
                )

    @api.constrains("secret_names")
    def _check_secret_names(self):
        for rule in self.filtered("secret_names"):
            try:
                re.compile(rule.secret_names)
            except re.error as error:
                raise ValidationError(
                    self.env._(
                        "Secret Records: %(text)s is no regular expression (%(error)s).",
                        text=rule.secret_names,
                        error=error,
                    )
                ) from error

    @api.constrains("change_needs_reason", "model_id")
    def _check_change_domain(self):
        for rule in self.filtered("change_needs_reason"):
            if rule.model in self.env:
                try:
                    domain = safe_eval.safe_eval(rule.change_needs_reason, {})
                    self.env[rule.model].sudo().search_count(domain, limit=1)  # sudo: a trial
                except (ValueError, TypeError, SyntaxError, KeyError) as error:
                    raise ValidationError(
                        self.env._(
                            "Reason for Changes When: %(domain)s is no domain of %(model)s.",
                            domain=rule.change_needs_reason,
                            model=rule.model_id.name,
                        )
                    ) from error

    # CRUD

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._offer_history()
        rules._tracking_changed()
        return rules

    def write(self, vals):
        result = super().write(vals)
        self._tracking_changed()
        return result

    def unlink(self):
        # sudo: the menu entry of the history goes with the rule.
        self.sudo().history_action_id.unlink()
        result = super().unlink()
        self.browse()._tracking_changed()
        return result

    def _offer_history(self):
        """Put "Audit Trail" into the action menu of the model's forms."""
        for rule in self:
            # sudo: a menu entry that follows from the rule; what it shows asks for rights.
            action = self.env["ir.actions.client"].sudo()
            rule.sudo().history_action_id = action.create(
                {
                    "name": "Audit Trail",
                    "tag": "audit_trail.history",
                    "binding_model_id": rule.model_id.id,
                    "binding_view_types": "form",
                }
            )
            for language, _name in self.env["res.lang"].get_installed():
                translated = rule.with_context(lang=language).sudo().history_action_id
                translated.name = translated.env._("Audit Trail")

    def _tracking_changed(self):
        self.flush_model()
        self.env.registry.clear_cache()
        # While addons are loaded the rules wait for the end of it (_register_hook).
        if self.env.registry.ready:
            self._sync_tracking()

    # What the ORM asks

    @api.model
    @ormcache()
    def _get_tracked(self):
        """Model -> what the ORM must know about it; empty until the tables exist."""
        self.env.cr.execute(
            "SELECT to_regclass('audit_trail_rule'), to_regclass('audit_trail_tracked')"
        )
        if None in self.env.cr.fetchone():
            return {}
        self.env.cr.execute(
            """
            SELECT tracked.model, rule.reads_are_logged, rule.delete_needs_reason,
                   rule.change_needs_reason
              FROM (SELECT DISTINCT model FROM audit_trail_tracked) tracked
         LEFT JOIN audit_trail_rule rule ON rule.model = tracked.model AND rule.active
            """
        )
        tracked = {
            model: {"reads": reads, "delete": delete, "change": change}
            for model, reads, delete, change in self.env.cr.fetchall()
        }
        return tracked | self._get_related(tracked)

    @api.model
    def _get_related(self, tracked):
        """Models that are not tracked, but write relation tables that are."""
        self.env.cr.execute("SELECT table_name FROM audit_trail_tracked WHERE is_relation")
        relations = {table for (table,) in self.env.cr.fetchall()}
        related = {
            name
            for name, model in self.env.registry.items()
            for field in model._fields.values()
            if field.type == "many2many" and field.store and field.relation in relations
        }
        nothing = {"reads": False, "delete": False, "change": None}
        return dict.fromkeys(related - tracked.keys(), nothing)

    @api.model
    @ormcache()
    def _get_referenced(self):
        """Models whose deletion PostgreSQL carries into tracked tables, without telling the ORM."""
        return {
            field.comodel_name
            for name in self._get_tracked()
            # While addons are loaded, some models are not there yet.
            if name in self.env.registry
            for field in self.env.registry[name]._fields.values()
            if field.store
            and (
                field.type == "many2many"
                or (field.type == "many2one" and field.ondelete in ("set null", "cascade"))
            )
        }

    # What is wanted

    @api.model
    def _get_wanted_tables(self):
        """Table -> row of ``audit_trail_tracked`` that the rules ask for."""
        wanted = {}
        # sudo: the rules are kept for all, whoever starts the server. The context is a client's.
        for rule in self.sudo().with_context(active_test=True).search([("active", "=", True)]):
            model = self.env.get(rule.model)
            if model is None or not self._has_own_table(model):
                continue
            wanted[model._table] = rule._prepare_table(model)
            for row in rule._prepare_relations(model):
                wanted.setdefault(row["table_name"], row)
        return wanted

    @api.model
    def _has_own_table(self, model):
        return (
            not model._abstract
            and not model._table.startswith("audit_trail_entry")
            and sql.table_kind(self.env.cr, model._table) == sql.TableKind.Regular
        )

    def _prepare_table(self, model):
        ignored = {*ALWAYS_IGNORED, *split_names(self.ignored_fields)}
        secret = {*split_names(self.secret_fields), *self._find_secret_columns(model)}
        return {
            "table_name": model._table,
            "model": model._name,
            "is_relation": False,
            "field": None,
            "column1": None,
            "column2": None,
            **self._prepare_name(model),
            "ignored": sorted(ignored),
            "secret": sorted(secret),
            "fingerprint": sorted(split_names(self.personal_fields)),
            "secret_names": self.secret_names or None,
            "delete_reason": self.delete_needs_reason,
        }

    def _prepare_relations(self, model):
        ignored = split_names(self.ignored_fields)
        # A table with a model of its own (members of a channel) is not this model's to tell of.
        tables = {other._table for other in self.env.registry.values() if not other._abstract}
        name_query = self._query_name(model)
        for field in model._fields.values():
            if (
                field.type == "many2many"
                and field.store
                and field.name not in ignored
                and field.relation not in tables
            ):
                yield {
                    "table_name": field.relation,
                    "model": model._name,
                    "is_relation": True,
                    "field": field.name,
                    "column1": field.column1,
                    "column2": field.column2,
                    "name_column": None,
                    "name_key": None,
                    "name_query": name_query,
                    "ignored": [],
                    "secret": [],
                    "fingerprint": [],
                    "secret_names": None,
                    "delete_reason": False,
                }

    def action_view_entries(self):
        """The entries of this model."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.model_label,
            "res_model": "audit.trail.entry",
            "view_mode": "list,form",
            "domain": [("res_model", "=", self.model)],
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_the_rules_themselves(self):
        if self.filtered(lambda rule: rule.model == self._name):
            raise UserError(self.env._("The rules of the audit trail are always tracked."))


def split_names(text):
    """Names of a comma-separated list."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]
