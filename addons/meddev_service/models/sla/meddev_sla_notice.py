from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..ticket_permission import is_recording, recording

_BATCH = 200


class MeddevSlaNotice(models.Model):
    """A warning that is due to some people: noted by the watch, told once, kept.

    The unique index makes it once, also when the scheduler stood still or runs twice.
    """

    _name = "meddev.sla.notice"
    _description = "Warning about a Service Clock"
    _order = "reached_at desc, id desc"
    _rec_name = "ticket_id"

    clock_id = fields.Many2one("meddev.sla.clock", required=True, readonly=True, ondelete="cascade")
    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, readonly=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(related="clock_id.kind")
    step_id = fields.Many2one("meddev.sla.step", required=True, readonly=True, ondelete="restrict")
    percent = fields.Integer("Share of the Target (%)", related="step_id.percent")
    reached_at = fields.Datetime(required=True, readonly=True)
    told_at = fields.Datetime(readonly=True)
    user_ids = fields.Many2many("res.users", string="Told", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)

    _once = models.UniqueIndex("(clock_id, step_id)")
    _untold_index = models.Index("(id) WHERE told_at IS NULL")

    def _create(self, data_list):
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
                self.env._("Warnings are noted by the watch over the clocks, not entered by hand.")
            )

    # ------------------------------------------------------------ telling

    @api.model
    def _tell_pending(self, limit=_BATCH):
        """Tell the people of some notices that nobody was told of yet.

        :return: how many notices were told.
        """
        # sudo: the watch tells people of every company.
        pending = self.sudo().search([("told_at", "=", False)], order="id", limit=limit)
        pending = pending.try_lock_for_update()
        pending._tell()
        return len(pending)

    def _tell(self):
        for notice in self:
            users = notice._get_users()
            if users and notice._is_still_true():
                notice._notify(users)
            with recording():
                notice.write({"told_at": fields.Datetime.now(), "user_ids": users.ids})
                notice.flush_recordset()

    def _is_still_true(self):
        """Whether the clock still runs: after an outage nobody is woken for what is over."""
        return self.clock_id.status == "running"

    def _get_users(self):
        """People to tell: the named ones, as far as they may read the ticket."""
        ticket, step = self.ticket_id, self.step_id
        users = self.env["res.users"]
        if step.tells_engineer:
            users |= ticket.user_id
        if step.tells_leader:
            users |= ticket.team_id.user_id
        if step.role_ids:
            users |= step.role_ids.group_id.all_user_ids
        company = ticket.company_id
        users = users.filtered(lambda user: user.active and company in user.company_ids)
        return users.filtered(lambda user: ticket.with_user(user).has_access("read"))

    def _notify(self, users):
        """A message to each in their language; the queue sends e-mails."""
        ticket = self.ticket_id
        for lang, readers in users.grouped("lang").items():
            notice = self.with_context(lang=lang)
            ticket.with_context(lang=lang, mail_notify_force_send=False).message_notify(
                partner_ids=readers.partner_id.ids,
                subject=notice._get_subject(),
                body=notice._get_body(),
                model=ticket._name,
                res_id=ticket.id,
            )

    def _get_subject(self):
        label = dict(self.clock_id._fields["kind"]._description_selection(self.env))[self.kind]
        number = self.ticket_id.number
        if self.percent >= 100:
            return self.env._("%(ticket)s: %(target)s is late", ticket=number, target=label)
        return self.env._(
            "%(ticket)s: %(percent)s %% of the time for %(target)s is used",
            ticket=number,
            percent=self.percent,
            target=label,
        )

    def _get_body(self):
        due_at = self.clock_id.due_at or self.clock_id.was_due_at
        due = fields.Datetime.context_timestamp(self, due_at) if due_at else False
        return self.env._(
            "%(title)s. Due: %(due)s.",
            title=self.ticket_id.name,
            due=due.strftime("%Y-%m-%d %H:%M %Z") if due else "",
        )

    # ------------------------------------------------------------ watching

    @api.model
    def _note_due_steps(self, now, limit):
        """Note what the clocks have reached, in one statement; the cost is what is newly due.

        Two schedulers share the work: what one has locked, the other passes over.

        :param now: naive UTC; :param limit: most clocks at a time.
        :return: number of clocks that had reached something.
        """
        self.env["meddev.sla.clock"].flush_model()
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                WITH due AS (
                    SELECT id FROM meddev_sla_clock
                     WHERE next_step_at <= %(now)s
                  ORDER BY next_step_at
                     LIMIT %(limit)s
                       FOR UPDATE SKIP LOCKED
                ), seen AS (
                    UPDATE meddev_sla_clock clock
                       SET late_since = CASE WHEN clock.breach_at < %(now)s
                                 THEN COALESCE(clock.late_since, clock.breach_at)
                                 ELSE clock.late_since END,
                           was_due_at = CASE WHEN clock.breach_at < %(now)s
                                 THEN COALESCE(clock.was_due_at, clock.due_at)
                                 ELSE clock.was_due_at END,
                           breached_at = CASE WHEN clock.breach_at < %(now)s
                                 THEN COALESCE(clock.breached_at, clock.breach_at)
                                 ELSE clock.breached_at END,
                           steps = ahead.steps,
                           next_step_at = LEAST(
                               ahead.next_step_at,
                               CASE WHEN clock.breach_at >= %(now)s AND clock.late_since IS NULL
                                    THEN clock.breach_at + interval '1 second' END)
                      FROM due JOIN meddev_sla_clock former ON former.id = due.id,
                           LATERAL (
                               SELECT jsonb_agg(step) AS steps,
                                      min((step ->> 0)::timestamp) AS next_step_at
                                 FROM jsonb_array_elements(former.steps) step
                                WHERE (step ->> 0)::timestamp > %(now)s) ahead
                     WHERE clock.id = due.id
                 RETURNING clock.id, clock.ticket_id, clock.company_id, former.steps
                ), noted AS (
                    INSERT INTO meddev_sla_notice (clock_id, ticket_id, company_id, step_id,
                                reached_at, create_uid, create_date, write_uid, write_date)
                    SELECT seen.id, seen.ticket_id, seen.company_id, (step ->> 1)::int,
                           (step ->> 0)::timestamp, %(uid)s, %(now)s, %(uid)s, %(now)s
                      FROM seen, jsonb_array_elements(seen.steps) step
                     WHERE (step ->> 0)::timestamp <= %(now)s
                        ON CONFLICT (clock_id, step_id) DO NOTHING
                )
                SELECT count(*) FROM seen
                """,
                now=now,
                limit=limit,
                uid=self.env.uid,
            )
        )
        self.env["meddev.sla.clock"].invalidate_model()
        return rows[0][0]
