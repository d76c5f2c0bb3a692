from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.models import MAGIC_COLUMNS

from .argument import ensure_single
from .device_state import DEVICE_STATES

EVENT_CREATED = "created"
EVENT_STATE = "state"
EVENT_PLACE = "place"
EVENT_STOCK = "stock"
EVENT_RECALL = "recall"
EVENT_FIRMWARE = "firmware"
EVENT_COMPONENT = "component"
EVENT_ACCEPTANCE = "acceptance"
EVENT_IDENTITY = "identity"
EVENT_DOCUMENT = "document"
EVENT_NOTE = "note"

#: What an event of the kind "recall" says; the recall of a device is a state.
RECALL_STARTED = "start"
RECALL_ENDED = "end"

#: What an event of the kind "component" says on the timeline of the component itself.
FITTED = "fitted"
TAKEN_OUT = "taken_out"


class MeddevDeviceEvent(models.Model):
    """One thing that happened to a device; written once, never changed, never deleted.

    A correction is a new event that voids the one it points to.
    Other addons write through ``stock.lot._log_device_events`` and add their kinds to ``kind``.
    Rule: Regulations 739 Art. 50 (one file per unit); ISO 13485:2016 7.5.9.
    """

    _name = "meddev.device.event"
    _description = "Device Event"
    _order = "occurred_at desc, id desc"
    _rec_name = "title"

    lot_id = fields.Many2one(
        "stock.lot", string="Device", required=True, readonly=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            (EVENT_CREATED, "Entered"),
            (EVENT_STATE, "State"),
            (EVENT_PLACE, "Place"),
            (EVENT_STOCK, "Stock"),
            (EVENT_RECALL, "Recall"),
            (EVENT_FIRMWARE, "Firmware"),
            (EVENT_COMPONENT, "Component"),
            (EVENT_ACCEPTANCE, "Acceptance"),
            (EVENT_IDENTITY, "Identity"),
            (EVENT_DOCUMENT, "Document"),
            (EVENT_NOTE, "Note"),
        ],
        required=True,
        readonly=True,
    )
    occurred_at = fields.Datetime(
        required=True, readonly=True, default=lambda self: fields.Datetime.now()
    )
    recorded_at = fields.Datetime(string="Recorded At", related="create_date")
    user_id = fields.Many2one(
        "res.users", string="By", readonly=True, default=lambda self: self.env.user
    )
    title = fields.Char(compute="_compute_title")
    summary = fields.Char(readonly=True)
    state_from = fields.Selection(DEVICE_STATES, readonly=True)
    state_to = fields.Selection(DEVICE_STATES, readonly=True)
    sets_place = fields.Boolean(readonly=True)
    customer_id = fields.Many2one("res.partner", readonly=True, index="btree_not_null")
    department_id = fields.Many2one("res.partner", readonly=True)
    room_id = fields.Many2one("res.partner", readonly=True)
    old_customer_id = fields.Many2one("res.partner", readonly=True, index="btree_not_null")
    old_department_id = fields.Many2one("res.partner", readonly=True)
    old_room_id = fields.Many2one("res.partner", readonly=True)
    data = fields.Json(readonly=True)
    is_anomaly = fields.Boolean(string="Needs Attention", readonly=True)
    correction_of_id = fields.Many2one(
        "meddev.device.event",
        string="Corrects",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    correction_ids = fields.One2many(
        "meddev.device.event", "correction_of_id", string="Corrected By"
    )
    is_voided = fields.Boolean(compute="_compute_is_voided", search="_search_is_voided")
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Many2oneReference(string="Document", model_field="res_model", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")

    _timeline_index = models.Index("(lot_id, occurred_at DESC, id DESC)")

    @api.depends(
        "kind", "data", "state_from", "state_to", "customer_id", "department_id", "room_id"
    )
    @api.depends_context("lang")
    def _compute_title(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        states = dict(self._fields["state_to"]._description_selection(self.env))
        for event in self:
            event.title = event._get_title(kinds, states)

    @api.depends("correction_ids")
    def _compute_is_voided(self):
        for event in self:
            event.is_voided = bool(event.correction_ids)

    def _search_is_voided(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("correction_ids", "!=", False)]

    @api.constrains("correction_of_id", "lot_id")
    def _check_corrects_same_device(self):
        for event in self:
            if event.correction_of_id and event.correction_of_id.lot_id != event.lot_id:
                raise ValidationError(
                    self.env._("An event can only correct an event of the same device.")
                )

    @api.constrains("occurred_at")
    def _check_not_in_the_future(self):
        limit = fields.Datetime.add(fields.Datetime.now(), minutes=5)
        if late := self.filtered(lambda event: event.occurred_at > limit):
            raise ValidationError(
                self.env._(
                    "%s: an event cannot be recorded before it happens. Correct its date and time.",
                    late[0].lot_id.display_name,
                )
            )

    def write(self, vals):
        raise UserError(self._describe_frozen())

    def _write_multi(self, vals_list):
        """Refuse it below ``write`` as well, where the code of a server action also reaches."""
        if self and any(vals.keys() - set(MAGIC_COLUMNS) for vals in vals_list):
            raise UserError(self._describe_frozen())
        return super()._write_multi(vals_list)

    def _describe_frozen(self):
        return self.env._(
            "The device's timeline is never changed. Record a correction, which points to the"
            " event that it corrects."
        )

    def unlink(self):
        raise UserError(
            self.env._(
                "The device's timeline is never deleted. Record a correction, which points to the"
                " event that it corrects."
            )
        )

    def action_view_document(self):
        """Open the document that this event tells of, as far as the reader may see it."""
        ensure_single(self)
        if not self.res_model or self.res_model not in self.env:
            raise UserError(self.env._("This event has no document."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    def _get_title(self, kinds, states):
        """One line in the reader's language; addons with kinds of their own extend it.

        :param kinds: label by kind; :param states: label by device state.
        """
        self.ensure_one()
        parts = [kinds.get(self.kind, self.kind)]
        if self.state_to and self.state_from and self.state_from != self.state_to:
            parts.append(f"{states[self.state_from]} → {states[self.state_to]}")
        elif self.state_to:
            parts.append(states[self.state_to])
        if self.sets_place:
            parts.append(self._describe_place())
        if self.kind == EVENT_RECALL:
            is_end = (self.data or {}).get("step") == RECALL_ENDED
            parts.append(self.env._("Ended") if is_end else self.env._("Started"))
        if self.kind == EVENT_COMPONENT and (host := (self.data or {}).get("host")):
            is_fitted = self.data.get("action") == FITTED
            parts.append(
                self.env._("Fitted into %s", host["name"])
                if is_fitted
                else self.env._("Taken out of %s", host["name"])
            )
        return " · ".join(part for part in parts if part)

    def _describe_place(self):
        # sudo: whoever may read the device's event may read the names of the places in it.
        event = self.sudo()
        new = event.room_id or event.department_id or event.customer_id
        old = event.old_room_id or event.old_department_id or event.old_customer_id
        if old and new:
            return f"{old.display_name} → {new.display_name}"
        return (new or old).display_name or ""
