from odoo import api, fields, models
from odoo.exceptions import UserError

from .meddev_paper_waiver import MODE_ALLOWED, MODE_AUTOMATIC, MODE_WARNED
from .paper_kind import POLICY_BLOCK, POLICY_IGNORE, POLICY_WARN


class MeddevPaperCheck(models.AbstractModel):
    """A document that must not go on while the supplier's papers are missing.

    The setting of the company says whether it is stopped until quality allows it, or goes on
    with a reason that whoever goes on gives. Where nobody can be asked, as in a scheduled
    job, a warning stops nothing: it is recorded, and quality is asked to look at it.
    Rule: SAMR Order No. 54 (2022) Art. 32; ISO 13485:2016 7.4.1, 7.4.3.
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
        help="Why it goes on in spite of missing papers. Kept with your name and the time, then"
        " emptied for the next time.",
    )
    needs_paper_reason = fields.Boolean(compute="_compute_needs_paper_reason")

    def _compute_paper_policy(self):
        for document in self:
            document.paper_policy = document._get_paper_policy()

    @api.depends_context("lang", "tz")
    def _compute_missing_papers(self):
        for document in self:
            gaps = document._is_paper_check_due() and document._get_open_paper_gaps()
            document.missing_papers = "\n".join(gap.message for gap in gaps or []) or False

    @api.depends("missing_papers", "paper_reason")
    def _compute_needs_paper_reason(self):
        for document in self:
            document.needs_paper_reason = (
                bool(document.missing_papers)
                and not (document.paper_reason or "").strip()
                and document._is_paper_reason_due()
            )

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

    def _go_on_with_papers(self):
        """What the person was about to do when they were asked for the reason."""
        raise NotImplementedError

    # Check

    def _get_open_paper_gaps(self):
        """Gaps of this document that nobody has allowed yet."""
        return self._get_gaps_without(MODE_ALLOWED)

    def _get_unexplained_gaps(self):
        """Gaps for which whoever goes on after the warning has still to give a reason."""
        return self._get_gaps_without(MODE_ALLOWED, MODE_WARNED)

    def _get_gaps_without(self, *modes):
        self.ensure_one()
        if self._get_paper_policy() == POLICY_IGNORE:
            return []
        gaps = self._get_paper_gaps()
        if not gaps:
            return []
        covered = self.env["meddev.paper.waiver"]._get_covered_keys(self, modes)
        return [gap for gap in gaps if gap.key not in covered]

    def _get_paper_gaps(self):
        self.ensure_one()
        return self.env["meddev.supplier.paper"]._find_gaps(
            self._get_paper_partner(),
            self._get_paper_templates(),
            self.company_id,
            fields.Date.context_today(self),
        )

    def _is_paper_reason_due(self):
        """Whether going on now would ask the person for a reason."""
        return self._get_paper_policy() == POLICY_WARN and bool(self._get_unexplained_gaps())

    def _ensure_papers(self, reason=None):
        """Stop the document, or keep a record that it went on, as the setting says.

        :param reason: why it goes on; the document's own Reason for Going On where not given.
        """
        for document in self:
            if document._get_paper_policy() == POLICY_BLOCK:
                if gaps := document._get_open_paper_gaps():
                    raise UserError(document._get_paper_refusal(gaps))
            elif gaps := document._get_unexplained_gaps():
                document._go_on_after_warning(gaps, reason)

    def _go_on_after_warning(self, gaps, reason):
        """Keep who goes on and why; once per gap and document."""
        reason = (reason or self.paper_reason or "").strip()
        if reason:
            self._ensure_may_allow_papers()
            self._record_papers(gaps, MODE_WARNED, reason)
        elif self.env.user._is_superuser():
            self._go_on_without_anybody(gaps)
        else:
            raise UserError(self._get_paper_question(gaps))

    def _go_on_without_anybody(self, gaps):
        """A scheduled job is not stopped by a warning; quality is asked to look at it."""
        covered = self.env["meddev.paper.waiver"]._get_covered_keys(self, [MODE_AUTOMATIC])
        gaps = [gap for gap in gaps if gap.key not in covered]
        if not gaps:
            return
        self._record_papers(
            gaps, MODE_AUTOMATIC, self.env._("Done by the system, nobody could be asked.")
        )
        if user := self._get_paper_waiver_user():
            lang_env = self.with_context(lang=user.lang).env
            self._ask_quality(user, lang_env._("Went on without supplier papers: look"), gaps)

    # Words

    def _get_paper_refusal(self, gaps):
        return self.env._(
            "%(document)s is stopped, papers are missing:\n%(gaps)s\nPut the papers in the"
            " supplier's file, or ask a quality specialist or a service manager to allow it with a"
            " reason.",
            document=self.display_name,
            gaps="\n".join(gap.message for gap in gaps),
        )

    def _get_paper_question(self, gaps):
        return self.env._(
            "%(document)s: papers are missing:\n%(gaps)s\nIt goes on only with a reason. The"
            " button on its form asks for it; elsewhere, in a file to import too, fill in"
            " %(field)s. A program calls allow_papers(reason) on %(model)s, or writes"
            " paper_reason.",
            document=self.display_name,
            gaps="\n".join(gap.message for gap in gaps),
            field=self._fields["paper_reason"]._description_string(self.env),
            model=self._name,
        )
