from odoo import api, fields, models


class MeddevTeam(models.Model):
    """A service team: its leader, its regions, and its members with their dates."""

    _name = "meddev.team"
    _description = "Service Team"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    leader_id = fields.Many2one("res.users", "Team Leader", domain=[("share", "=", False)])
    region_ids = fields.Many2many("meddev.region", string="Regions", check_company=True)
    member_line_ids = fields.One2many("meddev.team.member", "team_id", "Members")
    member_ids = fields.Many2many(
        "res.users",
        string="Current Members",
        compute="_compute_member_ids",
        search="_search_member_ids",
    )
    member_count = fields.Integer(compute="_compute_member_ids")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, default=lambda self: self.env.company)

    @api.depends("member_line_ids.user_id", "member_line_ids.date_from", "member_line_ids.date_to")
    def _compute_member_ids(self):
        today = fields.Date.context_today(self)
        for team in self:
            team.member_ids = team.member_line_ids.filtered(
                lambda line: line.date_from <= today and (not line.date_to or line.date_to >= today)
            ).user_id
            team.member_count = len(team.member_ids)

    def _search_member_ids(self, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        return [
            (
                "member_line_ids",
                "any",
                [
                    ("user_id", operator, value),
                    ("date_from", "<=", "today"),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", "today"),
                ],
            )
        ]


class MeddevTeamMember(models.Model):
    """A user belongs to a team from one date to another (both days included)."""

    _name = "meddev.team.member"
    _description = "Member of a Service Team"
    _order = "date_from desc, id"

    team_id = fields.Many2one("meddev.team", required=True, index=True, ondelete="cascade")
    user_id = fields.Many2one(
        "res.users", required=True, index=True, ondelete="cascade", domain=[("share", "=", False)]
    )
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("To", help="Last day; empty while it lasts.")
    company_id = fields.Many2one(related="team_id.company_id", store=True, index=True)

    _dates_ordered = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "The last day lies before the first day: correct the field To.",
    )
