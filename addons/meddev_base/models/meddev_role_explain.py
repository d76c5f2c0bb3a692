from odoo import api, models
from odoo.exceptions import UserError

from .argument import shown
from .meddev_role_right import FUNCTIONS, NONE, OPERATIONS, SCOPES

MAX_ID = 2**31 - 1


class MeddevRoleCheck(models.AbstractModel):
    """What a person can do, and why; what two roles differ in."""

    _inherit = "meddev.role.check"

    @api.model
    def explain(self, user_id, res_model, res_id=None):
        """What a user can do with a kind of record, or with one record, and why.

        For administrators and compliance auditors.

        :param user_id: id of the user.
        :param res_model: technical name of the model.
        :param res_id: id of one record, or None.
        :return: dictionary ``user``, ``model``, ``record``, ``operations`` (read, create, write,
            unlink: dictionary ``allowed``, ``scopes``, ``because`` as a list of sentences) and
            ``functions`` (dispatch, approve, export: dictionary ``allowed``, ``because``).
        :raise AccessError: for others.
        :raise UserError: unknown user, model or record.
        """
        self._ensure_reader()
        user = self._browse_user(user_id)
        model = self._get_model(res_model)
        record = self._browse_record(model, res_id) if res_id is not None else None
        return {
            "user": user.name,
            "model": self._get_model_label(model),
            "record": record.display_name if record else None,
            "operations": {
                operation: self._explain_operation(user, model, operation, record)
                for operation in OPERATIONS
            },
            "functions": {
                function: self._explain_function(user, model, function) for function in FUNCTIONS
            },
        }

    @api.model
    def compare(self, group_id, other_group_id):
        """What the matrix gives one role and not the other.

        :return: list of dictionaries ``model``, ``label``, ``what`` (an operation, function or
            ``fields``), ``first``, ``second`` (scope, True or False, or the fields as text).
        :raise AccessError: for who is neither administrator nor compliance auditor.
        :raise UserError: unknown group.
        """
        self._ensure_reader()
        first, second = self._browse_group(group_id), self._browse_group(other_group_id)
        rights = self.env["meddev.role.right"]
        differences = []
        for name in sorted(rights._get_matrix()):
            model = self.env.get(name)
            if model is None:
                continue
            one, two = (self._sum_up(group, name) for group in (first, second))
            differences += [
                {
                    "model": name,
                    "label": self._get_model_label(model),
                    "what": what,
                    "first": one[what],
                    "second": two[what],
                }
                for what in one
                if one[what] != two[what]
            ]
        return differences

    # What was asked for

    @api.model
    def _browse_user(self, user_id):
        # sudo: rights of people are explained to who may read neither groups nor rules.
        user = self.env["res.users"].sudo().with_context(active_test=False)
        return self._browse_given(user, user_id)

    @api.model
    def _browse_group(self, group_id):
        return self._browse_given(self.env["res.groups"].sudo(), group_id)  # sudo: as above

    @api.model
    def _browse_record(self, model, res_id):
        return self._browse_given(model.sudo(), res_id)  # sudo: as above

    @api.model
    def _browse_given(self, model, res_id):
        is_id = isinstance(res_id, int) and not isinstance(res_id, bool) and 0 < res_id <= MAX_ID
        record = model.browse(res_id).exists() if is_id else model.browse()
        if not record:
            raise UserError(
                self.env._(
                    "There is no %(model)s with the ID %(id)s.",
                    model=self._get_model_label(model),
                    id=shown(res_id),
                )
            )
        return record

    @api.model
    def _get_model(self, name):
        if not isinstance(name, str) or name not in self.env:
            raise UserError(self.env._("There is no kind of record %s.", shown(name)))
        return self.env[name]

    @api.model
    def _get_model_label(self, model):
        # sudo: the label of a model is no secret.
        return self.env["ir.model"].sudo()._get(model._name).name

    # Reasons

    @api.model
    def _explain_operation(self, user, model, operation, record):
        rights = self.env["meddev.role.right"]
        groups = set(user._get_group_ids())
        because, scopes = [], []
        for group_id, row in rights._get_matrix().get(model._name, {}).items():
            if group_id not in groups or row[operation] == NONE:
                continue
            group = self.env["res.groups"].sudo().browse(group_id)  # sudo: as above
            scopes.append(row[operation])
            because.append(
                self.env._(
                    "Matrix: %(role)s – %(scope)s",
                    role=self._describe_path(user, group),
                    scope=self._describe_scope(model, row[operation], group_id, operation),
                )
            )
        # sudo: access rows and rules are explained to who may not read them.
        access = self.env["ir.model.access"].sudo()
        access = access.search(
            [
                ("active", "=", True),
                ("model_id.model", "=", model._name),
                (f"perm_{operation}", "=", True),
                "|",
                ("group_id", "=", False),
                ("group_id", "in", list(groups)),
            ]
        )
        because += [self.env._("Access row: %s", row.name) for row in access]
        rules = self.env["ir.rule"].with_user(user)._get_rules(model._name, operation).sudo()
        because += [self.env._("Record rule: %s", rule.name or rule.id) for rule in rules]
        allowed = bool(access)
        if allowed and record:
            reached = (
                record.with_user(user)
                .sudo()
                .filtered_domain(  # sudo: as above
                    self._get_real_domain(user, model._name, operation)
                )
            )
            allowed = bool(reached)
            if not allowed:
                failing = (
                    self.env["ir.rule"]
                    .with_user(user)
                    ._get_failing(record.with_user(user), operation)
                )
                because += [
                    self.env._("Not this record, because of the rule: %s", rule.sudo().name)
                    for rule in failing
                ]
        if not access:
            because.append(self.env._("No access row of the user's groups allows it."))
        return {"allowed": allowed, "scopes": scopes, "because": because}

    @api.model
    def _explain_function(self, user, model, function):
        rights = self.env["meddev.role.right"]
        groups = rights._get_function_groups(function, model._name).sudo()  # sudo: as above
        giving = groups.filtered(lambda group: group.id in user._get_group_ids())
        return {
            "allowed": rights._may(function, model._name, user),
            "because": [
                self.env._("Matrix: %s", self._describe_path(user, group)) for group in giving
            ],
        }

    @api.model
    def _describe_path(self, user, group):
        """Name of a group, and through which role the user has it."""
        if group in user.group_ids:
            return group.name
        through = user.group_ids.filtered(lambda own: group in own.all_implied_ids)
        if not through:
            return group.name
        return self.env._(
            "%(group)s (through %(roles)s)",
            group=group.name,
            roles=", ".join(through.mapped("name")),
        )

    @api.model
    def _describe_scope(self, model, scope, group_id, operation):
        label = dict(
            self.env["meddev.role.right"]._fields["read_scope"]._description_selection(self.env)
        )[scope]
        meaning = self.env["meddev.role.scope"]._find(model._name, scope, group_id, operation)
        if not meaning:
            return label
        # sudo: the words for a scope are no secret.
        words = self.env["meddev.role.scope"].sudo().browse(meaning[1]).description
        return f"{label} ({words})"

    # Sums

    @api.model
    def _sum_up(self, group, name):
        """What a role has in all: its own row and those of the groups that it contains."""
        rows = self.env["meddev.role.right"]._get_matrix().get(name, {})
        given = [row for group_id, row in rows.items() if group_id in group.all_implied_ids.ids]
        order = [scope for scope, _label in SCOPES]
        result = {
            operation: max((row[operation] for row in given), key=order.index, default=NONE)
            for operation in OPERATIONS
        }
        result |= {function: any(row[function] for row in given) for function in FUNCTIONS}
        readable = [row["fields"] for row in given if row["read"] != NONE]
        result["fields"] = "; ".join(
            sorted({" ".join((kind, ", ".join(names))).strip() for kind, names in readable})
        )
        return result
