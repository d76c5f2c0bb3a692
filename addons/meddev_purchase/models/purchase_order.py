from odoo import api, fields, models

from odoo.addons.meddev_device.models.argument import ensure_single

from .paper_kind import OPERATION_ORDER

ORDERED_STATES = ("to approve", "purchase")


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "meddev.paper.check"]

    inspection_ids = fields.One2many(
        "meddev.incoming.inspection", "purchase_id", "Incoming Inspections"
    )
    inspection_count = fields.Integer(compute="_compute_inspection_count")

    @api.depends("partner_id", "order_line.product_id", "order_line.product_qty", "state")
    def _compute_missing_papers(self):
        return super()._compute_missing_papers()

    @api.depends("company_id.meddev_order_paper_policy")
    def _compute_paper_policy(self):
        return super()._compute_paper_policy()

    @api.depends("inspection_ids")
    def _compute_inspection_count(self):
        counts = dict(
            # sudo: a buyer may know how many inspections there are without opening them.
            self.env["meddev.incoming.inspection"]
            .sudo()
            ._read_group([("purchase_id", "in", self.ids)], ["purchase_id"], ["__count"])
        )
        for order in self:
            order.inspection_count = counts.get(order._origin, 0)

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders.filtered(lambda order: order.state in ORDERED_STATES)._ensure_papers()
        return orders

    def write(self, vals):
        ordered = self.browse()
        if vals.get("state") in ORDERED_STATES:
            ordered = self.filtered(lambda order: order.state not in ORDERED_STATES)
            # Approving is asked again: papers may have expired since the order was confirmed.
            if vals["state"] == "purchase":
                ordered |= self.filtered(lambda order: order.state == "to approve")
        if "partner_id" in vals:
            # Another supplier has other papers.
            ordered |= self.filtered(lambda order: order.state in ORDERED_STATES)
        result = super().write(vals)
        ordered._ensure_papers()
        return result

    def button_confirm(self):
        self.filtered(lambda order: order.state in ("draft", "sent"))._ensure_papers()
        return super().button_confirm()

    def action_view_inspections(self):
        """Open the incoming inspections of this order."""
        ensure_single(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "meddev_purchase.meddev_incoming_inspection_action"
        )
        return action | {"domain": [("purchase_id", "=", self.id)], "context": {"create": False}}

    def _get_paper_policy(self):
        self.ensure_one()
        # sudo: the setting of the order's own company.
        return (self.company_id or self.env.company).sudo().meddev_order_paper_policy

    def _get_paper_partner(self):
        return self.partner_id

    def _get_paper_templates(self):
        return self.order_line.product_id.product_tmpl_id

    def _is_paper_check_due(self):
        if self.state == "purchase":
            return self.order_line._is_ordering_more()
        return self.state in ("draft", "sent", "to approve")

    def _go_on_with_papers(self):
        if self.state == "to approve":
            return self.button_approve()
        return self.with_context(validate_analytic=True).button_confirm()

    def _get_paper_waiver_domain(self):
        return [("operation", "=", OPERATION_ORDER), ("purchase_id", "in", self.ids)]
