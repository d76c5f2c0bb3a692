from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.meddev_base.tools import service_clock as clock
from odoo.addons.meddev_device.models.argument import ensure_single

from ..ticket_state import (
    CLOSED_STATES,
    OPEN_STATES,
    STATE_DONE,
    STATE_IN_PROGRESS,
    STATE_WAITING,
    TRANSITIONS,
)
from .sla_kind import (
    ALL_KINDS,
    MILESTONE_ANSWERED,
    MILESTONE_SOLVED,
    MILESTONES,
    REOPENED_KINDS,
)

#: What a policy is chosen by: a change of it asks anew.
POLICY_FIELDS = frozenset(
    [
        "category_id",
        "company_id",
        "department_id",
        "lot_id",
        "nature_id",
        "partner_id",
        "priority",
    ]
)

SLA_NONE = "none"
SLA_LATE = "late"
SLA_STATES = [
    (SLA_NONE, "No Target"),
    (clock.RUNNING, "In Time"),
    (SLA_LATE, "Late"),
    (clock.PAUSED, "Paused"),
    ("met", "Met"),
    ("missed", "Missed"),
    (clock.VOIDED, "Void"),
]


class HelpdeskTicket(models.Model):
    """The clocks of a ticket: started with it, moved by what happens to it, shown to everybody."""

    _inherit = "helpdesk.ticket"

    sla_policy_id = fields.Many2one(
        "meddev.sla.policy",
        "Service Policy",
        compute="_compute_sla_start",
        store=True,
        precompute=True,
        compute_sudo=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    sla_reasons = fields.Json(
        compute="_compute_sla_start", store=True, precompute=True, compute_sudo=True, copy=False
    )
    sla_due_at = fields.Datetime(
        "Due",
        compute="_compute_sla_start",
        store=True,
        precompute=True,
        compute_sudo=True,
        copy=False,
        help="When the next clock of the ticket runs out; empty while none runs.",
    )
    answered_at = fields.Datetime(
        "Answered at", readonly=True, copy=False, help="The first word to the customer."
    )
    sla_clock_ids = fields.One2many("meddev.sla.clock", "ticket_id", "Clocks")
    sla_event_ids = fields.One2many("meddev.sla.event", "ticket_id", "Ledger of the Clocks")
    sla_state = fields.Selection(
        SLA_STATES, "Service Level", compute="_compute_sla_state", search="_search_sla_state"
    )
    clocks_go_on = fields.Boolean(
        compute="_compute_clocks_go_on",
        compute_sudo=True,
        help="The ticket waits for the customer, but nobody said why.",
    )
    sla_explanation = fields.Text("Why This Target", compute="_compute_sla_explanation")

    _sla_due_index = models.Index("(sla_due_at) WHERE sla_due_at IS NOT NULL")

    # ------------------------------------------------------------ computes

    def _compute_sla_start(self):
        """The policy of a new ticket; what happens later writes these fields anew.

        Depends on nothing: what was chosen stays until the ledger says otherwise.
        """
        new = self.filtered(lambda ticket: not ticket._origin.id)
        for ticket in self - new:
            # Read from the database: another value is written, never computed.
            ticket.sla_policy_id = ticket.sla_policy_id
            ticket.sla_reasons = ticket.sla_reasons
            ticket.sla_due_at = ticket.sla_due_at
        if not new:
            return
        policies = self.env["meddev.sla.policy"]
        facts = new._get_policy_facts()
        now = fields.Datetime.now()
        for ticket in new:
            choice, reasons = policies._choose(facts[ticket], now)
            ticket.sla_policy_id = choice.id if choice else False
            ticket.sla_reasons = reasons
            ticket.sla_due_at = ticket._get_first_due(choice, ticket.received_at or now)

    @api.model
    def _get_first_due(self, choice, start):
        # sudo: opening hours, for the arithmetic alone.
        schedules = self.env["meddev.work.schedule"].sudo()
        dues = []
        for target in choice.targets.values() if choice else ():
            schedule = schedules.browse(target["schedule_id"])._get_schedule()
            event = clock.ClockEvent(
                clock.aware(start), clock.START, clock.seconds(target["seconds"]), schedule
            )
            dues.append(clock.due_moment(clock.apply(clock.ClockReading(), event)))
        return clock.naive(min(filter(None, dues), default=None)) or False

    @api.depends("sla_due_at", "sla_clock_ids.status", "sla_clock_ids.late_since")
    def _compute_sla_state(self):
        now = fields.Datetime.now()
        for ticket in self:
            ticket.sla_state = ticket._get_sla_state(now)

    @api.depends("service_state", "sla_event_ids")
    def _compute_clocks_go_on(self):
        for ticket in self:
            waits = ticket.service_state == STATE_WAITING
            ticket.clocks_go_on = waits and ticket._get_last_clock_event().kind != clock.PAUSE

    def _get_sla_state(self, now):
        # sudo: whoever reads the ticket sees whether it is late.
        rows = self.sudo().sla_clock_ids.filtered("has_target")
        running = rows.filtered(lambda row: row.status == clock.RUNNING)
        if any(row.late_since or (row.breach_at and row.breach_at < now) for row in running):
            return SLA_LATE
        if running:
            return clock.RUNNING
        if rows.filtered(lambda row: row.status == clock.PAUSED):
            return clock.PAUSED
        stopped = rows.filtered(lambda row: row.status == clock.STOPPED)
        if stopped:
            return "met" if all(stopped.mapped("is_met")) else "missed"
        return clock.VOIDED if rows else SLA_NONE

    @api.model
    def _search_sla_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        conditions = {
            SLA_LATE: SQL("bool_or(status = 'running' AND breach_at < %s)", now),
            clock.RUNNING: SQL(
                "bool_or(status = 'running')"
                " AND NOT bool_or(status = 'running' AND breach_at < %s)",
                now,
            ),
            clock.PAUSED: SQL("bool_or(status = 'paused') AND NOT bool_or(status = 'running')"),
            "met": SQL(
                "bool_and(status IN ('stopped', 'void')) AND bool_or(status = 'stopped')"
                " AND NOT bool_or(status = 'stopped' AND NOT is_met)"
            ),
            "missed": SQL(
                "bool_and(status IN ('stopped', 'void'))"
                " AND bool_or(status = 'stopped' AND NOT is_met)"
            ),
            clock.VOIDED: SQL("bool_and(status = 'void')"),
        }
        wanted = [conditions[state] for state in value if state in conditions]
        if wanted:
            found = SQL(
                "(SELECT ticket_id FROM meddev_sla_clock WHERE has_target GROUP BY ticket_id"
                " HAVING %s)",
                SQL(" OR ").join(SQL("(%s)", condition) for condition in wanted),
            )
            domain = Domain("id", "in", found)
        else:
            domain = Domain.FALSE
        if SLA_NONE in value:
            domain |= ~Domain("sla_clock_ids.has_target", "=", True)
        return domain

    # ------------------------------------------------------------ create, write

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        tickets._start_clocks()
        return tickets

    def write(self, vals):
        result = super().write(vals)
        if POLICY_FIELDS & vals.keys():
            self._reconsider_policy()
        return result

    # ------------------------------------------------------------ ledger

    def _start_clocks(self):
        choices = {choice.id: choice for choice in self.env["meddev.sla.policy"]._get_choices()}
        # sudo: as the ledger itself.
        self.env["meddev.sla.event"]._record(
            [
                {
                    "ticket_id": ticket.id,
                    "company_id": ticket.company_id.id,
                    "kind": clock.START,
                    "occurred_at": ticket.received_at,
                    "policy_id": ticket.sla_policy_id.id,
                    "targets": choices[ticket.sla_policy_id.id].targets
                    if ticket.sla_policy_id
                    else {},
                    "reasons": ticket.sla_reasons,
                }
                for ticket in self.sudo()
            ]
        )

    def _reconsider_policy(self):
        """Choose the policy of open tickets anew; what has run is kept."""
        # sudo: what was agreed holds whoever changes the ticket.
        tickets = self.sudo().filtered(lambda ticket: ticket.service_state in OPEN_STATES)
        now = fields.Datetime.now()
        facts = tickets._get_policy_facts()
        policies = self.env["meddev.sla.policy"]
        lines = []
        for ticket in tickets:
            choice, reasons = policies._choose(facts[ticket], now)
            policy_id = choice.id if choice else False
            if policy_id == ticket.sla_policy_id.id:
                continue
            if not ticket.sla_reasons:
                lines += self.env["meddev.sla.event"]._begin_ledgers(
                    [ticket._prepare_clock_event(clock.POLICY)]
                )
            lines.append(
                ticket._prepare_clock_event(clock.POLICY)
                | {
                    "policy_id": policy_id,
                    "targets": choice.targets if choice else {},
                    "reasons": reasons,
                }
            )
            ticket._write_derived({"sla_policy_id": policy_id, "sla_reasons": reasons})
        if lines:
            self.env["meddev.sla.event"]._record(lines)

    def _renew_schedules(self, present):
        """Go on by the working time that is known now.

        :param present: ``meddev.work.schedule`` by calendar.
        """
        lines = []
        for ticket in self:
            targets = dict(ticket._get_targets_in_force())
            for kind, target in targets.items():
                schedule = self.env["meddev.work.schedule"].browse(target["schedule_id"])
                known = present.get(schedule.calendar_id, schedule)
                targets[kind] = target | {"schedule_id": known.id}
            lines.append(
                ticket._prepare_clock_event(clock.POLICY)
                | {
                    "policy_id": ticket.sla_policy_id.id,
                    "targets": targets,
                    "reasons": ticket.sla_reasons,
                    "reason": self.env._("Working hours or holidays have changed."),
                }
            )
        self.env["meddev.sla.event"]._record(lines)

    def _get_targets_in_force(self):
        lines = self.sla_event_ids.filtered(lambda line: line.kind in (clock.START, clock.POLICY))
        return lines[-1:].targets or {}

    def _prepare_clock_event(self, kind, target_kinds=ALL_KINDS):
        self.ensure_one()
        return {
            "ticket_id": self.id,
            "company_id": self.company_id.id,
            "kind": kind,
            "target_kinds": False if target_kinds == ALL_KINDS else ",".join(target_kinds),
        }

    def _move_clocks(self, transitions, pauses):
        """What the moves of these tickets do to their clocks.

        :param transitions: values of ``meddev.ticket.transition``, one for each ticket.
        :param pauses: why the customer is waited for, by id of the ticket.
        """
        tickets = {ticket.id: ticket for ticket in self}
        lines = []
        for vals in transitions:
            ticket = tickets[vals["ticket_id"]]
            common = {
                "occurred_at": vals["moved_at"],
                "reason": vals["reason"],
                "is_by_customer": vals["is_by_customer"],
            }
            for line in ticket._prepare_move_events(vals["state_from"], str(vals["state_to"])):
                if line["kind"] == clock.PAUSE:
                    if ticket.id not in pauses:
                        continue
                    line |= pauses[ticket.id]
                lines.append(common | line)
            answers = str(vals["state_to"]) in (STATE_IN_PROGRESS, STATE_DONE)
            if answers and not vals["is_by_customer"]:
                ticket._mark_answered(vals["moved_at"])
        if lines:
            self.env["meddev.sla.event"]._record(lines)

    def _mark_answered(self, moment):
        # sudo: a stamp of what the colleague did, who may not write on tickets otherwise.
        for ticket in self.sudo().filtered(lambda ticket: not ticket.answered_at):
            ticket._write_derived({"answered_at": moment})

    def _prepare_pauses(self, reason, pause):
        """Why the customer is waited for, by id of the ticket; none without a reason.

        :param pause: ``evidence`` and ``pause_reason_id``, as the person gave them. Where no
            evidence is given, the last message to the customer is it.
        """
        if not reason:
            return {}
        return {
            ticket.id: {
                "reason": reason,
                "evidence": pause.get("evidence") or False,
                "message_id": not pause.get("evidence")
                and ticket._find_last_message_to_customer().id,
                "pause_reason_id": pause.get("pause_reason_id", False),
            }
            for ticket in self
        }

    def _ensure_may_wait(self):
        """Stopping the clocks of a waiting ticket is the right of who may set it waiting."""
        roles = TRANSITIONS[STATE_IN_PROGRESS, STATE_WAITING].roles
        for ticket in self:
            if not any(
                self.env.user.has_group(role) and ticket._holds_role_here(role) for role in roles
            ):
                raise AccessError(
                    self.env._(
                        "Ticket %s: you may not stop its clocks. Its engineer or the service"
                        " manager says why it waits.",
                        ticket.number,
                    )
                )

    def _pause_clocks(self, reason, pause):
        """Say afterwards why tickets wait that went there without a reason."""
        waiting = self.filtered("clocks_go_on")
        pauses = waiting._prepare_pauses(reason, pause)
        self.env["meddev.sla.event"]._record(
            [ticket._prepare_clock_event(clock.PAUSE) | pauses[ticket.id] for ticket in waiting]
        )

    def _find_last_message_to_customer(self):
        """The last message of a colleague that the customer could read, or none."""
        # sudo: whether one was sent; only that is told.
        messages = self.sudo().message_ids.filtered(
            lambda message: (
                message.message_type in ("comment", "email_outgoing")
                and not message.is_internal
                and message.author_id.user_ids.filtered(lambda user: not user.share)
            )
        )
        return messages.sorted("id")[-1:]

    def _prepare_move_events(self, state_from, state_to):
        """Lines of the ledger that a move writes, in order."""
        if state_to == STATE_WAITING:
            return [self._prepare_clock_event(clock.PAUSE)]
        if state_to == STATE_DONE:
            if self._is_withdrawn():
                return [self._prepare_clock_event(clock.VOID)]
            solved = MILESTONES[MILESTONE_SOLVED]
            others = tuple(kind for kind in ALL_KINDS if kind not in solved)
            # What was never reached, and was not needed.
            return [
                self._prepare_clock_event(clock.STOP, solved),
                self._prepare_clock_event(clock.VOID, others),
            ]
        if state_from == STATE_WAITING:
            is_paused = self._get_last_clock_event().kind == clock.PAUSE
            return [self._prepare_clock_event(clock.RESUME)] if is_paused else []
        if state_from == STATE_DONE and state_to not in CLOSED_STATES:
            return [self._prepare_clock_event(clock.REOPEN, REOPENED_KINDS)]
        if state_to == STATE_IN_PROGRESS and not self.answered_at:
            return [
                self._prepare_clock_event(clock.STOP, MILESTONES[MILESTONE_ANSWERED]),
            ]
        return []

    def _get_last_clock_event(self):
        return self.sla_event_ids.sorted(lambda event: (event.occurred_at, event.id))[-1:]

    def _is_withdrawn(self):
        """Whether the request came to nothing: its clocks are void then, neither met nor missed."""
        self.ensure_one()
        return bool(self.duplicate_id)

    def _reach(self, milestone, moment=None, **values):
        """Stop the clocks that a milestone stops.

        :param moment: naive UTC, now unless given.
        """
        lines = [
            ticket._prepare_clock_event(clock.STOP, MILESTONES[milestone])
            | values
            | ({"occurred_at": moment} if moment else {})
            for ticket in self
        ]
        if lines:
            self.env["meddev.sla.event"]._record(lines)

    def _follow_clocks(self):
        """Take over what lists sort by; asked by the clocks after they were read."""
        # sudo: the due time follows the clocks, whoever moves the ticket.
        for ticket in self.sudo():
            running = ticket.sla_clock_ids.filtered(lambda row: row.due_at)
            due_at = min(running.mapped("due_at"), default=False)
            if ticket.sla_due_at != due_at:
                ticket._write_derived({"sla_due_at": due_at})

    def action_say_why_waiting(self):
        """Ask for the reason of waiting, which stops the clocks from now on."""
        ensure_single(self)
        return self._ask_why(STATE_WAITING)

    # ------------------------------------------------------------ explanation

    @api.depends("sla_policy_id", "sla_reasons")
    @api.depends_context("lang")
    def _compute_sla_explanation(self):
        for ticket in self:
            # sudo: whoever reads the ticket is told by what its target was chosen.
            ticket.sla_explanation = ticket.sudo()._explain_policy()

    def _explain_policy(self):
        reasons = self.sla_reasons or {}
        if not self.sla_policy_id:
            return self.env._("No service policy in force fits this ticket, so it has no targets.")
        found = [self._explain_condition(name, reasons) for name in reasons.get("conditions", [])]
        text = "; ".join(filter(None, found)) or self.env._("it holds for every request")
        return self.env._(
            "%(policy)s: %(reasons)s.", policy=self.sla_policy_id.display_name, reasons=text
        )

    def _explain_condition(self, name, reasons):
        if name == "service_level":
            level = self.env["meddev.service.level"].browse(reasons["service_level"]).exists()
            model, record_id = reasons.get("level_source") or (None, None)
            holder = self.env[model].browse(record_id).exists().display_name if model else ""
            return self.env._(
                "service level %(level)s of %(holder)s", level=level.name, holder=holder
            )
        if name == "nature":
            nature = self.env["meddev.request.nature"].browse(reasons["nature"]).exists()
            return self.env._("nature %s", nature.name)
        if name == "category":
            category = self.env["helpdesk.ticket.category"].browse(reasons["category"]).exists()
            return self.env._("category %s", category.complete_name)
        if name == "priority":
            return self.env._("priority %s", self._get_label("priority", reasons["priority"]))
        criticality = self.env["product.template"]._fields["device_criticality"]
        labels = dict(criticality._description_selection(self.env))
        return self.env._(
            "device criticality %s", labels.get(reasons["criticality"], reasons["criticality"])
        )

    def _get_label(self, name, value):
        return dict(self._fields[name]._description_selection(self.env)).get(value, value)
