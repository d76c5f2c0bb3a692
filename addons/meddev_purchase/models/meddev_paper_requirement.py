from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .paper_kind import PAPER_KINDS, SUPPLIER_KINDS


class MeddevPaperRequirement(models.Model):
    """One rule: who sells devices of this class to us must hold this kind of paper.

    Rules are data with a validity, so that a change of law is a new row and not new code.
    An empty class or supplier kind means: any.
    Rule: SAMR Order No. 54 (2022) Art. 32 (check the supplier's and the product's papers).
    """

    _name = "meddev.paper.requirement"
    _description = "Required Supplier Paper"
    _order = "sequence, id"

    kind = fields.Selection(PAPER_KINDS, string="Required Paper", required=True)
    device_class = fields.Selection(
        [("1", "Class I"), ("2", "Class II"), ("3", "Class III")],
        string="Management Class",
        help="Empty: products of any class, unclassified ones included.",
    )
    supplier_kind = fields.Selection(
        SUPPLIER_KINDS,
        string="Bought From",
        help="Empty: any supplier. A supplier counts as manufacturer of a product when it is "
        "the product's manufacturer; any other supplier counts as distributor.",
    )
    is_only_if_filed = fields.Boolean(
        "Only If on File",
        help="A supplier without such a paper lacks nothing; one that is on file must be valid and"
        " cover the product.",
    )
    valid_from = fields.Date()
    valid_to = fields.Date(string="Valid Until", help="Last day on which the rule applies.")
    legal_reference = fields.Char(translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)

    @api.depends("kind", "device_class", "supplier_kind")
    def _compute_display_name(self):
        for requirement in self:
            names = [
                requirement._get_label(name) for name in ("kind", "device_class", "supplier_kind")
            ]
            requirement.display_name = " · ".join(filter(None, names))

    @api.constrains("valid_from", "valid_to")
    def _check_validity_in_order(self):
        for requirement in self:
            valid_from, valid_to = requirement.valid_from, requirement.valid_to
            if valid_from and valid_to and valid_from > valid_to:
                raise ValidationError(
                    self.env._(
                        "%(name)s: the rule ends before it begins. Correct Valid From or"
                        " Valid Until.",
                        name=requirement.display_name,
                    )
                )

    @api.model
    def _get_applicable_domain(self, company, day):
        """Rules in force on ``day`` for ``company``; archived ones in no client's context."""
        return (
            Domain("active", "=", True)
            & Domain("company_id", "in", [False, company.id])
            & (Domain("valid_from", "=", False) | Domain("valid_from", "<=", day))
            & (Domain("valid_to", "=", False) | Domain("valid_to", ">=", day))
        )

    def _applies_to(self, device_class, supplier_kind):
        """Whether this rule speaks about a product of this class from this kind of supplier.

        :param supplier_kind: False where the supplier is unknown, who may be of either kind.
        """
        self.ensure_one()
        return self.device_class in (False, device_class) and (
            not supplier_kind or self.supplier_kind in (False, supplier_kind)
        )

    def _get_label(self, name):
        """Translated label of a selection field's value, or an empty string."""
        return dict(self._fields[name]._description_selection(self.env)).get(self[name], "")
