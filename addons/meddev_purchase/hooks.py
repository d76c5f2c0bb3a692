"""Columns of a ledger that may hold a million lots are made and filled by SQL."""

from odoo.tools import SQL

BATCH_SIZE = 50000


def pre_init_hook(env):
    """Make the computed column, so that the ORM does not compute it lot by lot."""
    env.cr.execute("ALTER TABLE stock_lot ADD COLUMN IF NOT EXISTS retain_until date")


def post_init_hook(env):
    """Tell the lots that are there already where they came from, batch by batch."""
    env["res.company"].search([("active", "in", [True, False])])._create_inspection_sequences()
    env.cr.execute("SELECT MIN(id), MAX(id) FROM stock_lot WHERE is_medical")
    first, last = env.cr.fetchone()
    if first is None:
        return
    for start in range(first, last + 1, BATCH_SIZE):
        _fill_origin(env, start, start + BATCH_SIZE - 1)
        _fill_retention(env, start, start + BATCH_SIZE - 1)
    env["stock.lot"].invalidate_model()


def _fill_origin(env, first_id, last_id):
    fill_origin(env, SQL("BETWEEN %s AND %s", first_id, last_id))


def fill_origin(env, which):
    """Last receipt from a supplier of each medical lot whose id is one of ``which``.

    :param which: SQL behind the id: ``BETWEEN … AND …`` or ``IN (…)``.
    """
    env.cr.execute(
        SQL(
            """UPDATE stock_lot lot
                  SET purchase_order_id = source.order_id,
                      purchase_line_id = source.purchase_line_id,
                      supplier_id = COALESCE(lot.supplier_id, source.supplier_id),
                      receipt_id = source.picking_id,
                      purchase_date = COALESCE(lot.purchase_date, source.bought_on)
                 FROM (
                    SELECT DISTINCT ON (line.lot_id) line.lot_id,
                           move.purchase_line_id,
                           purchase.id AS order_id,
                           move.picking_id,
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
                     WHERE line.state = 'done'
                       AND line.lot_id %(which)s
                  ORDER BY line.lot_id, line.date DESC, line.id DESC
                 ) source
                WHERE lot.id = source.lot_id AND lot.is_medical""",
            which=which,
        )
    )


def _fill_retention(env, first_id, last_id):
    env.cr.execute(
        SQL(
            """UPDATE stock_lot lot
                  SET retain_until = %(rule)s
                 FROM product_product product
                 JOIN product_template template ON template.id = product.product_tmpl_id
                WHERE product.id = lot.product_id
                  AND lot.is_medical
                  AND lot.id BETWEEN %(first)s AND %(last)s""",
            rule=env["stock.lot"]._get_retention_sql(),
            first=first_id,
            last=last_id,
        )
    )
