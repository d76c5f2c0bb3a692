from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..models.argument import ensure_single


class MeddevSerialResolve(models.TransientModel):
    """Asks quality or the manager how a doubtful serial is settled."""

    _name = "meddev.serial.resolve"
    _description = "Review Serial Number"

    lot_id = fields.Many2one("stock.lot", string="Device", required=True, readonly=True)
    twin_ids = fields.Many2many(
        "stock.lot", string="Same Serial Number", compute="_compute_twin_ids"
    )
    decision = fields.Selection(
        [
            ("rename", "The serial number is wrong: correct it"),
            ("distinct", "Two different devices carry this serial number"),
        ],
        required=True,
        default="rename",
    )
    name = fields.Char(string="Right Serial Number")
    note = fields.Char(string="Reason", required=True)

    @api.depends("lot_id")
    def _compute_twin_ids(self):
        for wizard in self:
            lot = wizard.lot_id
            wizard.twin_ids = self.env["stock.lot"].search(
                [
                    ("product_id", "=", lot.product_id.id),
                    ("normalised_serial", "=", lot.normalised_serial),
                    ("id", "!=", lot.id),
                ]
            )

    def action_resolve(self):
        """Settle the serial as decided."""
        ensure_single(self)
        may = self.env["meddev.role.right"]._may("approve", "meddev.serial.resolve")
        if self.env.uid != self.env.ref("base.user_root").id and not may:
            raise AccessError(
                self.env._(
                    "Reviewing serial numbers is for the quality specialist and the service"
                    " manager."
                )
            )
        self.lot_id.check_access("write")
        self.lot_id._settle_serial(self.note, name=self.name if self.decision == "rename" else None)
        return {"type": "ir.actions.act_window_close"}
