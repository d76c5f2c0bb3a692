from psycopg2 import Error as DatabaseError

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import udi
from ..tools.calendar_text import read_date
from ..tools.serial_number import normalise_serial
from ..tools.text import is_storable, shorten
from .argument import MAX_ID
from .device_state import DEVICE_STATES, INITIAL_STATES, ORIGIN_LEGACY, ORIGINS
from .field_error import about, errors_about, get_fields
from .stock_lot import DATE_ORDER, DATE_PAIRS, MAX_CARRIER_LENGTH, PROVEN_DATES
from .stock_lot_udi import is_same_di

CHUNK_SIZE = 500
MAX_ROWS = 20_000

STATUS_CREATED = "created"
STATUS_UPDATED = "updated"
STATUS_UNCHANGED = "unchanged"
STATUS_REFUSED = "refused"

DATE_KEYS = (*DATE_ORDER, "production_date", "expiry_date")
#: Keys that go to the device as they are.
PLAIN_KEYS = (
    "udi_carrier",
    "udi_di",
    "batch_number",
    "software_version",
    "origin",
    "device_state",
    *DATE_KEYS,
)
#: Keys that name another record.
PRODUCT_KEYS = ("product_id", "udi_di", "udi_carrier", "product_code", "product")
PLACE_KEYS = ("customer", "department", "room")
ROW_KEYS = {
    "row",
    "serial",
    "manufacturer",
    "firmware_version",
    "alias",
    "company_id",
    *PLAIN_KEYS,
    *PRODUCT_KEYS,
    *PLACE_KEYS,
}
#: Field of the device -> keys that set it, where they do not have its name.
KEYS_OF_FIELD = {
    "name": ("serial",),
    "product_id": PRODUCT_KEYS,
    "manufacturer_id": ("manufacturer",),
    "customer_id": ("customer",),
    "department_id": ("department",),
    "room_id": ("room",),
    "alias_ids": ("alias",),
    "udi_di": ("udi_di", "udi_carrier"),
}
#: Fields that a carrier sets where no key of their own does.
CARRIED_FIELDS = {
    "udi_issuer",
    "batch_number",
    "production_date",
    "expiry_date",
    "software_version",
}
#: Keys that hold a whole number; the other keys hold texts, or dates.
ID_KEYS = ("product_id", "company_id", "row")
MAX_TEXT_LENGTH = 255


class RowError(Exception):
    """A row that cannot be loaded: which field, and what to do."""

    def __init__(self, field, message):
        super().__init__(message)
        self.field = field


class StockLot(models.Model):
    """Loading devices in batches, for imports and other systems."""

    _inherit = "stock.lot"

    @api.model
    def load_devices(self, rows):
        """Create or update devices; good rows are kept whatever happens to the others.

        The same rows again change nothing: a device is known by its product (by ``udi_di``,
        ``udi_carrier``, ``product_code``, ``product`` or ``product_id``) and its serial in any
        spelling. A key that a row lacks, or leaves empty, changes nothing on the device.

        :param rows: list of dictionaries with ``serial`` and any of ``manufacturer``,
            ``customer``, ``department``, ``room`` (names), ``origin``, ``device_state``,
            ``firmware_version``, ``software_version``, ``batch_number``, ``alias``,
            ``company_id`` and the dates (ISO 8601, or as ``tools.calendar_text.read_date``
            understands them). ``row`` is echoed, else counted from 1.
        :return: one dictionary per row, in order: ``row``, ``id``, ``status`` (created, updated,
            unchanged, refused), ``field`` and ``error`` of a refused row. ``field`` is the key to
            correct, or False where no single one is wrong. ``warning`` of a loaded row says which
            parts of its carrier were not taken, and what to do.
        :raise UserError: what was sent is no list of rows. AccessError: no right to load.
        """
        self.check_access("create")
        if not isinstance(rows, list) or len(rows) > MAX_ROWS:
            raise UserError(
                self.env._("Send a list of at most %s rows, one dictionary each.", MAX_ROWS)
            )
        results, seen = [], {}
        for start in range(0, len(rows), CHUNK_SIZE):
            numbered = list(enumerate(rows[start : start + CHUNK_SIZE], start + 1))
            results += self._load_chunk(numbered, seen)
        return results

    def _load_chunk(self, numbered, seen):
        """Results of some rows.

        :param numbered: list of (row number, row).
        :param seen: row number by device key, of all earlier rows; extended here.
        """
        results = {}
        good = {}
        sent = dict(numbered)
        for number, row in numbered:
            try:
                good[number] = self._check_row(row)
            except RowError as error:
                results[number] = self._refuse_row(number, row, error.field, str(error))
        resolvers = self._prepare_resolvers(good.values())
        resolved = {}
        for number, row in good.items():
            try:
                resolved[number] = self._resolve_row(row, resolvers)
            except RowError as error:
                key = self._find_wrong_key(sent[number], (error.field,))
                results[number] = self._refuse_row(number, row, key, str(error))
        known = self._find_known_devices(resolved.values())
        to_create, to_update = [], []
        for number, vals in resolved.items():
            key = self._get_row_key(vals)
            if key in seen:
                results[number] = self._refuse_row(
                    number,
                    good[number],
                    "serial",
                    self.env._(
                        "Serial number %(serial)s occurs in row %(other)s already. Remove one of"
                        " them.",
                        serial=vals["name"],
                        other=seen[key],
                    ),
                )
                continue
            seen[key] = good[number].get("row") or number
            if key not in known and (error := self._judge_initial_state(vals)):
                results[number] = self._refuse_row(number, good[number], "device_state", error)
                continue
            target = to_update if key in known else to_create
            target.append((number, vals, known.get(key)))
        quiet = self.with_context(tracking_disable=True, mail_create_nolog=True)
        for number, ids, status, error in quiet._create_rows(to_create):
            results[number] = self._accept_or_refuse(number, sent[number], ids, status, error)
        for number, vals, device in to_update:
            status, error = device.with_env(quiet.env)._update_from_row(vals)
            results[number] = self._accept_or_refuse(number, sent[number], device.id, status, error)
        return [results[number] for number, _row in numbered]

    def _judge_initial_state(self, vals):
        """What is wrong with the state of a new device, or False."""
        state = vals.get("device_state")
        states = INITIAL_STATES[vals.get("origin", ORIGIN_LEGACY)]
        if not state or state in states:
            return False
        return self.env._(
            "%(device)s: a device cannot be entered as %(state)s. Possible for this origin:"
            " %(states)s.",
            device=vals["name"],
            state=self._get_state_label(state),
            states=", ".join(map(self._get_state_label, states)),
        )

    def _accept_or_refuse(self, number, row, device_id, status, error):
        if status == STATUS_REFUSED:
            names, message = self._describe_error(error)
            return self._refuse_row(number, row, self._find_wrong_key(row, names), message)
        return {
            "row": self._get_row_number(number, row),
            "id": device_id,
            "status": status,
            "field": False,
            "error": False,
            "warning": self._get_row_warning(row),
        }

    def _refuse_row(self, number, row, field, message):
        number = self._get_row_number(number, row)
        return {
            "row": number,
            "id": False,
            "status": STATUS_REFUSED,
            "field": field,
            "error": self.env._("Row %(row)s: %(error)s", row=number, error=message),
            "warning": False,
        }

    def _get_row_warning(self, row):
        """What of the carrier of a loaded row was left to a person, or False."""
        carrier = row.get("udi_carrier")
        if not carrier or not udi.parse(udi.trim_carrier(str(carrier)))["candidates"]:
            return False
        return self.env._(
            "UDI Carrier can be read in more than one way: a separator (FNC1) may be missing. Only"
            " what all readings say was taken. Send it with its separators, or give batch number"
            " and dates in their own fields."
        )

    @api.model
    def _get_row_number(self, number, row):
        """The row's own number where it names one, else its place among the rows."""
        own_number = row.get("row") if isinstance(row, dict) else None
        is_whole = isinstance(own_number, int) and _is_number(own_number)
        return own_number if is_whole and 0 < own_number <= MAX_ID else number

    @api.model
    def _find_wrong_key(self, row, names):
        """Key of ``row`` to correct, or False where none of its own is wrong.

        :param names: fields that an error is about; what the row itself sends goes first, since
            the others are on record already.
        """
        keys = [key for name in names for key in KEYS_OF_FIELD.get(name, (name,))]
        carrier = ["udi_carrier"] if CARRIED_FIELDS & set(names) else []
        sent = {key for key, value in row.items() if not (value is None or value in (False, ""))}
        return next((key for key in keys + carrier if key in sent), keys[0] if keys else False)

    # Rows

    def _check_row(self, row):
        """The row with empty keys dropped, or :class:`RowError`."""
        if not isinstance(row, dict):
            raise RowError(False, self.env._("a row is a dictionary of field and value."))
        if unknown := sorted(shorten(key) for key in row.keys() - ROW_KEYS):
            raise RowError(
                unknown[0],
                self.env._(
                    "unknown field %(field)s. Possible fields: %(fields)s.",
                    field=unknown[0],
                    fields=", ".join(sorted(ROW_KEYS)),
                ),
            )
        row = {
            key: _strip(value, key) if isinstance(value, str) else value
            for key, value in row.items()
        }
        row = {
            key: value if key in (*ID_KEYS, *DATE_KEYS) else _write_number(value)
            for key, value in row.items()
            if not (value is None or value is False or value == "")
        }
        for key, value in row.items():
            self._check_value(key, value)
        if not normalise_serial(row.get("serial")):
            raise RowError("serial", self.env._("the serial number is missing."))
        if not any(key in row for key in PRODUCT_KEYS):
            raise RowError(
                "product",
                self.env._("the product is missing: give its UDI-DI, code or name."),
            )
        self._check_row_dates(row)
        if "udi_di" in row:
            row["udi_di"] = udi.clean_di(row["udi_di"])
        if row.get("udi_carrier"):
            row = self._read_row_carrier(row)
        return row

    def _check_value(self, key, value):
        if key in ID_KEYS:
            if not (isinstance(value, int) and _is_number(value) and 0 <= value <= MAX_ID):
                raise RowError(
                    key,
                    self.env._(
                        "%(field)s is no whole number: %(value)s.",
                        field=self._get_row_label(key),
                        value=shorten(value),
                    ),
                )
            return
        if key in DATE_KEYS and _is_number(value):
            return
        if not isinstance(value, str):
            raise RowError(
                key,
                self.env._(
                    "%(field)s is no text: %(value)s.",
                    field=self._get_row_label(key),
                    value=shorten(value),
                ),
            )
        if not is_storable(value):
            raise RowError(
                key,
                self.env._(
                    "%s contains a character that cannot be stored.", self._get_row_label(key)
                ),
            )
        limit = MAX_CARRIER_LENGTH if key == "udi_carrier" else MAX_TEXT_LENGTH
        if len(value) > limit:
            raise RowError(
                key,
                self.env._(
                    "%(field)s has %(length)s characters, more than %(limit)s.",
                    field=self._get_row_label(key),
                    length=len(value),
                    limit=limit,
                ),
            )
        for name, choices in (("device_state", DEVICE_STATES), ("origin", ORIGINS)):
            if key == name and value not in dict(choices):
                raise RowError(
                    key,
                    self.env._(
                        "%(value)s is no possible %(field)s. Possible: %(choices)s.",
                        value=value,
                        field=self._get_row_label(key),
                        choices=self._describe_choices(key),
                    ),
                )

    def _describe_choices(self, key):
        """Words of a selection, each with what it is called: in_service (In Service), …"""
        choices = self._fields[key]._description_selection(self.env)
        return ", ".join(f"{value} ({label})" for value, label in choices)

    @api.model
    def _get_row_label(self, key):
        """What a person calls a key of :meth:`load_devices`."""
        labels = {
            "row": self.env._("Row"),
            "serial": self.env._("Serial Number"),
            "manufacturer": self.env._("Manufacturer"),
            "product_id": self.env._("Product ID"),
            "product_code": self.env._("Product Code"),
            "product": self.env._("Product"),
            "customer": self._get_label("customer_id"),
            "department": self._get_label("department_id"),
            "room": self._get_label("room_id"),
            "alias": self.env._("Alias"),
        }
        return labels.get(key) or self._get_label(key)

    def _check_row_dates(self, row):
        for key in DATE_KEYS:
            if key not in row:
                continue
            try:
                row[key] = read_date(row[key], self._get_timezone())
            except ValueError as error:
                raise RowError(
                    key,
                    self.env._(
                        "%(field)s is no date, or one that does not exist: %(value)s. Write for"
                        " example 2026-03-31.",
                        field=self._get_label(key),
                        value=shorten(row[key]),
                    ),
                ) from error
        today = self._get_expiry_day()
        for key in PROVEN_DATES:
            if key in row and row[key] > today:
                raise RowError(key, self._describe_future_date(row.get("serial"), key, row[key]))
        for earlier, later in DATE_PAIRS:
            if earlier in row and later in row and row[later] < row[earlier]:
                raise RowError(
                    later,
                    self.env._(
                        "%(later)s (%(later_date)s) lies before %(earlier)s (%(earlier_date)s)."
                        " Correct one of them.",
                        later=self._get_label(later),
                        later_date=row[later],
                        earlier=self._get_label(earlier),
                        earlier_date=row[earlier],
                    ),
                )

    def _read_row_carrier(self, row):
        reading = udi.parse(row["udi_carrier"])
        serials = udi.possible_values(reading, "serial")
        if serials and normalise_serial(row["serial"]) not in map(normalise_serial, serials):
            raise RowError(
                "udi_carrier",
                self.env._(
                    "the carrier belongs to serial number %(carried)s, the row says %(serial)s.",
                    carried=" / ".join(serials),
                    serial=row["serial"],
                ),
            )
        di = udi.certain_values(reading)["di"]
        if di and "udi_di" in row and not is_same_di(di, row["udi_di"]):
            raise RowError(
                "udi_carrier",
                self.env._(
                    "the carrier belongs to UDI-DI %(carried)s, the row says %(di)s.",
                    carried=di,
                    di=row["udi_di"],
                ),
            )
        return ({"udi_di": di} if di else {}) | row

    # Names to records

    def _prepare_resolvers(self, rows):
        """Everything that the rows name, looked up in one query per kind."""
        rows = list(rows)

        def texts(key):
            return list({str(row[key]) for row in rows if key in row})

        products = self.env["product.product"]
        customers = self._find_facilities(
            Domain.OR(
                [
                    Domain("facility_level", "=", "hospital"),
                    Domain("facility_level", "=", False) & Domain("is_company", "=", True),
                ]
            ),
            texts("customer"),
        )
        inner = {
            level: self._find_facilities(Domain("facility_level", "=", level), texts(level))
            for level in ("department", "room")
        }
        ids = [row["product_id"] for row in rows if "product_id" in row]
        company_ids = [row["company_id"] for row in rows if "company_id" in row]
        companies = self.env["res.company"].browse(company_ids).exists()
        by_code = products.search([("default_code", "in", texts("product_code"))])
        by_name = products.search([("name", "in", texts("product"))])
        return {
            "customer": customers,
            **inner,
            "company_id": set((companies if self.env.su else companies & self.env.companies).ids),
            "product_id": {product.id: product for product in products.browse(ids).exists()},
            "udi_di": {
                di: product
                for di, (product, _identifier) in self.env["meddev.udi.di"]
                ._find_products(texts("udi_di"))
                .items()
            },
            "product_code": by_code.grouped("default_code"),
            "product": by_name.grouped("name"),
        }

    def _find_facilities(self, domain, names):
        if not names:
            return {}
        return self.env["res.partner"].search(domain & Domain("name", "in", names)).grouped("name")

    def _resolve_row(self, row, resolvers):
        """Values of a device, or :class:`RowError`."""
        product = self._resolve_product(row, resolvers)
        vals = {"name": str(row["serial"]), "product_id": product.id}
        vals |= {key: row[key] for key in PLAIN_KEYS if key in row}
        if company_id := row.get("company_id"):
            if company_id not in resolvers["company_id"]:
                raise RowError(
                    "company_id",
                    self.env._(
                        "%s is no company of yours. Leave it out, or correct it.", company_id
                    ),
                )
            vals["company_id"] = company_id
        self._resolve_places(row, resolvers, vals)
        if "firmware_version" in row:
            vals["firmware_version"] = str(row["firmware_version"])
        if "alias" in row:
            vals["alias"] = str(row["alias"])
        return vals

    def _resolve_product(self, row, resolvers):
        for key in ("product_id", "udi_di", "product_code", "product"):
            if key not in row:
                continue
            value = row[key] if key == "product_id" else str(row[key])
            found = resolvers[key].get(value)
            if not found:
                if key == "udi_di" and row.keys() & {"product_code", "product"}:
                    continue
                raise RowError(
                    key,
                    self.env._(
                        "unknown product %s. Enter the product with its device identifier first.",
                        value,
                    ),
                )
            if len(found) > 1:
                raise RowError(
                    key,
                    self.env._("%s names several products. Give the UDI-DI or the code.", value),
                )
            return self._check_row_product(found, row, key)
        raise RowError("udi_carrier", self.env._("the carrier names no product."))

    def _check_row_product(self, product, row, key):
        if not product.is_medical_device or product.tracking != "serial":
            raise RowError(
                key,
                self.env._(
                    "%s is no medical device tracked by serial number. Correct the product.",
                    product.display_name,
                ),
            )
        maker = product.manufacturer_id
        named = row.get("manufacturer")
        if named and maker and normalise_serial(named) != normalise_serial(maker.name):
            raise RowError(
                "manufacturer",
                self.env._(
                    "%(product)s is made by %(maker)s, the row says %(named)s: a serial of another"
                    " manufacturer.",
                    product=product.display_name,
                    maker=maker.name,
                    named=named,
                ),
            )
        return product

    def _resolve_places(self, row, resolvers, vals):
        outer = self.env["res.partner"]
        for key in PLACE_KEYS:
            if key not in row:
                continue
            found = resolvers[key].get(str(row[key]), outer.browse())
            if key != "customer" and outer:
                found = found.filtered(
                    lambda partner, outer=outer: outer in partner.facility_ancestor_ids
                )
            if len(found) != 1:
                message = (
                    self.env._("%(value)s is unknown. Enter it first.", value=row[key])
                    if not found
                    else self.env._("%(value)s exists several times.", value=row[key])
                )
                raise RowError(key, message)
            vals[f"{key}_id"] = found.id
            outer = found

    # Devices

    def _get_row_key(self, vals):
        return vals["product_id"], normalise_serial(vals["name"]), vals.get("company_id", False)

    def _find_known_devices(self, rows):
        rows = list(rows)
        if not rows:
            return {}
        found = self.search(
            Domain("product_id", "in", list({vals["product_id"] for vals in rows}))
            & Domain("normalised_serial", "in", [normalise_serial(v["name"]) for v in rows])
            & Domain("is_device", "=", True)
            & Domain("serial_conflict", "!=", True)
        )
        known = {}
        for device in found:
            base = device.product_id.id, device.normalised_serial
            known[(*base, device.company_id.id)] = device
            known.setdefault((*base, False), device)
        return known

    def _create_rows(self, rows):
        """Yield (row number, id, status, error); a bad row is found by halving."""
        if not rows:
            return
        try:
            with self.env.cr.savepoint():
                devices = self._create_devices([vals for _number, vals, _known in rows])
        except (UserError, DatabaseError, ValueError) as error:
            if len(rows) > 1:
                middle = len(rows) // 2
                yield from self._create_rows(rows[:middle])
                yield from self._create_rows(rows[middle:])
            else:
                yield rows[0][0], False, STATUS_REFUSED, error
        else:
            for (number, _vals, _known), device in zip(rows, devices, strict=True):
                yield number, device.id, STATUS_CREATED, False

    def _create_devices(self, vals_list):
        extras = ("firmware_version", "alias")
        devices = self.create(
            [
                {"origin": ORIGIN_LEGACY}
                | {name: value for name, value in vals.items() if name not in extras}
                for vals in vals_list
            ]
        )
        self._create_extras(zip(devices, vals_list, strict=True))
        self.env.flush_all()
        return devices

    def _create_extras(self, pairs):
        firmwares, aliases = [], []
        for device, vals in pairs:
            version = vals.get("firmware_version")
            if version and version != device.firmware_version:
                firmwares.append({"lot_id": device.id, "version": version})
            alias = vals.get("alias")
            known = device.alias_ids.mapped("normalised_value")
            if alias and normalise_serial(alias) not in known:
                aliases.append({"lot_id": device.id, "value": alias})
        with errors_about("firmware_version"):
            self.env["meddev.device.firmware"].create(firmwares)
        with errors_about("alias_ids"):
            self.env["meddev.device.alias"].create(aliases)
        return bool(firmwares or aliases)

    def _update_from_row(self, vals):
        """Write what differs.

        :return: (status, error)
        """
        self.ensure_one()
        if vals.get("origin", self.origin) != self.origin:
            return STATUS_REFUSED, about(UserError(self._describe_kept_origin()), "origin")
        changes = {}
        for name, value in vals.items():
            if name in ("name", "product_id", "origin", "firmware_version", "alias"):
                continue
            current = self[name]
            current = current.id if isinstance(current, models.BaseModel) else current
            if current != value:
                changes[name] = value
        if "udi_carrier" in changes:
            # A new carrier takes along what the former one had brought, save what the row says.
            changes |= {name: vals[name] for name in CARRIED_FIELDS & vals.keys()}
        try:
            with self.env.cr.savepoint():
                if changes:
                    self.write(changes)
                has_extras = self._create_extras([(self, vals)])
                self.env.flush_all()
        except (UserError, DatabaseError, ValueError) as error:
            return STATUS_REFUSED, error
        return (STATUS_UPDATED if changes or has_extras else STATUS_UNCHANGED), False

    def _describe_error(self, error):
        """Fields and sentence of an error of the model or of the database."""
        if not isinstance(error, DatabaseError):
            return get_fields(error), str(error.args[0]) if error.args else str(error)
        tables = {
            "meddev_device_alias": ("alias_ids", self.env["meddev.device.alias"]),
            "meddev_device_firmware": ("firmware_version", self.env["meddev.device.firmware"]),
        }
        table = error.diag.table_name
        if table in tables:
            name, model = tables[table]
            return (name,), model._sql_error_to_message(error)
        constraint = (error.diag.constraint_name or "").removeprefix(f"{self._table}_")
        name = error.diag.column_name or constraint.removesuffix("_fkey")
        if constraint.strip("_") == "device_serial_unique":
            name = "name"
        return (name,) if name in self._fields else (), self._sql_error_to_message(error)


def _strip(text, key):
    return udi.trim_carrier(text) if key == "udi_carrier" else text.strip()


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _write_number(value):
    """A number as the text that it stands for: a program may send a serial number so."""
    if not _is_number(value):
        return value
    try:
        return str(value)
    except ValueError:  # an integer of 5,000 digits
        return value
