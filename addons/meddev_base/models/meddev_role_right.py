from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import ormcache, safe_eval

NONE, OWN, TEAM, REGION, COMPANY, ALL = "none", "own", "team", "region", "company", "all"
SCOPES = [
    (NONE, "No"),
    (OWN, "Own"),
    (TEAM, "Team"),
    (REGION, "Region"),
    (COMPANY, "Company"),
    (ALL, "All"),
]
OPERATIONS = ("read", "create", "write", "unlink")
FUNCTIONS = ("dispatch", "approve", "export")
SHOWN_DEVIATIONS = 20
ALL_FIELDS = "all"
ALL_EXCEPT = "except"
ONLY = "only"


class MeddevRoleRight(models.Model):
    """One row of the role matrix: what a group may do with the records of one model.

    A person has the sum of the rows of all groups they belong to. Access rows and record rules are
    checked against it (``meddev.role.check``); the functions (dispatch, approve, export) are read
    from it where they are exercised. Each addon ships the rows of its own models.
    Source: S0-24 of the demands (smallest rights per role, as one matrix).
    """

    _name = "meddev.role.right"
    _description = "Row of the Role Matrix"
    _order = "res_model, sequence, id"
    _rec_name = "res_model"

    group_id = fields.Many2one("res.groups", "Role", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(compute="_compute_sequence", store=True)
    res_model = fields.Char("Model (Technical)", required=True, index=True)
    model_label = fields.Char("Kind of Record", compute="_compute_model_label")
    read_scope = fields.Selection(SCOPES, "Read", required=True, default=NONE)
    create_scope = fields.Selection(SCOPES, "Create", required=True, default=NONE)
    write_scope = fields.Selection(SCOPES, "Change", required=True, default=NONE)
    unlink_scope = fields.Selection(SCOPES, "Delete", required=True, default=NONE)
    field_group = fields.Char(
        "Fields",
        required=True,
        default=ALL_FIELDS,
        help="all, except … (names of fields that the role does not see), or only … (the fields"
        " that it sees, no others).",
    )
    may_dispatch = fields.Boolean("Dispatches")
    may_approve = fields.Boolean("Approves")
    may_export = fields.Boolean("Exports")
    source = fields.Char(help="The demand or rule that asks for this row.")

    _row_unique = models.UniqueIndex(
        "(group_id, res_model)", "The role matrix has one row per role and kind of record."
    )

    @api.depends("group_id")
    def _compute_sequence(self):
        """Roles stand in their own order, other groups behind them."""
        # sudo: the order of roles is no secret.
        order = {
            role.group_id: role.sequence
            for role in self.env["meddev.role"].sudo().search([("group_id", "!=", False)])
        }
        for right in self:
            right.sequence = order.get(right.group_id, 1000)

    @api.depends("res_model")
    @api.depends_context("lang")
    def _compute_model_label(self):
        for right in self:
            # sudo: the label of a model is no secret.
            known = self.env["ir.model"].sudo()._get(right.res_model)
            right.model_label = known.name if known else right.res_model

    @api.constrains("field_group", "res_model")
    def _check_field_group(self):
        for right in self:
            kind, names = right._parse_field_group()
            fields_known = self.env[right.res_model]._fields if right.res_model in self.env else {}
            unknown = [name for name in names if fields_known and name not in fields_known]
            if kind not in (ALL_FIELDS, ALL_EXCEPT, ONLY) or (kind == ALL_FIELDS) == bool(names):
                raise ValidationError(
                    self.env._(
                        "%(row)s: %(text)s says not which fields. Write all, except a, b or only"
                        " a, b.",
                        row=right._describe(),
                        text=right.field_group,
                    )
                )
            if unknown:
                raise ValidationError(
                    self.env._(
                        "%(row)s: there is no field %(names)s. Correct the column Fields.",
                        row=right._describe(),
                        names=", ".join(unknown),
                    )
                )

    def _parse_field_group(self):
        """``(kind, names)`` of the column Fields."""
        self.ensure_one()
        kind, _space, names = self.field_group.strip().partition(" ")
        return kind, [name.strip() for name in names.split(",") if name.strip()]

    def _describe(self):
        self.ensure_one()
        # sudo: names of roles are no secret.
        return f"{self.sudo().group_id.full_name} · {self.model_label}"

    # Cache: the matrix is asked with every export and approval

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    @ormcache()
    def _get_matrix(self):
        """``{model: {group id: row}}``; a row is a dictionary of scopes, functions and fields."""
        matrix = {}
        # sudo: the matrix holds for who may not read it.
        for right in self.sudo().search([("res_model", "!=", False)]):
            matrix.setdefault(right.res_model, {})[right.group_id.id] = {
                "id": right.id,
                "fields": right._parse_field_group(),
                **{name: right[f"{name}_scope"] for name in OPERATIONS},
                **{name: right[f"may_{name}"] for name in FUNCTIONS},
            }
        return matrix

    @api.model
    def _get_rows(self, user, res_model):
        """Rows of the matrix that hold for a user: those of all groups that the user has."""
        rows = self._get_matrix().get(res_model, {})
        groups = set(user._get_group_ids())
        return [row for group_id, row in rows.items() if group_id in groups]

    @api.model
    def _may(self, function, res_model, user=None):
        """Whether a person may dispatch, approve or export records of a model.

        ``sudo()`` lifts access rules, not this: the person who acts is asked.
        """
        user = user or self.env.user
        return any(row[function] for row in self._get_rows(user, res_model))

    @api.model
    def _get_function_groups(self, function, res_model):
        """The groups whose people may dispatch, approve or export records of a model."""
        rows = self._get_matrix().get(res_model, {})
        return self.env["res.groups"].browse(
            [group_id for group_id, row in rows.items() if row[function]]
        )

    # Check

    @api.model
    def action_check(self):
        """Compare the matrix with what is in force, and tell what differs."""
        deviations = self.env["meddev.role.check"].find_deviations()
        lines = [
            " · ".join(
                str(row[name])
                for name in ("kind", "model", "group", "user", "operation", "found", "record")
                if row.get(name) not in (None, False)
            )
            for row in deviations[:SHOWN_DEVIATIONS]
        ]
        if deviations:
            title = self.env._("%s differences from the role matrix", len(deviations))
        else:
            title = self.env._("Access rows, record rules and fields are as the matrix says.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": title,
                "message": "\n".join(lines),
                "type": "danger" if deviations else "success",
                "sticky": bool(deviations),
            },
        }

    # Scopes

    @api.model
    def _get_expected_domain(self, user, res_model, operation):
        """The records that the matrix gives a user for one operation."""
        scopes = self.env["meddev.role.scope"]
        domains = []
        rows = self._get_matrix().get(res_model, {})
        groups = set(user._get_group_ids())
        for group_id, row in rows.items():
            if group_id in groups and row[operation] != NONE:
                domains.append(
                    scopes._get_domain(user, res_model, row[operation], group_id, operation)
                )
        return Domain.OR(domains)

    # Fields

    @api.model
    def _get_expected_fields(self, user, res_model):
        """Names of the fields that the matrix gives a user."""
        names = set(self.env[res_model]._fields)
        seen = set()
        for row in self._get_rows(user, res_model):
            kind, listed = row["fields"]
            if row["read"] == NONE:
                continue
            if kind == ONLY:
                seen |= names & set(listed)
            else:
                seen |= names - set(listed)
        groups = set(user._get_group_ids())
        restricted = self.env["meddev.role.field"]._get_restricted().get(res_model, {})
        return {name for name in seen if groups.intersection(restricted.get(name, groups))}


class MeddevRoleField(models.Model):
    """A field that only some groups see, whatever else they see of its record.

    Fields that are not named here are for everybody who reads the record.
    """

    _name = "meddev.role.field"
    _description = "Restricted Field in the Role Matrix"
    _order = "res_model, name, id"

    res_model = fields.Char("Model (Technical)", required=True)
    name = fields.Char("Field (Technical)", required=True)
    model_label = fields.Char("Kind of Record", compute="_compute_labels")
    field_label = fields.Char("Field", compute="_compute_labels")
    group_ids = fields.Many2many(
        "res.groups",
        "meddev_role_field_group_rel",
        "field_id",
        "group_id",
        "Seen by",
        help="Empty: nobody reads it.",
    )

    _field_unique = models.UniqueIndex("(res_model, name)", "This field is restricted already.")

    @api.depends("res_model", "name")
    @api.depends_context("lang")
    def _compute_labels(self):
        for row in self:
            # sudo: the label of a model is no secret.
            known = self.env["ir.model"].sudo()._get(row.res_model)
            row.model_label = known.name if known else row.res_model
            field = self.env[row.res_model]._fields.get(row.name) if known else None
            row.field_label = field._description_string(self.env) if field else row.name

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    @ormcache()
    def _get_restricted(self):
        """``{model: {field: set of group ids}}``."""
        restricted = {}
        # sudo: as the matrix itself.
        for row in self.sudo().search([("res_model", "!=", False)]):
            restricted.setdefault(row.res_model, {})[row.name] = set(row.group_ids.ids)
        return restricted


class MeddevRoleScope(models.Model):
    """What a scope of the matrix means for the records of one model.

    Without a row, company is what belongs to one of the user's companies or to none, all is
    everything, own is what the user entered. Every scope lies within company where the model has
    one.
    """

    _name = "meddev.role.scope"
    _description = "Meaning of a Scope in the Role Matrix"
    _order = "res_model, scope, id"
    _rec_name = "description"

    res_model = fields.Char("Model (Technical)", required=True, index=True)
    model_label = fields.Char("Kind of Record", compute="_compute_model_label")
    scope = fields.Selection(SCOPES, required=True)
    group_id = fields.Many2one("res.groups", "Only for", ondelete="cascade")
    operation = fields.Selection(
        [("read", "Read"), ("create", "Create"), ("write", "Change"), ("unlink", "Delete")],
        "Only to",
    )
    domain = fields.Char(required=True, help="With user, company_ids and today.")
    description = fields.Char("In Words", required=True, translate=True)

    _scope_unique = models.UniqueIndex(
        "(res_model, scope, COALESCE(group_id, 0), COALESCE(operation, ''))",
        "This scope of the model has a meaning already.",
    )

    @api.depends("res_model")
    @api.depends_context("lang")
    def _compute_model_label(self):
        for scope in self:
            # sudo: the label of a model is no secret.
            known = self.env["ir.model"].sudo()._get(scope.res_model)
            scope.model_label = known.name if known else scope.res_model

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    @ormcache()
    def _get_meanings(self):
        """``{(model, scope, group id or False, operation or False): (domain, record id)}``."""
        # sudo: as the matrix itself.
        rows = self.sudo().search([("res_model", "!=", False)])
        return {
            (row.res_model, row.scope, row.group_id.id, row.operation): (row.domain, row.id)
            for row in rows
        }

    @api.model
    def _find(self, res_model, scope, group_id, operation):
        """The meaning that fits best: for this group and operation, else the more general one."""
        meanings = self._get_meanings()
        for key in (
            (res_model, scope, group_id, operation),
            (res_model, scope, group_id, False),
            (res_model, scope, False, operation),
            (res_model, scope, False, False),
        ):
            if key in meanings:
                return meanings[key]
        return None

    @api.model
    def _get_domain(self, user, res_model, scope, group_id, operation):
        model = self.env[res_model]
        context = self.env["ir.rule"].with_user(user)._eval_context()
        company = Domain.TRUE
        if meaning := self._find(res_model, COMPANY, False, operation):
            company = Domain(safe_eval.safe_eval(meaning[0], dict(context)))
        elif "company_id" in model._fields and model._fields["company_id"].store:
            company = Domain("company_id", "in", [*context["company_ids"], False])
        if scope == ALL:
            return Domain.TRUE
        if scope == COMPANY and (meaning := self._find(res_model, COMPANY, group_id, operation)):
            return company & Domain(safe_eval.safe_eval(meaning[0], dict(context)))
        if scope == COMPANY:
            return company
        if meaning := self._find(res_model, scope, group_id, operation):
            return company & Domain(safe_eval.safe_eval(meaning[0], dict(context)))
        if scope == OWN and model._log_access:
            return company & Domain("create_uid", "=", user.id)
        raise ValidationError(
            self.env._(
                "The role matrix does not say what the scope %(scope)s means for %(model)s. Add it"
                " under Scopes.",
                scope=scope,
                model=res_model,
            )
        )
