import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .argument import ensure_single

STATUS_ACTIVE = "active"
STATUS_RETIRED = "retired"


class MeddevCodeSystem(models.Model):
    """A list of codes that somebody publishes and revises: an IMDRF annex, the NMPA catalogue."""

    _name = "meddev.code.system"
    _description = "Code List"
    _order = "code, id"
    _rec_names_search = ["code", "name"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    publisher = fields.Char(translate=True)
    source = fields.Text(translate=True, help="Where the official files are found; attribution.")
    code_pattern = fields.Char(
        help="Regular expression that every code of the list matches. Empty: any code."
    )
    lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(),
        string="Language of the Files",
        help="Language in which the official file is written; empty: English.",
    )
    release_ids = fields.One2many("meddev.code.release", "system_id", "Releases")
    code_ids = fields.One2many("meddev.code", "system_id", "Codes")
    code_count = fields.Integer(compute="_compute_code_count")
    active = fields.Boolean(default=True)

    _code_unique = models.UniqueIndex("(code)", "There is already a code list of this name.")

    @api.depends("code_ids")
    def _compute_code_count(self):
        counts = dict(
            self.env["meddev.code"]._read_group(
                [("system_id", "in", self.ids)], ["system_id"], ["__count"]
            )
        )
        for system in self:
            system.code_count = counts.get(system, 0)

    @api.constrains("code_pattern")
    def _check_code_pattern_compiles(self):
        for system in self.filtered("code_pattern"):
            try:
                re.compile(system.code_pattern)
            except re.error as error:
                raise ValidationError(
                    self.env._(
                        "%(system)s: the Code Pattern is not a regular expression (%(error)s).",
                        system=system.name,
                        error=error,
                    )
                ) from error

    def _get_release(self, date=None):
        """The release of this list that holds on a day: the newest that is in force."""
        self.ensure_one()
        date = date or fields.Date.context_today(self)
        return self.env["meddev.code.release"].search(
            [
                ("system_id", "=", self.id),
                ("valid_from", "<=", date),
                "|",
                ("valid_to", "=", False),
                ("valid_to", ">=", date),
            ],
            order="valid_from desc, id desc",
            limit=1,
        )

    def action_view_codes(self):
        ensure_single(self)
        action = self.env["ir.actions.act_window"]._for_xml_id("meddev_base.meddev_code_action")
        return {**action, "domain": [("system_id", "=", self.id)], "context": {}}


class MeddevCodeRelease(models.Model):
    """One release of a code list; a record coded by it keeps meaning what it meant then."""

    _name = "meddev.code.release"
    _description = "Release of a Code List"
    _order = "system_id, valid_from desc, id desc"
    _rec_names_search = ["name", "system_id.code"]

    system_id = fields.Many2one(
        "meddev.code.system", "Code List", required=True, index=True, ondelete="restrict"
    )
    name = fields.Char("Release", required=True)
    valid_from = fields.Date(required=True, default=fields.Date.context_today)
    valid_to = fields.Date(help="Last day; empty while no later release replaces it.")
    source = fields.Char(help="The file or page that the release was taken from.")
    code_ids = fields.One2many("meddev.code", "release_id", "Codes")
    code_count = fields.Integer(compute="_compute_code_count")

    _name_unique = models.UniqueIndex(
        "(system_id, name)", "This release of the code list already exists."
    )
    _dates_ordered = models.Constraint(
        "CHECK (valid_to IS NULL OR valid_to >= valid_from)",
        "The field Valid To lies before Valid From: correct one of them.",
    )

    @api.depends("name", "system_id.code")
    def _compute_display_name(self):
        for release in self:
            parts = (release.system_id.code, release.name)
            release.display_name = " ".join(filter(None, parts))

    @api.depends("code_ids")
    def _compute_code_count(self):
        counts = dict(
            self.env["meddev.code"]._read_group(
                [("release_id", "in", self.ids)], ["release_id"], ["__count"]
            )
        )
        for release in self:
            release.code_count = counts.get(release, 0)


class MeddevCode(models.Model):
    """One code of one release, with its place in the tree of the list.

    A few official codes stand at several places (a brain injury is of the nervous system and an
    injury): ``parent_id`` is the place that the code itself names, ``also_under_ids`` the others.
    """

    _name = "meddev.code"
    _description = "Code"
    _parent_store = True
    _order = "release_id, code, id"
    _rec_names_search = ["code", "term"]

    code = fields.Char(required=True)
    term = fields.Char(required=True, translate=True)
    definition = fields.Text(translate=True)
    release_id = fields.Many2one(
        "meddev.code.release", required=True, index=True, ondelete="restrict"
    )
    system_id = fields.Many2one(
        related="release_id.system_id", store=True, index=True, precompute=True
    )
    parent_id = fields.Many2one("meddev.code", index="btree_not_null", ondelete="restrict")
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("meddev.code", "parent_id", "Narrower Codes")
    also_under_ids = fields.Many2many(
        "meddev.code",
        "meddev_code_also_under_rel",
        "code_id",
        "parent_id",
        string="Also Listed Under",
    )
    level = fields.Integer(compute="_compute_level", store=True, recursive=True, precompute=True)
    is_selectable = fields.Boolean(
        "Selectable", default=True, help="Off for headings that only group other codes."
    )
    status = fields.Selection(
        [(STATUS_ACTIVE, "Active"), (STATUS_RETIRED, "Retired")],
        required=True,
        default=STATUS_ACTIVE,
    )
    external_code = fields.Char(
        help="The same code in another list, for example the FDA code of an IMDRF code."
    )

    _code_unique = models.UniqueIndex(
        "(release_id, code)", "This code already exists in the release."
    )
    _code_index = models.Index("(code)")

    @api.depends("code", "term")
    def _compute_display_name(self):
        for code in self:
            code.display_name = " ".join(filter(None, (code.code, code.term)))

    @api.depends("parent_id.level")
    def _compute_level(self):
        for code in self:
            code.level = code.parent_id.level + 1

    @api.constrains("parent_id", "release_id")
    def _check_parent_of_same_release(self):
        for code in self:
            if code.parent_id and code.parent_id.release_id != code.release_id:
                raise ValidationError(
                    self.env._(
                        "%(code)s: the parent code %(parent)s belongs to another release.",
                        code=code.display_name,
                        parent=code.parent_id.display_name,
                    )
                )

    @api.constrains("code", "release_id")
    def _check_code_matches_pattern(self):
        for code in self:
            pattern = code.system_id.code_pattern
            if pattern and not re.fullmatch(pattern, code.code):
                raise ValidationError(
                    self.env._(
                        "The code %(code)s does not have the shape of the list %(system)s.",
                        code=code.code,
                        system=code.system_id.display_name,
                    )
                )

    @api.model
    def _search_display_name(self, operator, value):
        """Find "A0801 Failure to Calibrate" as it is shown, besides code or term alone."""
        domain = super()._search_display_name(operator, value)
        if operator in ("=", "ilike", "=ilike") and isinstance(value, str):
            code, _space, term = value.strip().partition(" ")
            if term:
                term_operator = "=" if operator == "=" else "ilike"
                domain |= fields.Domain("code", "=ilike", code) & fields.Domain(
                    "term", term_operator, term
                )
        return domain
