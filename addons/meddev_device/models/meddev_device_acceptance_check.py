from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class MeddevDeviceAcceptanceCheck(models.Model):
    """One check that the acceptance of a device asks for; a new acceptance takes a copy of it.

    An empty class, category, product or company means: any.
    Rule: ISO 13485:2016 7.5.3 (criteria for accepting an installation).
    """

    _name = "meddev.device.acceptance.check"
    _description = "Acceptance Check"
    _order = "sequence, id"

    sequence = fields.Integer(default=10)
    name = fields.Char(string="Check", required=True, translate=True)
    is_required = fields.Boolean(
        string="Must Be Passed",
        default=True,
        help="Without it passed, nobody signs the acceptance.",
    )
    device_class = fields.Selection(
        [("1", "Class I"), ("2", "Class II"), ("3", "Class III")],
        string="Management Class",
        help="Empty: products of any class, unclassified ones included.",
    )
    categ_id = fields.Many2one(
        "product.category",
        string="Product Category",
        ondelete="restrict",
        help="Empty: any. Categories below it count as well.",
    )
    product_tmpl_id = fields.Many2one(
        "product.template",
        string="Product",
        ondelete="cascade",
        domain="[('is_medical_device', '=', True)]",
        help="Empty: any product.",
    )
    source = fields.Char(translate=True, help="Law, standard or procedure that asks for the check.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: acceptances that the reader may not see count as well; only the check is named.
        lines = self.env["meddev.device.acceptance.line"].sudo()
        if used := lines.search([("check_id", "in", self.ids)], limit=1).check_id:
            raise UserError(
                self.env._(
                    "The check %s is part of acceptances. Switch it off instead: new acceptances"
                    " then do without it.",
                    used.display_name,
                )
            )

    @api.model
    def _find_for(self, device):
        """Checks that the acceptance of ``device`` asks for today, in their order."""
        # sudo: what is checked does not depend on who prepares the acceptance.
        template = device.sudo().product_id.product_tmpl_id
        company = device.company_id or self.env.company
        # sudo: as above.
        return self.sudo().search(
            Domain("active", "=", True)
            & Domain("company_id", "in", [False, company.id])
            & Domain("device_class", "in", [False, template.device_class])
            & Domain("product_tmpl_id", "in", [False, template.id])
            & (
                Domain("categ_id", "=", False)
                | Domain("categ_id", "parent_of", template.categ_id.ids)
            )
        )
