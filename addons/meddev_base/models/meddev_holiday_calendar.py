from odoo import api, fields, models

KIND_HOLIDAY = "holiday"
KIND_MAKE_UP = "make_up"

WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]


class MeddevHolidayCalendar(models.Model):
    """Public holidays and make-up working days of a country, as its authority announces them.

    The years are announced one by one: days outside ``covered_from`` – ``covered_to`` are not
    known yet, and every result that uses them is flagged.
    """

    _name = "meddev.holiday.calendar"
    _description = "Holiday Calendar"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Country code, for example CN.")
    country_id = fields.Many2one("res.country")
    covered_from = fields.Date("Known From", required=True, help="First day that is announced.")
    covered_to = fields.Date("Known To", required=True, help="Last day that is announced.")
    source = fields.Char(translate=True, help="Where the dates come from.")
    holiday_ids = fields.One2many("meddev.holiday", "holiday_calendar_id", "Days")
    working_time_ids = fields.One2many(
        "resource.calendar", "meddev_holiday_calendar_id", "Working Hours"
    )
    active = fields.Boolean(default=True)

    _code_unique = models.UniqueIndex("(code)", "There is already a holiday calendar of this code.")
    _covered_ordered = models.Constraint(
        "CHECK (covered_to >= covered_from)",
        "The field Known To lies before Known From: correct one of them.",
    )


class MeddevHoliday(models.Model):
    """One day that is not what its weekday says: a public holiday, or a make-up working day."""

    _name = "meddev.holiday"
    _description = "Holiday or Make-up Working Day"
    _order = "date, id"

    holiday_calendar_id = fields.Many2one(
        "meddev.holiday.calendar", required=True, ondelete="cascade"
    )
    date = fields.Date(required=True)
    kind = fields.Selection(
        [(KIND_HOLIDAY, "Public holiday"), (KIND_MAKE_UP, "Make-up working day")],
        required=True,
        default=KIND_HOLIDAY,
    )
    name = fields.Char(required=True, translate=True)
    follows_weekday = fields.Selection(
        WEEKDAYS,
        compute="_compute_follows_weekday",
        store=True,
        readonly=False,
        help="The weekday whose working hours hold on the make-up working day.",
    )

    _date_unique = models.UniqueIndex(
        "(holiday_calendar_id, date)", "This day is already in the holiday calendar."
    )
    _make_up_follows_weekday = models.Constraint(
        "CHECK (kind != 'make_up' OR follows_weekday IS NOT NULL)",
        "A make-up working day needs the weekday whose hours it follows.",
    )

    @api.depends("kind")
    def _compute_follows_weekday(self):
        for holiday in self:
            if holiday.kind == KIND_HOLIDAY:
                holiday.follows_weekday = False
            elif not holiday.follows_weekday:
                holiday.follows_weekday = "0"
