from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

LEVEL_HOSPITAL = "hospital"
LEVEL_CAMPUS = "campus"
LEVEL_DEPARTMENT = "department"
LEVEL_ROOM = "room"

# What a facility of each level may lie in. A hospital is the top: it may belong to an
# ordinary company (a group of hospitals), never to another facility.
ALLOWED_PARENT_LEVELS = {
    LEVEL_HOSPITAL: (),
    LEVEL_CAMPUS: (LEVEL_HOSPITAL,),
    LEVEL_DEPARTMENT: (LEVEL_HOSPITAL, LEVEL_CAMPUS),
    LEVEL_ROOM: (LEVEL_HOSPITAL, LEVEL_CAMPUS, LEVEL_DEPARTMENT),
}

#: What follows from the tree. Record rules go through it: nobody writes it, not even sudo;
#: computing does not pass through ``create`` and ``write``.
DERIVED_FIELDS = frozenset(
    [
        "facility_id",
        "facility_path",
        "facility_ancestor_ids",
        "facility_descendant_ids",
        "commercial_partner_id",
        "commercial_member_ids",
    ]
)


class ResPartner(models.Model):
    """Partners as health facilities (hospital → campus → department → room), dealers, makers.

    A facility is always a company in Odoo's sense: that makes it the commercial entity of its
    contacts, and so Odoo's own portal rule shows them what lies at or below it, not the hospital.
    """

    _inherit = "res.partner"

    # Kind of partner
    is_dealer = fields.Boolean("Dealer", help="Distributes devices and may serve hospitals.")
    is_manufacturer = fields.Boolean("Manufacturer", help="Makes or registers medical devices.")

    # Health facility
    facility_level = fields.Selection(
        [
            (LEVEL_HOSPITAL, "Hospital"),
            (LEVEL_CAMPUS, "Campus"),
            (LEVEL_DEPARTMENT, "Department"),
            (LEVEL_ROOM, "Room"),
        ],
        help="Empty for everything that is not a part of a health facility.",
    )
    facility_type = fields.Selection(
        [
            ("general", "General hospital"),
            ("specialised", "Specialised hospital"),
            ("tcm", "Traditional Chinese medicine hospital"),
            ("maternity", "Maternal and child health hospital"),
            ("community", "Community health centre"),
            ("clinic", "Clinic"),
            ("laboratory", "Laboratory"),
            ("other", "Other"),
        ],
    )
    facility_grade = fields.Selection(
        [
            ("3a", "Grade 3A"),
            ("3b", "Grade 3B"),
            ("3c", "Grade 3C"),
            ("2a", "Grade 2A"),
            ("2b", "Grade 2B"),
            ("2c", "Grade 2C"),
            ("1", "Grade 1"),
            ("ungraded", "Not graded"),
        ],
    )
    meddev_region_id = fields.Many2one(
        "meddev.region", "Service Region", index="btree_not_null", check_company=True
    )
    dealer_assignment_ids = fields.One2many(
        "meddev.dealer.assignment", "facility_id", "Serving Dealers"
    )
    served_assignment_ids = fields.One2many(
        "meddev.dealer.assignment", "dealer_id", "Served Facilities"
    )

    # Place in the hospital (technical)
    facility_id = fields.Many2one(
        "res.partner",
        "Hospital of the Place",
        compute="_compute_facility_id",
        store=True,
        recursive=True,
        index="btree_not_null",
        help="The hospital that this facility or contact belongs to.",
    )
    facility_path = fields.Char(
        "Place", compute="_compute_facility_path", store=True, recursive=True
    )
    integration_user_ids = fields.Many2many(
        "res.users",
        "meddev_integration_customer_rel",
        "partner_id",
        "user_id",
        "Integrations",
        copy=False,
        groups="base.group_system",
    )
    facility_ancestor_ids = fields.Many2many(
        "res.partner",
        "meddev_facility_ancestor_rel",
        "partner_id",
        "facility_id",
        string="Facilities Above",
        compute="_compute_facility_ancestor_ids",
        store=True,
        recursive=True,
        help="The facility itself and every facility above it; for a contact, the facilities "
        "above. Record rules go through it.",
    )
    facility_descendant_ids = fields.Many2many(
        "res.partner",
        "meddev_facility_ancestor_rel",
        "facility_id",
        "partner_id",
        string="Everything in the Facility",
        readonly=True,
        copy=False,
    )
    commercial_member_ids = fields.One2many(
        "res.partner",
        "commercial_partner_id",
        "Own People",
        readonly=True,
        copy=False,
        help="The partner itself and its contacts at every depth, without those of a facility "
        "inside. Record rules go through it.",
    )
    facility_tree_name = fields.Char("Place in the Tree", compute="_compute_facility_tree_name")

    @api.depends("facility_level", "parent_id.facility_id")
    def _compute_facility_id(self):
        for partner in self:
            if partner.facility_level == LEVEL_HOSPITAL:
                partner.facility_id = partner
            else:
                partner.facility_id = partner.parent_id.facility_id

    @api.depends("facility_level", "name", "parent_id.facility_path")
    def _compute_facility_path(self):
        for partner in self:
            if partner.facility_level:
                parts = (partner.parent_id.facility_path, partner.name)
                partner.facility_path = " / ".join(filter(None, parts))
            else:
                partner.facility_path = partner.parent_id.facility_path

    @api.depends("facility_level", "parent_id.facility_ancestor_ids")
    def _compute_facility_ancestor_ids(self):
        for parent, partners in self.grouped("parent_id").items():
            above = parent.facility_ancestor_ids
            contacts = partners.filtered(lambda partner: not partner.facility_level)
            contacts.facility_ancestor_ids = above
            for facility in partners - contacts:
                facility.facility_ancestor_ids = above | facility

    @api.depends("name", "facility_level", "facility_ancestor_ids")
    def _compute_facility_tree_name(self):
        for partner in self:
            depth = len(partner.facility_ancestor_ids - partner)
            partner.facility_tree_name = "\N{EM SPACE}" * depth + (partner.name or "")

    @api.depends("facility_path")
    def _compute_complete_name(self):
        return super()._compute_complete_name()

    @api.constrains("facility_level", "parent_id")
    def _check_facility_level_fits_parent(self):
        levels = dict(self._fields["facility_level"]._description_selection(self.env))
        for facility in (self | self.child_ids).filtered("facility_level"):
            allowed = ALLOWED_PARENT_LEVELS[facility.facility_level]
            parent_level = facility.parent_id.facility_level
            if parent_level in allowed or (not parent_level and not allowed):
                continue
            if allowed:
                raise ValidationError(
                    self.env._(
                        "%(name)s: the level %(level)s needs a Related Company of one of the "
                        "levels %(allowed)s. Choose such a facility, or change the Facility Level.",
                        name=facility.name,
                        level=levels[facility.facility_level],
                        allowed=", ".join(levels[level] for level in allowed),
                    )
                )
            raise ValidationError(
                self.env._(
                    "%(name)s: a hospital cannot lie inside another facility (%(parent)s). "
                    "Empty the Related Company, or change the Facility Level.",
                    name=facility.name,
                    parent=facility.parent_id.display_name,
                )
            )

    @api.constrains("facility_level", "is_company")
    def _check_facility_is_company(self):
        """Odoo's own portal rule shows contacts what their company is: it ends at the facility."""
        for facility in self:
            if facility.facility_level and not facility.is_company:
                raise ValidationError(
                    self.env._(
                        "%s is a part of a health facility and stays a company: else its contacts"
                        " see the whole hospital. Empty the field Facility Level first.",
                        facility.display_name,
                    )
                )

    @api.model
    def default_get(self, fields):
        # A client's context and a user's saved defaults are no way around.
        return super().default_get([name for name in fields if name not in DERIVED_FIELDS])

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._ensure_nothing_derived(vals)
            if vals.get("facility_level"):
                vals["is_company"] = True
        return super().create(vals_list)

    def write(self, vals):
        self._ensure_nothing_derived(vals)
        if vals.get("facility_level"):
            vals = {**vals, "is_company": True}
        moved_users = self.user_ids if "parent_id" in vals else self.browse().user_ids
        result = super().write(vals)
        if moved_users:
            # Core's portal rule on partners holds the id of the user's company in a cache; a
            # contact who moves to another hospital must lose the old one at once.
            self.env.registry.clear_cache()
        return result

    @api.model
    def _ensure_nothing_derived(self, vals):
        if names := sorted(DERIVED_FIELDS & vals.keys()):
            labels = [self._fields[name]._description_string(self.env) for name in names]
            raise UserError(
                self.env._(
                    "%(fields)s cannot be entered: it follows from the tree of facilities. Leave it"
                    " out, and change the Facility Level or the Related Company instead.",
                    fields=", ".join(labels),
                )
            )

    def _get_complete_name(self):
        """Name a facility by its path, and a contact by the path of their facility."""
        name = super()._get_complete_name()
        # sudo: whether a facility lies above; a contact may read their own place and not those
        # above it, whose names are in the path anyway.
        parent = self.sudo().parent_id
        if self.facility_level and parent.facility_level:
            return self.facility_path or name
        if (
            not self.facility_level
            and not self.is_company
            and parent.facility_level
            and not self.env.context.get("partner_display_name_hide_company")
        ):
            own_name = self.with_context(partner_display_name_hide_company=True)
            return f"{self.facility_path}, {super(ResPartner, own_name)._get_complete_name()}"
        return name
