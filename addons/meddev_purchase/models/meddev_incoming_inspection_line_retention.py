from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.retention import Goods, is_kept_forever, retain_until

BATCH_SIZE = 20_000


class MeddevIncomingInspectionLine(models.Model):
    """How long the record of one serial or batch is kept.

    No evidence itself: it follows the rules and the product, also where the record is frozen.
    """

    _inherit = "meddev.incoming.inspection.line"

    retain_until = fields.Date("Keep Until", compute="_compute_retention", store=True)
    is_retained_permanently = fields.Boolean(
        "Keep Permanently", compute="_compute_retention", store=True
    )

    @api.depends("product_id", "expiry_date", "production_date", "inspection_id.inspected_on")
    def _compute_retention(self):
        rules = self.env["meddev.retention.rule"]._get_rules()
        for line in self:
            goods = line._get_retained_goods()
            line.is_retained_permanently = is_kept_forever(rules, goods)
            line.retain_until = retain_until(rules, goods)

    def _get_retained_goods(self):
        """The facts that the retention rules ask for."""
        self.ensure_one()
        template = self.product_id.product_tmpl_id
        return Goods(
            received_on=self.inspection_id.inspected_on or None,
            expires_on=self.expiry_date or None,
            produced_on=self.production_date or None,
            service_life_months=template.service_life_months,
            is_implant=template.is_implant,
        )

    @api.model
    def _fill_retention(self, templates):
        """Compute the retention of all lines of these products, batch by batch."""
        for _line_ids in self._iterate_filled_retention(templates):
            pass

    @api.model
    def _iterate_filled_retention(self, templates):
        """As ``_fill_retention``, handing back the ids of each batch that is done."""
        self.env["product.template"].flush_model(["is_implant", "service_life_months"])
        self.flush_model()
        facts = {
            "received": SQL("line.inspected_on"),
            "expires": SQL("line.expiry_date"),
            "produced": SQL("line.production_date"),
            "life": SQL("template.service_life_months"),
            "is_implant": SQL("template.is_implant"),
        }
        rules = self.env["meddev.retention.rule"]
        for line_ids in self._iterate_line_ids(templates):
            # Jobs commit after each batch.
            self._audit_trail_announce()
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE meddev_incoming_inspection_line line
                       SET retain_until = %(end)s, is_retained_permanently = %(forever)s
                      FROM product_product product
                      JOIN product_template template ON template.id = product.product_tmpl_id
                     WHERE product.id = line.product_id AND line.id IN %(line_ids)s
                           AND (line.retain_until IS DISTINCT FROM %(end)s
                                OR line.is_retained_permanently IS DISTINCT FROM %(forever)s)
                    """,
                    end=rules._get_sql(**facts),
                    forever=rules._get_forever_sql(facts["received"], facts["is_implant"]),
                    line_ids=line_ids,
                )
            )
            yield line_ids
        self.invalidate_model(["retain_until", "is_retained_permanently"])

    def _iterate_line_ids(self, templates):
        """Tuples of at most BATCH_SIZE ids of the products' lines."""
        products = templates.with_context(active_test=False).product_variant_ids
        last_id = 0
        while products:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT id FROM meddev_incoming_inspection_line
                     WHERE product_id IN %s AND id > %s
                  ORDER BY id LIMIT %s
                    """,
                    products._ids,
                    last_id,
                    BATCH_SIZE,
                )
            )
            if not rows:
                return
            yield tuple(row[0] for row in rows)
            last_id = rows[-1][0]
