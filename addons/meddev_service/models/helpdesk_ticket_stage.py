from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from .ticket_state import CLOSED_STATES, TICKET_STATES


class HelpdeskTicketStage(models.Model):
    """A column that people may rename; the state that it stands for is fixed by its first use."""

    _inherit = "helpdesk.ticket.stage"

    service_state = fields.Selection(
        TICKET_STATES,
        "Ticket State",
        required=True,
        index=True,
        help="The state of every ticket in this stage. It is fixed once a ticket used the stage.",
    )
    is_used = fields.Boolean(
        "Used by Tickets",
        readonly=True,
        copy=False,
        help="A ticket is or was in this stage: its state cannot be changed any more.",
    )

    @api.constrains("service_state", "closed")
    def _check_closed_fits_state(self):
        for stage in self:
            if stage.closed != (stage.service_state in CLOSED_STATES):
                raise ValidationError(
                    self.env._(
                        "Stage %(stage)s: the box Closed must be ticked for the states Done and"
                        " Archived, and for no other. Correct the box or the Ticket State.",
                        stage=stage.name,
                    )
                )

    @api.onchange("service_state")
    def _onchange_service_state(self):
        self.closed = self.service_state in CLOSED_STATES

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            [
                {"closed": vals.get("service_state") in CLOSED_STATES} | vals | {"is_used": False}
                for vals in vals_list
            ]
        )

    def write(self, vals):
        vals = {name: value for name, value in vals.items() if name != "is_used"}
        state = vals.get("service_state")
        if "service_state" in vals and (
            changed := self.filtered(lambda stage: stage.service_state != state)
        ):
            changed._ensure_unused(self.env._("its Ticket State cannot be changed"))
            vals.setdefault("closed", state in CLOSED_STATES)
        return super().write(vals) if vals else True

    def _write_multi(self, vals_list):
        """Refuse it below ``write`` as well, where the code of a server action also reaches."""
        if self.pool.ready:
            for stage, vals in zip(self, vals_list, strict=True):
                stage._ensure_row_unused(vals)
        return super()._write_multi(vals_list)

    def _ensure_row_unused(self, vals):
        if not {"service_state", "is_used"} & vals.keys():
            return
        rows = self.env.execute_query(
            SQL("SELECT service_state, is_used FROM helpdesk_ticket_stage WHERE id = %s", self.id)
        )
        state, is_used = rows[0]
        if is_used and (
            vals.get("service_state", state) != state or not vals.get("is_used", is_used)
        ):
            self._ensure_unused(self.env._("its Ticket State cannot be changed"))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._ensure_unused(self.env._("it cannot be deleted"))

    def _ensure_unused(self, refusal):
        # sudo: tickets that the reader may not see count as well; only the stage is named.
        tickets = self.env["helpdesk.ticket"].sudo().with_context(active_test=False)
        for stage in self:
            if stage.is_used or tickets.search_count([("stage_id", "=", stage.id)], limit=1):
                raise UserError(
                    self.env._(
                        "Stage %(stage)s was used by tickets: %(refusal)s. Rename it, or create"
                        " another stage and archive this one.",
                        stage=stage.name,
                        refusal=refusal,
                    )
                )

    def _mark_used(self):
        """Remember that a ticket entered these stages; a write only the first time."""
        # sudo: everybody who moves a ticket leaves this mark, few may edit stages.
        if unmarked := self.sudo().filtered(lambda stage: not stage.is_used):
            super(HelpdeskTicketStage, unmarked).write({"is_used": True})

    @api.model
    def _get_stages_by_state(self, state):
        """All stages of a state in their order, for everybody (a handful of records)."""
        # sudo: a customer's ticket gets its first stage although customers see no stages of
        # teams; nothing but the stage of their own ticket comes out.
        return self.sudo().search([("active", "=", True), ("service_state", "=", state)])

    def _pick_for(self, team, company):
        """The first of these stages that a ticket of this team and company may be in.

        :return: a stage, or an empty record when there is none.
        """
        return self.filtered(
            lambda stage: (
                (not stage.company_id or stage.company_id == company)
                and (not stage.team_ids or team in stage.team_ids)
            )
        )[:1]
