from odoo import fields, models


class MeddevPauseReason(models.Model):
    """Why a clock may stand still: what the customer has to do before work can go on."""

    _name = "meddev.pause.reason"
    _description = "Reason to Wait for the Customer"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
