from odoo import Command, api, fields, models

from odoo.addons.meddev_device.models.argument import ensure_single

from ..models.meddev_incoming_inspection_capture import ROW_REFUSED
from ..models.meddev_incoming_inspection_line import RESULT_ACCEPTED, RESULTS

MAX_SHOWN_ROWS = 200


class MeddevIncomingCapture(models.TransientModel):
    """Takes many UDI codes or serial numbers at once; what cannot be taken stays in the box."""

    _name = "meddev.incoming.capture"
    _description = "Scan or Paste Goods"

    inspection_id = fields.Many2one("meddev.incoming.inspection", required=True, readonly=True)
    product_ids = fields.Many2many(related="inspection_id.product_ids", string="Expected Products")
    product_id = fields.Many2one(
        "product.product",
        domain="[('id', 'in', product_ids)]",
        help="Needed for serial or batch numbers without UDI when several products are expected.",
    )
    result = fields.Selection(RESULTS, required=True, default=RESULT_ACCEPTED)
    reason = fields.Char()
    text = fields.Text("Codes")
    has_run = fields.Boolean(readonly=True)
    captured_count = fields.Integer("Captured", readonly=True)
    refused_count = fields.Integer("Not Captured", readonly=True)
    message = fields.Char(compute="_compute_message")
    row_ids = fields.One2many("meddev.incoming.capture.row", "capture_id", readonly=True)
    reconciliation = fields.Html(related="inspection_id.reconciliation", sanitize=False)

    @api.depends("captured_count", "refused_count")
    @api.depends_context("lang")
    def _compute_message(self):
        for wizard in self:
            if wizard.refused_count:
                wizard.message = self.env._(
                    "%(captured)s captured, %(refused)s not. Those stay in the box: correct them"
                    " and capture again.",
                    captured=wizard.captured_count,
                    refused=wizard.refused_count,
                )
            else:
                wizard.message = self.env._(
                    "%s captured, nothing left over.", wizard.captured_count
                )

    @api.onchange("inspection_id")
    def _onchange_inspection_id(self):
        if len(self.inspection_id.product_ids) == 1:
            self.product_id = self.inspection_id.product_ids

    def action_capture(self):
        """Capture, keep the rows that were refused in the box, and show why."""
        ensure_single(self)
        lines = dict(enumerate((self.text or "").replace("\r\n", "\n").split("\n"), start=1))
        answer = self.inspection_id.capture(
            self.text, product_id=self.product_id.id, result=self.result, reason=self.reason
        )
        refused = [row for row in answer["rows"] if row["status"] == ROW_REFUSED]
        self.write(
            {
                "has_run": True,
                "captured_count": self.captured_count + answer["captured"],
                "refused_count": answer["refused"],
                "text": "\n".join(lines[row["row"]] for row in refused),
                "row_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {
                                "row": position,
                                "code": row["code"],
                                "product": row["product"],
                                "error": row["error"],
                            }
                        )
                        for position, row in enumerate(refused[:MAX_SHOWN_ROWS], start=1)
                    ),
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Scan or Paste"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_close(self):
        """Back to the inspection, which shows the new lines."""
        return {"type": "ir.actions.act_window_close", "infos": {"done": True}}


class MeddevIncomingCaptureRow(models.TransientModel):
    """One row that was not captured, and why."""

    _name = "meddev.incoming.capture.row"
    _description = "Row Not Captured"
    _order = "row, id"

    capture_id = fields.Many2one("meddev.incoming.capture", required=True, ondelete="cascade")
    row = fields.Integer()
    code = fields.Char()
    product = fields.Char()
    error = fields.Char("What Is Wrong")
