from odoo import api, fields, models

from .ticket_state import OPEN_STATES


class StockLot(models.Model):
    _inherit = "stock.lot"

    ticket_ids = fields.One2many(
        comodel_name="helpdesk.ticket", inverse_name="lot_id", string="Tickets"
    )
    ticket_count = fields.Integer("Tickets of the Device", compute="_compute_ticket_count")
    open_ticket_count = fields.Integer("Open Tickets", compute="_compute_ticket_count")

    @api.depends("ticket_ids.service_state")
    def _compute_ticket_count(self):
        groups = self.env["helpdesk.ticket"]._read_group(
            [("lot_id", "in", self.ids)], ["lot_id", "service_state"], ["__count"]
        )
        totals, open_ones = {}, {}
        for lot, state, count in groups:
            totals[lot.id] = totals.get(lot.id, 0) + count
            if state in OPEN_STATES:
                open_ones[lot.id] = open_ones.get(lot.id, 0) + count
        for lot in self:
            lot.ticket_count = totals.get(lot.id, 0)
            lot.open_ticket_count = open_ones.get(lot.id, 0)

    def action_view_tickets(self):
        """Open the tickets of these devices; a new one is for the device at hand."""
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.ticket",
            "view_mode": "list,form",
            "domain": [("lot_id", "in", self.ids)],
            "context": {"default_lot_id": self.id if len(self) == 1 else False},
            "name": self.env._("Tickets"),
        }
