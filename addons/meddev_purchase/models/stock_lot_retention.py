from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.retention import Goods, is_kept_forever, retain_until


class StockLot(models.Model):
    """How long the records of a device or batch are kept."""

    _inherit = "stock.lot"

    retain_until = fields.Date(
        "Keep Records Until", compute="_compute_retain_until", store=True, copy=False
    )
    is_retained_permanently = fields.Boolean(
        "Keep Records Permanently", compute="_compute_is_retained_permanently"
    )

    @api.depends("expiry_date", "production_date", "received_on", "purchase_date", "product_id")
    def _compute_retain_until(self):
        # Neither the product's own fields nor the rules are triggers: they concern a million
        # lots, which _fill_retention handles by SQL.
        rules = self.env["meddev.retention.rule"]._get_rules()
        for lot in self:
            lot.retain_until = lot.is_medical and retain_until(rules, lot._get_retained_goods())

    @api.depends("is_medical", "received_on", "purchase_date", "product_id.is_implant")
    def _compute_is_retained_permanently(self):
        rules = self.env["meddev.retention.rule"]._get_rules()
        for lot in self:
            lot.is_retained_permanently = bool(lot.is_medical) and is_kept_forever(
                rules, lot._get_retained_goods()
            )

    def _get_retained_goods(self):
        """The facts that the retention rules ask for."""
        self.ensure_one()
        return Goods(
            received_on=self.received_on or self.purchase_date or None,
            expires_on=self.expiry_date or None,
            produced_on=self.production_date or None,
            service_life_months=self.product_id.service_life_months,
            is_implant=self.product_id.is_implant,
        )

    @api.model
    def _fill_medical_lots(self, templates):
        result = super()._fill_medical_lots(templates)
        self._fill_retention(templates)
        return result

    @api.model
    def _fill_retention(self, templates):
        """Compute ``retain_until`` of all lots of these products, batch by batch."""
        for _lot_ids in self._iterate_filled_retention(templates):
            pass

    @api.model
    def _iterate_filled_retention(self, templates):
        """As ``_fill_retention``, handing back the ids of each batch that is done.

        SQL, as a product may have a million lots.
        """
        self.env["product.template"].flush_model(["is_implant", "service_life_months"])
        self.env["product.product"].flush_model(["product_tmpl_id"])
        self.flush_model()
        rule = SQL(
            "CASE WHEN lot.is_medical THEN %s END",
            self.env["meddev.retention.rule"]._get_sql(
                received=SQL("COALESCE(lot.received_on, lot.purchase_date)"),
                expires=SQL("lot.expiry_date"),
                produced=SQL("lot.production_date"),
                life=SQL("template.service_life_months"),
                is_implant=SQL("template.is_implant"),
            ),
        )
        for lot_ids in self._iterate_lot_ids(templates):
            # Jobs commit after each batch.
            self._audit_trail_announce()
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
                    rule=rule,
                    lot_ids=lot_ids,
                )
            )
            yield lot_ids
        self.invalidate_model(["retain_until", "is_retained_permanently"])
