import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from .device_state import MANAGER, QUALITY
from .meddev_registration import KINDS_OF_SCOPE, SCOPE_OF_KIND, SCOPE_REGISTRATION
from .res_company import MOST_DAYS

_logger = logging.getLogger(__name__)

ACTIVITY_TYPE = "meddev_device.mail_activity_type_registration"


class MeddevRegistrationReminderStep(models.Model):
    """How many days before the end of a certificate quality is reminded, and of what.

    Rule: State Council Order No. 739 (2021) Art. 22 (apply for the renewal of a registration six
    months before its end); the other steps are the company's procedure.
    """

    _name = "meddev.registration.reminder.step"
    _description = "Certificate Reminder Step"
    _order = "applies_to desc, days desc"

    applies_to = fields.Selection(
        [
            (SCOPE_REGISTRATION, "Chinese Registration Certificates"),
            ("filing", "Chinese Filings"),
            ("other", "Certificates of Other Countries"),
        ],
        required=True,
        default=SCOPE_REGISTRATION,
    )
    days = fields.Integer("Days Before Expiry", required=True)
    name = fields.Char("What To Do", required=True, translate=True)
    due_days = fields.Integer("To Be Done Within (Days)", required=True, default=14)
    source = fields.Char(translate=True, help="Law, standard or procedure that this step follows.")
    active = fields.Boolean(default=True)

    _days_unique = models.UniqueIndex(
        "(applies_to, days) WHERE active IS TRUE",
        "These certificates have an active reminder for this day already. Change or archive one of"
        " them.",
    )
    _days_possible = models.Constraint(
        f"CHECK (days BETWEEN 0 AND {MOST_DAYS} AND due_days BETWEEN 0 AND {MOST_DAYS})",
        "A reminder comes before the end, at most 36,500 days.",
    )


class MeddevRegistrationReminder(models.Model):
    """Proof that one reminder was given: one row per certificate, end date and step.

    The unique index, not the scheduler, makes sure that a reminder is given once: a run that
    comes twice, late, or at the same time as another one finds the row taken.
    """

    _name = "meddev.registration.reminder"
    _description = "Certificate Reminder Given"
    _order = "sent_at desc, days, id desc"
    _rec_name = "registration_id"

    registration_id = fields.Many2one(
        "meddev.registration", string="Certificate", required=True, ondelete="cascade", index=True
    )
    days = fields.Integer("Days Before Expiry", required=True)
    valid_to = fields.Date("Valid Until", required=True)
    sent_at = fields.Datetime("Given At", required=True, default=fields.Datetime.now)
    user_ids = fields.Many2many("res.users", string="Reminded")
    company_id = fields.Many2one(related="registration_id.company_id", store=True, index=True)

    _once = models.UniqueIndex(
        "(registration_id, valid_to, days)",
        "This reminder was already given for this certificate.",
    )


class MeddevRegistration(models.Model):
    """Reminders before a certificate ends; a renewal, or another end date, begins anew."""

    _name = "meddev.registration"
    _inherit = ["meddev.registration", "mail.activity.mixin"]

    reminder_ids = fields.One2many(
        "meddev.registration.reminder", "registration_id", "Reminders Given"
    )

    def write(self, vals):
        moved = self.browse()
        if "valid_to" in vals:
            valid_to = fields.Date.to_date(vals["valid_to"]) or False
            moved = self.filtered(lambda registration: registration.valid_to != valid_to)
        result = super().write(vals)
        moved._close_reminders()
        return result

    def _supersede(self, registrations):
        super()._supersede(registrations)
        registrations._close_reminders()

    def _close_reminders(self):
        """What was to be done for the former end date is done; the proof of reminding stays."""
        # sudo: whoever renews a certificate ends the reminders of all who were reminded.
        self.sudo().activity_unlink([ACTIVITY_TYPE])

    # Reminders

    @api.model
    def _get_reminder_domain(self, today, steps):
        """Certificates for which one of ``steps`` has begun and that were not renewed; asked by
        the cron."""
        begun = Domain.OR(
            Domain("kind", "in", KINDS_OF_SCOPE[scope])
            & Domain("valid_to", "<=", fields.Date.add(today, days=max(own.mapped("days"))))
            for scope, own in steps.grouped("applies_to").items()
        )
        return begun & Domain("valid_to", ">=", today) & Domain("is_superseded", "!=", True)

    def _get_due_reminders(self, today, steps):
        """Map each of these certificates to the steps due on ``today`` and not given yet."""
        reminders = self.env["meddev.registration.reminder"].search(
            [("registration_id", "in", self.ids)]
        )
        given = {(row.registration_id, row.valid_to, row.days) for row in reminders}
        due = {}
        for registration in self:
            days_left = (registration.valid_to - today).days
            missing = steps.filtered(
                lambda step, registration=registration, days_left=days_left: (
                    step.applies_to == SCOPE_OF_KIND[registration.kind]
                    and days_left <= step.days
                    and (registration, registration.valid_to, step.days) not in given
                )
            )
            if missing:
                due[registration] = missing
        return due

    def _get_reminder_users(self):
        """Whom to remind: the company's quality specialists, else its service managers."""
        self.ensure_one()
        for role in (QUALITY, MANAGER):
            users = self.env.ref(role).all_user_ids.filtered(
                lambda user: (
                    user.active
                    and not user.share
                    and (not self.company_id or self.company_id in user.company_ids)
                )
            )
            if users:
                return users
        return self.env["res.users"]

    def _try_give_reminders(self, steps):
        """One certificate that cannot be reminded of must not keep the others from it."""
        try:
            with self.env.cr.savepoint():
                self._give_reminders(steps)
        except (UserError, ValueError):
            _logger.exception("No reminder for registration certificate %s", self.id)

    def _give_reminders(self, steps):
        """Mark ``steps`` as given, and give everybody one activity for those just marked."""
        self.ensure_one()
        users = self._get_reminder_users()
        if not users:
            # Not marked: it is given as soon as there is somebody to give it to.
            _logger.warning("Nobody to remind of registration certificate %s", self.id)
            return
        marked = steps.filtered(self._mark_reminder)
        if not marked:
            return
        self.reminder_ids.filtered(
            lambda row: row.valid_to == self.valid_to and row.days in marked.mapped("days")
        ).user_ids = users
        for user in users:
            self._schedule_reminder(user, marked)

    def _schedule_reminder(self, user, steps):
        """One activity, in the words of ``user``, for the step nearest to the end."""
        lang = user.lang or self.env.lang
        registration = self.with_context(lang=lang)
        step = steps.sorted("days")[:1].with_context(lang=lang)
        deadline = fields.Date.add(fields.Date.context_today(self), days=step.due_days)
        registration.activity_schedule(
            ACTIVITY_TYPE,
            date_deadline=min(deadline, self.valid_to),
            user_id=user.id,
            summary=registration.env._(
                "Certificate %(number)s ends on %(valid_to)s",
                number=self.number,
                valid_to=format_date(registration.env, self.valid_to),
            ),
            note=step.name if not step.source else f"{step.name} ({step.source})",
        )

    def _mark_reminder(self, step):
        """Take the row of one reminder; False when another run took it before.

        SQL: ``ON CONFLICT DO NOTHING`` is what makes two runs agree without an error.
        """
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                """INSERT INTO meddev_registration_reminder
                       (registration_id, days, valid_to, sent_at, company_id,
                        create_uid, create_date, write_uid, write_date)
                   VALUES (%(registration)s, %(days)s, %(valid_to)s, %(now)s, %(company)s,
                           %(uid)s, %(now)s, %(uid)s, %(now)s)
                   ON CONFLICT DO NOTHING
                   RETURNING id""",
                registration=self.id,
                days=step.days,
                valid_to=self.valid_to,
                now=fields.Datetime.now(),
                company=self.company_id.id or None,
                uid=self.env.uid,
            )
        )
        taken = bool(self.env.cr.fetchone())
        self.invalidate_recordset(["reminder_ids"])
        return taken

    @api.model
    def _cron_remind_expiring_registrations(self, batch_size=100):
        """Give every reminder that is due and was not given yet, each once.

        A run that was left out is made up for: all steps that are due by now go into one
        activity per person, and each of them is marked as given.
        """
        today = fields.Date.context_today(self)
        steps = self.env["meddev.registration.reminder.step"].search([("active", "=", True)])
        if not steps:
            return
        ending = self.search(self._get_reminder_domain(today, steps))
        due = ending._get_due_reminders(today, steps)
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for position, (registration, missing) in enumerate(due.items(), start=1):
            registration._try_give_reminders(missing)
            if position % batch_size == 0 or position == len(due):
                done = position % batch_size or batch_size
                if not self.env["ir.cron"]._commit_progress(done):
                    break
