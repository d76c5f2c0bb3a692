from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .ticket_permission import announce_move, sealing
from .ticket_state import (
    BUTTON_FIELDS,
    CLOSED_STATES,
    CUSTOMER,
    ENGINEER,
    FIXED_FIELDS,
    OWN_TICKET_ROLES,
    STAMP_FIELDS,
    STATE_ARCHIVED,
    STATE_DISPATCHED,
    STATE_DONE,
    STATE_IN_PROGRESS,
    STATE_RECEIVED,
    STATE_WAITING,
    TRANSITIONS,
    GuardedState,
)


class HelpdeskTicket(models.Model):
    """How a ticket moves: one method, asked by buttons, stage drag, RPC, import and portal."""

    _inherit = "helpdesk.ticket"

    can_be_sent_back = fields.Boolean(compute="_compute_can_be_moved")
    can_be_dispatched = fields.Boolean(compute="_compute_can_be_moved")
    can_be_started = fields.Boolean(compute="_compute_can_be_moved")
    can_be_set_waiting = fields.Boolean(compute="_compute_can_be_moved")
    can_be_finished = fields.Boolean(compute="_compute_can_be_moved")
    can_be_put_on_file = fields.Boolean(compute="_compute_can_be_moved")

    @api.depends("service_state", "user_id")
    @api.depends_context("uid")
    def _compute_can_be_moved(self):
        for ticket in self:
            for state, name in BUTTON_FIELDS.items():
                ticket[name] = not ticket._get_refusal(state)

    # ------------------------------------------------------------ write

    def write(self, vals):
        if isinstance(vals.get("service_state"), GuardedState):
            announce_move(self)
            # str(): nothing that runs inside this write gets hold of the permission.
            return super().write(vals | {"service_state": str(vals["service_state"])})
        vals = self._strip_unchanged_state(vals)
        if "partner_id" in vals:
            vals = self._split_customer(dict(vals))
        if "stage_id" in vals:
            return self._write_stage(vals)
        return super().write(vals) if vals else True

    def _strip_unchanged_state(self, vals):
        """Refuse every change of the state and its stamps that is not a move.

        An imported file may carry the present state; that is no change.
        """
        if not FIXED_FIELDS & vals.keys():
            return vals
        for name in FIXED_FIELDS & vals.keys():
            if any(not ticket._holds(name, vals[name]) for ticket in self):
                raise UserError(self._get_message_of_fixed_fields([name]))
        return {name: value for name, value in vals.items() if name not in FIXED_FIELDS}

    def _holds(self, name, value):
        """Whether the field has this value already, as an imported file may say."""
        field = self._fields[name]
        try:
            given = field.convert_to_cache(value, self)
        except (TypeError, ValueError):
            return False
        return field.convert_to_cache(self[name], self) == given

    def _get_message_of_fixed_fields(self, names):
        labels = [self._fields[name]._description_string(self.env) for name in names]
        # sudo: the number, also for those who may not read the ticket.
        return self.env._(
            "Ticket %(tickets)s: the field %(field)s cannot be written. Use the"
            " ticket's buttons, drag it to another stage, or call move_to.",
            tickets=", ".join(self.sudo().mapped("number")),
            field=", ".join(labels),
        )

    def _write_stage(self, vals):
        """Take a stage of the same state as it is; another state is a move and asks the guard."""
        # sudo: the state of the stage decides, also of one that the user does not see.
        stages = self.env["helpdesk.ticket.stage"].sudo()
        stage = self._browse_given(stages, "stage_id", vals["stage_id"])
        if not stage:
            raise UserError(self.env._("A ticket always has a Stage: choose one."))
        moving = self.filtered(lambda ticket: ticket.service_state != stage.service_state)
        staying = self - moving
        if staying:
            closed = {ticket: ticket.closed_date for ticket in staying}
            super(HelpdeskTicket, staying).write(dict(vals))
            for ticket, closed_date in closed.items():
                if closed_date and ticket.closed_date != closed_date:
                    super(HelpdeskTicket, ticket).write({"closed_date": closed_date})
            stage._mark_used()
        if moving:
            others = {name: value for name, value in vals.items() if name != "stage_id"}
            if others:
                moving.write(others)
            moving._move(stage.service_state, stage=stage)
        return True

    # ------------------------------------------------------------ guard

    def _get_refusal(self, state, by_customer=False):
        """Why this ticket may not go to ``state`` now, or an empty string.

        The user who acts is asked, under sudo as well: sudo lifts access rules, not the roles.
        """
        self.ensure_one()
        transition = TRANSITIONS.get((self.service_state, state))
        labels = dict(self._fields["service_state"]._description_selection(self.env))
        if not transition:
            return self.env._(
                "Ticket %(ticket)s is in the state %(old)s and cannot go to %(new)s.",
                ticket=self.number,
                old=labels.get(self.service_state, self.service_state),
                new=labels.get(state, state),
            )
        if by_customer:
            allowed = CUSTOMER in transition.roles
        else:
            allowed = any(
                self.env.user.has_group(role) and self._holds_role_here(role)
                for role in transition.roles
                if role != CUSTOMER
            )
        if not allowed:
            return self.env._(
                "Ticket %(ticket)s: you may not move it from %(old)s to %(new)s. Your roles do not"
                " allow it, or it is assigned to somebody else.",
                ticket=self.number,
                old=labels[self.service_state],
                new=labels[state],
            )
        return ""

    def _holds_role_here(self, role):
        """Whether a role of the user counts on this ticket: engineers move their own ones.

        A ticket that is assigned to nobody is taken by the engineer who starts it.
        """
        if role not in OWN_TICKET_ROLES:
            return True
        # sudo: whose ticket it is, also for those who may not read it.
        engineer = self.sudo().user_id
        return engineer == self.env.user or (
            not engineer and self.service_state == STATE_DISPATCHED
        )

    def _ensure_can_move(self, state, reason, by_customer=False):
        labels = dict(self._fields["service_state"]._description_selection(self.env))
        if state not in labels:
            raise UserError(
                self.env._(
                    "%(state)s is no state of a ticket. Use one of: %(states)s.",
                    state=state,
                    states=", ".join(labels),
                )
            )
        for ticket in self:
            if refusal := ticket._get_refusal(state, by_customer):
                legal = (ticket.service_state, state) in TRANSITIONS
                raise (AccessError if legal else UserError)(refusal)
            if TRANSITIONS[ticket.service_state, state].needs_reason and not reason:
                raise UserError(
                    self.env._(
                        "Ticket %(ticket)s: say why it goes from %(old)s to %(new)s. Use the"
                        " button, which asks for the Reason.",
                        ticket=ticket.number,
                        old=labels[ticket.service_state],
                        new=labels[state],
                    )
                )
        if state == STATE_IN_PROGRESS:
            self._ensure_engineer()
        if state == STATE_ARCHIVED:
            self._ensure_no_open_activities()

    def _ensure_engineer(self):
        may_take = self.env.user.has_group(ENGINEER)
        # sudo: as above.
        for ticket in self.sudo():
            if not ticket.user_id and not may_take and ticket.service_state == STATE_DISPATCHED:
                raise UserError(
                    self.env._(
                        "Ticket %(ticket)s has no engineer who could work on it. Fill in the field"
                        " Engineer first.",
                        ticket=ticket.number,
                    )
                )

    # ------------------------------------------------------------ move

    def move_to(self, state, reason=None, evidence=None):
        """Move these tickets to a state, as the buttons do.

        :param state: one of received, dispatched, in_progress, waiting, done, archived.
        :param reason: why; needed for sending back, finishing early and reopening. A ticket that
            waits for the customer without a reason waits, but its clocks go on.
        :param evidence: of waiting: what shows that the customer has to act. By default the last
            message to the customer, if there is one.
        :return: ``{"state", "moved_at" (UTC, ISO 8601), "tickets": [{"id", "number"}]}``.
        :raise UserError: the move is not in the table, or its reason is missing.
        :raise AccessError: the caller's roles do not allow the move.
        """
        if not self:
            raise UserError(self.env._("No ticket was given: send the ids of the tickets."))
        if not isinstance(state, str) or not all(
            isinstance(text or "", str) for text in (reason, evidence)
        ):
            raise UserError(
                self.env._("A state, a reason and an evidence are texts: send them as such.")
            )
        self.check_access("read")
        pause = {"evidence": (evidence or "").strip()}
        moved_at = self._move(state, reason, pause=pause)
        return {
            "state": state,
            "moved_at": moved_at.isoformat() + "Z",
            "tickets": [{"id": ticket.id, "number": ticket.number} for ticket in self],
        }

    def _move(self, state, reason=None, stage=None, by_customer=False, pause=None):
        """Check, move, stamp, log: the only way from one state to another.

        :param stage: the stage to enter; by default the first one of the state.
        :param by_customer: the customer of the ticket acts (portal, e-mail); the caller has
            proved that they are.
        :param pause: ``evidence`` and, if there is one, ``pause_reason_id``, for waiting.
        :return: moment of the move, UTC without microseconds.
        """
        reason = (reason or "").strip()
        self._ensure_can_move(state, reason, by_customer)
        pauses = self._prepare_pauses(reason, pause or {}) if state == STATE_WAITING else {}
        # sudo: the table above is the right to move; quality, who archives, and customers may not
        # write on tickets otherwise.
        tickets = self.sudo()
        tickets.lock_for_update(allow_referencing=True)
        if state == STATE_ARCHIVED:
            # What follows from other records is settled now: afterwards it stays.
            tickets.flush_recordset()
        moment, person = STAMP_FIELDS[state]
        now = fields.Datetime.now()
        vals = {"service_state": GuardedState(state), moment: now, person: self.env.uid}
        if state not in CLOSED_STATES:
            done_at, done_by = STAMP_FIELDS[STATE_DONE]
            vals |= {done_at: False, done_by: False, "closed_date": False}
        closed = {ticket: ticket.closed_date for ticket in tickets}
        transitions = tickets._prepare_transition_vals_list(state, now, reason, by_customer)
        tickets._take_if_free(state)
        with sealing(tickets if state == STATE_ARCHIVED else tickets.browse()):
            for target, group in tickets._group_by_target_stage(state, stage).items():
                if reason:
                    group._track_set_log_message(reason)
                group.write(vals | {"stage_id": target.id})
                target._mark_used()
            if state == STATE_ARCHIVED:
                for ticket in tickets:
                    super(HelpdeskTicket, ticket).write({"closed_date": closed[ticket] or now})
            self.env["meddev.ticket.transition"].sudo().create(transitions)
            tickets._log_moves_on_devices(transitions)
            tickets._move_clocks(transitions, pauses)
            if state == STATE_ARCHIVED:
                # The messages about everything up to the archiving itself.
                tickets._track_finalize()
                self.env.flush_all()
        return now

    def _prepare_transition_vals_list(self, state, moved_at, reason, by_customer):
        return [
            {
                "ticket_id": ticket.id,
                "state_from": ticket.service_state,
                "state_to": GuardedState(state),
                "moved_at": moved_at,
                "user_id": self.env.uid,
                "is_by_customer": by_customer,
                "reason": reason or False,
                "company_id": ticket.company_id.id,
            }
            for ticket in self
        ]

    def _take_if_free(self, state):
        if state == STATE_IN_PROGRESS and self.env.user.has_group(ENGINEER):
            free = self.filtered(
                lambda ticket: not ticket.user_id and ticket.service_state == STATE_DISPATCHED
            )
            free.write({"user_id": self.env.uid})

    def _group_by_target_stage(self, state, stage=None):
        if stage:
            return {stage: self}
        stages = self.env["helpdesk.ticket.stage"]._get_stages_by_state(state)
        groups = {}
        for ticket in self:
            target = stages._pick_for(ticket.team_id, ticket.company_id) or stages[:1]
            if not target:
                labels = dict(self._fields["service_state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "No stage stands for the state %(state)s. Ask the service manager to"
                        " create one.",
                        state=labels[state],
                    )
                )
            groups[target] = groups.get(target, self.browse()) | ticket
        return groups

    def _log_moves_on_devices(self, transitions):
        self._log_on_devices(
            {
                vals["ticket_id"]: {
                    "state_from": vals["state_from"],
                    "state_to": str(vals["state_to"]),
                    "reason": vals["reason"],
                }
                for vals in transitions
            }
        )

    # ------------------------------------------------------------ buttons

    def action_dispatch(self):
        return self._move_or_ask(STATE_DISPATCHED)

    def action_start(self):
        return self._move_or_ask(STATE_IN_PROGRESS)

    def action_wait_for_customer(self):
        return self._move_or_ask(STATE_WAITING)

    def action_finish(self):
        return self._move_or_ask(STATE_DONE)

    def action_send_back(self):
        return self._move_or_ask(STATE_RECEIVED)

    def action_put_on_file(self):
        return self._move_or_ask(STATE_ARCHIVED)

    def _move_or_ask(self, state):
        """Move at once, or open the question for the reason where the table wants one."""
        for ticket in self:
            transition = TRANSITIONS.get((ticket.service_state, state))
            asks = transition and (transition.needs_reason or state == STATE_WAITING)
            if asks and not ticket._get_refusal(state):
                return self._ask_why(state)
        self.move_to(state)
        return True

    def _ask_why(self, state):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Why?"),
            "res_model": "helpdesk.ticket.move",
            "view_mode": "form",
            "target": "new",
            "context": {"default_ticket_ids": self.ids, "default_state": state},
        }
