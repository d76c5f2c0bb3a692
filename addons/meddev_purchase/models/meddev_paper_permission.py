from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.meddev_device.models.argument import ensure_single, read_text

from .meddev_paper_waiver import MODE_ALLOWED, MODE_AUTOMATIC, MODE_WARNED
from .paper_kind import POLICY_WARN


class MeddevPaperCheck(models.AbstractModel):
    """Who may let a document go on, and the record of who did."""

    _inherit = "meddev.paper.check"

    can_allow_papers = fields.Boolean(compute="_compute_can_allow_papers")
    paper_waiver_count = fields.Integer("Exceptions", compute="_compute_paper_waiver_count")

    @api.depends("missing_papers")
    @api.depends_context("uid")
    def _compute_can_allow_papers(self):
        for document in self:
            document.can_allow_papers = (
                bool(document.missing_papers) and document._may_allow_papers()
            )

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
        ensure_single(self)
        self._ensure_may_allow_papers()
        return self._get_paper_dialogue(self.env._("Allow in Spite of Missing Papers"))

    def action_ask_paper_reason(self):
        """Ask for the reason in a dialogue, then go on; at once where no reason is needed."""
        ensure_single(self)
        if not self._is_paper_reason_due():
            return self._go_on_with_papers()
        self._ensure_may_allow_papers()
        return self._get_paper_dialogue(
            self.env._("Why Go On in Spite of Missing Papers?"), default_goes_on=True
        )

    def action_request_paper_waiver(self):
        """Ask a quality specialist to look at the missing papers; one open request at a time."""
        ensure_single(self)
        self.check_access("read")
        if not self.env.user._is_internal():
            # A supplier may read their own order in the portal.
            raise AccessError(self.env._("Only colleagues may ask for an exception."))
        if not (gaps := self._get_open_paper_gaps()):
            raise UserError(self.env._("%s: no paper is missing.", self.display_name))
        user = self._get_paper_waiver_user()
        if not user:
            raise UserError(
                self.env._("There is no quality specialist to ask. Give someone the role first.")
            )
        lang_env = self.with_context(lang=user.lang).env
        self._ask_quality(user, lang_env._("Supplier papers are missing: allow?"), gaps)
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
        ensure_single(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "meddev_purchase.meddev_paper_waiver_action"
        )
        return action | {"domain": self._get_paper_waiver_domain()}

    def allow_papers(self, reason):
        """Let this document go on without the papers that are missing now.

        Where the setting blocks, a quality specialist or service manager does so; where it
        warns, also whoever may write the document. The document itself is not confirmed.

        :param reason: why; a text, required and kept.
        :return: id of the record of it.
        """
        ensure_single(self)
        self.check_access("read")
        self._ensure_may_allow_papers()
        reason = read_text(self.env, self.env._("Reason"), reason)
        if not reason:
            raise UserError(self.env._("Give the reason why it is allowed."))
        is_decision = self._may_decide_on_papers()
        gaps = self._get_open_paper_gaps() if is_decision else self._get_unexplained_gaps()
        if not gaps:
            raise UserError(self.env._("%s: no paper is missing.", self.display_name))
        return self._record_papers(gaps, MODE_ALLOWED if is_decision else MODE_WARNED, reason).id

    # Permission

    def _get_paper_waiver_user(self):
        """Who is asked to decide: a quality specialist of the company."""
        # sudo: who holds the role is asked for, nothing else is read.
        quality = self.env.ref("meddev_base.group_quality_specialist").sudo()
        users = quality.all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        return users[:1].sudo(self.env.su)

    def _may_decide_on_papers(self):
        """Whether the user's decision counts under every setting: the role matrix says so."""
        return self.env["meddev.role.right"]._may("approve", "meddev.paper.waiver")

    def _may_allow_papers(self):
        """Whether the user may let this document go on, under the setting of its company."""
        self.ensure_one()
        if self._may_decide_on_papers():
            return True
        # Under sudo the question is still what the person may do.
        return (
            self._get_paper_policy() == POLICY_WARN
            and self.env.user._is_internal()
            and self.sudo(False).has_access("write")
        )

    def _ensure_may_allow_papers(self):
        if self._may_allow_papers():
            return
        if self._get_paper_policy() == POLICY_WARN:
            raise AccessError(
                self.env._(
                    "%s goes on in spite of missing papers only with the reason of someone who"
                    " may confirm it, a quality specialist or a service manager. Ask one to.",
                    self.display_name,
                )
            )
        raise AccessError(
            self.env._(
                "Only a quality specialist or a service manager may allow this in spite of"
                " missing papers. Ask one to."
            )
        )

    # Record

    def _record_papers(self, gaps, mode, reason):
        waiver = self.env["meddev.paper.waiver"]._record(self, gaps, mode, reason)
        # sudo: quality need not have the right to write the document that it decides on.
        document = self.sudo()
        if document.paper_reason:
            # One reason per decision: the next missing paper is asked about again.
            document.paper_reason = False
        if mode != MODE_AUTOMATIC:
            document.message_post(
                body=self.env._(
                    "Allowed in spite of missing papers by %(user)s: %(reason)s",
                    user=self.env.user.name,
                    reason=reason,
                ),
                author_id=self.env.user.partner_id.id,
            )
        return waiver

    def _ask_quality(self, user, summary, gaps):
        """Schedule an activity for ``user``, unless the same one is open already."""
        # sudo: who asks may lack the right to write the document; only the request is made.
        document = self.sudo()
        if summary not in document.activity_ids.mapped("summary"):
            document.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                summary=summary,
                note="\n".join(gap.message for gap in gaps),
            )

    def _get_paper_dialogue(self, name, **defaults):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "meddev.paper.waive",
            "view_mode": "form",
            "target": "new",
            "context": {"default_res_model": self._name, "default_res_id": self.id, **defaults},
        }
