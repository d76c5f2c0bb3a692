from odoo import api, fields, models
from odoo.exceptions import ValidationError

AUTHOR = "author"
REVIEWER = "reviewer"
APPROVER = "approver"
RESPONSIBLE = "responsible"
MEANINGS = [
    (AUTHOR, "Author"),
    (REVIEWER, "Reviewer"),
    (APPROVER, "Approver"),
    (RESPONSIBLE, "Responsible"),
]
MAX_SIGNERS = 20


class ElectronicSignatureRequirement(models.Model):
    """How many people of which groups sign a step of a record type, and with which meaning.

    A step without any requirement is refused, not free. An approver never approves what they
    performed, whatever this record says.
    Rule: 21 CFR 11.10(g), 11.50; ISO 13485:2016 4.2.4.
    """

    _name = "electronic.signature.requirement"
    _description = "Required Signature"
    _order = "model_id, transition, sequence, id"
    _rec_name = "transition"

    sequence = fields.Integer(default=10)
    model_id = fields.Many2one(
        "ir.model",
        string="Kind of Record",
        required=True,
        ondelete="cascade",
        domain=lambda self: [("model", "in", self._get_signable_models())],
    )
    transition = fields.Char(
        string="Step (Technical)",
        required=True,
        help="Name of a step that this kind of record knows, such as approve.",
    )
    transition_label = fields.Char(string="Step", compute="_compute_transition_label")
    meaning = fields.Selection(MEANINGS, required=True, default=APPROVER)
    group_ids = fields.Many2many(
        "res.groups",
        string="From Groups",
        required=True,
        help="Who belongs to one of these groups may sign.",
    )
    count = fields.Integer(string="How Many People", required=True, default=1)
    differs_from_performer = fields.Boolean(
        string="Not by Who Did the Work",
        default=True,
        help="Who performed what is signed does not sign. Always so for approvers.",
    )
    differs_from_others = fields.Boolean(
        string="Signs Nothing Else Here",
        default=True,
        help="Who signed this step with another meaning does not sign with this one.",
    )
    source = fields.Char(
        required=True, help="The rule or procedure that asks for it, with clause or revision."
    )
    company_id = fields.Many2one("res.company", help="Empty: for all companies.")
    active = fields.Boolean(default=True)
    model = fields.Char(related="model_id.model", store=True, index=True)

    _count_is_sensible = models.Constraint(
        f"CHECK (count BETWEEN 1 AND {MAX_SIGNERS})",
        f"A step needs between 1 and {MAX_SIGNERS} people.",
    )

    @api.depends("model_id", "transition")
    @api.depends_context("lang")
    def _compute_transition_label(self):
        for requirement in self:
            known = requirement._get_transitions()
            requirement.transition_label = known.get(requirement.transition, requirement.transition)

    @api.depends("model_id", "transition", "meaning")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for requirement in self:
            # sudo: the label of a model is no secret.
            parts = [requirement.sudo().model_id.name, requirement.transition_label]
            if requirement.meaning:
                parts.append(requirement._get_meaning_label())
            requirement.display_name = " · ".join(filter(None, dict.fromkeys(parts)))

    @api.model
    def _get_signable_models(self):
        """Names of the record types that can be signed."""
        return [
            name
            for name, model in self.env.registry.items()
            if not model._abstract and hasattr(model, "_get_signature_transitions")
        ]

    def _get_transitions(self):
        self.ensure_one()
        model = self.env.get(self.model_id.sudo().model)  # sudo: the technical name alone
        if model is None or not hasattr(model, "_get_signature_transitions"):
            return {}
        return model._get_signature_transitions()

    @api.constrains("model_id", "transition")
    def _check_transition_exists(self):
        for requirement in self:
            known = requirement._get_transitions()
            if requirement.transition not in known:
                raise ValidationError(
                    self.env._(
                        "%(model)s has no step %(transition)s. Its steps: %(known)s.",
                        model=requirement.model_id.name,
                        transition=requirement.transition,
                        known=", ".join(known) or "–",
                    )
                )

    @api.constrains("group_ids")
    def _check_groups_are_named(self):
        for requirement in self:
            if not requirement.group_ids:
                raise ValidationError(
                    self.env._(
                        "%(meaning)s of %(step)s: name at least one group that may sign.",
                        meaning=requirement._get_meaning_label(),
                        step=requirement.transition_label,
                    )
                )

    @api.constrains("meaning", "differs_from_performer")
    def _check_approver_is_not_the_performer(self):
        for requirement in self:
            if requirement.meaning == APPROVER and not requirement.differs_from_performer:
                raise ValidationError(
                    self.env._(
                        "%s: the approver is never the person who did the work.",
                        requirement.transition_label,
                    )
                )

    @api.constrains("model_id", "transition", "meaning", "company_id", "active")
    def _check_meaning_is_asked_for_once(self):
        """Who signs with a meaning was in the groups of its requirement at that moment.

        Of two with the same meaning a signature would count for both, whoever gave it.
        """
        for requirement in self.filtered("active"):
            twin = self.sudo().search(  # sudo: also one that the reader's companies do not show
                [
                    ("active", "=", True),
                    ("id", "!=", requirement.id),
                    ("model_id", "=", requirement.model_id.id),
                    ("transition", "=", requirement.transition),
                    ("meaning", "=", requirement.meaning),
                    *(
                        [("company_id", "in", [False, requirement.company_id.id])]
                        if requirement.company_id
                        else []
                    ),
                ],
                limit=1,
            )
            if twin:
                raise ValidationError(
                    self.env._(
                        "%(requirement)s is asked for already, of %(groups)s. Change From Groups"
                        " and How Many People there, archive it, or choose another meaning.",
                        requirement=requirement.display_name,
                        groups=", ".join(twin.group_ids.mapped("full_name")),
                    )
                )

    def _get_meaning_label(self):
        self.ensure_one()
        return dict(self._fields["meaning"]._description_selection(self.env))[self.meaning]

    def _excludes_performers(self):
        self.ensure_one()
        return self.meaning == APPROVER or self.differs_from_performer

    def _may_be_signed_by(self, user):
        """Whether a person's groups allow this signature; separation of duties comes on top."""
        self.ensure_one()
        return bool(self.group_ids & user.all_group_ids)
