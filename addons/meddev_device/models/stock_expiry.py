"""What an expiry date means for the goods that leave us."""

from odoo import api, fields, models
from odoo.tools import format_date

from .meddev_device_event import EVENT_NOTE
from .res_company import EXPIRED_BLOCK


class StockLot(models.Model):
    _inherit = "stock.lot"

    @api.model
    def _get_expiry_day(self):
        """Today, to compare expiry dates with: the last day is good until it ends.

        It ends where the user is; for jobs and programs without a time zone, where the company
        works (its working hours).
        """
        if self.env.context.get("tz") or self.env.user.tz:
            return fields.Date.context_today(self)
        # sudo: only the time zone of the company, whoever asks.
        zone = self.env.company.sudo().resource_calendar_id.tz
        return fields.Date.context_today(self.with_context(tz=zone))

    def _filter_expired(self):
        """Medical lots whose last day is over."""
        today = self._get_expiry_day()
        return self.filtered(
            lambda lot: lot.is_medical and lot.expiry_date and lot.expiry_date < today
        )


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    def _get_outgoing_lines(self):
        """Lines that hand goods to a customer."""
        return self.filtered(
            lambda line: (
                line.quantity
                and line.location_dest_id.usage == "customer"
                and line.location_id.usage != "customer"
            )
        )

    def _get_expired_lines(self):
        """Outgoing lines with expired goods."""
        expired = self.browse()
        outgoing = self._get_outgoing_lines().filtered("lot_id")
        for company, lines in outgoing.grouped("company_id").items():
            # sudo: a lot that the line holds is the line's business, whatever rules hide.
            lots = lines.lot_id.sudo().with_company(company)._filter_expired()
            ids = set(lots.ids)
            expired |= lines.filtered(lambda line, ids=ids: line.lot_id.id in ids)
        return expired

    def _get_blocked_expired_lots(self):
        """Expired goods on these lines that their company does not let go."""
        blocked = self._get_expired_lines().filtered(
            # sudo: the setting of the goods' own company.
            lambda line: line.company_id.sudo().meddev_expired_policy == EXPIRED_BLOCK
        )
        # sudo: as above.
        return blocked.lot_id.sudo()

    def _note_expired_deliveries(self):
        """Where expired goods may go, that they went stays on their timeline."""
        lots = self.env["stock.lot"]
        lots._log_device_events(
            [
                {
                    "lot_id": line.lot_id.id,
                    "kind": EVENT_NOTE,
                    "summary": self.env._(
                        "Delivered with %(transfer)s although it expired on %(date)s.",
                        transfer=line.reference or line.move_id.reference or "–",
                        # sudo: a lot that the line holds is the line's business.
                        date=format_date(self.env, line.lot_id.sudo().expiry_date),
                    ),
                    "is_anomaly": True,
                    "res_model": line.picking_id._name if line.picking_id else False,
                    "res_id": line.picking_id.id,
                }
                for line in self._get_expired_lines()
            ]
        )
