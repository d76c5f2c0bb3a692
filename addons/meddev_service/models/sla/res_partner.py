from odoo import fields, models

from ..ticket_state import OPEN_STATES


class ResPartner(models.Model):
    _inherit = "res.partner"

    service_level_id = fields.Many2one(
        "meddev.service.level",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="For requests of this customer, or about what stands in this place. A department's"
        " counts before its hospital's, a device's before both.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "service_level_id" in vals:
            # sudo: the open tickets of the place, whoever agrees on another level.
            tickets = self.env["helpdesk.ticket"].sudo()
            tickets.search(
                [
                    ("service_state", "in", OPEN_STATES),
                    "|",
                    ("place_id.facility_ancestor_ids", "in", self.ids),
                    ("commercial_partner_id", "in", self.ids),
                ]
            )._reconsider_policy()
        return result
