from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.retention import retain_until


class StockLot(models.Model):
    """How long the records of a device or batch are kept."""

    _inherit = "stock.lot"

    retain_until = fields.Date(
        "Keep Records Until", compute="_compute_retain_until", store=True, copy=False
    )
    is_retained_permanently = fields.Boolean(
        "Keep Records Permanently", related="product_id.is_implant"
    )

    @api.depends("expiry_date", "production_date", "purchase_date", "product_id")
    def _compute_retain_until(self):
        # The product's own fields are no triggers: products of a million lots are handled by
        # SQL in _fill_retention.
        for lot in self:
            product = lot.product_id
            if not lot.is_medical or product.is_implant:
                lot.retain_until = False
                continue
            lot.retain_until = retain_until(
                lot.purchase_date,
                lot.expiry_date,
                lot.production_date,
                product.service_life_months,
            )

    @api.model
    def _fill_medical_lots(self, templates):
        result = super()._fill_medical_lots(templates)
        self._fill_retention(templates)
        return result

    @api.model
    def _fill_retention(self, templates):
        """Compute ``retain_until`` of all lots of these products, batch by batch.

        SQL, as a product may have a million lots. The same rule as
        ``tools.retention.retain_until``; a test compares the two.
        """
        self.env["product.template"].flush_model(["is_implant", "service_life_months"])
        self.env["product.product"].flush_model(["product_tmpl_id"])
        self.flush_model()
        for lot_ids in self._iterate_lot_ids(templates):
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE stock_lot lot
                       SET retain_until = %(rule)s
                      FROM product_product product
                      JOIN product_template template ON template.id = product.product_tmpl_id
                     WHERE product.id = lot.product_id AND lot.id IN %(lot_ids)s
                           AND lot.retain_until IS DISTINCT FROM %(rule)s
                    """,
                    rule=self._get_retention_sql(),
                    lot_ids=lot_ids,
                )
            )
        self.invalidate_model(["retain_until"])

    @api.model
    def _get_retention_sql(self):
        """SQL expression over the aliases ``lot`` and ``template``."""
        return SQL(
            """CASE WHEN lot.is_medical AND template.is_implant IS NOT TRUE THEN GREATEST(
                   CASE WHEN lot.expiry_date IS NOT NULL
                        THEN (lot.expiry_date + interval '2 years')::date
                        ELSE (lot.purchase_date + interval '5 years')::date END,
                   CASE WHEN COALESCE(template.service_life_months, 0) > 0
                        THEN (COALESCE(lot.production_date, lot.purchase_date)
                              + template.service_life_months * interval '1 month')::date END
               ) END"""
        )
