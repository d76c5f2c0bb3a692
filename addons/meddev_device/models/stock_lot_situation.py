from odoo import api, fields, models
from odoo.tools import SQL, format_date, format_datetime

from .device_state import FIELD_STATES, STATE_IN_STOCK
from .meddev_device_event import EVENT_STOCK
from .stock_device_flow import STEP_DELIVERY
from .stock_lot import DATE_ORDER

PLACE_KEYS = ("customer", "department", "room")


class StockLot(models.Model):
    """The answer to "where was it on that day, in which state, with what inside"."""

    _inherit = "stock.lot"

    def device_at(self, moment):
        """Where each device was at a moment, in which state, with what inside.

        Only what was so at that moment by a record of its own: an event, or a firmware version
        or component with its dates. What no record tells is named, never filled in from later.

        :param moment: ``datetime`` or ISO 8601 text, UTC where it names no offset; a bare date
            is the end of that day in the user's timezone.
        :return: a dictionary for one device, else a list of them: ``id``, ``serial``,
            ``moment``, ``state``, ``state_label``, ``customer``, ``department``, ``room`` (each
            ``{"id", "name"}`` or False), ``fitted_into`` (the device that it was a component of,
            ``{"id", "name", "position", "installed_at"}`` or False; then the place is the one of
            the outermost such device), ``location`` (complete name of the stock location where
            the last transfer by then left it; False while it is shipped or at the customer's, and
            for who may not read the timeline), ``firmware``, ``components`` (list), ``is_known``
            (False before the device was first recorded), ``recorded_since`` (UTC, or False),
            ``unknown`` (which of ``state``, ``place``, ``location`` (of goods in stock only),
            ``firmware``, ``components`` no record tells for that moment) and ``note`` (the same
            in the user's language).
        :raise UserError: no moment. ValidationError: no device.
        """
        self.check_access("read")
        self._ensure_devices()
        answers = self._get_situations_at(self._parse_moment(moment))
        return answers[0] if len(self) == 1 else answers

    def _get_situations_at(self, moment):
        """One dictionary per device, in a constant number of statements."""
        until = SQL("event.occurred_at <= %s", moment)
        fitted = self._find_fitted_at(moment)
        carriers = {device: device._find_outermost(fitted) for device in self}
        everything = self.union(*carriers.values())
        states = everything._find_newest_events(SQL("event.state_to IS NOT NULL AND %s", until))
        places = everything._find_newest_events(SQL("event.sets_place AND %s", until))
        transfers = everything._find_newest_events(
            SQL("event.kind = %s AND %s", EVENT_STOCK, until)
        )
        # Where we keep our goods is for those alone who may read the timeline.
        events = self.env["meddev.device.event"].browse(event.id for event in transfers.values())
        visible = set(events._filtered_access("read").lot_id._ids)
        first = self._find_first_moments()
        return [
            device._describe_situation(
                moment,
                states.get(device.id),
                {
                    "state": states.get(carrier.id),
                    "place": places.get(carrier.id),
                    "transfer": transfers.get(carrier.id) if carrier.id in visible else None,
                },
                first.get(device.id),
                fitted.get(device.id),
            )
            for device, carrier in carriers.items()
        ]

    def _find_fitted_at(self, moment):
        """Map device id -> its component row at that moment; also of the devices around it."""
        components = self.env["meddev.device.component"]
        fitted = {}
        asked = level = self
        while level:
            rows = components.search(
                [
                    ("component_lot_id", "in", level.ids),
                    ("installed_at", "<=", moment),
                    "|",
                    ("removed_at", "=", False),
                    ("removed_at", ">", moment),
                ],
                order="installed_at, id",
            )
            fitted |= {row.component_lot_id.id: row for row in rows}
            # Dates entered later may say that two devices were inside each other.
            level = rows.lot_id - asked
            asked |= level
        return fitted

    def _find_outermost(self, fitted):
        """The device around this one that is in no other; itself where it is in none."""
        self.ensure_one()
        outermost, seen = self, set()
        while outermost.id in fitted and outermost.id not in seen:
            seen.add(outermost.id)
            outermost = fitted[outermost.id].lot_id
        return outermost

    def _find_newest_events(self, condition):
        """Map device id -> its newest event that no correction voids.

        SQL: the ORM has no "newest per device", and one search each is a statement each.
        """
        if not self:
            return {}
        # sudo: the file of devices that this user may read, whatever company the event has.
        events = self.env["meddev.device.event"].sudo()
        events.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (event.lot_id) event.lot_id, event.id
                  FROM meddev_device_event event
                 WHERE event.lot_id IN %s AND %s
                       AND NOT EXISTS (
                           SELECT 1 FROM meddev_device_event correction
                            WHERE correction.correction_of_id = event.id
                       )
              ORDER BY event.lot_id, event.occurred_at DESC, event.id DESC
                """,
                self._ids,
                condition,
            )
        )
        found = events.browse(event_id for _lot_id, event_id in rows)
        return {event.lot_id.id: event for event in found}

    def _find_first_moments(self):
        """Map device id -> moment from which its state is on record."""
        # sudo: as above.
        events = self.env["meddev.device.event"].sudo()
        return {
            device.id: first
            for device, first in events._read_group(
                [("lot_id", "in", self.ids), ("state_to", "!=", False)],
                ["lot_id"],
                ["occurred_at:min"],
            )
        }

    def _describe_situation(self, moment, state_event, whereabouts, first, fitted):
        """:param whereabouts: newest events ``state``, ``place`` and ``transfer`` of the device
        that says where this one was: itself, or the outermost one around it.
        :param first: from when on it is on record; :param fitted: its component row, or None.
        """
        self.ensure_one()
        event = self.env["meddev.device.event"]
        state_event, place_event = state_event or event, whereabouts["place"] or event
        outer_state = (whereabouts["state"] or event).state_to
        firmware = self._get_firmware_at(moment)
        components = self._get_components_at(moment)
        has_place = place_event or outer_state == STATE_IN_STOCK
        location = self._get_location_after(whereabouts["transfer"], outer_state)
        known = {
            "state": state_event,
            "place": has_place,
            "location": location or outer_state != STATE_IN_STOCK,
            "firmware": firmware,
            # After the first record, no row means no component.
            "components": components or state_event,
        }
        unknown = [name for name, record in known.items() if not record]
        return {
            "id": self.id,
            "serial": self.name,
            "moment": fields.Datetime.to_string(moment),
            "is_known": bool(state_event),
            "recorded_since": fields.Datetime.to_string(first),
            "unknown": unknown,
            "note": " ".join(self._get_situation_notes(moment, first, unknown)),
            "state": state_event.state_to,
            "state_label": self._get_state_label(state_event.state_to),
            **{key: self._describe_partner(place_event[f"{key}_id"]) for key in PLACE_KEYS},
            "location": location,
            "fitted_into": bool(fitted)
            and {
                "id": fitted.lot_id.id,
                "name": fitted._get_host_label(),
                "position": fitted.position,
                "installed_at": fields.Datetime.to_string(fitted.installed_at),
            },
            "firmware": firmware.version,
            "components": [
                {
                    "id": row.id,
                    "product": row.product_id.display_name,
                    "serial": row.serial,
                    "position": row.position,
                    "installed_at": fields.Datetime.to_string(row.installed_at),
                    "recorded_at": fields.Datetime.to_string(row.create_date),
                }
                for row in components
            ],
        }

    @api.model
    def _get_location_after(self, transfer, state):
        """Complete name of the stock location to which a transfer brought it, or False."""
        data = (transfer and transfer.data) or {}
        if state in FIELD_STATES or data.get("step") == STEP_DELIVERY:
            return False
        return data.get("to") or False

    def _get_firmware_at(self, moment):
        return self.firmware_ids.filtered(lambda row: row.installed_at <= moment).sorted(
            lambda row: (row.installed_at, row.id)
        )[-1:]

    def _get_components_at(self, moment):
        return self.component_ids.filtered(
            lambda row: (
                row.installed_at <= moment and (not row.removed_at or row.removed_at > moment)
            )
        )

    def _get_situation_notes(self, moment, first, unknown):
        """Sentences on what is known of that moment and what is not."""
        notes = []
        if moment > fields.Datetime.now():
            notes.append(self.env._("This moment lies in the future: this is what holds today."))
        if "state" in unknown and "place" not in unknown:
            # Known by the device around it, or by a place without a state.
            notes.append(self.env._("No state is recorded for that moment."))
        elif "state" in unknown:
            notes.append(self._describe_start(first))
            if declared := self._get_declared_dates(moment):
                notes.append(self.env._("Declared by then: %s.", ", ".join(declared)))
        elif "place" in unknown:
            notes.append(self.env._("No place is recorded for that moment."))
        if "location" in unknown:
            notes.append(self.env._("No stock location is recorded for that moment."))
        if "firmware" in unknown:
            notes.append(self.env._("No firmware version is recorded for that moment."))
        if "components" in unknown:
            notes.append(self.env._("No components are recorded for that moment."))
        return notes

    def _describe_start(self, first):
        if not first:
            return self.env._("Nothing is recorded of the state and place of this device.")
        return self.env._(
            "The device is on record since %s: its state and place before that are not known.",
            format_datetime(self.env, first),
        )

    def _get_declared_dates(self, moment):
        """Dates of the device's file that lie before the end of that day."""
        day = fields.Datetime.context_timestamp(self, moment).date()
        return [
            f"{self._get_label(name)} {format_date(self.env, self[name])}"
            for name in DATE_ORDER
            if self[name] and self[name] <= day
        ]

    def _describe_partner(self, partner):
        return bool(partner) and {"id": partner.id, "name": partner.display_name}
