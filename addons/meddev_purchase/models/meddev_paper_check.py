from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .meddev_paper_waiver import MODE_ALLOWED, MODE_WARNED
from .paper_kind import POLICY_BLOCK, POLICY_IGNORE, POLICY_WARN

WAIVER_ROLES = ("meddev_base.group_quality_specialist", "meddev_base.group_service_manager")


class MeddevPaperCheck(models.AbstractModel):
    """A document that must not go on while the supplier's papers are missing.

    The setting of the company says whether it is stopped, or goes on with a record.
    """

    _name = "meddev.paper.check"
    _description = "Check of Supplier Papers"

    missing_papers = fields.Text(compute="_compute_missing_papers")
    paper_policy = fields.Selection(
        [
            (POLICY_IGNORE, "Do Not Check"),
            (POLICY_WARN, "Warn and Keep a Record"),
            (POLICY_BLOCK, "Block Until Allowed"),
        ],
        compute="_compute_paper_policy",
    )
    paper_reason = fields.Char(
        "Reason for Going On",
        copy=False,
        help="Kept when the document goes on in spite of missing papers.",
    )
    can_allow_papers = fields.Boolean(compute="_compute_can_allow_papers")
    paper_waiver_count = fields.Integer("Exceptions", compute="_compute_paper_waiver_count")

    def _compute_paper_policy(self):
        for document in self:
            document.paper_policy = document._get_paper_policy()

    @api.depends_context("lang", "tz")
    def _compute_missing_papers(self):
        for document in self:
            gaps = document._is_paper_check_due() and document._get_open_paper_gaps()
            document.missing_papers = "\n".join(gap.message for gap in gaps or []) or False

    @api.depends("missing_papers")
    @api.depends_context("uid")
    def _compute_can_allow_papers(self):
        may_allow = self._may_allow_papers()
        for document in self:
            document.can_allow_papers = may_allow and bool(document.missing_papers)

    def _compute_paper_waiver_count(self):
        for document in self:
            # sudo: how many exceptions there are may be known to every reader.
            document.paper_waiver_count = (
                self.env["meddev.paper.waiver"]
                .sudo()
                .search_count(document._get_paper_waiver_domain())
            )

    def action_allow_papers(self):
        """Open the dialogue in which the document is allowed in spite of missing papers."""
        self.ensure_one()
        self._ensure_may_allow_papers()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Allow in Spite of Missing Papers"),
            "res_model": "meddev.paper.waive",
            "view_mode": "form",
            "target": "new",
            "context": {"default_res_model": self._name, "default_res_id": self.id},
        }

    def action_request_paper_waiver(self):
        """Ask a quality specialist to look at the missing papers; one open request at a time."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user._is_internal():
            # A supplier may read their own order in the portal.
            raise AccessError(self.env._("Only colleagues may ask for an exception."))
        if not (gaps := self._get_open_paper_gaps()):
            raise UserError(self.env._("%s: no paper is missing.", self.display_name))
        user = self._get_paper_waiver_user()
        summary = self.with_context(lang=user.lang).env._("Supplier papers are missing: allow?")
        # sudo: who asks may lack the right to write the document; only the request is made.
        document = self.sudo()
        if summary not in document.activity_ids.mapped("summary"):
            document.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                summary=summary,
                note="\n".join(gap.message for gap in gaps),
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s was asked to decide.", user.name),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_view_paper_waivers(self):
        """Open what was allowed for this document, by whom and why."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "meddev_purchase.meddev_paper_waiver_action"
        )
        return action | {"domain": self._get_paper_waiver_domain()}

    def allow_papers(self, reason):
        """Let this document go on without the papers that are missing now.

        :param reason: why; required and kept.
        :return: id of the record of it.
        """
        self.ensure_one()
        self._ensure_may_allow_papers()
        self.check_access("read")
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Give the reason why it is allowed."))
        gaps = self._get_open_paper_gaps()
        if not gaps:
            raise UserError(self.env._("%s: no paper is missing.", self.display_name))
        waiver = self.env["meddev.paper.waiver"]._record(self, gaps, MODE_ALLOWED, reason)
        # sudo: quality need not have the right to write the document that it decides on.
        self.sudo().message_post(
            body=self.env._(
                "Allowed in spite of missing papers by %(user)s: %(reason)s",
                user=self.env.user.name,
                reason=reason,
            ),
            author_id=self.env.user.partner_id.id,
        )
        return waiver.id

    # Hooks

    def _get_paper_policy(self):
        """Ignore, warn or block: the setting of the document's company."""
        raise NotImplementedError

    def _get_paper_partner(self):
        """The supplier whose papers are asked for."""
        raise NotImplementedError

    def _get_paper_templates(self):
        """The products whose papers are asked for."""
        raise NotImplementedError

    def _is_paper_check_due(self):
        """Whether the document still waits for its check, so that a banner is of use."""
        return True

    def _get_paper_waiver_domain(self):
        """What was allowed for this document."""
        raise NotImplementedError

    def _get_paper_waiver_user(self):
        """Who is asked to decide: a quality specialist of the company."""
        # sudo: who holds the role is asked for, nothing else is read.
        quality = self.env.ref("meddev_base.group_quality_specialist").sudo()
        users = quality.all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        if not users:
            raise UserError(
                self.env._("There is no quality specialist to ask. Give someone the role first.")
            )
        return users[0].sudo(self.env.su)

    # Check

    @api.model
    def _may_allow_papers(self):
        return any(self.env.user.has_group(role) for role in WAIVER_ROLES)

    def _ensure_may_allow_papers(self):
        if not self._may_allow_papers():
            raise AccessError(
                self.env._(
                    "Only a quality specialist or a service manager may allow this in spite of"
                    " missing papers. Ask one to."
                )
            )

    def _get_open_paper_gaps(self):
        """Gaps of this document that nobody has allowed yet."""
        self.ensure_one()
        if self._get_paper_policy() == POLICY_IGNORE:
            return []
        gaps = self._get_paper_gaps()
        if not gaps:
            return []
        covered = self.env["meddev.paper.waiver"]._get_covered_keys(self, MODE_ALLOWED)
        return [gap for gap in gaps if gap.key not in covered]

    def _get_paper_gaps(self):
        self.ensure_one()
        return self.env["meddev.supplier.paper"]._find_gaps(
            self._get_paper_partner(),
            self._get_paper_templates(),
            self.company_id,
            fields.Date.context_today(self),
        )

    def _ensure_papers(self, reason=None):
        """Stop the document, or keep a record that it went on, as the setting says."""
        for document in self:
            gaps = document._get_open_paper_gaps()
            if not gaps:
                continue
            if document._get_paper_policy() == POLICY_BLOCK:
                raise UserError(document._get_paper_refusal(gaps))
            document._record_paper_warning(gaps, reason or document.paper_reason)

    def _record_paper_warning(self, gaps, reason):
        """Keep who went on after the warning; once per gap and document."""
        waivers = self.env["meddev.paper.waiver"]
        noted = waivers._get_covered_keys(self, MODE_WARNED)
        if fresh := [gap for gap in gaps if gap.key not in noted]:
            reason = (reason or "").strip() or self.env._("No reason given")
            waivers._record(self, fresh, MODE_WARNED, reason)

    def _get_paper_refusal(self, gaps):
        return self.env._(
            "%(document)s is stopped, papers are missing:\n%(gaps)s\nPut the papers in the"
            " supplier's file, or ask a quality specialist or a service manager to allow it with a"
            " reason.",
            document=self.display_name,
            gaps="\n".join(gap.message for gap in gaps),
        )
