from odoo import fields, models

from odoo.addons.meddev_device.models.res_company import MOST_DAYS


class MeddevPaperReminderStep(models.Model):
    """How many days before the end of a paper its responsible is reminded."""

    _name = "meddev.paper.reminder.step"
    _description = "Paper Reminder Step"
    _order = "days desc"
    _rec_name = "days"

    days = fields.Integer("Days Before Expiry", required=True)
    active = fields.Boolean(default=True)

    _days_unique = models.UniqueIndex(
        "(days) WHERE active IS TRUE",
        "There is an active reminder for this day already. Change or archive one of them.",
    )
    _days_possible = models.Constraint(
        f"CHECK (days BETWEEN 0 AND {MOST_DAYS})",
        "A reminder comes before the end, at most 36,500 days.",
    )


class MeddevPaperReminder(models.Model):
    """Proof that one reminder was given: one row per paper, end date and step.

    The unique index, not the scheduler, makes sure that a reminder is given once: a run that
    comes twice, late, or at the same time as another one finds the row taken.
    """

    _name = "meddev.paper.reminder"
    _description = "Paper Reminder Given"
    _order = "sent_at desc, id desc"
    _rec_name = "paper_id"

    paper_id = fields.Many2one(
        "meddev.supplier.paper", required=True, ondelete="cascade", index=True
    )
    days = fields.Integer("Days Before Expiry", required=True)
    valid_to = fields.Date("Valid Until", required=True)
    sent_at = fields.Datetime("Given At", required=True, default=fields.Datetime.now)
    user_id = fields.Many2one("res.users", "Reminded")
    company_id = fields.Many2one(related="paper_id.company_id", store=True, index=True)

    _once = models.UniqueIndex(
        "(paper_id, valid_to, days)", "This reminder was already given for this paper."
    )
