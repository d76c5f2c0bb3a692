from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class MeddevDealerAssignment(models.Model):
    """A dealer serves a facility (and everything below it) from one date to another.

    Both days are included: access ends by itself on the day after ``date_to``.
    """

    _name = "meddev.dealer.assignment"
    _description = "Dealer Assignment"
    _order = "date_from desc, id"
    _check_company_auto = True

    dealer_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("is_dealer", "=", True)],
        check_company=True,
    )
    facility_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="restrict",
        domain=[("facility_level", "!=", False)],
        check_company=True,
    )
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("To", help="Last day of access; empty while it lasts.")
    note = fields.Char()
    is_current = fields.Boolean(compute="_compute_is_current", search="_search_is_current")
    company_id = fields.Many2one("res.company", index=True, default=lambda self: self.env.company)

    _dates_ordered = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "The last day lies before the first day: correct the field To.",
    )

    @api.depends(lambda self: ("dealer_id.name", *self._get_target_fields()))
    def _compute_display_name(self):
        for assignment in self:
            targets = (assignment[name].display_name for name in self._get_target_fields())
            assignment.display_name = " → ".join(
                filter(None, (assignment.dealer_id.name, *targets))
            )

    @api.depends("date_from", "date_to")
    def _compute_is_current(self):
        today = fields.Date.context_today(self)
        for assignment in self:
            assignment.is_current = bool(
                assignment.date_from
                and assignment.date_from <= today
                and (not assignment.date_to or assignment.date_to >= today)
            )

    def _search_is_current(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [
            ("date_from", "<=", "today"),
            "|",
            ("date_to", "=", False),
            ("date_to", ">=", "today"),
        ]

    @api.constrains("dealer_id")
    def _check_dealer_is_dealer(self):
        for assignment in self:
            if not assignment.dealer_id.is_dealer:
                raise ValidationError(
                    self.env._(
                        "%s is not a dealer: tick the box Dealer on the contact first.",
                        assignment.dealer_id.display_name,
                    )
                )

    @api.constrains(lambda self: ("dealer_id", *self._get_target_fields()))
    def _check_exactly_one_target(self):
        names = self._get_target_fields()
        for assignment in self:
            if len([name for name in names if assignment[name]]) != 1:
                labels = [self._fields[name]._description_string(self.env) for name in names]
                raise ValidationError(
                    self.env._(
                        "A dealer assignment of %(dealer)s needs exactly one of: %(fields)s.",
                        dealer=assignment.dealer_id.display_name,
                        fields=", ".join(labels),
                    )
                )
            if assignment.facility_id and not assignment.facility_id.facility_level:
                raise ValidationError(
                    self.env._(
                        "%s is not a health facility: set its facility level first.",
                        assignment.facility_id.display_name,
                    )
                )

    @api.model
    def _query_of_reader(self):
        """Query of what the dealers above the reader's contact serve today.

        At every depth below the dealer, and looked for whenever it is asked: a moved contact or an
        ended assignment takes effect at once. The day is the reader's.
        """
        partner = self.env.user.partner_id
        # sudo: which records the reader may see; the assignments have a rule of their own.
        query = self.sudo()._search(
            [("dealer_id", "parent_of", partner.ids), ("is_current", "=", True)]
        )
        query.order = None
        return query

    @api.model
    def _select_served_places(self):
        """SQL for the ids of all facilities, and of all below them, that the reader serves."""
        query = self._query_of_reader()
        return SQL(
            "SELECT partner_id FROM meddev_facility_ancestor_rel WHERE facility_id IN %s",
            query.subselect(SQL.identifier(query.table, "facility_id")),
        )

    @api.model
    def _get_target_fields(self):
        """Fields that say what the dealer serves; exactly one of them is filled in.

        Addons that let a dealer serve something else than a facility add their field.
        """
        return ["facility_id"]
