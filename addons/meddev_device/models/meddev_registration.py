from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..tools.registration_number import (
    ERROR,
    FILING,
    check_registration_number,
    normalise_number,
)
from ..tools.twice import find_twice
from .argument import ensure_single
from .guard import without_defaults

#: Days before its end from which a certificate is expiring, unless a setting or reminder says so.
EXPIRING_DAYS = 180

SCOPE_REGISTRATION = "registration"
#: What a reminder applies to -> kinds of certificates. The Chinese rule of renewal binds Chinese
#: registrations, imported products' too; filings do not end by law; others have rules of their own.
KINDS_OF_SCOPE = {
    SCOPE_REGISTRATION: ("registration", "import"),
    "filing": ("filing",),
    "other": ("other",),
}
SCOPE_OF_KIND = {kind: scope for scope, kinds in KINDS_OF_SCOPE.items() for kind in kinds}
#: Certificates without which a device must not be sold in China; a foreign one replaces none.
#: Source: State Council Order 739 (2021); SAMR Order 47 (2021) Art. 115, 116.
CHINESE_KINDS = KINDS_OF_SCOPE[SCOPE_REGISTRATION] + KINDS_OF_SCOPE["filing"]

STATUS_NONE = "none"
STATUS_VALID = "valid"
STATUS_EXPIRING = "expiring"
STATUS_EXPIRED = "expired"


class MeddevRegistration(models.Model):
    """One registration certificate or filing: pending -> valid -> expiring -> expired -> renewed.

    A renewal is a new record that points to the one it replaces, so history stays.
    Rule: Regulations 739 (certificate 5 years, renew 6 months before expiry); Order 47 Art. 115.
    """

    _name = "meddev.registration"
    _description = "Registration Certificate"
    _inherit = ["mail.thread"]
    _order = "number, valid_from desc, id desc"
    _rec_name = "number"
    _check_company_auto = True

    number = fields.Char(required=True, index="trigram", tracking=True)
    kind = fields.Selection(
        [
            ("registration", "Registration Certificate"),
            ("filing", "Filing"),
            ("import", "Import Registration"),
            ("other", "Other"),
        ],
        required=True,
        default="registration",
        tracking=True,
    )
    number_warning = fields.Char(compute="_compute_number_warning")
    holder_id = fields.Many2one(
        "res.partner", string="Marketing Authorisation Holder", tracking=True
    )
    approved_on = fields.Date(string="Approval Date", tracking=True)
    valid_from = fields.Date(tracking=True)
    valid_to = fields.Date(string="Valid Until", index=True, tracking=True)
    status = fields.Selection(
        [
            (STATUS_VALID, "Valid"),
            (STATUS_EXPIRING, "Expiring"),
            (STATUS_EXPIRED, "Expired"),
        ],
        compute="_compute_status",
        search="_search_status",
    )
    product_tmpl_ids = fields.Many2many(
        "product.template",
        "meddev_registration_product_template_rel",
        "registration_id",
        "product_tmpl_id",
        string="Products",
    )
    document = fields.Binary(attachment=True)
    document_name = fields.Char()
    note = fields.Text()
    previous_id = fields.Many2one(
        "meddev.registration",
        string="Renews",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    next_ids = fields.One2many("meddev.registration", "previous_id", string="Renewed By")
    is_superseded = fields.Boolean(readonly=True, copy=False)
    normalised_number = fields.Char(
        compute="_compute_normalised_number", store=True, precompute=True
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)

    _number_unique = models.UniqueIndex(
        "(normalised_number, COALESCE(company_id, 0)) WHERE is_superseded IS NOT TRUE",
        "This registration number is already recorded. Open the existing certificate, or renew it.",
    )
    _validity_in_order = models.Constraint(
        "CHECK (valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to)",
        "A certificate cannot end before it begins. Correct its validity dates.",
    )

    @api.depends("number")
    def _compute_normalised_number(self):
        for registration in self:
            registration.normalised_number = normalise_number(registration.number)

    @api.depends("number", "kind")
    def _compute_number_warning(self):
        for registration in self:
            _error, warning = registration._judge_number()
            registration.number_warning = warning

    @api.depends("valid_to", "kind", "company_id.meddev_expiring_days")
    @api.depends_context("company", "tz")
    def _compute_status(self):
        today = fields.Date.context_today(self)
        default_days = self._get_default_expiring_days()
        for registration in self:
            # sudo: a setting that colours lists for every reader.
            company = (registration.company_id or self.env.company).sudo()
            days = company.meddev_expiring_days or default_days[registration.kind]
            valid_to = registration.valid_to
            if valid_to and valid_to < today:
                registration.status = STATUS_EXPIRED
            elif valid_to and valid_to <= fields.Date.add(today, days=days):
                registration.status = STATUS_EXPIRING
            else:
                registration.status = STATUS_VALID

    def _search_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        ending = Domain.OR(
            Domain("kind", "=", kind) & self.env["res.company"]._get_ending_domain(today, days)
            for kind, days in self._get_default_expiring_days().items()
        )
        lasting = Domain("valid_to", ">=", today)
        by_status = {
            STATUS_EXPIRED: Domain("valid_to", "<", today),
            STATUS_EXPIRING: lasting & ending,
            STATUS_VALID: Domain("valid_to", "=", False) | (lasting & ~ending),
        }
        return Domain.OR([by_status[status] for status in value if status in by_status])

    @api.constrains("number", "kind")
    def _check_number_is_well_formed(self):
        for registration in self:
            error, _warning = registration._judge_number()
            if error:
                raise ValidationError(error)

    @api.constrains("previous_id")
    def _check_renewal_has_no_cycle(self):
        if self._has_cycle("previous_id"):
            raise ValidationError(
                self.env._("A registration certificate cannot renew itself, directly or not.")
            )

    @api.model_create_multi
    def create(self, vals_list):
        default_id = self.env.context.get("default_previous_id")
        previous_ids = {vals.get("previous_id", default_id) for vals in vals_list}
        self._supersede(self.browse(filter(None, previous_ids)))
        blank = without_defaults(self, ["is_superseded"])
        vals_list = [self._without_protected(vals) for vals in vals_list]
        self.check_access("create")
        self.browse()._ensure_no_twins(
            [
                (
                    vals.get("number", self.env.context.get("default_number")),
                    vals.get("company_id", self.env.context.get("default_company_id")),
                )
                for vals in vals_list
            ]
        )
        return super(MeddevRegistration, blank).create(vals_list).with_env(self.env)

    def write(self, vals):
        vals = self._without_protected(vals)
        former = self.previous_id if "previous_id" in vals else self.browse()
        if vals.get("previous_id"):
            self._supersede(self.browse(vals["previous_id"]))
        if {"number", "company_id"} & vals.keys():
            self.check_access("write")
            in_force = self.filtered(lambda registration: not registration.is_superseded)
            in_force._ensure_no_twins(
                [
                    (
                        vals.get("number", registration.number),
                        vals.get("company_id", registration.company_id.id),
                    )
                    for registration in in_force
                ]
            )
        result = super().write(vals)
        if orphans := former.filtered(lambda registration: not registration.next_ids):
            orphans._ensure_no_twins([(one.number, one.company_id.id) for one in orphans])
            super(MeddevRegistration, orphans).write({"is_superseded": False})
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        if renewed := self.filtered("next_ids"):
            raise UserError(
                self.env._(
                    "%s was renewed and belongs to the history of its product. Archive it instead.",
                    ", ".join(renewed.mapped("number")),
                )
            )

    def _ensure_no_twins(self, rows):
        """Refuse numbers that a certificate in force carries already: the index is blind.

        :param rows: pairs of number and company id, of these certificates or of new ones.
        """
        keys = [(normalise_number(number), company_id or False) for number, company_id in rows]
        if twice := find_twice([key for key in keys if key[0]]):
            raise ValidationError(
                self.env._(
                    "Certificate number %s occurs more than once in what was entered. Keep one of"
                    " them, or correct Number.",
                    twice[0],
                )
            )
        # sudo: a number is taken even if the user may not see the certificate; what is told of
        # it follows the user's rights.
        found = (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("normalised_number", "in", [number for number, _company in keys if number]),
                    ("is_superseded", "!=", True),
                    ("id", "not in", self.ids),
                ]
            )
        )
        taken = {(one.normalised_number, one.company_id.id): one for one in found}
        if twin := next((taken[key] for key in keys if key in taken), None):
            raise ValidationError(twin.with_user(self.env.uid)._describe_twin())

    def _describe_twin(self):
        if not self._filtered_access("read"):
            return self.env._(
                "Certificate number %s is recorded already, and you may not see that certificate."
                " Correct Number, or ask an administrator.",
                self.sudo().number,  # sudo: the user typed it.
            )
        names = self.product_tmpl_ids._filtered_access("read").mapped("display_name")
        number = self.number if self.active else self.env._("%s (archived)", self.number)
        if names:
            return self.env._(
                "Certificate number %(number)s is recorded already, for %(products)s. Open that"
                " certificate and renew it, or correct Number.",
                number=number,
                products=", ".join(names[:5]),
            )
        return self.env._(
            "Certificate number %s is recorded already. Open that certificate and renew it, or"
            " correct Number.",
            number,
        )

    def action_renew(self):
        """Open a new certificate that continues this one."""
        ensure_single(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Renewal of %s", self.number),
            "res_model": self._name,
            "view_mode": "form",
            "context": {f"default_{name}": value for name, value in self._prepare_renewal_vals()},
        }

    def _prepare_renewal_vals(self):
        """Pairs of field and value that a renewal takes over from the certificate it renews."""
        start = fields.Date.add(self.valid_to, days=1) if self.valid_to else False
        return [
            ("previous_id", self.id),
            ("number", self.number),
            ("kind", self.kind),
            ("holder_id", self.holder_id.id),
            ("company_id", self.company_id.id),
            ("product_tmpl_ids", self.product_tmpl_ids.ids),
            ("valid_from", start),
        ]

    @api.model
    def _get_default_expiring_days(self):
        """Map kind -> days before its end from which a certificate is expiring, unless the
        company says otherwise: those of its first reminder, so that nothing that somebody is
        told to renew still looks valid."""
        # sudo: a setting that colours lists for every reader.
        steps = self.env["meddev.registration.reminder.step"].sudo()
        first = dict(steps._read_group([("active", "=", True)], ["applies_to"], ["days:max"]))
        return {kind: first.get(scope, EXPIRING_DAYS) for kind, scope in SCOPE_OF_KIND.items()}

    def _without_protected(self, vals):
        """``is_superseded`` follows from the renewal and is never written by a client."""
        return {name: value for name, value in vals.items() if name != "is_superseded"}

    def _supersede(self, registrations):
        if registrations:
            super(MeddevRegistration, registrations).write({"is_superseded": True})
            registrations.flush_recordset(["is_superseded"])

    def _judge_number(self):
        """Error and warning texts for this number: the fact sheet says which of them blocks.

        Numbers of other countries (kind "other") have no shape to judge.
        """
        self.ensure_one()
        if self.kind == "other" or not self.number:
            return False, False
        check = check_registration_number(self.number, fields.Date.context_today(self))
        texts = self._get_problem_texts()
        sentences = [texts.get(code, code) for code in check.problems]
        if check.kind == FILING and self.kind != "filing":
            sentences.append(self.env._("This is the number of a filing: choose the kind Filing."))
        if not sentences:
            return False, False
        text = self.env._(
            "Certificate number %(number)s: %(problems)s",
            number=self.number,
            problems=" ".join(sentences),
        )
        return (text, False) if check.severity == ERROR else (False, text)

    def _get_problem_texts(self):
        """Sentence by code of ``tools.registration_number.PROBLEMS``."""
        return {
            "empty": self.env._("The number is empty. Enter it as printed on the certificate."),
            "drug_number": self.env._("This is the number of a drug, not of a device."),
            "not_device_number": self.env._("This is not the number of a medical device."),
            "unknown_shape": self.env._(
                "It has no shape of a registration or filing. Compare it with the certificate,"
                " or choose the kind Other for another country's certificate."
            ),
            "class_not_registered": self.env._(
                "Class I devices are filed, not registered. Check the digit of the class."
            ),
            "class_unknown": self.env._("Its class is none of I, II and III."),
            "import_needs_national": self.env._(
                "Imported devices are registered nationally: the number begins with 国."
            ),
            "province_needs_class_2": self.env._(
                "A province registers domestic class II devices only."
            ),
            "national_domestic_needs_class_3": self.env._(
                "A domestic device registered nationally is usually of class III. Please check."
            ),
            "year_in_future": self.env._("Its year lies in the future."),
            "year_too_early": self.env._("Its year lies before this form of number was used."),
            "category_unknown": self.env._("Its category is not in the classification catalogue."),
        }
