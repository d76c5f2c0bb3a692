from odoo.tests import tagged

from .matrix_common import MatrixCase


@tagged("post_install", "-at_install")
class TestRoleMatrix(MatrixCase):
    """The matrix against what Odoo allows; and that breaking anything is noticed."""

    maxDiff = None

    def is_noticed(self, name):
        """Whether the check finds anything about a model's rules."""
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        return next(self.check._find_rule_deviations(self.people, [name]), None) is not None

    def test_every_model_of_the_suite_is_named(self):
        self.assertFalse(self.check._find_unnamed_models())

    def test_access_rows_are_as_the_matrix_says(self):
        self.assertFalse(list(self.check._find_access_deviations()))

    def test_record_rules_are_as_the_matrix_says(self):
        """Given two companies, teams, hospitals, dealers: everybody reaches theirs alone."""
        self.assertFalse(list(self.check._find_rule_deviations(self.people)))

    def test_fields_are_as_the_matrix_says(self):
        self.assertFalse(list(self.check._find_field_deviations(self.people)))

    def test_an_unnamed_model_is_found(self):
        rows = self.rights.search([("res_model", "=", "meddev.code")])
        rows.unlink()
        self.assertIn(
            {"kind": "model_not_named", "model": "meddev.code"}, self.check._find_unnamed_models()
        )

    def test_breaking_any_access_row_is_found(self):
        """Given any access row of the suite with one right more or less, then the check tells."""
        rows = self._get_suite_records("ir.model.access")
        self.assertGreater(len(rows), 200)
        missed = []
        matrix = self.rights._get_matrix()
        for row in rows.filtered("active"):
            for operation in ("read", "write", "create", "unlink"):
                name = f"perm_{operation}"
                expected = matrix[row.model_id.model].get(row.group_id.id)
                before = row[name]
                row[name] = not before
                # Another row of the same group may give the right all the same.
                told = list(self.check._find_access_deviations([row.model_id.model]))
                twins = self.env["ir.model.access"].search_count(
                    [
                        ("model_id", "=", row.model_id.id),
                        ("group_id", "=", row.group_id.id),
                        (name, "=", True),
                        ("id", "!=", row.id),
                    ]
                )
                if not told and not twins:
                    missed.append((row.name, operation, expected))
                row[name] = before
        self.assertFalse(missed)

    def test_breaking_any_record_rule_is_found(self):
        """Given any rule of the suite switched off, or opened to all, then the check tells."""
        rules = self._get_suite_records("ir.rule").filtered("active")
        self.assertGreater(len(rules), 40)
        missed = []
        for rule in rules:
            name = rule.model_id.model
            if self.env[name]._transient:
                continue
            before = rule.domain_force
            rule.active = False
            if not self.is_noticed(name):
                missed.append(("off", rule.name))
            rule.active = True
            rule.domain_force = "[(1, '=', 1)]"
            if not self.is_noticed(name) and before.replace(" ", "") != "[(1,'=',1)]":
                missed.append(("open", rule.name))
            rule.domain_force = before
        self.assertFalse(missed)

    def _get_suite_records(self, model):
        modules = self.check._get_suite_modules()
        data = self.env["ir.model.data"].search(
            [("model", "=", model), ("module", "in", list(modules))]
        )
        return self.env[model].browse(data.mapped("res_id")).exists()

    def test_dispatching_follows_the_matrix(self):
        """Given the table of moves, then those who dispatch are those whom the matrix names."""
        from odoo.addons.meddev_service.models.ticket_state import TRANSITIONS

        roles = TRANSITIONS["received", "dispatched"].roles
        groups = self.rights._get_function_groups("dispatch", "helpdesk.ticket")
        self.assertEqual(groups, self.env["res.groups"].union(*map(self.env.ref, roles)))
