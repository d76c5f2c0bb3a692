from odoo import api, fields, models

from ..models.argument import ensure_single
from ..models.meddev_role_right import FUNCTIONS, NONE, OPERATIONS


class MeddevAccessExplain(models.TransientModel):
    """What a user can do, kind of record by kind of record, and why."""

    _name = "meddev.access.explain"
    _description = "What a User Can Do"
    _rec_name = "user_id"

    user_id = fields.Many2one("res.users", required=True, default=lambda self: self.env.user)
    role_names = fields.Char("Roles", compute="_compute_role_names")
    res_model = fields.Selection(
        "_get_models", "Kind of Record", help="Empty: everything that the role matrix names."
    )
    line_ids = fields.One2many("meddev.access.explain.line", "explain_id", "Rights", readonly=True)

    @api.model
    def _get_models(self):
        models_named = self.env["meddev.role.right"]._get_matrix()
        check = self.env["meddev.role.check"]
        labels = [
            (name, check._get_model_label(self.env[name]))
            for name in models_named
            if name in self.env
        ]
        return sorted(labels, key=lambda pair: pair[1])

    @api.depends("user_id")
    def _compute_role_names(self):
        # sudo: roles of people are shown to who may ask for them, which the rights here say.
        roles = self.env["meddev.role"].sudo().search([("group_id", "!=", False)])
        for explain in self:
            groups = explain.user_id.sudo().all_group_ids  # sudo: as above
            held = roles.filtered_domain([("group_id", "in", groups.ids)])
            explain.role_names = ", ".join(held.mapped("name"))

    @api.depends("user_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for explain in self:
            explain.display_name = self.env._("What a User Can Do")

    def action_explain(self):
        """Fill in the lines and show them."""
        ensure_single(self)
        check = self.env["meddev.role.check"]
        names = [self.res_model] if self.res_model else [name for name, _ in self._get_models()]
        self.line_ids.unlink()
        self.env["meddev.access.explain.line"].create(
            [
                self._prepare_line(name, check.explain(self.user_id.id, name))
                for name in names
                if not self.env[name]._abstract
            ]
        )
        return True  # The form shows them in its place.

    def _prepare_line(self, name, answer):
        scopes = dict(
            self.env["meddev.role.right"]._fields["read_scope"]._description_selection(self.env)
        )
        order = list(scopes)
        labels = {
            "read": self.env._("Read"),
            "create": self.env._("Create"),
            "write": self.env._("Change"),
            "unlink": self.env._("Delete"),
            "dispatch": self.env._("Dispatch"),
            "approve": self.env._("Approve"),
            "export": self.env._("Export"),
        }
        vals = {"explain_id": self.id, "res_model": name, "model_label": answer["model"]}
        reasons = []
        for operation in OPERATIONS:
            verdict = answer["operations"][operation]
            widest = max(verdict["scopes"], key=order.index, default=NONE)
            # Access that the matrix does not name is shown as what it is.
            vals[f"{operation}_text"] = (
                scopes[widest if widest != NONE else "all"] if verdict["allowed"] else "–"
            )
            if verdict["allowed"]:
                reasons.append(f"{labels[operation]}\n  " + "\n  ".join(verdict["because"]))
        allowed = [name for name in FUNCTIONS if answer["functions"][name]["allowed"]]
        vals["functions_text"] = ", ".join(labels[name] for name in allowed)
        reasons += [
            f"{labels[name]}\n  " + "\n  ".join(answer["functions"][name]["because"])
            for name in allowed
        ]
        vals["because"] = "\n".join(reasons) or self.env._(
            "No access row of the user's groups allows anything."
        )
        return vals


class MeddevAccessExplainLine(models.TransientModel):
    """What the user can do with one kind of record, and why."""

    _name = "meddev.access.explain.line"
    _description = "Right of a User"
    _order = "model_label, id"
    _rec_name = "model_label"

    explain_id = fields.Many2one("meddev.access.explain", required=True, ondelete="cascade")
    res_model = fields.Char("Model (Technical)")
    model_label = fields.Char("Kind of Record")
    read_text = fields.Char("Read")
    create_text = fields.Char("Create")
    write_text = fields.Char("Change")
    unlink_text = fields.Char("Delete")
    functions_text = fields.Char("Functions")
    because = fields.Text("Why")


class MeddevRoleCompare(models.TransientModel):
    """What two roles differ in."""

    _name = "meddev.role.compare"
    _description = "Comparison of Two Roles"
    _rec_name = "role_id"

    role_id = fields.Many2one("meddev.role", "First Role", required=True)
    other_role_id = fields.Many2one("meddev.role", "Second Role", required=True)
    line_ids = fields.One2many(
        "meddev.role.compare.line", "compare_id", "Differences", readonly=True
    )
    is_done = fields.Boolean(readonly=True)

    @api.depends("role_id", "other_role_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for compare in self:
            compare.display_name = self.env._("Compare Two Roles")

    def action_compare(self):
        """Fill in the differences and show them."""
        ensure_single(self)
        scopes = dict(
            self.env["meddev.role.right"]._fields["read_scope"]._description_selection(self.env)
        )
        words = {
            **scopes,
            True: self.env._("Yes"),
            False: self.env._("No"),
        }
        self.line_ids.unlink()
        # sudo: which group a role is, is no secret.
        groups = (self.role_id | self.other_role_id).sudo()
        differences = self.env["meddev.role.check"].compare(
            groups[0].group_id.id, groups[-1].group_id.id
        )
        self.env["meddev.role.compare.line"].create(
            [
                {
                    "compare_id": self.id,
                    "model_label": row["label"],
                    "res_model": row["model"],
                    "what": row["what"],
                    "first": words.get(row["first"], row["first"]),
                    "second": words.get(row["second"], row["second"]),
                }
                for row in differences
            ]
        )
        self.is_done = True
        return True  # The form shows them in its place.


class MeddevRoleCompareLine(models.TransientModel):
    """One right that two roles have differently."""

    _name = "meddev.role.compare.line"
    _description = "Difference of Two Roles"
    _order = "model_label, id"
    _rec_name = "model_label"

    compare_id = fields.Many2one("meddev.role.compare", required=True, ondelete="cascade")
    res_model = fields.Char("Model (Technical)")
    model_label = fields.Char("Kind of Record")
    what = fields.Selection(
        [
            ("read", "Read"),
            ("create", "Create"),
            ("write", "Change"),
            ("unlink", "Delete"),
            ("fields", "Fields"),
            ("dispatch", "Dispatch"),
            ("approve", "Approve"),
            ("export", "Export"),
        ],
        "Right",
    )
    first = fields.Char("First Role")
    second = fields.Char("Second Role")
