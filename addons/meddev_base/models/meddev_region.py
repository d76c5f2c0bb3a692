from odoo import api, fields, models


class MeddevRegion(models.Model):
    """A service region: a part of the country that people and facilities belong to."""

    _name = "meddev.region"
    _description = "Service Region"
    _parent_store = True
    _order = "complete_name, id"
    _rec_names_search = ["complete_name", "code"]

    name = fields.Char(required=True, translate=True)
    complete_name = fields.Char(
        "Full Name", compute="_compute_complete_name", recursive=True, store=True
    )
    code = fields.Char()
    parent_id = fields.Many2one(
        "meddev.region", "Parent Region", index="btree_not_null", ondelete="restrict"
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("meddev.region", "parent_id", "Sub-regions")
    user_line_ids = fields.One2many("meddev.user.region", "region_id", "Users")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)

    _code_unique = models.UniqueIndex(
        "(code, company_id) WHERE code IS NOT NULL", "This region code is already taken."
    )

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for region in self:
            parts = filter(None, (region.parent_id.complete_name, region.name))
            region.complete_name = " / ".join(parts)

    @api.depends("name", "parent_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for region in self:
            names = []
            current = region
            while current:
                names.append(current.name or "")
                current = current.parent_id
            region.display_name = " / ".join(reversed(names))


class MeddevUserRegion(models.Model):
    """A user works in a region from one date to another (both days included)."""

    _name = "meddev.user.region"
    _description = "Region of a User"
    _order = "date_from desc, id"

    user_id = fields.Many2one("res.users", required=True, index=True, ondelete="cascade")
    region_id = fields.Many2one(
        "meddev.region", required=True, index=True, ondelete="cascade", check_company=False
    )
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("To", help="Last day; empty while it lasts.")
    company_id = fields.Many2one(related="region_id.company_id", store=True, index=True)

    _dates_ordered = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "The last day lies before the first day: correct the field To.",
    )
