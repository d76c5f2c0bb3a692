from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.meddev_device.models.argument import ensure_single


class MeddevPaperWaive(models.TransientModel):
    """Asks why an order or a receipt goes on in spite of missing papers.

    Where it was opened by the button that confirms, it confirms afterwards.
    """

    _name = "meddev.paper.waive"
    _description = "Allow in Spite of Missing Papers"

    res_model = fields.Selection(
        [("purchase.order", "Purchase Order"), ("stock.picking", "Receipt")], required=True
    )
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    inspection_id = fields.Many2one("meddev.incoming.inspection", readonly=True)
    goes_on = fields.Boolean(readonly=True)
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
        """Keep the reason, go on with what the person was about to do, go back to the form."""
        ensure_single(self)
        document = self._get_document()
        document.allow_papers(self.reason)
        answer = (self.inspection_id or document)._go_on_with_papers() if self.goes_on else None
        # Core's buttons answer with a further dialogue, or with nothing that a client can show.
        return answer if answer and answer is not True else {"type": "ir.actions.act_window_close"}

    def _get_document(self):
        self.ensure_one()
        document = self.env[self.res_model].browse(self.res_id).exists()
        if not document:
            raise UserError(self.env._("The order or receipt does not exist any more."))
        return document
