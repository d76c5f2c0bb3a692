"""A GTIN of 8, 12 or 13 digits becomes the GTIN-14 that readings give, on products and lots.

Where a product holds each spelling, nobody knows which of them is right: both stay as they are,
with the lots that carry the short one, and the log names them.
"""

import logging

_logger = logging.getLogger(__name__)

BATCH_SIZE = 50_000


def migrate(cr, version):
    if not version:
        return
    # CASE, since the digits are read only of what has nothing but digits.
    cr.execute(
        """
        CREATE OR REPLACE FUNCTION pg_temp.gtin_14(di text) RETURNS text LANGUAGE sql AS $$
            SELECT CASE
                   WHEN di !~ '^([0-9]{8}|[0-9]{12,13})$' OR di !~ '[1-9]' THEN di
                   WHEN (SELECT SUM(SUBSTR(LPAD(di, 14, '0'), place, 1)::int
                                    * CASE WHEN place % 2 = 1 THEN 3 ELSE 1 END)
                           FROM generate_series(1, 14) place) % 10 = 0
                   THEN LPAD(di, 14, '0')
                   ELSE di
                   END
        $$
        """
    )
    cr.execute(
        """
        WITH spelling AS (
             SELECT id, gtin, COUNT(*) OVER (PARTITION BY gtin) AS number
               FROM (SELECT id, pg_temp.gtin_14(di) AS gtin FROM meddev_udi_di) spelt
        )
        UPDATE meddev_udi_di identifier
           SET di = spelling.gtin
          FROM spelling
         WHERE spelling.id = identifier.id AND spelling.gtin != identifier.di
               AND spelling.number = 1 AND identifier.issuer = 'gs1'
        """
    )
    cr.execute(
        """
        SELECT id, di, pg_temp.gtin_14(di) FROM meddev_udi_di
         WHERE issuer = 'gs1' AND pg_temp.gtin_14(di) != di
        """
    )
    for identifier_id, di, gtin in cr.fetchall():
        _logger.warning(
            "UDI-DI %s (meddev.udi.di %s) is one of several spellings of %s; remove the wrong ones",
            di,
            identifier_id,
            gtin,
        )
    cr.execute("SELECT MIN(id), MAX(id) FROM stock_lot WHERE udi_di IS NOT NULL")
    first, last = cr.fetchone()
    for start in range(first or 0, (last or -1) + 1, BATCH_SIZE):
        cr.execute(
            """
            UPDATE stock_lot lot
               SET udi_di = pg_temp.gtin_14(lot.udi_di)
             WHERE lot.id BETWEEN %s AND %s AND pg_temp.gtin_14(lot.udi_di) != lot.udi_di
                   AND COALESCE(lot.udi_issuer, 'gs1') = 'gs1'
                   AND NOT EXISTS (SELECT FROM meddev_udi_di kept WHERE kept.di = lot.udi_di)
            """,
            [start, start + BATCH_SIZE - 1],
        )
    cr.execute("DROP FUNCTION pg_temp.gtin_14(text)")
