from odoo import api, fields, models
from odoo.fields import Domain


class ResUsers(models.Model):
    _inherit = "res.users"

    region_line_ids = fields.One2many("meddev.user.region", "user_id", "Regions")
    team_line_ids = fields.One2many("meddev.team.member", "user_id", "Teams")
    integration_customer_ids = fields.Many2many(
        "res.partner",
        "meddev_integration_customer_rel",
        "user_id",
        "partner_id",
        "Customers of the Integration",
        domain=[("is_company", "=", True)],
        groups="base.group_system",
        help="Hospitals and companies for which a partner's system submits and reads requests.",
    )
    role_conflicts = fields.Text(
        "Conflicts of Duties",
        compute="_compute_role_conflicts",
        groups="base.group_system,meddev_base.group_compliance_auditor",
    )

    @api.depends("group_ids")
    def _compute_role_conflicts(self):
        conflicts = self.env["meddev.role.conflict"]
        for user in self:
            user.role_conflicts = user.id and "\n".join(conflicts._get_conflicts(user)._describe())

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

    def _mfa_type(self):
        """Roles that sign or reveal need a second factor; without an own one it comes by mail."""
        kind = super()._mfa_type()
        needing = self.env["meddev.role"]._get_second_factor_groups()
        if kind is None and needing and needing.intersection(self._get_group_ids()):
            return "totp_mail"
        return kind
