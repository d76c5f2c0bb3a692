from odoo import api, fields, models
from odoo.exceptions import UserError

from .argument import read_text
from .device_state import (
    BUTTON_FIELDS,
    STATE_IN_SERVICE,
    STATE_IN_STOCK,
    STATE_INSTALLED,
    STATE_LOST,
    STATE_ON_LOAN,
    STATE_QUARANTINED,
    STATE_RECALLED,
    STATE_RETIRED,
    STATE_SCRAPPED,
    STATE_SHIPPED,
    STATE_UNDER_REPAIR,
    TRANSITIONS,
    legal_targets,
)
from .guard import trusted
from .meddev_device_event import EVENT_PLACE, EVENT_STATE
from .stock_lot import DATE_ORDER

CAN_BE = {"compute": "_compute_can_be"}

#: State -> date that a move to it sets.
DATE_OF_STATE = {STATE_SHIPPED: "shipping_date", STATE_INSTALLED: "installation_date"}


class StockLot(models.Model):
    """The device's life cycle and place; the table of moves is in ``device_state``."""

    _inherit = "stock.lot"

    can_be_returned_to_stock = fields.Boolean(**CAN_BE)
    can_be_shipped = fields.Boolean(**CAN_BE)
    can_be_installed = fields.Boolean(**CAN_BE)
    can_be_put_in_service = fields.Boolean(**CAN_BE)
    can_be_quarantined = fields.Boolean(**CAN_BE)
    can_be_sent_to_repair = fields.Boolean(**CAN_BE)
    can_be_lent = fields.Boolean(**CAN_BE)
    can_be_recalled = fields.Boolean(**CAN_BE)
    can_be_retired = fields.Boolean(**CAN_BE)
    can_be_scrapped = fields.Boolean(**CAN_BE)
    can_be_reported_lost = fields.Boolean(**CAN_BE)

    @api.depends("device_state", "is_device")
    @api.depends_context("uid")
    def _compute_can_be(self):
        may_write = self.has_access("write")
        for lot in self:
            targets = lot._get_allowed_targets() if may_write and lot.is_device else ()
            for state, name in BUTTON_FIELDS.items():
                lot[name] = state in targets

    def _get_allowed_targets(self):
        """States that this user may move the device to now."""
        self.ensure_one()
        return [
            target
            for target in legal_targets(self.device_state)
            if self._has_role_for(TRANSITIONS[self.device_state, target])
        ]

    @api.model
    def _has_role_for(self, transition):
        # Roles are asked of the person, also under sudo; only the system itself has them all.
        if self.env.uid == self.env.ref("base.user_root").id:
            return True
        user = self.env.user
        return any(user.has_group(role) for role in transition.roles)

    @api.model
    def _get_role_names(self, transition):
        # sudo: names of groups, for the message.
        return ", ".join(self.env.ref(role).sudo().name for role in transition.roles)

    def _ensure_can_move(self, target, reason=None, check_roles=True):
        """Refuse moves that the table does not know, or that this user may not make."""
        self._ensure_devices()
        for device in self:
            transition = TRANSITIONS.get((device.device_state, target))
            if not transition:
                legal = legal_targets(device.device_state)
                raise UserError(
                    self.env._(
                        "%(device)s cannot go from %(old)s to %(new)s. Possible next states:"
                        " %(states)s.",
                        device=device.display_name,
                        old=device._get_state_label(device.device_state),
                        new=device._get_state_label(target),
                        states=", ".join(map(device._get_state_label, legal)) or "–",
                    )
                )
            if check_roles and not self._has_role_for(transition):
                raise UserError(
                    self.env._(
                        "%(device)s: moving a device from %(old)s to %(new)s is for: %(roles)s.",
                        device=device.display_name,
                        old=device._get_state_label(device.device_state),
                        new=device._get_state_label(target),
                        roles=self._get_role_names(transition),
                    )
                )
            if check_roles and transition.needs_reason and not (reason or "").strip():
                raise UserError(
                    self.env._(
                        "%(device)s: say why the device becomes %(new)s. Use the button on the"
                        " device and enter a reason.",
                        device=device.display_name,
                        new=device._get_state_label(target),
                    )
                )

    def _get_state_label(self, state):
        labels = dict(self._fields["device_state"]._description_selection(self.env))
        return labels.get(state, state or "–")

    # Moves

    @api.model
    def get_legal_moves(self, state):
        """States that a device in ``state`` may be moved to by the present user.

        :return: list of dictionaries ``state``, ``label``, ``needs_reason``.
        """
        return [
            {
                "state": target,
                "label": self._get_state_label(target),
                "needs_reason": TRANSITIONS[state, target].needs_reason,
            }
            for target in (legal_targets(state) if isinstance(state, str) else ())
            if self._has_role_for(TRANSITIONS[state, target])
        ]

    def move_device_state(self, state, reason=None):
        """Move devices to ``state`` as the table and the user's roles allow.

        :param reason: why; required for the moves that the table marks so.
        :return: dictionary ``ids``, ``state``.
        :raise UserError: the move is not legal, or not for this user, or lacks its reason.
        """
        self.check_access("write")
        state = read_text(self.env, self._get_label("device_state"), state)
        reason = read_text(self.env, self.env._("Reason"), reason)
        self._move_device_state(state, reason=reason)
        return {"ids": self.ids, "state": state}

    def _move_device_state(self, state, reason=None, check_roles=True, **event_vals):
        """The one way a device changes its state; addons that have checked the right call it.

        :param check_roles: False where another rule already gave the right (a signed
            acceptance, a stock operation, a recall).
        :param event_vals: further values of the event.
        """
        if not self:
            return
        self._ensure_can_move(state, reason=reason, check_roles=check_roles)
        self.lock_for_update(allow_referencing=True)
        events = [
            {
                "lot_id": device.id,
                "kind": EVENT_STATE,
                "state_from": device.device_state,
                "state_to": state,
                "summary": reason or False,
                **event_vals,
            }
            for device in self
        ]
        by_vals = self.grouped(lambda device: tuple(device._prepare_state_vals(state).items()))
        for vals, devices in by_vals.items():
            trusted(devices).write({"device_state": state} | dict(vals))
        self._log_device_events(events)

    def _prepare_state_vals(self, state):
        """Dates that a move sets by itself on a device that lacks them.

        None where a later date is on file: what was accepted last year is not installed today.
        """
        self.ensure_one()
        name = DATE_OF_STATE.get(state)
        if not name or any(self[later] for later in DATE_ORDER[DATE_ORDER.index(name) :]):
            return {}
        return {name: self._get_expiry_day()}

    def _start_move(self, state, reason):
        """Move at once, or ask for the reason that the table requires."""
        reason = read_text(self.env, self.env._("Reason"), reason)
        needs_reason = any(
            transition.needs_reason
            for device in self
            if (transition := TRANSITIONS.get((device.device_state, state)))
        )
        if not needs_reason or reason:
            return self.move_device_state(state, reason=reason)
        self.check_access("write")
        # Whatever else is wrong is said before the person is asked to write a reason.
        self._ensure_can_move(state, reason="?")
        return {
            "type": "ir.actions.act_window",
            "name": self._get_state_label(state),
            "res_model": "meddev.device.transition",
            "view_mode": "form",
            "target": "new",
            "context": {"default_lot_ids": self.ids, "default_state": state},
        }

    def action_return_to_stock(self, reason=None):
        """Back in our stock; asks for a reason where the table requires one."""
        return self._start_move(STATE_IN_STOCK, reason)

    def action_ship(self, reason=None):
        """On its way to the customer."""
        return self._start_move(STATE_SHIPPED, reason)

    def action_install(self, reason=None):
        """Installed at the customer's, awaiting acceptance."""
        return self._start_move(STATE_INSTALLED, reason)

    def action_put_in_service(self, reason=None):
        """In the customer's service."""
        return self._start_move(STATE_IN_SERVICE, reason)

    def action_quarantine(self, reason=None):
        """Out of use and of delivery until quality releases it."""
        return self._start_move(STATE_QUARANTINED, reason)

    def action_send_to_repair(self, reason=None):
        """Under repair, on site or in our workshop."""
        return self._start_move(STATE_UNDER_REPAIR, reason)

    def action_lend(self, reason=None):
        """Lent to a customer."""
        return self._start_move(STATE_ON_LOAN, reason)

    def action_recall(self, reason=None):
        """Under recall: nobody uses or delivers it."""
        return self._start_move(STATE_RECALLED, reason)

    def action_retire(self, reason=None):
        """Out of service for good, physically still there."""
        return self._start_move(STATE_RETIRED, reason)

    def action_scrap_device(self, reason=None):
        """Destroyed; the end of its life."""
        return self._start_move(STATE_SCRAPPED, reason)

    def action_report_lost(self, reason=None):
        """Not found where it should be."""
        return self._start_move(STATE_LOST, reason)

    # Place

    @api.model
    def _split_place(self, partner):
        """Customer, department and room that a partner (facility or contact) stands for."""
        # sudo: the tree above a partner that the user named; only ids leave.
        partner = partner.sudo()
        places = partner.facility_ancestor_ids.grouped("facility_level")
        customer = partner.facility_id or partner.commercial_partner_id
        return {
            "customer_id": customer.id,
            "department_id": places["department"][:1].id if "department" in places else False,
            "room_id": places["room"][:1].id if "room" in places else False,
        }

    def _complete_place_vals(self, vals):
        """Values with the places that follow from those given: a room has its department."""
        partners = self.env["res.partner"]
        if vals.get("room_id"):
            above = self._split_place(partners.browse(vals["room_id"]))
        elif vals.get("department_id"):
            above = self._split_place(partners.browse(vals["department_id"]))
        elif vals.get("customer_id") and self._changes(vals, "customer_id"):
            # A hospital's department does not follow the device to another hospital.
            above = {"department_id": False, "room_id": False} if self else {}
        else:
            return vals
        if not vals.get("room_id") and not self._changes(vals, "department_id"):
            above.pop("room_id", None)
        return above | {name: value for name, value in vals.items() if value or name not in above}

    def _changes(self, vals, name):
        return (
            any(lot[name].id != vals.get(name) for lot in self) if name in vals else bool(not self)
        )

    def _log_place_changes(self, before):
        events = []
        for device in self:
            old = before.get(device.id)
            if not old:
                continue
            old = {
                name: old.get(name, device[name])
                for name in ("customer_id", "department_id", "room_id")
            }
            if all(device[name] == value for name, value in old.items()):
                continue
            events.append(
                {"lot_id": device.id, "kind": EVENT_PLACE, "sets_place": True}
                | {name: device[name].id for name in old}
                | {f"old_{name}": value.id for name, value in old.items()}
            )
        self._log_device_events(events)
