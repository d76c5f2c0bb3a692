from odoo import api, models
from odoo.tools import SQL

from ..tools.serial_number import normalise_serial_sql
from .device_state import (
    ORIGIN_LEGACY,
    ORIGIN_OWN_STOCK,
    STATE_IN_SERVICE,
    STATE_IN_STOCK,
    STATE_LOST,
    STATE_SCRAPPED,
    STATE_SHIPPED,
)
from .meddev_device_event import EVENT_CREATED

BATCH_SIZE = 20_000
ANALYZE_FROM = 10_000

READ_BY_SQL = {
    "product.template": ["is_medical_device", "tracking", "manufacturer_id"],
    "product.product": ["product_tmpl_id"],
    "stock.quant": ["lot_id", "location_id", "quantity"],
    "stock.move.line": ["lot_id", "state", "date", "location_dest_id"],
    "stock.picking": ["partner_id"],
    "stock.move": ["partner_id"],
    "stock.scrap": ["lot_id", "state"],
    "res.partner": ["facility_id", "facility_level", "facility_ancestor_ids"],
}


class StockLot(models.Model):
    """Derivation of what the lots of a product are, by SQL in batches.

    A product may have a million lots when it is flagged medical; the ORM would load each.
    """

    _inherit = "stock.lot"

    @api.model
    def _fill_medical_lots(self, templates):
        """Derive medical flags, serials, conflicts and first states of the products' lots.

        Asked when a product is flagged or unflagged, changes its tracking or maker, and after
        installation. A conflict blocks nothing: the later lot is flagged for review.
        """
        if not templates:
            return
        for model, names in READ_BY_SQL.items():
            self.env[model].flush_model(names)
        self.env["stock.lot"].flush_model()
        self.env["meddev.device.event"].flush_model()
        self.env["stock.lot"]._audit_trail_announce()
        medical = templates.filtered("is_medical_device")
        devices = medical.filtered(lambda template: template.tracking == "serial")
        self._clear_lots(templates - medical)
        self._fill_batch_lots(medical - devices)
        self._fill_devices(devices)
        self.env["stock.lot"].invalidate_model()
        self.env["meddev.device.event"].invalidate_model()

    def _clear_lots(self, templates):
        for lot_ids in self._iterate_lot_ids(templates, SQL("lot.is_medical")):
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE stock_lot
                       SET is_medical = FALSE, is_device = FALSE, normalised_serial = NULL,
                           serial_conflict = NULL, manufacturer_id = NULL, device_state = NULL,
                           origin = NULL, customer_id = NULL, department_id = NULL,
                           room_id = NULL, place_id = NULL, shipping_date = NULL
                     WHERE id IN %s
                    """,
                    lot_ids,
                )
            )

    def _fill_batch_lots(self, templates):
        for lot_ids in self._iterate_lot_ids(templates):
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE stock_lot lot
                       SET is_medical = TRUE, is_device = FALSE, serial_conflict = NULL,
                           device_state = NULL, origin = NULL, customer_id = NULL,
                           department_id = NULL, room_id = NULL, place_id = NULL,
                           shipping_date = NULL,
                           normalised_serial = NULLIF(%s, ''),
                           manufacturer_id = template.manufacturer_id
                      FROM product_product product
                      JOIN product_template template ON template.id = product.product_tmpl_id
                     WHERE product.id = lot.product_id AND lot.id IN %s
                    """,
                    SQL(normalise_serial_sql("lot.name").replace("%", "%%")),
                    lot_ids,
                )
            )

    def _fill_devices(self, templates):
        if not templates:
            return
        self._refresh_devices(templates)
        self._collect_serials(templates)
        filled = 0
        for lot_ids in self._iterate_lot_ids(templates, SQL("lot.is_device IS NOT TRUE")):
            self.env.cr.execute(self._get_fill_sql(lot_ids))
            filled += len(lot_ids)
        if filled >= ANALYZE_FROM:
            # Without fresh figures the planner takes all these devices for none.
            self.env.cr.execute("ANALYZE stock_lot")
            self.env.cr.execute("ANALYZE meddev_device_event")
        self.env.cr.execute("DROP TABLE meddev_serial")

    def _refresh_devices(self, templates):
        """Lots that are devices already only follow the product's maker."""
        for lot_ids in self._iterate_lot_ids(templates, SQL("lot.is_device")):
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE stock_lot lot
                       SET manufacturer_id = template.manufacturer_id
                      FROM product_product product
                      JOIN product_template template ON template.id = product.product_tmpl_id
                     WHERE product.id = lot.product_id AND lot.id IN %s
                           AND lot.manufacturer_id IS DISTINCT FROM template.manufacturer_id
                    """,
                    lot_ids,
                )
            )

    def _collect_serials(self, templates):
        """Spell the serials once, and mark lots whose serial an earlier one carries.

        Earlier: in the same company, or in no company at all. Only serials that occur twice are
        ranked; sorting a million texts would cost more than everything else here.
        """
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE meddev_serial ON COMMIT DROP AS
                SELECT lot.id, lot.product_id, COALESCE(lot.company_id, 0) AS company_id,
                       COALESCE(lot.is_device, FALSE) AS is_device,
                       COALESCE(lot.serial_conflict, FALSE) AS is_conflict,
                       NULLIF(%s, '') COLLATE "C" AS serial
                  FROM stock_lot lot
                  JOIN product_product product ON product.id = lot.product_id
                 WHERE product.product_tmpl_id IN %s
                """,
                SQL(normalise_serial_sql("lot.name").replace("%", "%%")),
                templates._ids,
            )
        )
        self.env.cr.execute("CREATE UNIQUE INDEX ON meddev_serial (id)")
        self.env.cr.execute("ANALYZE meddev_serial")
        self.env.cr.execute(
            """
            WITH twice AS MATERIALIZED (
                SELECT product_id, serial, BOOL_OR(company_id = 0) AS is_shared
                  FROM meddev_serial
                 WHERE serial IS NOT NULL AND NOT is_conflict
              GROUP BY product_id, serial
                HAVING COUNT(*) > 1
            ), ranked AS (
                SELECT lot.id, lot.is_device, twice.is_shared,
                       ROW_NUMBER() OVER (
                           PARTITION BY lot.product_id, lot.serial, lot.company_id
                           ORDER BY lot.is_device DESC, lot.id
                       ) AS in_company,
                       ROW_NUMBER() OVER (
                           PARTITION BY lot.product_id, lot.serial
                           ORDER BY lot.is_device DESC, lot.id
                       ) AS overall
                  FROM meddev_serial lot
                  JOIN twice USING (product_id, serial)
                 WHERE NOT lot.is_conflict
            )
            UPDATE meddev_serial lot
               SET is_conflict = TRUE
              FROM ranked
             WHERE ranked.id = lot.id AND NOT ranked.is_device
                   AND (in_company > 1 OR (is_shared AND overall > 1))
            """
        )

    def _get_fill_sql(self, lot_ids):
        """One statement per batch: the lots become devices, each with its first event.

        In stock if a quant lies inside, shipped (with customer and date of the last delivery)
        if one lies at a customer, scrapped or lost if only at an inventory location, else in
        service since before go-live. The event's author is in ``user_id`` alone: a foreign key
        costs as much as the row it checks.
        """
        return SQL(
            """
            WITH quant AS (
                SELECT quant.lot_id,
                       BOOL_OR(location.usage IN ('internal', 'transit')) AS is_inside,
                       BOOL_OR(location.usage IN ('customer', 'supplier')) AS is_outside,
                       BOOL_OR(location.usage = 'inventory') AS is_written_off
                  FROM stock_quant quant
                  JOIN stock_location location ON location.id = quant.location_id
                 WHERE quant.lot_id IN %(lot_ids)s AND quant.quantity > 0
              GROUP BY quant.lot_id
            ), delivery AS (
                SELECT DISTINCT ON (line.lot_id) line.lot_id, line.date,
                       COALESCE(picking.partner_id, move.partner_id) AS partner_id
                  FROM stock_move_line line
                  JOIN stock_location location ON location.id = line.location_dest_id
                  JOIN stock_move move ON move.id = line.move_id
             LEFT JOIN stock_picking picking ON picking.id = line.picking_id
                 WHERE line.lot_id IN %(lot_ids)s AND line.state = 'done'
                       AND location.usage = 'customer'
              ORDER BY line.lot_id, line.date DESC, line.id DESC
            ), situation AS MATERIALIZED (
                SELECT lot.id, template.manufacturer_id,
                       CASE WHEN quant.is_inside THEN %(in_stock)s
                            WHEN quant.is_outside THEN %(shipped)s
                            WHEN NOT quant.is_written_off OR quant.is_written_off IS NULL
                            THEN %(in_service)s
                            WHEN EXISTS (
                                SELECT 1 FROM stock_scrap scrap
                                 WHERE scrap.lot_id = lot.id AND scrap.state = 'done'
                            ) THEN %(scrapped)s
                            ELSE %(lost)s
                       END AS state,
                       CASE WHEN quant.lot_id IS NULL THEN %(legacy)s
                            ELSE %(own_stock)s
                       END AS origin,
                       CASE WHEN quant.is_outside AND NOT COALESCE(quant.is_inside, FALSE)
                            THEN delivery.date
                       END AS shipped_at,
                       CASE WHEN quant.is_outside AND NOT COALESCE(quant.is_inside, FALSE)
                            THEN delivery.partner_id
                       END AS partner_id
                  FROM stock_lot lot
                  JOIN product_product product ON product.id = lot.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
             LEFT JOIN quant ON quant.lot_id = lot.id
             LEFT JOIN delivery ON delivery.lot_id = lot.id
                 WHERE lot.id IN %(lot_ids)s
            ), partner AS MATERIALIZED (
                SELECT partner.id,
                       COALESCE(partner.facility_id, partner.commercial_partner_id)
                       AS customer_id,
                       (SELECT above.id FROM meddev_facility_ancestor_rel rel
                          JOIN res_partner above ON above.id = rel.facility_id
                         WHERE rel.partner_id = partner.id
                               AND above.facility_level = 'department' LIMIT 1
                       ) AS department_id,
                       (SELECT above.id FROM meddev_facility_ancestor_rel rel
                          JOIN res_partner above ON above.id = rel.facility_id
                         WHERE rel.partner_id = partner.id
                               AND above.facility_level = 'room' LIMIT 1
                       ) AS room_id
                  FROM res_partner partner
                 WHERE partner.id IN (SELECT partner_id FROM situation)
            ), placed AS (
                SELECT situation.*, spelled.serial, spelled.is_conflict,
                       partner.customer_id, partner.department_id, partner.room_id
                  FROM situation
                  JOIN meddev_serial spelled ON spelled.id = situation.id
             LEFT JOIN partner ON partner.id = situation.partner_id
            ), changed AS (
                UPDATE stock_lot lot
                   SET is_medical = TRUE, is_device = TRUE,
                       normalised_serial = placed.serial,
                       serial_conflict = placed.is_conflict,
                       manufacturer_id = placed.manufacturer_id,
                       device_state = placed.state,
                       origin = placed.origin,
                       customer_id = placed.customer_id,
                       department_id = placed.department_id,
                       room_id = placed.room_id,
                       place_id = COALESCE(
                           placed.room_id, placed.department_id, placed.customer_id
                       ),
                       shipping_date = placed.shipped_at::date
                  FROM placed
                 WHERE lot.id = placed.id
             RETURNING lot.id, lot.company_id, lot.device_state, lot.customer_id,
                       lot.department_id, lot.room_id, lot.create_date, placed.shipped_at
            )
            INSERT INTO meddev_device_event (
                lot_id, kind, occurred_at, user_id, state_to, sets_place, customer_id,
                department_id, room_id, company_id, create_date, write_date
            )
            SELECT id, %(created)s,
                   COALESCE(shipped_at, create_date, NOW() AT TIME ZONE 'UTC'), %(uid)s,
                   device_state, customer_id IS NOT NULL, customer_id, department_id, room_id,
                   company_id, NOW() AT TIME ZONE 'UTC', NOW() AT TIME ZONE 'UTC'
              FROM changed
            """,
            lot_ids=lot_ids,
            in_stock=STATE_IN_STOCK,
            shipped=STATE_SHIPPED,
            in_service=STATE_IN_SERVICE,
            scrapped=STATE_SCRAPPED,
            lost=STATE_LOST,
            legacy=ORIGIN_LEGACY,
            own_stock=ORIGIN_OWN_STOCK,
            created=EVENT_CREATED,
            uid=self.env.uid,
        )

    def _iterate_lot_ids(self, templates, condition=SQL("TRUE")):  # noqa: B008 (immutable)
        """Tuples of at most BATCH_SIZE ids of the products' lots."""
        last_id = 0
        while templates:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT lot.id FROM stock_lot lot
                      JOIN product_product product ON product.id = lot.product_id
                     WHERE product.product_tmpl_id IN %s AND lot.id > %s AND %s
                  ORDER BY lot.id LIMIT %s
                    """,
                    templates._ids,
                    last_id,
                    condition,
                    BATCH_SIZE,
                )
            )
            if not rows:
                return
            yield tuple(row[0] for row in rows)
            last_id = rows[-1][0]
