from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import udi
from ..tools.serial_number import normalise_serial
from .field_error import about
from .guard import is_in_stock_operation
from .stock_lot import MAX_CARRIER_LENGTH

#: Field that a carrier fills -> key of the reading; a change of carrier empties them again.
CARRIED_KEYS = {
    "batch_number": "lot",
    "production_date": "production_date",
    "expiry_date": "expiry_date",
    "software_version": "software_version",
}


class StockLot(models.Model):
    """The UDI carrier of a device or batch and the fields that follow from it.

    The carrier is kept as scanned. What it says for certain fills the fields that nobody typed;
    where a separator may be missing, a person reads the label.
    Rule: NMPA 2019 No. 66 Art. 7 (UDI = DI + PI).
    """

    _inherit = "stock.lot"

    udi_warning_text = fields.Text("UDI Reading Notes", compute="_compute_udi_warning_text")

    @api.depends("udi_warnings")
    @api.depends_context("lang")
    def _compute_udi_warning_text(self):
        reader = self.env["meddev.udi"]
        for lot in self:
            lot.udi_warning_text = "\n".join(reader._describe_warnings(lot.udi_warnings)) or False

    # Constraints

    @api.constrains("udi_carrier")
    def _check_carrier_length(self):
        for lot in self:
            if lot.udi_carrier and len(lot.udi_carrier) > MAX_CARRIER_LENGTH:
                message = lot._describe_long_carrier(lot.name, lot.udi_carrier)
                raise about(ValidationError(message), "udi_carrier")

    @api.constrains("udi_carrier", "name", "udi_di")
    def _check_carrier_names_this_lot(self):
        """A carrier with a serial, batch number or DI of its own names that one and no other."""
        if is_in_stock_operation(self):
            return
        for lot in self.filtered(lambda lot: lot.is_medical and lot.udi_carrier):
            reading = udi.parse(lot.udi_carrier)
            carried = udi.possible_values(reading, "serial" if lot.is_device else "lot")
            if carried and lot.normalised_serial not in map(normalise_serial, carried):
                message = self.env._(
                    "%(device)s: the UDI carrier belongs to %(carried)s. Scan the label of"
                    " this device or batch, correct its number, or empty UDI Carrier.",
                    device=lot.name,
                    carried=" / ".join(carried),
                )
                raise about(ValidationError(message), "udi_carrier", "name")
            di = udi.certain_values(reading)["di"]
            if di and lot.udi_di and not is_same_di(di, lot.udi_di):
                message = self.env._(
                    "%(device)s: the UDI carrier belongs to UDI-DI %(carried)s, UDI-DI says"
                    " %(di)s. Scan the label of this device or batch, or correct UDI-DI.",
                    device=lot.name,
                    carried=di,
                    di=lot.udi_di,
                )
                raise about(ValidationError(message), "udi_di", "udi_carrier")

    # CRUD

    def write(self, vals):
        if "udi_carrier" in vals and len(self) > 1:
            # What came from the former carrier goes with it, and differs per lot.
            for lot in self:
                lot.write(vals)
            return True
        return super().write(vals)

    # Verbs

    def _complete_udi_vals(self, vals):
        """Values with the certain parts of the carrier; what the caller gave goes first.

        Asked before creating (``self`` is empty then) and writing. What a former carrier had
        brought goes with it; what somebody typed instead stays.
        """
        if vals.get("udi_di"):
            issuers = {vals["udi_issuer"]} if "udi_issuer" in vals else {*self.mapped("udi_issuer")}
            issuer = next(iter(issuers - {False, "gs1"}), False)
            vals = vals | {"udi_di": udi.clean_di(vals["udi_di"], issuer)}
        if "udi_carrier" not in vals or (not self and not vals["udi_carrier"]):
            return vals
        carrier = vals["udi_carrier"]
        if not carrier:
            blank = {"udi_check_status": False, "udi_warnings": False}
            return self._get_outdated_vals() | vals | blank
        if len(carrier) > MAX_CARRIER_LENGTH:
            message = self._describe_long_carrier(vals.get("name") or self.name, carrier)
            raise about(ValidationError(message), "udi_carrier")
        reading = udi.parse(carrier)
        certain = udi.certain_values(reading)
        parsed = {"udi_issuer": reading["issuer"], "udi_di": certain["di"]}
        parsed |= {name: certain[key] for name, key in CARRIED_KEYS.items()}
        parsed = {name: value for name, value in parsed.items() if value}
        outdated = {}
        if self and carrier == self.udi_carrier:
            parsed = {name: value for name, value in parsed.items() if not self[name]}
        elif self:
            outdated = self._get_outdated_vals()
        return (
            outdated
            | parsed
            | {name: value for name, value in vals.items() if value or name not in parsed}
            | {
                "udi_check_status": reading["check_status"],
                "udi_warnings": ", ".join(reading["warnings"]) or False,
            }
        )

    def _get_outdated_vals(self):
        """Values that empty what came from the present carrier, however it was read."""
        if not self.udi_carrier:
            return {}
        reading = udi.parse(self.udi_carrier)
        readings = [reading, *reading["candidates"]]
        return {
            name: False
            for name, key in CARRIED_KEYS.items()
            if self[name] and str(self[name]) in {str(one[key]) for one in readings}
        }

    def _describe_long_carrier(self, name, carrier):
        return self.env._(
            "%(device)s: the UDI carrier has %(length)s characters, more than the %(limit)s that"
            " a label carries. Scan a single code.",
            device=name or "",
            length=len(carrier),
            limit=MAX_CARRIER_LENGTH,
        )


def is_same_di(one, other):
    """Whether two device identifiers are one; zeros in front of a GTIN do not count."""
    return udi.clean_di(one).zfill(14) == udi.clean_di(other).zfill(14)
