from odoo import api, fields, models

from odoo.addons.meddev_base.tools import service_clock as clock

_CLOCKS = 1000
_TICKETS = 200


class MeddevSlaClock(models.Model):
    """The watch: looks every few minutes for what has become due, and tells the people."""

    _inherit = "meddev.sla.clock"

    @api.model
    def _cron_watch_clocks(self):
        """Working time as it is known now, steps that are due, people to tell, in this order.

        What was missed while the scheduler stood still is made up for, once.
        """
        self._follow_calendars()
        notices = self.env["meddev.sla.notice"]
        now = fields.Datetime.now()
        cron = self.env["ir.cron"]
        while count := notices._note_due_steps(now, _CLOCKS):
            if not cron._commit_progress(count):
                return
        while count := notices._tell_pending():
            if not cron._commit_progress(count):
                return

    @api.model
    def _follow_calendars(self):
        """Clocks go on by the working time that is known now; what has run is kept."""
        # sudo: the targets and clocks of every company.
        targets = self.env["meddev.sla.target"].sudo().search([("schedule_id", "!=", False)])
        targets._follow_calendar()
        present = {target.calendar_id: target.schedule_id for target in targets}
        # sudo: as above.
        former = self.env["meddev.work.schedule"].sudo()
        former = former.search([("calendar_id", "in", [calendar.id for calendar in present])])
        former -= former.browse().concat(*present.values())
        # sudo: the clocks of every company.
        behind = self.sudo().search(
            [("schedule_id", "in", former.ids), ("status", "in", (clock.RUNNING, clock.PAUSED))]
        )
        tickets = behind.ticket_id
        for start in range(0, len(tickets), _TICKETS):
            batch = tickets[start : start + _TICKETS]
            batch._renew_schedules(present)
            if not self.env["ir.cron"]._commit_progress(len(batch)):
                return
