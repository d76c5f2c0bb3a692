from odoo import fields, models

SYMBOLOGY_QR = "QR"
SYMBOLOGY_DATA_MATRIX = "ECC200DataMatrix"


class ResCompany(models.Model):
    _inherit = "res.company"

    meddev_label_symbology = fields.Selection(
        [(SYMBOLOGY_QR, "QR code"), (SYMBOLOGY_DATA_MATRIX, "Data Matrix")],
        string="Symbol on Device Labels",
        default=SYMBOLOGY_QR,
        required=True,
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    meddev_label_symbology = fields.Selection(
        related="company_id.meddev_label_symbology", readonly=False, required=True
    )
