from odoo import api, models


class MailActivity(models.Model):
    """Nothing can be planned on an archived ticket, and what was done there stays as it was."""

    _inherit = "mail.activity"

    @api.model_create_multi
    def create(self, vals_list):
        activities = super().create(vals_list)
        activities._ensure_tickets_not_archived()
        return activities

    def write(self, vals):
        self._ensure_tickets_not_archived()
        result = super().write(vals)
        if {"res_model", "res_model_id", "res_id"} & vals.keys():
            self._ensure_tickets_not_archived()
        return result

    def unlink(self):
        self._ensure_tickets_not_archived()
        return super().unlink()

    def _ensure_tickets_not_archived(self):
        # sudo: which document an activity is on; core checks the caller's rights.
        on_tickets = self.sudo().filtered(lambda activity: activity.res_model == "helpdesk.ticket")
        tickets = self.env["helpdesk.ticket"]._browse_existing(on_tickets.mapped("res_id"))
        tickets._ensure_not_archived(self.env._("activities"))
