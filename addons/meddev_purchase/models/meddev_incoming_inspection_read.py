from odoo import fields, models
from odoo.exceptions import ValidationError

from odoo.addons.meddev_device.models.meddev_udi import FIELD_TEXTS
from odoo.addons.meddev_device.models.stock_lot import MAX_CARRIER_LENGTH
from odoo.addons.meddev_device.tools import udi
from odoo.addons.meddev_device.tools.serial_number import normalise_serial
from odoo.addons.meddev_device.tools.text import is_storable

from ..tools.capture_lines import MAX_CODE_LENGTH, parse_day, parse_quantity

#: Readings that only look like a UDI because they consist of digits: a serial number may too.
DOUBTFUL_WARNINGS = {"unproven", "bare_gtin"}
#: So many possible readings are named to a person, who scans again anyway.
MAX_READINGS = 5


class MeddevIncomingInspection(models.Model):
    """What one pasted or scanned row says: product, serial or batch, quantity and dates."""

    _inherit = "meddev.incoming.inspection"

    def _read_rows(self, rows, product, result, reason):
        """Entries from pasted rows: what each says, without a look at what is known already."""
        readings = {}
        for row in rows:
            if row.code and len(row.code) <= MAX_CODE_LENGTH:
                readings[row.code] = udi.parse(row.code)
        identifiers = {reading["di"] for reading in readings.values() if reading["di"]}
        # sudo: which product a DI names is no secret; products are read as the user below.
        found = self.env["meddev.udi.di"].sudo().search([("di", "in", list(identifiers))])
        by_di = {identifier.di: identifier for identifier in found}
        entries = []
        for row in rows:
            entry = {
                "row": row.number,
                "code": row.code,
                "result": result,
                "reason": reason,
                "quantity": 1.0,
                "lot_name": False,
                "product": product,
                "reading": readings.get(row.code),
                "field": False,
                "error": False,
                "line_id": False,
            }
            try:
                self._read_row(entry, row, by_di)
            except ValidationError as refusal:
                entry["error"] = refusal.args[0]
            entries.append(entry)
        return entries

    def _read_row(self, entry, row, by_di):
        """Fill ``entry`` from one row; raise ``ValidationError`` with what is wrong."""
        reading = entry["reading"]
        if not row.code:
            self._refuse(entry, "lot_name", self.env._("The first column is empty."))
        if not all(map(is_storable, (row.code, row.second, row.third))):
            self._refuse(
                entry,
                "udi_carrier",
                self.env._("The row contains a character that cannot be stored. Scan it again."),
            )
        if not reading:
            self._refuse(
                entry,
                "udi_carrier",
                self.env._(
                    "The code has %(length)s characters; no carrier has more than %(limit)s."
                    " Were several codes scanned into one row?",
                    length=len(row.code),
                    limit=MAX_CARRIER_LENGTH,
                ),
            )
        if self._is_carrier(reading, by_di):
            self._read_carrier(entry, reading, by_di)
        else:
            self._read_bare_number(entry, row)
        self._read_columns(entry, row)

    def _is_carrier(self, reading, by_di):
        """A UDI, or only a serial number that happens to consist of digits?"""
        if reading["di"] in by_di:
            return True
        if not reading["issuer"] and not reading["candidates"]:
            return False
        return not DOUBTFUL_WARNINGS.intersection(reading["warnings"])

    def _read_carrier(self, entry, reading, by_di):
        identifier = by_di.get(reading["di"])
        # A bare item number comes here only when a product carries it: that decides.
        if reading["candidates"] and "bare_gtin" not in reading["warnings"]:
            self._refuse(entry, "udi_carrier", self._get_choice_message(reading))
        if not reading["di"]:
            self._refuse(
                entry,
                "udi_carrier",
                self.env._(
                    "The code names no product (no DI). Scan the primary code of the label."
                ),
            )
        if not identifier:
            self._refuse(
                entry,
                "udi_di",
                self.env._("DI %s is unknown. Record it on its product first.", reading["di"]),
            )
        entry["product"] = self._get_product_of(identifier, entry["product"])
        entry["identifier"] = identifier
        entry["lot_name"] = (
            reading["serial"] if entry["product"].tracking == "serial" else reading["lot"]
        )

    def _get_choice_message(self, reading):
        """What a code may mean that can be read in several ways; nothing is chosen here."""
        readings = [dict(candidate) for candidate in reading["candidates"]]
        if "separator_ambiguous" in reading["warnings"]:
            readings.insert(0, reading)
        texts = dict.fromkeys(map(self._describe_values, readings))
        return self.env._(
            "The code can be read in several ways, a separator (FNC1) may be missing: %(readings)s."
            " Scan again with a scanner that sends FNC1, or type [GS] where the separator belongs,"
            " or type the code with its brackets as it is printed below it.",
            readings=" / ".join(list(texts)[:MAX_READINGS]),
        )

    def _describe_values(self, reading):
        """What one reading says of the goods, beside their product."""
        reader = self.env["meddev.udi"]
        return ", ".join(
            f"{reader._translate(FIELD_TEXTS, key)} {reading[key]}"
            for key in FIELD_TEXTS
            if reading[key] and key != "di"
        )

    def _get_product_of(self, identifier, chosen):
        """The product that a DI names, preferring a variant that is on this receipt."""
        if identifier.product_id:
            return identifier.product_id.sudo(self.env.su)
        template = identifier.product_tmpl_id
        expected = self.product_ids.filtered(
            lambda product: product.product_tmpl_id.id == template.id
        )
        if chosen in expected:
            return chosen
        return expected[:1] or template.product_variant_id.sudo(self.env.su)

    def _read_bare_number(self, entry, row):
        if not entry["product"] and len(self.product_ids) == 1:
            entry["product"] = self.product_ids
        if not entry["product"]:
            self._refuse(
                entry,
                "product_id",
                self.env._(
                    "%s is no UDI that can be read. If it is a serial or batch number, choose"
                    " the product.",
                    row.code,
                ),
            )
        entry["lot_name"] = row.code
        entry["reading"] = None

    def _read_columns(self, entry, row):
        reading = entry["reading"] or {}
        is_serial = entry["product"].tracking == "serial"
        identifier = entry.get("identifier")
        entry["expiry_date"] = fields.Date.to_date(reading.get("expiry_date"))
        entry["production_date"] = fields.Date.to_date(reading.get("production_date"))
        if identifier and is_serial and identifier.contains_quantity > 1:
            self._refuse(
                entry,
                "udi_di",
                self.env._(
                    "This is the code of a package of %s pieces. Scan each device.",
                    identifier.contains_quantity,
                ),
            )
        if identifier:
            entry["quantity"] = float(identifier.contains_quantity or 1)
        if row.second and is_serial:
            self._read_second_serial(entry, row)
        elif row.second:
            try:
                entry["quantity"] = parse_quantity(row.second)
            except ValueError:
                self._refuse(
                    entry, "quantity", self.env._("%s is no quantity above zero.", row.second)
                )
        if row.third:
            self._read_expiry(entry, row)

    def _read_second_serial(self, entry, row):
        if entry["reading"] is None:
            if row.second in ("1", "1.0"):
                return
            self._refuse(
                entry,
                "quantity",
                self.env._(
                    "%(serial)s is a serial number, so %(second)s in the second column has no"
                    " meaning.",
                    serial=row.code,
                    second=row.second,
                ),
            )
        given = entry["lot_name"]
        if given and normalise_serial(given) != normalise_serial(row.second):
            self._refuse(
                entry,
                "lot_name",
                self.env._(
                    "The code says serial number %(code)s, the second column %(column)s.",
                    code=given,
                    column=row.second,
                ),
            )
        entry["lot_name"] = given or row.second

    def _read_expiry(self, entry, row):
        try:
            expiry_date = parse_day(row.third)
        except ValueError:
            self._refuse(
                entry,
                "expiry_date",
                self.env._("%s is no date. Write it as 2027-12-31.", row.third),
            )
        if entry["expiry_date"] and entry["expiry_date"] != expiry_date:
            self._refuse(
                entry,
                "expiry_date",
                self.env._(
                    "The code says it expires on %(code)s, the third column says %(column)s.",
                    code=entry["expiry_date"],
                    column=expiry_date,
                ),
            )
        entry["expiry_date"] = expiry_date

    def _refuse(self, entry, field, message):
        entry["field"] = field
        raise ValidationError(message)
