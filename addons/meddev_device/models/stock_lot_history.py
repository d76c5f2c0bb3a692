from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.calendar_text import read_moment
from ..tools.text import shorten
from .argument import ensure_single, read_text, read_whole_number
from .meddev_device_event import EVENT_CREATED, EVENT_NOTE

#: Entries of the timeline that one call answers; more are paged.
MAX_TIMELINE = 10_000


class StockLot(models.Model):
    """The device's timeline."""

    _inherit = "stock.lot"

    @api.model
    def _log_device_events(self, vals_list):
        """Append to the timeline; the one hook through which every addon writes history.

        :param vals_list: one dictionary per event with ``lot_id`` and ``kind``, and any of
            ``summary``, ``occurred_at`` (UTC), ``state_from``, ``state_to``, ``sets_place`` with
            ``customer_id``/``department_id``/``room_id`` and their ``old_`` forms, ``data``
            (JSON), ``res_model`` and ``res_id`` of the document, ``is_anomaly``,
            ``correction_of_id``. Lots that are no devices are allowed (batch lots).
        :return: the events, in order.
        """
        if not vals_list:
            return self.env["meddev.device.event"]
        lots = self.browse({vals["lot_id"] for vals in vals_list})
        # sudo: nobody has the right to create events by hand; the author is the present user
        # and the company is the lot's own.
        company_of = {lot.id: lot.company_id.id for lot in lots.sudo()}
        return (
            self.env["meddev.device.event"]
            .sudo()
            .create(
                [
                    {"user_id": self.env.uid, "company_id": company_of[vals["lot_id"]]} | vals
                    for vals in vals_list
                ]
            )
        )

    def _log_creation(self):
        self._log_device_events(
            [
                {
                    "lot_id": device.id,
                    "kind": EVENT_CREATED,
                    "state_to": device.device_state,
                    "sets_place": bool(device.customer_id),
                    "customer_id": device.customer_id.id,
                    "department_id": device.department_id.id,
                    "room_id": device.room_id.id,
                }
                for device in self
            ]
        )

    def log_note(self, text, occurred_at=None):
        """Add a note to the devices' timeline.

        :param occurred_at: ISO 8601, UTC where it names no offset; now if not given. A bare date
            is the end of that day in the user's timezone, today is now.
        :return: ids of the events.
        """
        self.check_access("write")
        text = read_text(self.env, self.env._("Text"), text)
        if not text:
            raise UserError(self.env._("A note on the timeline needs a text."))
        is_given = not (occurred_at is None or occurred_at is False or occurred_at == "")
        today = str(fields.Date.context_today(self))
        is_today = isinstance(occurred_at, str) and occurred_at.strip() == today
        moment = fields.Datetime.now()
        if is_given and not is_today:
            moment = self._parse_moment(occurred_at)
        return self._log_device_events(
            [
                {
                    "lot_id": device.id,
                    "kind": EVENT_NOTE,
                    "summary": text,
                    "occurred_at": moment,
                }
                for device in self
            ]
        ).ids

    def correct_event(self, event_id, text):
        """Void an event of this device by a correction, which is an event of its own.

        :param event_id: the event that was recorded wrongly.
        :param text: what is right, and why.
        :return: id of the correction.
        """
        ensure_single(self)
        self.check_access("write")
        event_id = read_whole_number(self.env, self.env._("Event"), event_id, lowest=1)
        text = read_text(self.env, self.env._("Text"), text)
        if not text:
            raise UserError(self.env._("Say what is right, and why."))
        event = self.env["meddev.device.event"].browse(event_id).exists()
        if not event or event.lot_id != self:
            raise UserError(self.env._("This event is not on the device's timeline."))
        if event.is_voided:
            raise UserError(self.env._("This event was corrected already."))
        if event.kind not in self._get_correctable_kinds():
            raise UserError(
                self.env._(
                    "The state and place of a device are corrected by moving it, so that the"
                    " timeline and the device agree."
                )
            )
        return self._log_device_events(
            [
                {
                    "lot_id": self.id,
                    "kind": event.kind,
                    "occurred_at": event.occurred_at,
                    "summary": text,
                    "correction_of_id": event.id,
                }
            ]
        ).id

    def _get_correctable_kinds(self):
        """Kinds of events that a person may void; addons append theirs."""
        return [EVENT_NOTE, "document"]

    @api.model
    def _parse_moment(self, moment):
        """Moment in UTC of an ISO 8601 text; see ``tools.calendar_text.read_moment``."""
        try:
            return read_moment(moment, self._get_timezone())
        except ValueError as error:
            raise UserError(
                self.env._(
                    "%s is no date and time. Write for example 2026-03-31 08:00:00 (UTC),"
                    " 2026-03-31T08:00:00+08:00, or 2026-03-31 for the end of that day.",
                    shorten(moment),
                )
            ) from error

    @api.model
    def _get_timezone(self):
        return ZoneInfo(str(self.env.tz))

    def get_timeline(self, limit=200, offset=0):
        """The device's history as data, newest first.

        :param limit: number of entries, 1 to 10,000; :param offset: how many to pass over.
        :return: list of dictionaries ``id``, ``at`` (UTC), ``kind``, ``title``, ``summary``,
            ``by``, ``is_voided``, ``document`` (``{"model", "id"}`` or False).
        """
        ensure_single(self)
        self.check_access("read")
        limit = read_whole_number(self.env, self.env._("Limit"), limit, 1, MAX_TIMELINE)
        offset = read_whole_number(self.env, self.env._("Offset"), offset)
        events = self.env["meddev.device.event"].search(
            [("lot_id", "=", self.id)], limit=limit, offset=offset
        )
        return [
            {
                "id": event.id,
                "at": fields.Datetime.to_string(event.occurred_at),
                "kind": event.kind,
                "title": event.title,
                "summary": event.summary or "",
                # sudo: the author's name, for everyone who may read the event.
                "by": event.user_id.sudo().name,
                "is_voided": event.is_voided,
                "document": bool(event.res_model)
                and {"model": event.res_model, "id": event.res_id},
            }
            for event in events
        ]

    def action_view_timeline(self):
        """Open the whole timeline in its own list."""
        ensure_single(self)
        action = self.env["ir.actions.act_window"]._for_xml_id("meddev_device.device_event_action")
        action["domain"] = [("lot_id", "=", self.id)]
        return action

    def action_view_as_of(self):
        """Ask for a date and show the device as it was then."""
        ensure_single(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("%s as of a Date", self.name),
            "res_model": "meddev.device.as.of",
            "view_mode": "form",
            "target": "new",
            "context": {"default_lot_id": self.id},
        }
