from odoo import models
from odoo.fields import Domain

from .guard import own_write


class MeddevIncomingInspectionLine(models.Model):
    """The device or lot that a line brings into being, or adds to."""

    _inherit = "meddev.incoming.inspection.line"

    def _prepare_lot_vals(self):
        """Values of the lot that this line brings into being; asked at confirmation."""
        self.ensure_one()
        vals = {
            "name": self.lot_name,
            "product_id": self.product_id.id,
            "udi_carrier": self.udi_carrier,
            "batch_number": self.batch_number,
            "production_date": self.production_date,
            "expiry_date": self.expiry_date,
        }
        company = self.product_id.company_id
        if company and self.company_id in (company.all_child_ids | company):
            vals["company_id"] = self.company_id.id
        return {name: value for name, value in vals.items() if value}

    def _assign_lots(self, origins=None):
        """Give every tracked line its lot, creating what is not there, in one call.

        :param origins: what a new lot of a line knows of its origin, by line; given here
            because writing it to thousands of lots afterwards costs as much as making them.
        """
        tracked = self.filtered(lambda line: line.tracking != "none")
        known = tracked._find_lots()
        missing = {}
        for line in tracked:
            key = line._get_lot_key()
            if key not in known and key not in missing:
                missing[key] = line._prepare_lot_vals() | (origins or {}).get(line, {})
        # The device's own timeline records that it was entered; a second message in the
        # chatter of each of them would only cost time.
        lots = own_write(self.env["stock.lot"]).with_context(mail_create_nolog=True)
        known |= dict(zip(missing, lots.create(list(missing.values())).ids, strict=True))
        # All at once: one by one, thousands of lines cost as much as reading their codes.
        own = own_write(tracked)
        own.flush_recordset()
        own._write_multi([{"lot_id": known[line._get_lot_key()]} for line in tracked])
        tracked.invalidate_recordset(["lot_id"])
        tracked.modified(["lot_id"])

    def _find_lots(self):
        """Ids of existing lots for these lines, by the lines' lot key."""
        # sudo: a lot that the user may not open must not be made a second time.
        lots = (
            self.env["stock.lot"]
            .sudo()
            .search_fetch(
                Domain("product_id", "in", self.product_id.ids)
                & Domain("company_id", "in", [False, *self.company_id.ids])
                & (
                    Domain("name", "in", list(set(self.mapped("lot_name"))))
                    | Domain("normalised_serial", "in", list(set(self.mapped("normalised_serial"))))
                ),
                ["name", "product_id", "normalised_serial"],
            )
        )
        return {
            (lot.product_id.id, lot.normalised_serial if lot.is_device else lot.name): lot.id
            for lot in lots
        }

    def _get_lot_key(self):
        self.ensure_one()
        is_serial = self.tracking == "serial"
        return (self.product_id.id, self.normalised_serial if is_serial else self.lot_name)
