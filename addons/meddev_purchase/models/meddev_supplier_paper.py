import logging
from collections import namedtuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.meddev_device.models.argument import ensure_single
from odoo.addons.meddev_device.models.meddev_registration import CHINESE_KINDS
from odoo.addons.meddev_device.tools.registration_number import (
    OK,
    check_licence_number,
    check_registration_number,
)

from .paper_kind import (
    KIND_DISTRIBUTION_LICENCE,
    KIND_PRODUCTION_LICENCE,
    KIND_REGISTRATION,
    PAPER_KINDS,
    PAPER_STATES,
    STATE_EXPIRED,
    STATE_EXPIRING,
    STATE_MISSING,
    STATE_NOT_YET_VALID,
    STATE_VALID,
    SUPPLIER_DISTRIBUTOR,
    SUPPLIER_MANUFACTURER,
)

_logger = logging.getLogger(__name__)

#: Days before its end from which a paper is expiring, where neither setting nor reminder says.
DEFAULT_EXPIRING_DAYS = 60

#: One required paper that is not there: ``key`` identifies the gap in a waiver, ``message``
#: names it to a person, with what to do.
PaperGap = namedtuple("PaperGap", "partner template kind state key message")


class MeddevSupplierPaper(models.Model):
    """One licence, registration or authorisation in a supplier's file.

    A renewed paper is a new record that replaces the old one, which stays as history.
    Scope: listed products and catalogue codes limit what the paper covers; with neither it
    covers everything that the supplier sells.
    Rule: SAMR Order No. 54 (2022) Art. 32; NMPA 2023 No. 153 (GSP).
    """

    _name = "meddev.supplier.paper"
    _description = "Supplier Paper"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "partner_id, kind, valid_to desc, id desc"
    _rec_names_search = ["number", "partner_id.name"]
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner",
        "Supplier",
        required=True,
        index=True,
        tracking=True,
        ondelete="restrict",
        check_company=True,
        domain="[('parent_id', '=', False)]",
    )
    kind = fields.Selection(PAPER_KINDS, required=True, tracking=True)
    number = fields.Char(required=True, tracking=True)
    number_warning = fields.Char(compute="_compute_number_warning")
    issued_by = fields.Char("Issuing Authority")
    valid_from = fields.Date(tracking=True)
    valid_to = fields.Date(
        "Valid Until", tracking=True, index=True, help="Last valid day. Empty: no end."
    )
    state = fields.Selection(PAPER_STATES, compute="_compute_state", search="_search_state")
    days_left = fields.Integer(compute="_compute_state")
    scope = fields.Text("Scope of Business")
    scope_code_ids = fields.Many2many(
        "meddev.code",
        string="Covered Catalogue Codes",
        domain="[('system_id.code', '=', 'NMPA-CAT')]",
        help="Products whose catalogue code is one of these, or below one of these, are covered.",
    )
    product_tmpl_ids = fields.Many2many(
        "product.template",
        string="Covered Products",
        check_company=True,
        domain="[('is_medical_device', '=', True)]",
    )
    registration_id = fields.Many2one(
        "meddev.registration", "Registration in the Ledger", check_company=True
    )
    document = fields.Binary(attachment=True, copy=False)
    document_name = fields.Char(copy=False)
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        default=lambda self: self.env.user,
        tracking=True,
        copy=False,
        domain="[('share', '=', False)]",
        help="Is reminded before the paper expires.",
    )
    replaced_by_id = fields.Many2one(
        "meddev.supplier.paper", readonly=True, copy=False, index="btree_not_null"
    )
    replaces_id = fields.Many2one(
        "meddev.supplier.paper", readonly=True, copy=False, index="btree_not_null"
    )
    reminder_ids = fields.One2many("meddev.paper.reminder", "paper_id", "Reminders Given")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)

    @api.depends("kind", "number")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for paper in self:
            paper.display_name = f"{kinds.get(paper.kind, '')} {paper.number or ''}".strip()

    @api.depends("kind", "number")
    def _compute_number_warning(self):
        for paper in self:
            paper.number_warning = paper._get_number_warning()

    @api.depends("valid_from", "valid_to", "company_id.meddev_expiring_days")
    @api.depends_context("company", "tz")
    def _compute_state(self):
        today = fields.Date.context_today(self)
        default_days = self._get_default_expiring_days()
        for paper in self:
            # sudo: a setting that colours lists for every reader.
            company = (paper.company_id or self.env.company).sudo()
            expiring_days = company.meddev_expiring_days or default_days
            paper.days_left = (paper.valid_to - today).days if paper.valid_to else 0
            paper.state = paper._get_state_on(today)
            if paper.state == STATE_VALID and paper.valid_to and paper.days_left <= expiring_days:
                paper.state = STATE_EXPIRING

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        ending = self.env["res.company"]._get_ending_domain(
            today, self._get_default_expiring_days()
        )
        begun = Domain("valid_from", "=", False) | Domain("valid_from", "<=", today)
        ended = Domain("valid_to", "<", today)
        lasting = Domain("valid_to", ">=", today)
        domains = {
            STATE_EXPIRED: ended,
            STATE_NOT_YET_VALID: ~ended & ~begun,
            STATE_EXPIRING: lasting & ending & begun,
            STATE_VALID: (Domain("valid_to", "=", False) | (lasting & ~ending)) & begun,
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    @api.constrains("valid_from", "valid_to")
    def _check_validity_in_order(self):
        for paper in self:
            if paper.valid_from and paper.valid_to and paper.valid_from > paper.valid_to:
                raise ValidationError(
                    self.env._(
                        "%(name)s: the paper ends before it begins. Correct Valid From or"
                        " Valid Until.",
                        name=paper.display_name,
                    )
                )

    @api.onchange("registration_id")
    def _onchange_registration_id(self):
        registration = self.registration_id
        if registration:
            self.number = registration.number
            self.valid_from = registration.valid_from
            self.valid_to = registration.valid_to
            self.product_tmpl_ids |= registration.product_tmpl_ids

    @api.model_create_multi
    def create(self, vals_list):
        papers = super().create(vals_list)
        for paper in papers.filtered("replaces_id"):
            paper.replaces_id.replaced_by_id = paper
        return papers

    def action_renew(self):
        """Open a new paper that takes over what stays the same."""
        ensure_single(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Renewal of %s", self.display_name),
            "res_model": self._name,
            "view_mode": "form",
            "context": {
                f"default_{name}": value for name, value in self._prepare_renewal_vals().items()
            },
        }

    # Hooks

    def _prepare_renewal_vals(self):
        """What a renewal takes over; asked by the Renew button."""
        self.ensure_one()
        return {
            "replaces_id": self.id,
            "partner_id": self.partner_id.id,
            "kind": self.kind,
            "number": self.number,
            "issued_by": self.issued_by,
            "scope": self.scope,
            "scope_code_ids": self.scope_code_ids.ids,
            "product_tmpl_ids": self.product_tmpl_ids.ids,
            "valid_from": fields.Date.add(self.valid_to, days=1) if self.valid_to else False,
            "company_id": self.company_id.id,
        }

    def _get_number_warning(self):
        """Warning about the shape of the number, or False; it never blocks."""
        self.ensure_one()
        if not self.number:
            return False
        if self.kind in (KIND_PRODUCTION_LICENCE, KIND_DISTRIBUTION_LICENCE):
            check = check_licence_number(self.number, fields.Date.context_today(self))
        elif self.kind == KIND_REGISTRATION:
            check = check_registration_number(self.number, fields.Date.context_today(self))
        else:
            return False
        if check.severity == OK:
            return False
        return self.env._(
            "%s does not have the usual shape of such a number. Compare it with the paper.",
            self.number,
        )

    @api.model
    def _get_default_expiring_days(self):
        """From how many days before its end a paper counts as expiring, unless the company says
        otherwise: those of the first reminder, and some where nobody is reminded."""
        # sudo: the longest step is a setting that colours the list for every reader.
        steps = self.env["meddev.paper.reminder.step"].sudo()
        first = steps.search([("active", "=", True)], limit=1)
        return first.days if first else DEFAULT_EXPIRING_DAYS

    # Coverage

    def _get_state_on(self, day):
        """Validity on ``day``, without the warning time before the end."""
        self.ensure_one()
        if self.valid_to and self.valid_to < day:
            return STATE_EXPIRED
        if self.valid_from and self.valid_from > day:
            return STATE_NOT_YET_VALID
        return STATE_VALID

    def _covers(self, template):
        """Whether the scope of this paper includes ``template``.

        A product without catalogue code is not covered by a paper that is limited to codes:
        what cannot be shown is not assumed.
        """
        self.ensure_one()
        if not self.product_tmpl_ids and not self.scope_code_ids:
            return True
        if template in self.product_tmpl_ids:
            return True
        code = template.catalogue_code_id.code or ""
        return any(
            code == scope.code or code.startswith(f"{scope.code}-") for scope in self.scope_code_ids
        )

    def _is_foreign(self):
        """Whether this is the copy of a foreign certificate, which replaces no Chinese one."""
        self.ensure_one()
        registration = self.registration_id
        return bool(registration) and registration.kind not in CHINESE_KINDS

    @api.model
    def _find_gaps(self, partner, templates, company, day):
        """Papers that the rules require on ``day`` and that are not there.

        :param partner: the supplier, any contact of it; of an unknown one the certificates of
            the products are asked for all the same.
        :param templates: products bought; others than medical devices are left out.
        :return: list of ``PaperGap``, one per product and kind, company-wide kinds once.
        """
        templates = templates.filtered("is_medical_device")
        if not templates:
            return []
        supplier = partner.commercial_partner_id
        # sudo: whoever orders or receives is told what is missing, whether or not the file
        # itself may be opened; only kind, number and dates get into the message. An archived paper
        # covers nothing, whatever context a client sends.
        papers = self.sudo().search(
            [
                ("active", "=", True),
                ("partner_id", "child_of", supplier.ids),
                ("company_id", "in", [False, company.id]),
            ]
        )
        requirements = (
            self.env["meddev.paper.requirement"]
            .sudo()
            .search(self.env["meddev.paper.requirement"]._get_applicable_domain(company, day))
        )
        gaps = {}
        for template in templates.sudo():
            supplier_kind = self._get_supplier_kind(supplier, template)
            for requirement in requirements:
                if not requirement._applies_to(template.device_class, supplier_kind):
                    continue
                if not supplier and requirement.kind != KIND_REGISTRATION:
                    continue
                gap = self._find_gap(papers, supplier, template, requirement, day)
                if gap:
                    gaps.setdefault(gap.key, gap)
        return list(gaps.values())

    @api.model
    def _get_supplier_kind(self, supplier, template):
        """Manufacturer or distributor, seen from one product; False for an unknown supplier."""
        if not supplier:
            return False
        maker = template.manufacturer_id.commercial_partner_id
        if maker == supplier or (not maker and supplier.is_manufacturer):
            return SUPPLIER_MANUFACTURER
        return SUPPLIER_DISTRIBUTOR

    @api.model
    def _find_gap(self, papers, supplier, template, requirement, day):
        """The gap that one rule finds for one product, or None."""
        kind = requirement.kind
        if kind == KIND_REGISTRATION and self._has_valid_registration(template, day):
            return None
        of_kind = papers.filtered(lambda paper: paper.kind == kind and not paper._is_foreign())
        if requirement.is_only_if_filed and not of_kind:
            return None
        covering = of_kind.filtered(lambda paper: paper._covers(template))
        if any(paper._get_state_on(day) == STATE_VALID for paper in covering):
            return None
        latest = covering.sorted(lambda paper: paper.valid_to or day)[-1:]
        state = latest._get_state_on(day) if latest else STATE_MISSING
        per_product = kind == KIND_REGISTRATION or (of_kind and not covering)
        subject = template if per_product else template.browse()
        return PaperGap(
            supplier,
            subject,
            kind,
            state,
            f"{supplier.id or 0}/{subject.id or 0}/{kind}/{state}",
            self._get_gap_message(supplier, template, kind, state, latest, bool(of_kind)),
        )

    @api.model
    def _has_valid_registration(self, template, day):
        """Whether the ledger holds a Chinese certificate of ``template`` valid on ``day``."""
        return any(
            registration.active
            and registration.kind in CHINESE_KINDS
            and (not registration.valid_from or registration.valid_from <= day)
            and (not registration.valid_to or registration.valid_to >= day)
            for registration in template.registration_ids
        )

    @api.model
    def _get_gap_message(self, supplier, template, kind, state, paper, has_other_scope):
        names = {
            "kind": dict(self._fields["kind"]._description_selection(self.env))[kind],
            "supplier": supplier.display_name,
            "product": template.display_name,
            "number": paper.number or "",
            "valid_to": paper.valid_to or "",
            "valid_from": paper.valid_from or "",
        }
        if state == STATE_EXPIRED:
            return self.env._(
                "%(kind)s %(number)s of %(supplier)s expired on %(valid_to)s.", **names
            )
        if state == STATE_NOT_YET_VALID:
            return self.env._(
                "%(kind)s %(number)s of %(supplier)s is valid from %(valid_from)s only.", **names
            )
        if kind == KIND_REGISTRATION:
            return self.env._(
                "%(product)s: there is no valid registration certificate or filing.", **names
            )
        if has_other_scope:
            return self.env._(
                "%(product)s: it is not in the scope of the %(kind)s of %(supplier)s.", **names
            )
        return self.env._("%(supplier)s: the %(kind)s is missing.", **names)

    # Reminders

    @api.model
    def _get_reminder_domain(self, today, days):
        """Papers that end within ``days`` and were not renewed; asked by the cron."""
        return (
            Domain("valid_to", ">=", today)
            & Domain("valid_to", "<=", fields.Date.add(today, days=days))
            & Domain("replaced_by_id", "=", False)
        )

    @api.model
    def _cron_remind_expiring_papers(self, batch_size=100):
        """Give every reminder that is due and was not given yet, each once.

        A run that was left out is made up for: all steps that are due by now go into one
        activity, and each of them is marked as given.
        """
        today = fields.Date.context_today(self)
        steps = self.env["meddev.paper.reminder.step"].search([("active", "=", True)])
        if not steps:
            return
        papers = self.search(self._get_reminder_domain(today, max(steps.mapped("days"))))
        due = papers._get_due_reminders(today, steps.mapped("days"))
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for position, (paper, days) in enumerate(due.items(), start=1):
            paper._try_give_reminders(days)
            if position % batch_size == 0 or position == len(due):
                done = position % batch_size or batch_size
                if not self.env["ir.cron"]._commit_progress(done):
                    break

    def _get_due_reminders(self, today, days):
        """Map each of these papers to the reminder steps due on ``today`` and not yet given."""
        given = {
            (reminder.paper_id, reminder.valid_to, reminder.days)
            for reminder in self.env["meddev.paper.reminder"].search([("paper_id", "in", self.ids)])
        }
        due = {}
        for paper in self:
            days_left = (paper.valid_to - today).days
            steps = [
                step
                for step in sorted(days, reverse=True)
                if days_left <= step and (paper, paper.valid_to, step) not in given
            ]
            if steps:
                due[paper] = steps
        return due

    def _try_give_reminders(self, days):
        """One paper that cannot be reminded of must not keep the others from it."""
        try:
            with self.env.cr.savepoint():
                self._give_reminders(days)
        except (AccessError, UserError, ValueError):
            _logger.exception("No reminder for supplier paper %s", self.id)

    def _give_reminders(self, days):
        """Mark the steps ``days`` as given and schedule one activity for those just marked."""
        self.ensure_one()
        user = self._get_reminder_user()
        marked = [step for step in days if self._mark_reminder(step, user)]
        if not marked:
            return
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=self.valid_to,
            user_id=user.id,
            summary=self.with_context(lang=user.lang).env._(
                "%(paper)s of %(supplier)s expires on %(valid_to)s",
                paper=self.with_context(lang=user.lang).display_name,
                supplier=self.partner_id.display_name,
                valid_to=self.valid_to,
            ),
            note=self.with_context(lang=user.lang).env._(
                "Reminder %(days)s days before the end: ask the supplier for the renewed paper.",
                days=", ".join(str(step) for step in marked),
            ),
        )

    def _mark_reminder(self, days, user):
        """Take the row of one reminder; False when another run took it before.

        SQL: ``ON CONFLICT DO NOTHING`` is what makes two runs agree without an error.
        """
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                """INSERT INTO meddev_paper_reminder
                       (paper_id, days, valid_to, sent_at, user_id, company_id,
                        create_uid, create_date, write_uid, write_date)
                   VALUES (%(paper)s, %(days)s, %(valid_to)s, %(now)s, %(user)s, %(company)s,
                           %(uid)s, %(now)s, %(uid)s, %(now)s)
                   ON CONFLICT DO NOTHING
                   RETURNING id""",
                paper=self.id,
                days=days,
                valid_to=self.valid_to,
                now=fields.Datetime.now(),
                user=user.id or None,
                company=self.company_id.id or None,
                uid=self.env.uid,
            )
        )
        taken = bool(self.env.cr.fetchone())
        self.invalidate_recordset(["reminder_ids"])
        return taken

    def _get_reminder_user(self):
        """Whom to remind: the responsible, else who wrote the paper, else a quality specialist."""
        self.ensure_one()
        candidates = self.user_id | self.create_uid
        for user in candidates:
            if user.active and user._is_internal() and not user._is_superuser():
                return user
        quality = self.env.ref("meddev_base.group_quality_specialist")
        return quality.all_user_ids.filtered(
            lambda user: (
                user.active and (not self.company_id or self.company_id in user.company_ids)
            )
        )[:1]
