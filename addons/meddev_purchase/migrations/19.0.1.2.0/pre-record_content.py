"""Finished records keep what they said: no present fact of a product gets into them.

The purchase date was printed from the order until now; the service life was not recorded.
"""


def migrate(cr, version):
    if not version:
        return
    cr.execute(
        """
        ALTER TABLE meddev_incoming_inspection_line
          ADD COLUMN IF NOT EXISTS service_life_months integer
        """
    )
    cr.execute("ALTER TABLE meddev_incoming_inspection ADD COLUMN IF NOT EXISTS purchase_date date")
    cr.execute(
        """
        UPDATE meddev_incoming_inspection inspection
           SET purchase_date = COALESCE(purchase.date_approve, purchase.date_order)::date
          FROM purchase_order purchase
         WHERE purchase.id = inspection.purchase_id AND inspection.purchase_date IS NULL
        """
    )
