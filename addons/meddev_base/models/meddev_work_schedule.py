import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import working_time
from .guard import is_own_write, own_write

DIGEST_VERSION = "1"


class MeddevWorkSchedule(models.Model):
    """Working hours, holidays and make-up days as they were known at some time; never changed.

    A clock names the schedule that it was counted by: read off its ledger again, it gives the same
    answer, although the working hours were changed or next year's holidays were published since.
    """

    _name = "meddev.work.schedule"
    _description = "Working Time as It Was Known"
    _order = "id desc"
    _rec_name = "calendar_id"

    calendar_id = fields.Many2one(
        "resource.calendar", "Working Hours", required=True, readonly=True, ondelete="restrict"
    )
    create_date = fields.Datetime("Known since")
    content = fields.Text(required=True, readonly=True, help="Canonical text of the schedule.")
    digest = fields.Char(required=True, readonly=True)

    _content_unique = models.UniqueIndex("(calendar_id, digest)")

    @api.model_create_multi
    def create(self, vals_list):
        self._ensure_own_write()
        return super().create(vals_list)

    def _create(self, data_list):
        self._ensure_own_write()
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

    def _ensure_own_write(self):
        if not is_own_write(self):
            raise UserError(self._get_message_of_frozen())

    def _get_message_of_frozen(self):
        return self.env._(
            "What was known of working time is kept as it was. Change the Working Hours or the"
            " Holiday Calendar: clocks that start or go on afterwards follow."
        )

    @api.model
    def _take(self, calendar):
        """The record of what is known of these working hours now; a new one if that has changed.

        Takers who come at the same moment wait for each other by the unique index.
        """
        content = working_time.to_text(calendar._get_work_schedule())
        digest = f"{DIGEST_VERSION}:{hashlib.sha256(content.encode()).hexdigest()}"
        # sudo: kept by the system for whoever runs a clock; holds nothing but opening hours.
        schedules = self.sudo()
        known = schedules.search(
            [("calendar_id", "=", calendar.id), ("digest", "=", digest)], limit=1
        )
        if known:
            return known
        return (
            own_write(schedules)
            .create({"calendar_id": calendar.id, "content": content, "digest": digest})
            .with_env(schedules.env)
        )

    def _get_schedule(self):
        """The schedule itself, for the functions of ``tools.working_time``."""
        self.ensure_one()
        return working_time.from_text(self.content)
