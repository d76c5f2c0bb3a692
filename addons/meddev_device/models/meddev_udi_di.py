from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.twice import find_twice
from ..tools.udi import clean_di

ISSUERS = [
    ("gs1", "GS1"),
    ("hibcc", "HIBCC"),
    ("iccbba", "ICCBBA"),
    ("ma", "MA (ZIIOT)"),
    ("ahm", "AHM"),
]


class MeddevUdiDi(models.Model):
    """One device identifier of a product at one packaging level, with its validity."""

    _name = "meddev.udi.di"
    _description = "UDI Device Identifier"
    _order = "product_tmpl_id, packaging_level, di"
    _rec_name = "di"
    _check_company_auto = True

    product_tmpl_id = fields.Many2one(
        "product.template", string="Product", required=True, index=True, ondelete="cascade"
    )
    product_id = fields.Many2one(
        "product.product",
        string="Variant",
        index="btree_not_null",
        ondelete="cascade",
        domain="[('product_tmpl_id', '=', product_tmpl_id)]",
    )
    di = fields.Char(string="Device Identifier (DI)", required=True)
    issuer = fields.Selection(ISSUERS, required=True, default="gs1")
    packaging_level = fields.Selection(
        [
            ("unit", "Unit of Use"),
            ("inner", "Inner Pack"),
            ("box", "Box"),
            ("carton", "Carton"),
            ("pallet", "Pallet"),
        ],
        required=True,
        default="unit",
    )
    contains_quantity = fields.Integer(string="Contains", default=1)
    child_di_id = fields.Many2one(
        "meddev.udi.di",
        string="Contains DI",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('product_tmpl_id', '=', product_tmpl_id)]",
    )
    valid_from = fields.Date()
    valid_to = fields.Date(string="Valid Until")
    company_id = fields.Many2one(related="product_tmpl_id.company_id", store=True, index=True)

    _di_unique = models.UniqueIndex(
        "(di)", "This device identifier (DI) already belongs to a product."
    )
    _contains_quantity_positive = models.Constraint(
        "CHECK (contains_quantity > 0)", "A package contains at least one piece."
    )
    _validity_in_order = models.Constraint(
        "CHECK (valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to)",
        "A device identifier cannot end before it begins. Correct its validity dates.",
    )

    @api.constrains("child_di_id")
    def _check_packaging_has_no_cycle(self):
        if self._has_cycle("child_di_id"):
            raise ValidationError(self.env._("A package cannot contain itself."))

    @api.constrains("product_id", "product_tmpl_id")
    def _check_variant_of_product(self):
        for identifier in self:
            variant = identifier.product_id
            if variant and variant.product_tmpl_id != identifier.product_tmpl_id:
                raise ValidationError(
                    self.env._(
                        "DI %(di)s: %(variant)s is no variant of %(product)s.",
                        di=identifier.di,
                        variant=variant.display_name,
                        product=identifier.product_tmpl_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._clean(vals) for vals in vals_list]
        self.check_access("create")
        self._ensure_no_twins([vals.get("di") for vals in vals_list])
        return super().create(vals_list)

    def write(self, vals):
        if "issuer" in vals and len(self) > 1:
            # How a DI is written depends on its issuer, and differs per record.
            for identifier in self:
                identifier.write(vals)
            return True
        if self and vals.keys() & {"di", "issuer"}:
            self.check_access("write")
            former = {"di": self.di, "issuer": self.issuer} if len(self) == 1 else {}
            vals = vals | {"di": self._clean(former | vals)["di"]}
            self._ensure_no_twins([vals["di"]] * len(self), except_for=self)
        return super().write(vals)

    def _ensure_no_twins(self, identifiers, except_for=None):
        """Refuse a DI that a product, or another row, carries already: the index is blind."""
        if twice := find_twice(identifiers):
            raise ValidationError(
                self.env._(
                    "DI %s occurs more than once in what was entered. Keep one of them, or correct"
                    " Device Identifier (DI).",
                    twice,
                )
            )
        # sudo: a DI names one product in the world; what is told of it follows the user's rights.
        twin = self.sudo().search(
            [("di", "in", identifiers), ("id", "not in", (except_for or self.browse()).ids)],
            limit=1,
        )
        if twin:
            raise ValidationError(twin.with_user(self.env.uid)._describe_twin())

    def _describe_twin(self):
        if product := self._get_product_label():
            return self.env._(
                "DI %(di)s belongs to product %(product)s. Open it, or correct Device Identifier"
                " (DI).",
                di=self.sudo().di,  # sudo: the user typed it.
                product=product,
            )
        return self.env._(
            "DI %s belongs to a product that you may not see. Correct Device Identifier (DI), or"
            " ask an administrator.",
            self.sudo().di,  # sudo: the user typed it.
        )

    def _get_product_label(self):
        """Name of the product, and whether it is archived; "" for who may not see it."""
        self.ensure_one()
        # sudo: only the ids, whose access is asked at once.
        template = self.sudo().product_tmpl_id.with_env(self.env)
        product = self.sudo().product_id.with_env(self.env) or template
        if not (template._filtered_access("read") and product._filtered_access("read")):
            return ""
        if template.active and product.active:
            return product.display_name
        return self.env._("%s (archived)", product.display_name)

    def _clean(self, vals):
        """A GTIN is stored with 14 digits, as readings give it, however it was typed."""
        if not vals.get("di"):
            return vals
        return vals | {"di": clean_di(vals["di"], vals.get("issuer"))}

    @api.model
    def _find_products(self, identifiers):
        """Map DI -> (product, identifier record); unknown ones are missing from the map.

        A DI is found in any spelling, and keeps the one that was asked for.
        """
        cleaned = {di: clean_di(di) for di in identifiers}
        known = self.search([("di", "in", list({*cleaned, *cleaned.values()}))]).grouped("di")
        found = {}
        for di, clean in cleaned.items():
            if identifier := known.get(di) or known.get(clean):
                template = identifier.product_tmpl_id
                found[di] = (identifier.product_id or template.product_variant_id, identifier)
        return found
