"""Devices and batches learn the day of their receipt, from which retention counts."""

BATCH_SIZE = 50_000


def migrate(cr, version):
    if not version:
        return
    cr.execute("SELECT MIN(id), MAX(id) FROM stock_lot WHERE receipt_id IS NOT NULL")
    first, last = cr.fetchone()
    for start in range(first or 0, (last or -1) + 1, BATCH_SIZE):
        cr.execute(
            """
            UPDATE stock_lot lot
               SET received_on = picking.date_done::date
              FROM stock_picking picking
             WHERE picking.id = lot.receipt_id AND lot.received_on IS NULL
                   AND lot.id BETWEEN %s AND %s
            """,
            [start, start + BATCH_SIZE - 1],
        )
