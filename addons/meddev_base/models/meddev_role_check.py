from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.orm.models import NO_ACCESS

from .meddev_role_right import ALL_FIELDS, NONE, OPERATIONS

AUTHOR = "MedDev contributors"
#: Who may look at other people's rights.
READERS = ("base.group_system", "meddev_base.group_compliance_auditor")


class MeddevRoleCheck(models.AbstractModel):
    """Compares the role matrix with what Odoo really allows.

    A deviation is a dictionary: ``kind``, ``model``, ``group`` or ``user``, ``operation``,
    ``expected``, ``found``, and ``record`` where one shows it.
    """

    _name = "meddev.role.check"
    _description = "Check of the Role Matrix"

    @api.model
    def find_deviations(self, user_ids=None):
        """Every difference between the matrix and the access rows, rules and fields in force.

        For administrators and compliance auditors.

        :param user_ids: ids of the users as whom rules and fields are tried; by default every
            active user who belongs to a group of the matrix.
        :return: list of dictionaries ``kind``, ``model``, ``group``, ``user``, ``operation``,
            ``expected``, ``found``, ``record``; empty when all is as the matrix says.
        :raise AccessError: for others.
        """
        self._ensure_reader()
        matrix = self.env["meddev.role.right"]._get_matrix()
        group_ids = {group_id for rows in matrix.values() for group_id in rows}
        # sudo: a check sees every group.
        groups = self.env["res.groups"].sudo().browse(group_ids)
        users = groups.all_user_ids.filtered("active")
        if user_ids is not None:
            users &= self._browse_users(user_ids)
        return [
            *self._find_unnamed_models(),
            *self._find_access_deviations(),
            *self._find_rule_deviations(users),
            *self._find_field_deviations(users),
        ]

    @api.model
    def _browse_users(self, user_ids):
        users = self.env["res.users"].sudo()  # sudo: rights of people are checked as a whole
        if not isinstance(user_ids, (list, tuple)):
            user_ids = [user_ids]
        return users.union(*(self._browse_given(users, user_id) for user_id in user_ids))

    @api.model
    def _ensure_reader(self):
        if not any(self.env.user.has_group(group) for group in READERS):
            raise AccessError(
                self.env._("What others may do is shown to administrators and compliance auditors.")
            )

    # Models

    @api.model
    def _get_suite_modules(self):
        # sudo: what is installed is no secret within a check.
        modules = self.env["ir.module.module"].sudo()
        return set(
            modules.search([("author", "=", AUTHOR), ("state", "=", "installed")]).mapped("name")
        )

    @api.model
    def _get_suite_models(self):
        """Names of the models that the matrix must name: the suite's own, and those of others
        whose access rows the suite ships."""
        modules = self._get_suite_modules()
        own = {
            name
            for name, model in self.env.registry.items()
            if model._original_module in modules and not model._abstract
        }
        # sudo: which access rows the suite shipped, for a check.
        data = self.env["ir.model.data"].sudo()
        rows = data.search(
            [("model", "=", "ir.model.access"), ("module", "in", list(modules))]
        ).mapped("res_id")
        access = self.env["ir.model.access"].sudo().browse(rows).exists()  # sudo: as above
        return own | set(access.model_id.mapped("model"))

    @api.model
    def _find_unnamed_models(self):
        named = self.env["meddev.role.right"]._get_matrix()
        return [
            {"kind": "model_not_named", "model": name}
            for name in sorted(self._get_suite_models() - named.keys())
        ] + [
            {"kind": "model_unknown", "model": name}
            for name in sorted(named.keys() - self.env.registry.keys())
        ]

    # Access rows

    @api.model
    def _find_access_deviations(self, names=None):
        """Each access row against the matrix row of its group, and the other way round.

        Groups that the matrix names nowhere, of addons outside the suite, are not judged.
        """
        matrix = self.env["meddev.role.right"]._get_matrix()
        known = {group_id for rows in matrix.values() for group_id in rows}
        if names is not None:
            matrix = {name: matrix[name] for name in names}
        found = {}
        # sudo: a check sees every access row.
        for access in (
            self.env["ir.model.access"]
            .sudo()
            .search([("active", "=", True), ("model_id.model", "in", list(matrix))])
        ):
            name, group_id = access.model_id.model, access.group_id.id
            if name in matrix and (group_id in known or not group_id):
                perms = found.setdefault((name, group_id), dict.fromkeys(OPERATIONS, False))
                for operation in OPERATIONS:
                    perms[operation] |= access[f"perm_{operation}"]
        expected = {
            (name, group_id): {operation: row[operation] != NONE for operation in OPERATIONS}
            for name, rows in matrix.items()
            for group_id, row in rows.items()
        }
        nothing = dict.fromkeys(OPERATIONS, False)
        groups = self.env["res.groups"].sudo()  # sudo: names of groups, for the report
        for name, group_id in sorted(found.keys() | expected.keys(), key=str):
            wanted = expected.get((name, group_id), nothing)
            real = found.get((name, group_id), nothing)
            for operation in OPERATIONS:
                if wanted[operation] != real[operation]:
                    yield {
                        "kind": "access_row",
                        "model": name,
                        "group": groups.browse(group_id).full_name if group_id else False,
                        "operation": operation,
                        "expected": wanted[operation],
                        "found": real[operation],
                    }

    # Record rules

    @api.model
    def _find_rule_deviations(self, users, names=None):
        """Records that a user reaches and should not, or should and does not."""
        matrix = self.env["meddev.role.right"]._get_matrix()
        for user in users:
            for name in sorted(names or matrix):
                model = self.env.get(name)
                if model is None or model._abstract or model._transient:
                    continue
                for operation in OPERATIONS:
                    yield from self._compare_reach(user, name, operation)

    @api.model
    def _compare_reach(self, user, name, operation):
        expected = self.env["meddev.role.right"]._get_expected_domain(user, name, operation)
        real = self._get_real_domain(user, name, operation)
        # As the user, for domains that ask who searches; sudo: of all records, archived ones too.
        model = self.env[name].with_user(user).sudo().with_context(active_test=False)
        for kind, inside, outside in (
            ("reaches_too_much", real, expected),
            ("reaches_too_little", expected, real),
        ):
            beyond = model._search(outside, order="id")
            if record := model.search(inside & Domain("id", "not in", beyond), limit=1, order="id"):
                yield {
                    "kind": kind,
                    "model": name,
                    "user": user.login,
                    "operation": operation,
                    "record": record.id,
                }

    @api.model
    def _get_real_domain(self, user, name, operation):
        """What access rows and record rules in force give a user for one operation."""
        if not self.env[name].with_user(user).has_access(operation):
            return Domain.FALSE
        rules = self.env["ir.rule"].with_user(user)
        return Domain(rules._compute_domain(name, operation) or Domain.TRUE)

    # Fields

    @api.model
    def _find_field_deviations(self, users):
        matrix = self.env["meddev.role.right"]._get_matrix()
        modules = self._get_suite_modules()
        for user in users:
            for name in sorted(matrix):
                model = self.env.get(name)
                if model is None or not model.with_user(user).has_access("read"):
                    continue
                listed = {
                    field
                    for row in matrix[name].values()
                    if row["fields"][0] != ALL_FIELDS
                    for field in row["fields"][1]
                }
                judged = {
                    field.name
                    for field in model._fields.values()
                    # A field of nobody's is read by the program alone, whatever the matrix says.
                    if field.groups != NO_ACCESS
                    and (modules.intersection(field._modules) or field.name in listed)
                }
                wanted = self.env["meddev.role.right"]._get_expected_fields(user, name) & judged
                real = judged.intersection(model.with_user(user).fields_get(attributes=["name"]))
                for kind, names in (
                    ("field_too_much", real - wanted),
                    ("field_too_little", wanted - real),
                ):
                    if names:
                        yield {
                            "kind": kind,
                            "model": name,
                            "user": user.login,
                            "operation": "read",
                            "found": ", ".join(sorted(names)),
                        }
