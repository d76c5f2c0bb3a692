import json
import re
import xmlrpc.client
from datetime import date, datetime

from odoo import api, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ..tools import udi
from ..tools.serial_number import normalise_serial
from ..tools.text import shorten
from ..tools.udi.carrier import to_halfwidth
from .meddev_udi_di import ISSUERS
from .stock_lot import MAX_CARRIER_LENGTH

_lt = LazyTranslate(__name__)

#: What a look-up comes to; the scan screen and ``scan`` act on it.
STATUS_ONE = "one"
STATUS_SEVERAL = "several"
STATUS_CHOOSE = "choose"
STATUS_NEW = "new"
STATUS_PRODUCT = "product"
STATUS_NONE = "none"

MATCH_LIMIT = 20

#: The sentences of ``tools.udi.WARNINGS``, where translations find them.
WARNING_TEXTS = {
    "empty": _lt("Nothing was scanned."),
    "not_text": _lt("The carrier is not a text but %(type)s."),
    "too_long": _lt("The carrier has %(length)s characters; no UDI is that long."),
    "unrecognised": _lt("The text follows none of the known UDI formats."),
    "unreadable": _lt("The text starts like %(issuer)s but cannot be read as such."),
    "fullwidth": _lt("Full-width characters were read as half-width ones."),
    "case": _lt("The code was read in upper case; its alphabet has no lower case."),
    "separator_substitute": _lt("%(text)s was read as the separator (FNC1)."),
    "check_mismatch": _lt("Check character of %(field)s is %(found)s, computed %(expected)s."),
    "check_unverified": _lt(
        "The check digit of %(field)s agrees with one of two known rules only."
    ),
    "link_mismatch": _lt(
        "The link character is %(found)s, the primary code ends with %(expected)s."
    ),
    "no_device_identifier": _lt("The code carries no device identifier."),
    "not_device_identifier": _lt("(%(ai)s) does not identify a device."),
    "unproven": _lt(
        "Nothing but its digits says that this is a GS1 code; it may be a plain number."
    ),
    "bare_gtin": _lt("The code is a bare item number."),
    "unknown_identifier": _lt("%(identifier)s is not a known data identifier."),
    "unparsed_data": _lt("%(text)s was not read."),
    "invalid_date": _lt("%(value)s in %(field)s is not a date."),
    "day_unspecified": _lt("%(field)s names no day; the last day of the month is used."),
    "expiry_time": _lt("The device expires at %(time)s on that day."),
    "invalid_value": _lt("%(value)s is not valid for %(field)s."),
    "invalid_character": _lt("%(field)s contains characters that the standard does not allow."),
    "value_too_long": _lt("%(field)s has %(length)s characters, at most %(maximum)s are allowed."),
    "separator_missing": _lt("A separator (FNC1) is missing after %(field)s; choose a reading."),
    "separator_ambiguous": _lt(
        "A separator (FNC1) may be missing after %(field)s; compare the readings."
    ),
    "candidates_truncated": _lt("More readings are possible than are listed."),
    "conflict": _lt("%(field)s is given twice with different values."),
    "qualifier_order": _lt("The parts of the link are not in the standard's order."),
    "valid_until_used": _lt("The last valid day (V) was taken as the expiry date."),
    "not_medical": _lt("Category %(category)s is not that of medical devices (M0)."),
}
#: Why the reader offers a candidate.
REASON_TEXTS = {
    "separator_missing": _lt("If a separator (FNC1) was lost here"),
    "separator_ambiguous": _lt(
        "If a separator (FNC1) was lost here; the plain reading is possible too"
    ),
    "separator_unclear": _lt("If the unusual character stands for the separator (FNC1)"),
    "element_string": _lt("If the number is a GS1 code"),
    "fullwidth": _lt("If the full-width digits are meant as a code"),
    "space_lost": _lt("If the check character at the end was a space"),
    "check_character_missing": _lt("If the check character is missing"),
}
#: Names of the reading's parts, inside warnings.
FIELD_TEXTS = {
    "di": _lt("Device identifier (DI)"),
    "serial": _lt("Serial number"),
    "lot": _lt("Batch number"),
    "production_date": _lt("Production date"),
    "expiry_date": _lt("Expiry date"),
    "software_version": _lt("Software version"),
}

_GS1_KEY_LENGTHS = (13, 12, 8)
#: Lone surrogates cannot be encoded, and the two non-characters are illegal in XML 1.0.
_UNSENDABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_XMLRPC_INT = range(xmlrpc.client.MININT, xmlrpc.client.MAXINT + 1)
_LABEL_PATH = re.compile(r"/meddev/d/([A-Za-z0-9_-]{8,64})(?:[/?#].*)?$")


class MeddevUdi(models.AbstractModel):
    """Reads UDI carriers and finds what they name; holds no records.

    Rule: IMDRF/UDI WG/N48; NMPA 2019 No. 66 (GS1, MA and AHM codes side by side).
    """

    _name = "meddev.udi"
    _description = "UDI Reader"

    # Public

    @api.model
    @api.readonly
    def parse(self, carrier=None):
        """Read a UDI carrier.

        Open to every user who may log in: it reads no record. Never raises.

        :param carrier: text as scanned or typed. Bytes (XML-RPC ``base64``) are read as text:
            the way to send the separator GS (0x1D) over XML-RPC, whose texts cannot hold it.
            Anything else is answered with a warning.
        :return: dictionary, safe for JSON and XML-RPC: ``issuer`` (``gs1``, ``hibcc``,
            ``iccbba``, ``ma``, ``ahm`` or False), ``di``, ``serial``, ``lot``,
            ``production_date`` and ``expiry_date`` (``YYYY-MM-DD``), ``software_version``,
            ``check_status`` (``ok``, ``mismatch``, ``not_applicable``), ``warnings`` (sentences
            in the user's language; :meth:`explain` has the codes), ``candidates`` (readings to
            choose from: the values, ``text``, ``reason`` (a stable code) and ``explanation``)
            and ``raw``. Missing values are False. Over XML-RPC Odoo drops control characters
            from every text it answers, so ``raw`` lacks GS there; JSON-2 keeps it.
        """
        return self._answer(_read(carrier), carrier)

    @api.model
    @api.readonly
    def explain(self, carrier=None):
        """As :meth:`parse`, with the stable codes behind the sentences.

        :return: the dictionary of ``parse`` and ``details``: one dictionary per warning with
            ``code``, ``parameters`` and ``text``; ``extra``: what the carrier says beyond it.
        """
        reading = _read(carrier)
        return self._answer(reading, carrier) | {
            "details": [
                {
                    "code": code,
                    "parameters": _make_sendable(parameters),
                    "text": self._describe_warning(code, parameters),
                }
                for code, parameters in reading.warnings
            ],
            "extra": _make_sendable(reading.extra),
        }

    @api.model
    @api.readonly
    def find(self, carrier=None, choice=None):
        """What of our ledger a scanned or typed text names, as far as the caller may see it.

        Serial numbers and aliases go first: a plain number may look like a code.

        :param choice: position of the candidate that a person chose, if any.
        :return: dictionary with ``status`` (``one``, ``several``, ``choose``, ``new``: product
            known and device not, ``product``: the code names no single device, ``none``),
            ``message`` (a sentence), ``reading`` (as :meth:`parse`), ``devices`` and ``lots``
            (batches): lists of dictionaries; ``product`` (dictionary or False) and
            ``can_create``.
        :raise AccessError: when the caller may not read lots at all.
        """
        return self._look_up(carrier, choice)[0]

    @api.model
    @api.readonly
    def scan(self, carrier=None, choice=None):
        """The action that a scan leads to.

        One device: its form. Several: their list. A known product: the form of a new device,
        filled in. Otherwise the scan screen with the reading and its candidates.
        """
        answer, lots, product = self._look_up(carrier, choice)
        if answer["status"] == STATUS_ONE:
            return self._get_form_action(res_id=lots.id, name=lots.display_name)
        if answer["status"] == STATUS_SEVERAL:
            return self._get_list_action([("id", "in", lots.ids)], answer["message"])
        if answer["status"] == STATUS_PRODUCT:
            return self._get_list_action(
                [("product_id", "in", product.product_tmpl_id.product_variant_ids.ids)],
                product.display_name,
                {"default_product_id": product.id},
            )
        if answer["status"] == STATUS_NEW and answer["can_create"]:
            return self._get_new_device_action(answer["reading"], product)
        return {
            "type": "ir.actions.client",
            "tag": "meddev_device.scan",
            "name": self.env._("Scan"),
            "params": {"answer": answer, "carrier": answer["reading"]["raw"]},
        }

    @api.model
    @api.readonly
    def new_device(self, carrier=None, choice=None):
        """The form of a new device with everything that the carrier says, product or not."""
        self.env["stock.lot"].check_access("create")
        answer, _lots, product = self._look_up(carrier, choice)
        return self._get_new_device_action(answer["reading"], product)

    # Reading

    def _answer(self, reading, carrier):
        answer = reading.as_dict()
        texts = [self._describe_warning(code, parameters) for code, parameters in reading.warnings]
        answer["warnings"] = list(dict.fromkeys(texts))
        for candidate in answer["candidates"]:
            candidate["explanation"] = self._translate(REASON_TEXTS, candidate["reason"])
        answer["raw"] = _make_raw(carrier)
        return _make_sendable(answer)

    def _describe_warning(self, code, parameters):
        readable = {
            key: self._translate(FIELD_TEXTS, value) if key == "field" else value
            for key, value in parameters.items()
        }
        try:
            return self._translate(WARNING_TEXTS, code) % readable
        except (KeyError, TypeError, ValueError):
            # A broken translation must not break the reading.
            return udi.WARNINGS.get(code, code) % readable

    def _translate(self, texts, key):
        return self.env._(texts[key]) if key in texts else str(key)

    # Finding

    def _look_up(self, carrier, choice=None):
        """:return: ``(answer of find, lots found, product)``."""
        lots = self.env["stock.lot"]
        lots.check_access("read")
        read = _read(carrier)
        reading = self._choose(self._answer(read, carrier), choice)
        is_unproven = choice is None and any(code == "unproven" for code, _p in read.warnings)
        text = _make_text(carrier)
        text = _make_storable(text) if isinstance(text, str) else ""
        product, identifier = self._find_product(reading)
        found = {} if choice is not None else self._find_by_text(text)
        is_certain = bool(found)
        if not found:
            found = self._find_by_reading(reading, product)
            is_certain = bool(found) and not is_unproven
        if not found:
            found = self._find_possible(reading)
        elif reading["candidates"] and "udi" in found.values():
            possible = self._find_possible(reading)
            is_certain = is_certain and possible.keys() <= found.keys()
            found = possible | found
        lots = lots.browse(list(found)).sorted("id")
        answer = {
            "reading": reading,
            "devices": [self._describe_lot(lot, found[lot.id]) for lot in lots if lot.is_device],
            "lots": [self._describe_lot(lot, found[lot.id]) for lot in lots if not lot.is_device],
            "product": self._describe_product(product, identifier),
            "can_create": lots.has_access("create"),
        }
        answer["status"] = self._get_status(answer, is_certain)
        answer["message"] = self._get_message(answer, lots)
        return answer, lots, product

    def _choose(self, reading, choice):
        """The reading with the values of the candidate that a person chose."""
        candidates = reading["candidates"]
        if not isinstance(choice, int) or not 0 <= choice < len(candidates):
            return reading
        candidate = candidates[choice]
        issuer = reading["issuer"] or (candidate["text"] and "gs1")
        if not issuer:
            issuer = udi.read(to_halfwidth(reading["raw"])).issuer
        values = {key: candidate[key] for key in udi.VALUE_KEYS}
        return reading | values | {"issuer": issuer, "candidates": []}

    def _find_by_text(self, text):
        """Lots that carry exactly this text: label, serial number, alias or stored carrier."""
        lots = self.env["stock.lot"]
        if not text.strip() or len(text) > MAX_CARRIER_LENGTH:
            return {}
        if found := _LABEL_PATH.search(text.strip()):
            # sudo: the word leads to the device; the rules on lots decide who may see it.
            token = self.env["meddev.device.token"].sudo().search([("token", "=", found[1])])
            return self._keep_visible(dict.fromkeys(token.lot_id.ids, "label"))
        word = normalise_serial(text)
        if not word:
            return {}
        medical = Domain("is_medical", "=", True)
        by_serial = lots.search(medical & Domain("normalised_serial", "=", word), limit=MATCH_LIMIT)
        # sudo: only ids of lots leave, and the rules on lots apply to them.
        aliases = (
            self.env["meddev.device.alias"]
            .sudo()
            .search_fetch([("normalised_value", "=", word)], ["lot_id"], limit=MATCH_LIMIT)
        )
        found = dict.fromkeys(by_serial.ids, "serial")
        found |= self._keep_visible(dict.fromkeys(set(aliases.lot_id.ids) - set(found), "alias"))
        if not found and not self._is_restricted():
            carriers = lots.search(medical & Domain("udi_carrier", "=", text), limit=MATCH_LIMIT)
            found = dict.fromkeys(carriers.ids, "carrier")
        return found

    def _find_by_reading(self, reading, product):
        """Lots that the reading proves: device identifier with serial or batch number."""
        lots = self.env["stock.lot"]
        domain = Domain("is_medical", "=", True)
        if reading["di"]:
            variants = product.product_tmpl_id.product_variant_ids
            domain &= Domain("udi_di", "in", _get_di_variants(reading)) | Domain(
                "product_id", "in", variants.ids
            )
        if serial := normalise_serial(reading["serial"]):
            by_serial = lots.search(
                domain & Domain("normalised_serial", "=", serial), limit=MATCH_LIMIT
            )
            return dict.fromkeys(by_serial.ids, "udi" if reading["di"] else "serial")
        if not reading["lot"] or not reading["di"]:
            return {}
        batches = lots.search(
            domain
            & Domain("is_device", "!=", True)
            & Domain("normalised_serial", "=", normalise_serial(reading["lot"])),
            limit=MATCH_LIMIT,
        )
        devices = lots
        if not self._is_restricted():
            devices = lots.search(
                domain
                & Domain("is_device", "=", True)
                & Domain("batch_number", "=", _make_storable(reading["lot"])),
                limit=MATCH_LIMIT,
            )
        return dict.fromkeys((batches | devices).ids, "lot")

    def _find_possible(self, reading):
        """Lots that may be meant, for a person to decide: same serial under another or no DI,
        or a reading that needs a separator which the carrier does not have."""
        found = {}
        words = {normalise_serial(reading["serial"])} - {""}
        if words and reading["di"]:
            lots = self.env["stock.lot"].search(
                [("is_medical", "=", True), ("normalised_serial", "in", list(words))],
                limit=MATCH_LIMIT,
            )
            found |= dict.fromkeys(lots.ids, "serial_only")
        for candidate in reading["candidates"]:
            if len(found) >= MATCH_LIMIT:
                break
            values = reading | candidate
            product, _identifier = self._find_product(values)
            matches = self._find_by_reading(values, product)
            found = dict.fromkeys(matches, "candidate") | found
        return found

    def _find_product(self, reading):
        """:return: ``(product, identifier record)``, empty where unknown or not to be read."""
        identifiers = self.env["meddev.udi.di"]
        products = self.env["product.product"]
        if not reading["di"] or not (
            identifiers.has_access("read") and products.has_access("read")
        ):
            return products, identifiers
        variants = _get_di_variants(reading)
        found = identifiers._find_products(variants)
        for variant in variants:
            if variant in found:
                return found[variant]
        by_barcode = products.search(
            [("barcode", "in", variants), ("is_medical_device", "=", True)], limit=2
        )
        return by_barcode if len(by_barcode) == 1 else products, identifiers

    def _keep_visible(self, found):
        lots = self.env["stock.lot"].browse(found).exists()._filtered_access("read")
        return {lot.id: found[lot.id] for lot in lots}

    def _is_restricted(self):
        """Portal users search by what is printed on the device only."""
        return not (self.env.su or self.env.user._is_internal())

    def _get_status(self, answer, is_certain):
        matches = len(answer["devices"]) + len(answer["lots"])
        reading = answer["reading"]
        if is_certain and matches:
            return STATUS_ONE if matches == 1 else STATUS_SEVERAL
        if matches or reading["candidates"]:
            return STATUS_CHOOSE
        if answer["product"]:
            names_one = reading["serial"] or reading["lot"]
            return STATUS_NEW if names_one else STATUS_PRODUCT
        return STATUS_NONE

    def _get_message(self, answer, lots):
        status = answer["status"]
        reading = answer["reading"]
        if status == STATUS_ONE:
            return self.env._("%s found.", lots.name)
        if status == STATUS_SEVERAL:
            return self.env._("%s devices or batches match.", len(lots))
        if status == STATUS_CHOOSE and reading["candidates"]:
            return self.env._("The code can be read in more than one way. Choose a reading.")
        if status == STATUS_CHOOSE:
            return self.env._(
                "The serial number is known, but not under this device identifier (DI)."
                " Check the label."
            )
        if status == STATUS_NEW:
            return self.env._(
                "%(number)s of %(product)s is not in the ledger yet.",
                number=reading["serial"] or reading["lot"],
                product=answer["product"]["name"],
            )
        if status == STATUS_PRODUCT:
            return self.env._(
                "The code names the product %s, not a single device.", answer["product"]["name"]
            )
        if reading["di"]:
            return self.env._(
                "No product carries the device identifier (DI) %s, and no device matches.",
                reading["di"],
            )
        return self.env._("Nothing in the ledger matches. Scan again, or check what was typed.")

    # Describing

    def _describe_lot(self, lot, matched_by):
        # sudo: names only, of what this lot refers to; the lot itself was found under the
        # caller's rules.
        names = lot.sudo()
        return _make_sendable(
            {
                "id": lot.id,
                "serial": lot.name,
                "is_device": lot.is_device,
                "product": names.product_id.display_name,
                "manufacturer": names.manufacturer_id.display_name or False,
                "place": names.place_id.display_name or False,
                "state": lot.device_state,
                "state_label": dict(
                    lot._fields["device_state"]._description_selection(self.env)
                ).get(lot.device_state, False),
                "banner": names.device_banner,
                "matched_by": matched_by,
            }
        )

    def _describe_product(self, product, identifier):
        if not product:
            return False
        levels = dict(identifier._fields["packaging_level"]._description_selection(self.env))
        return {
            "id": product.id,
            "name": product.display_name,
            "tracking": product.tracking,
            "di": identifier.di or product.barcode or False,
            "packaging_level": identifier.packaging_level or False,
            "packaging_label": levels.get(identifier.packaging_level, False),
            "contains_quantity": identifier.contains_quantity or 1,
        }

    # Actions

    def _get_form_action(self, res_id=False, name=False, context=None):
        view = self.env.ref("meddev_device.device_view_form")
        return {
            "type": "ir.actions.act_window",
            "name": name or self.env._("New Device"),
            "res_model": "stock.lot",
            "res_id": res_id,
            "view_mode": "form",
            "views": [(view.id, "form")],
            "target": "current",
            "context": context or {},
        }

    def _get_list_action(self, domain, name, context=None):
        action = self.env["ir.actions.act_window"]._for_xml_id("meddev_device.device_action")
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "stock.lot",
            "view_mode": "list,form",
            "views": [
                (view_id, mode) for view_id, mode in action["views"] if mode in ("list", "form")
            ],
            "domain": [("is_medical", "=", True), *domain],
            "target": "current",
            "context": context or {},
        }

    def _get_new_device_action(self, reading, product):
        return self._get_form_action(context=self._prepare_new_device_context(reading, product))

    def _prepare_new_device_context(self, reading, product):
        """Defaults of a new device; addons add what they can derive from the carrier."""
        # Of several readings none is taken before a person has chosen.
        reading = reading | udi.certain_values(reading)
        is_batch = product.tracking == "lot"
        raw = reading["raw"] if isinstance(reading["raw"], str) else ""
        raw = _make_storable(raw)
        name = reading["lot"] if is_batch else reading["serial"]
        if not reading["issuer"]:
            name = raw.strip()
        issuers = dict(ISSUERS)
        values = {
            "default_product_id": product.id,
            "default_name": name,
            "default_udi_carrier": reading["issuer"] and len(raw) <= MAX_CARRIER_LENGTH and raw,
            "default_udi_issuer": reading["issuer"] in issuers and reading["issuer"],
            "default_udi_di": reading["di"],
            "default_batch_number": reading["lot"],
            "default_production_date": reading["production_date"],
            "default_expiry_date": reading["expiry_date"],
            "default_software_version": reading["software_version"],
        }
        return {key: value for key, value in values.items() if value}


def _read(carrier):
    return udi.read(_make_text(carrier))


def _make_text(carrier):
    """Text of a carrier that came as bytes; anything else unchanged."""
    if isinstance(carrier, xmlrpc.client.Binary):
        carrier = carrier.data
    if isinstance(carrier, (bytes, bytearray, memoryview)):
        carrier = bytes(carrier)
        try:
            return carrier.decode()
        except UnicodeDecodeError:
            return carrier.decode("latin-1")
    return carrier


def _make_raw(carrier):
    """What was passed in, in a form that JSON and XML-RPC can carry."""
    carrier = _make_text(carrier)
    if carrier is None:
        return False
    if isinstance(carrier, (str, bool)):
        return carrier
    if isinstance(carrier, int):
        return carrier if carrier in _XMLRPC_INT else shorten(carrier)
    if isinstance(carrier, (datetime, date)):
        return carrier.isoformat()
    try:
        return json.dumps(carrier, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return f"<{type(carrier).__name__}>"


def _make_sendable(value):
    """``value`` without what JSON or XML-RPC cannot carry."""
    if isinstance(value, str):
        return _UNSENDABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {str(key): _make_sendable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_make_sendable(entry) for entry in value]
    return False if value is None else value


def _make_storable(text):
    """``text`` without what PostgreSQL cannot hold."""
    return _make_sendable(text).replace("\x00", "")


def _get_di_variants(reading):
    """Writings of one device identifier: a GTIN is stored with or without leading zeros."""
    di = _make_storable(reading["di"] or "")
    if not (di.isascii() and di.isdigit() and len(di) == 14):
        return [di] if di else []
    return [di] + [
        di[-length:] for length in _GS1_KEY_LENGTHS if di[: 14 - length].strip("0") == ""
    ]
