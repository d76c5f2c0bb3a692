from odoo import api, fields, models


class MeddevPaperWaive(models.TransientModel):
    """Asks why an order or a receipt is allowed in spite of missing papers."""

    _name = "meddev.paper.waive"
    _description = "Allow in Spite of Missing Papers"

    res_model = fields.Selection(
        [("purchase.order", "Purchase Order"), ("stock.picking", "Receipt")], required=True
    )
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    document_name = fields.Char(compute="_compute_missing")
    missing = fields.Text("What Is Missing", compute="_compute_missing")
    reason = fields.Char(required=True)

    @api.depends("res_model", "res_id")
    def _compute_missing(self):
        for wizard in self:
            document = wizard._get_document()
            wizard.document_name = document.display_name
            wizard.missing = "\n".join(gap.message for gap in document._get_open_paper_gaps())

    def action_allow(self):
        """Keep the decision and go back to the document."""
        self.ensure_one()
        self._get_document().allow_papers(self.reason)
        return {"type": "ir.actions.act_window_close"}

    def _get_document(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)
