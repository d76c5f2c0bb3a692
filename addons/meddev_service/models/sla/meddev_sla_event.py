from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.meddev_base.tools import service_clock as clock

from ..ticket_permission import is_recording, recording
from .sla_kind import ALL_KINDS, EVENT_KINDS, TARGET_KINDS


class MeddevSlaEvent(models.Model):
    """One line of the ledger that a ticket's clocks are read off. Written by the system, kept.

    Due times, elapsed times and breaches follow from these lines alone: reading the ledger again
    gives the same answer. The customer sees the same lines in the portal.
    """

    _name = "meddev.sla.event"
    _description = "Line of a Service Clock's Ledger"
    _order = "occurred_at, id"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, readonly=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(EVENT_KINDS, "Event", required=True, readonly=True)
    target_kinds = fields.Char(
        "Clocks", readonly=True, help="Which clocks, separated by commas. Empty: all of them."
    )
    target_labels = fields.Char("For", compute="_compute_target_labels")
    occurred_at = fields.Datetime("Happened at", required=True, readonly=True)
    create_date = fields.Datetime("Recorded at")
    policy_id = fields.Many2one("meddev.sla.policy", readonly=True, ondelete="restrict")
    targets = fields.Json(
        readonly=True,
        help="Seconds, schedule and warnings of every target that the policy set at this moment.",
    )
    reasons = fields.Json(readonly=True, help="Why this policy was chosen.")
    pause_reason_id = fields.Many2one(
        "meddev.pause.reason", "Waiting for", readonly=True, ondelete="restrict"
    )
    reason = fields.Char(readonly=True)
    evidence = fields.Char(readonly=True, help="What shows that the customer has to act.")
    message_id = fields.Many2one(
        "mail.message", "Message to the Customer", readonly=True, ondelete="restrict"
    )
    user_id = fields.Many2one("res.users", "By", required=True, readonly=True, ondelete="restrict")
    is_by_customer = fields.Boolean("By the Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)

    @api.depends("target_kinds")
    @api.depends_context("lang")
    def _compute_target_labels(self):
        labels = dict(
            self.env["meddev.sla.target"]._fields["kind"]._description_selection(self.env)
        )
        for event in self:
            kinds = event._get_target_kinds()
            names = [labels[kind] for kind, _label in TARGET_KINDS if kind in kinds]
            event.target_labels = False if len(names) == len(labels) else ", ".join(names)

    def _get_target_kinds(self):
        return tuple(filter(None, (self.target_kinds or "").split(","))) or ALL_KINDS

    def _get_new_kinds(self):
        """Kinds of target that these lines set."""
        return {kind for event in self for kind in event.targets or {}}

    # ------------------------------------------------------------ create, write, delete

    def _create(self, data_list):
        """Refuse it below ``create`` as well, where the code of a server action also reaches."""
        if not is_recording():
            raise UserError(self._get_message_of_frozen())
        return super()._create(data_list)

    def write(self, vals):
        raise UserError(self._get_message_of_frozen())

    def _write_multi(self, vals_list):
        # Addons that are installed or upgraded fill their own columns.
        if self.pool.ready:
            raise UserError(self._get_message_of_frozen())
        return super()._write_multi(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self._get_message_of_frozen())

    def _get_message_of_frozen(self):
        return self.env._(
            "The ledger of a ticket's clocks is written by what happens to the ticket: it is"
            " neither entered nor changed by hand."
        )

    # ------------------------------------------------------------ ledger

    @api.model
    def _record(self, vals_list):
        """Add lines and read the clocks anew; the only way to either.

        :param vals_list: values of the lines; ``occurred_at`` (naive UTC) is now unless given.
        :return: the lines.
        """
        now = fields.Datetime.now()
        vals_list = [{"occurred_at": now, "user_id": self.env.uid} | vals for vals in vals_list]
        vals_list = self._begin_ledgers(vals_list) + vals_list
        # sudo: the ledger is written by the system, nobody has a create right on it.
        with recording():
            events = self.sudo().create(vals_list)
        self.env["meddev.sla.clock"]._follow(events)
        return events

    @api.model
    def _begin_ledgers(self, vals_list):
        """First lines of tickets that are older than their clocks: they had no target until now."""
        ids = {vals["ticket_id"] for vals in vals_list if vals["kind"] != clock.START}
        # sudo: as the ledger.
        tickets = self.env["helpdesk.ticket"].sudo().browse(ids)
        without = tickets.filtered(lambda ticket: not ticket.sla_reasons)
        for ticket in without:
            ticket._write_derived({"sla_reasons": {"conditions": []}})
        return [
            ticket._prepare_clock_event(clock.START)
            | {"occurred_at": ticket.received_at, "user_id": self.env.uid, "targets": {}}
            for ticket in without
        ]

    def _get_clock_events(self, kind, schedules):
        """What these lines (all of a ticket, in order) say about one of its clocks.

        A kind for which the first policies set no target counts by the working hours of the first
        that does: a later target holds for what has run before.

        :param schedules: ``WorkSchedule`` by id.
        :return: list of ``service_clock.ClockEvent``.
        """
        snapshots = [event.targets[kind] for event in self if kind in (event.targets or {})]
        schedule = schedules[snapshots[0]["schedule_id"]] if snapshots else None
        found = []
        for event in self:
            if kind not in event._get_target_kinds():
                continue
            target = None
            if event.kind in (clock.START, clock.POLICY):
                snapshot = (event.targets or {}).get(kind)
                if snapshot:
                    target = clock.seconds(snapshot["seconds"])
                    schedule = schedules[snapshot["schedule_id"]]
            found.append(
                clock.ClockEvent(
                    clock.aware(event.occurred_at), event.kind, target=target, schedule=schedule
                )
            )
        return found
