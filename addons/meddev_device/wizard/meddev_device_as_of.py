from odoo import api, fields, models


class MeddevDeviceAsOf(models.TransientModel):
    """Shows where a device was on a date, in which state and with what inside."""

    _name = "meddev.device.as.of"
    _description = "Device As Of a Date"

    lot_id = fields.Many2one("stock.lot", string="Device", required=True, readonly=True)
    moment = fields.Datetime(string="At", required=True, default=lambda self: fields.Datetime.now())
    is_known = fields.Boolean(compute="_compute_situation")
    situation_note = fields.Text(string="What Is Not Known", compute="_compute_situation")
    state_label = fields.Char(string="State", compute="_compute_situation")
    customer = fields.Char(compute="_compute_situation")
    department = fields.Char(compute="_compute_situation")
    room = fields.Char(compute="_compute_situation")
    location = fields.Char(string="Stock Location", compute="_compute_situation")
    fitted_into = fields.Char(
        compute="_compute_situation",
        help="The device that it was a component of; the place is that device's.",
    )
    firmware = fields.Char(compute="_compute_situation")
    component_ids = fields.Many2many(
        "meddev.device.component", string="Components", compute="_compute_situation"
    )

    @api.depends("lot_id", "moment")
    def _compute_situation(self):
        for wizard in self:
            if not wizard.lot_id:
                continue
            situation = wizard.lot_id.device_at(wizard.moment or fields.Datetime.now())
            wizard.is_known = situation["is_known"]
            wizard.situation_note = situation["note"]
            wizard.state_label = situation["state_label"]
            for name in ("customer", "department", "room"):
                wizard[name] = situation[name] and situation[name]["name"]
            wizard.location = situation["location"]
            host = situation["fitted_into"]
            wizard.fitted_into = host and " · ".join(filter(None, [host["name"], host["position"]]))
            wizard.firmware = situation["firmware"]
            wizard.component_ids = [row["id"] for row in situation["components"]]
