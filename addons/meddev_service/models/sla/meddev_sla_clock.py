from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.meddev_base.tools import service_clock as clock

from ..ticket_permission import is_recording, recording
from .sla_kind import CLOCK_STATUSES, TARGET_KINDS

#: A breach is a second late at the earliest: fields hold whole seconds.
SECOND = timedelta(seconds=1)


class MeddevSlaClock(models.Model):
    """What one clock of a ticket shows: read off the ledger, so that lists and searches are quick.

    running ⇄ paused → stopped (met or missed) or void. All of it follows from the lines of
    ``meddev.sla.event``; ``_find_deviations`` reads them again and compares.
    """

    _name = "meddev.sla.clock"
    _description = "Service Clock"
    _order = "ticket_id desc, sequence, id"
    _rec_name = "kind"

    ticket_id = fields.Many2one("helpdesk.ticket", required=True, readonly=True, ondelete="cascade")
    kind = fields.Selection(TARGET_KINDS, "Target", required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    policy_id = fields.Many2one("meddev.sla.policy", readonly=True, ondelete="restrict")
    schedule_id = fields.Many2one("meddev.work.schedule", readonly=True, ondelete="restrict")
    target_seconds = fields.Integer("Target (Seconds)", readonly=True)
    target_hours = fields.Float("Target (Hours)", compute="_compute_hours")
    has_target = fields.Boolean(readonly=True)
    status = fields.Selection(CLOCK_STATUSES, readonly=True)
    # As of the last line of the ledger
    as_of = fields.Datetime(readonly=True)
    elapsed_seconds = fields.Integer("Elapsed (Seconds)", readonly=True)
    started_at = fields.Datetime(readonly=True)
    stopped_at = fields.Datetime(readonly=True)
    is_met = fields.Boolean("Met", readonly=True)
    # What lies ahead while it runs
    due_at = fields.Datetime("Due", readonly=True)
    breach_at = fields.Datetime(
        "Late after", readonly=True, help="The next moment that is worked after it was due."
    )
    # What has happened
    was_due_at = fields.Datetime("Was Due", readonly=True)
    late_since = fields.Datetime(readonly=True, help="Over the target that is in force.")
    breached_at = fields.Datetime(
        "First Breach", readonly=True, help="When it first went over a target in force; it stays."
    )
    # Warnings still to come: pairs of moment (UTC, as text) and step
    steps = fields.Json(readonly=True)
    shares = fields.Json(readonly=True, help="Steps of the policy and their share of the target.")
    next_step_at = fields.Datetime(readonly=True)
    # For people: now
    elapsed_hours = fields.Float("Elapsed (Hours)", compute="_compute_hours")
    remaining_hours = fields.Float("Left (Hours)", compute="_compute_hours")
    is_late = fields.Boolean("Late", compute="_compute_hours")
    company_id = fields.Many2one("res.company", readonly=True, index=True)

    _kind_unique = models.UniqueIndex("(ticket_id, kind)")
    #: The watch looks at what is due now, however many clocks run.
    _next_step_index = models.Index("(next_step_at) WHERE next_step_at IS NOT NULL")

    _schedule_index = models.Index("(schedule_id) WHERE status IN ('running', 'paused')")

    @api.depends("as_of", "elapsed_seconds", "status", "target_seconds", "schedule_id")
    def _compute_hours(self):
        now = clock.aware(fields.Datetime.now())
        for row in self:
            reading = row._get_reading()
            if reading.as_of and reading.as_of < now:
                reading = clock.advance(reading, now)
            row.elapsed_hours = reading.elapsed / timedelta(hours=1)
            row.target_hours = row.target_seconds / 3600
            row.remaining_hours = row.target_hours - row.elapsed_hours if row.has_target else 0
            row.is_late = bool(reading.late_since)

    # ------------------------------------------------------------ create, write, delete

    def _create(self, data_list):
        """Refuse it below ``create`` as well, where the code of a server action also reaches."""
        self._ensure_recording()
        return super()._create(data_list)

    def write(self, vals):
        self._ensure_recording()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        self._ensure_recording()

    def _ensure_recording(self):
        if not is_recording() and self.pool.ready:
            raise UserError(
                self.env._(
                    "A ticket's clocks are read off its ledger: they are neither entered nor"
                    " changed by hand."
                )
            )

    # ------------------------------------------------------------ ledger

    @api.model
    def _follow(self, events):
        """Read the clocks on after these new lines of the ledger.

        :param events: lines that were just added, of any number of tickets.
        """
        # sudo: clocks are kept by the system, whoever moves the ticket.
        rows = self.sudo()
        tickets = events.ticket_id
        is_start = all(event.kind == clock.START for event in events)
        known = rows.browse() if is_start else rows.search([("ticket_id", "in", tickets.ids)])
        rows_of = known.grouped("ticket_id")
        news, changes = [], {}
        for ticket, lines in events.grouped("ticket_id").items():
            present = rows_of.get(ticket, rows.browse())
            if present._can_go_on(lines):
                for row in present:
                    changes[row] = row._apply(lines)
                missing = lines._get_new_kinds() - set(present.mapped("kind"))
            else:
                # A line about the past: everything after it follows anew.
                changes.update(present._replay(ticket))
                missing = set()
            if missing:
                news += rows._prepare_new(ticket, missing, lines if is_start else None)
        with recording():
            rows._drop_fired(changes)
            for row, vals in changes.items():
                row.write(vals)
            rows.create(news)
            rows.flush_model()
        tickets._follow_clocks()

    def _can_go_on(self, events):
        moments = [row.as_of for row in self if row.as_of]
        return not moments or min(events.mapped("occurred_at")) >= max(moments)

    def _apply(self, events):
        self.ensure_one()
        schedules = self._get_schedules(events, self.schedule_id)
        reading = self._get_reading()
        for event in events._get_clock_events(self.kind, schedules):
            reading = clock.apply(reading, event)
        return self._prepare_row_vals(reading, events)

    def _replay(self, ticket):
        """Values by row, from the whole ledger of the ticket."""
        events = self._get_ledger(ticket)
        return {
            row: row._prepare_row_vals(row._read_ledger(events, row.kind), events) for row in self
        }

    @api.model
    def _prepare_new(self, ticket, kinds, events=None):
        """Values of clocks that a policy names for the first time."""
        events = events or self._get_ledger(ticket)
        blank = self.browse()
        return [
            blank._prepare_row_vals(self._read_ledger(events, kind), events, kind)
            | {
                "ticket_id": ticket.id,
                "company_id": ticket.company_id.id,
                "kind": kind,
                "sequence": [name for name, _label in TARGET_KINDS].index(kind),
                "started_at": events[0].occurred_at,
            }
            for kind in sorted(kinds)
        ]

    @api.model
    def _get_ledger(self, ticket):
        # sudo: the whole ledger, whoever moves the ticket.
        return self.env["meddev.sla.event"].sudo().search([("ticket_id", "=", ticket.id)])

    @api.model
    def _read_ledger(self, events, kind):
        schedules = self._get_schedules(events)
        return clock.replay(events._get_clock_events(kind, schedules))

    @api.model
    def _get_schedules(self, events, others=None):
        ids = {
            snapshot["schedule_id"]
            for event in events
            for snapshot in (event.targets or {}).values()
        }
        # sudo: opening hours, for the arithmetic alone.
        schedules = self.env["meddev.work.schedule"].sudo().browse(ids)
        return {
            schedule.id: schedule._get_schedule() for schedule in schedules | (others or schedules)
        }

    # ------------------------------------------------------------ reading <-> row

    def _get_reading(self):
        """What this row says, as the tools understand it."""
        span = clock.seconds(self.target_seconds) if self.has_target else None
        return clock.ClockReading(
            status=self.status or None,
            target=span,
            # sudo: opening hours, for the arithmetic alone.
            schedule=self.sudo().schedule_id._get_schedule() if self.schedule_id else None,
            as_of=clock.aware(self.as_of) or None,
            elapsed=clock.seconds(self.elapsed_seconds),
            was_due_at=clock.aware(self.was_due_at) or None,
            late_since=clock.aware(self.late_since) or None,
            breached_at=clock.aware(self.breached_at) or None,
            stopped_at=clock.aware(self.stopped_at) or None,
            is_met=self.is_met if self.status == clock.STOPPED and self.has_target else None,
        )

    def _prepare_row_vals(self, reading, events, kind=None):
        """The row of a reading; what the policy of the last line said goes with it."""
        kind = kind or self.kind
        vals = {
            "status": reading.status,
            "has_target": reading.target is not None,
            "target_seconds": reading.target.total_seconds() if reading.target else 0,
            "as_of": clock.naive(reading.as_of),
            "elapsed_seconds": reading.elapsed.total_seconds(),
            "was_due_at": clock.naive(reading.was_due_at) or False,
            "late_since": clock.naive(reading.late_since) or False,
            "breached_at": clock.naive(reading.breached_at) or False,
            "stopped_at": clock.naive(reading.stopped_at) or False,
            "is_met": bool(reading.is_met),
            "due_at": clock.naive(clock.due_moment(reading)) or False,
            "breach_at": clock.naive(clock.breach_moment(reading)) or False,
        }
        shares = self.shares or []
        for event in events:
            if event.kind not in (clock.START, clock.POLICY):
                continue
            snapshot = (event.targets or {}).get(kind)
            vals["policy_id"] = event.policy_id.id
            shares = snapshot["steps"] if snapshot else []
            if snapshot:
                vals["schedule_id"] = snapshot["schedule_id"]
        steps = []
        for step_id, percent in shares:
            if moment := clock.moment_of_share(reading, percent / 100):
                steps.append([fields.Datetime.to_string(clock.naive(moment)), step_id])
        steps.sort()
        vals |= {"shares": shares, "steps": steps}
        vals["next_step_at"] = self._get_next_step(vals)
        return vals

    @api.model
    def _get_next_step(self, vals):
        """When the watch has to look at a clock again, or False."""
        moments = [fields.Datetime.to_datetime(moment) for moment, _step in vals["steps"][:1]]
        if vals["breach_at"] and not vals["late_since"]:
            moments.append(vals["breach_at"] + SECOND)
        return min(moments, default=False)

    @api.model
    def _drop_fired(self, changes):
        """Nobody is told twice: steps that were taken are no longer ahead.

        :param changes: values by row; changed in place.
        """
        rows = self.browse().concat(*(row for row, vals in changes.items() if vals["steps"]))
        if not rows:
            return
        # sudo: what was told already, to whomever.
        notices = self.env["meddev.sla.notice"].sudo().search([("clock_id", "in", rows.ids)])
        taken = {(notice.clock_id, notice.step_id.id) for notice in notices}
        for row in rows:
            vals = changes[row]
            vals["steps"] = [
                [moment, step_id]
                for moment, step_id in vals["steps"]
                if (row, step_id) not in taken
            ]
            vals["next_step_at"] = self._get_next_step(vals)

    # ------------------------------------------------------------ proof

    def _find_deviations(self):
        """Rows that do not show what their ledger says, read again from its beginning.

        :return: list of ``{"clock_id", "field", "shown", "read"}``.
        """
        found = []
        # sudo: the whole ledger, for a comparison.
        for ticket, rows in self.sudo().grouped("ticket_id").items():
            for row, vals in rows._replay(ticket).items():
                for name in (
                    "status",
                    "elapsed_seconds",
                    "target_seconds",
                    "due_at",
                    "stopped_at",
                    "is_met",
                    "policy_id",
                ):
                    shown = row[name].id if name == "policy_id" else row[name]
                    if shown != vals.get(name, shown):
                        found.append(
                            {
                                "clock_id": row.id,
                                "field": name,
                                "shown": str(shown),
                                "read": str(vals[name]),
                            }
                        )
        return found
