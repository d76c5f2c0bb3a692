from odoo import api, fields, models
from odoo.fields import Domain


class ResUsers(models.Model):
    _inherit = "res.users"

    region_line_ids = fields.One2many("meddev.user.region", "user_id", "Regions")
    team_line_ids = fields.One2many("meddev.team.member", "user_id", "Teams")

    @api.model
    def _get_period_domain(self, date):
        """Domain of the dated rows that hold on a day (both ends included)."""
        return Domain("date_from", "<=", date) & (
            Domain("date_to", "=", False) | Domain("date_to", ">=", date)
        )

    def _get_current_regions(self, date=None):
        """Regions that these users work in on a day (default: today of the reader)."""
        date = date or fields.Date.context_today(self)
        domain = Domain("user_id", "in", self.ids) & self._get_period_domain(date)
        return self.env["meddev.user.region"].search(domain).region_id

    def _get_current_teams(self, date=None):
        """Teams that these users belong to on a day (default: today of the reader)."""
        date = date or fields.Date.context_today(self)
        domain = Domain("user_id", "in", self.ids) & self._get_period_domain(date)
        return self.env["meddev.team.member"].search(domain).team_id
