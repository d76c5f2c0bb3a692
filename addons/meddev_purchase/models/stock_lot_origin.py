from odoo import api, models
from odoo.tools import SQL

READ_BY_SQL = {
    "product.product": ["product_tmpl_id"],
    "purchase.order": ["partner_id", "date_approve", "date_order"],
    "purchase.order.line": ["order_id"],
    "res.partner": ["commercial_partner_id"],
    "stock.location": ["usage"],
    "stock.move": ["purchase_line_id", "picking_id"],
    "stock.move.line": ["lot_id", "state", "date", "location_id", "move_id"],
    "stock.picking": ["partner_id"],
}


class StockLot(models.Model):
    """Where lots came from that were received before we looked.

    Asked for products that are flagged as medical after their lots arrived, and at
    installation; SQL in batches, as a product may have a million lots.
    """

    _inherit = "stock.lot"

    @api.model
    def _fill_medical_lots(self, templates):
        # Loaded before stock_lot_retention.py, which counts from the purchase date found here.
        result = super()._fill_medical_lots(templates)
        self._fill_origin(templates.filtered("is_medical_device"))
        return result

    @api.model
    def _fill_origin(self, templates):
        """Tell the medical lots of these products of their last receipt from a supplier.

        Lots that know their receipt, and what was typed in, stay as they are.
        """
        for model, names in READ_BY_SQL.items():
            self.env[model].flush_model(names)
        self.flush_model()
        self._audit_trail_announce()
        for lot_ids in self._iterate_lot_ids(templates, SQL("lot.receipt_id IS NULL")):
            self.env.cr.execute(self._get_origin_sql(lot_ids))
        self.invalidate_model()

    @api.model
    def _get_origin_sql(self, lot_ids):
        return SQL(
            """
            UPDATE stock_lot lot
               SET purchase_order_id = source.order_id,
                   purchase_line_id = source.purchase_line_id,
                   supplier_id = COALESCE(lot.supplier_id, source.supplier_id),
                   receipt_id = source.picking_id,
                   received_on = source.received_on,
                   purchase_date = COALESCE(lot.purchase_date, source.bought_on)
              FROM (
                    SELECT DISTINCT ON (line.lot_id) line.lot_id,
                           move.purchase_line_id,
                           purchase.id AS order_id,
                           move.picking_id,
                           line.date::date AS received_on,
                           COALESCE(partner.commercial_partner_id, partner.id) AS supplier_id,
                           COALESCE(purchase.date_approve, purchase.date_order, line.date)::date
                               AS bought_on
                      FROM stock_move_line line
                      JOIN stock_move move ON move.id = line.move_id
                      JOIN stock_location place ON place.id = line.location_id
                           AND place.usage = 'supplier'
                 LEFT JOIN stock_picking picking ON picking.id = move.picking_id
                 LEFT JOIN purchase_order_line item ON item.id = move.purchase_line_id
                 LEFT JOIN purchase_order purchase ON purchase.id = item.order_id
                 LEFT JOIN res_partner partner
                        ON partner.id = COALESCE(purchase.partner_id, picking.partner_id)
                     WHERE line.state = 'done' AND line.lot_id IN %s
                  ORDER BY line.lot_id, line.date DESC, line.id DESC
                   ) source
             WHERE lot.id = source.lot_id AND lot.is_medical
            """,
            lot_ids,
        )
