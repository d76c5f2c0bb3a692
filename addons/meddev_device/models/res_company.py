from odoo import api, fields, models
from odoo.fields import Domain

#: Nothing is looked for farther ahead: a hundred years.
MOST_DAYS = 36_500

EXPIRED_BLOCK = "block"
EXPIRED_WARN = "warn"

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
    meddev_expiring_days = fields.Integer(
        "Expiring From (Days Before)",
        help="Days before their end from which certificates and supplier papers are shown as"
        " expiring. 0: from the first active reminder of their kind on.",
    )
    meddev_expired_policy = fields.Selection(
        [(EXPIRED_BLOCK, "Block"), (EXPIRED_WARN, "Let Go and Keep a Record")],
        "Delivering Expired Goods",
        default=EXPIRED_BLOCK,
        required=True,
    )

    _meddev_expiring_days_possible = models.Constraint(
        f"CHECK (meddev_expiring_days BETWEEN 0 AND {MOST_DAYS})",
        "Certificates show as expiring at most 36,500 days before their end, and not after it.",
    )

    @api.model
    def _get_ending_domain(self, today, default_days):
        """Records that end within the warning time of their company, or have ended.

        :param default_days: warning time of companies whose setting is 0.
        :return: domain on ``valid_to`` and ``company_id``. What belongs to no company follows the
            present one.
        """
        # sudo: a setting that colours lists for every reader.
        companies = self.sudo().with_context(active_test=False)
        companies = companies.search([("meddev_expiring_days", ">", 0)])
        others = Domain("company_id", "not in", companies.ids)
        if self.env.company in companies:
            others &= Domain("company_id", "!=", False)
        limit = fields.Date.add(today, days=default_days)
        domain = others & Domain("valid_to", "<=", limit)
        for days, own in companies.grouped("meddev_expiring_days").items():
            ids = [*own.ids, False] if self.env.company in own else own.ids
            limit = fields.Date.add(today, days=days)
            domain |= Domain("company_id", "in", ids) & Domain("valid_to", "<=", limit)
        return domain


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    meddev_label_symbology = fields.Selection(
        related="company_id.meddev_label_symbology", readonly=False, required=True
    )
    meddev_expiring_days = fields.Integer(related="company_id.meddev_expiring_days", readonly=False)
    meddev_expired_policy = fields.Selection(
        related="company_id.meddev_expired_policy", readonly=False, required=True
    )
