from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.meddev_base.fields import FreshBoolean


class StockLot(models.Model):
    """Whether the reader's dealer serves a device; the rule of dealers asks it.

    An OR of two relations is more than PostgreSQL finds by its indexes: with a million devices it
    would look at each of them. Asked as one set of ids, it finds the few and looks at no other.
    """

    _inherit = "stock.lot"

    is_served_by_reader = FreshBoolean(
        "Served by the Reader's Dealer",
        compute="_compute_is_served_by_reader",
        compute_sudo=True,
        search="_search_is_served_by_reader",
        groups=".",
    )

    @api.depends_context("uid", "tz")
    def _compute_is_served_by_reader(self):
        lots = self.with_context(active_test=False)
        served = lots.search([("id", "in", self.ids), ("is_served_by_reader", "=", True)])
        for lot in self:
            lot.is_served_by_reader = lot._origin in served

    @api.model
    def _search_is_served_by_reader(self, operator, _value):
        if operator != "in":
            return NotImplemented

        def to_sql(lots, alias, _query):
            assignments = lots.env["meddev.dealer.assignment"]
            direct = assignments._query_of_reader()
            return SQL(
                "%s IN (SELECT id FROM stock_lot WHERE place_id IN (%s) UNION %s)",
                SQL.identifier(alias, "id"),
                assignments._select_served_places(),
                direct.select(SQL.identifier(direct.table, "lot_id")),
            )

        return Domain.custom(to_sql=to_sql)
