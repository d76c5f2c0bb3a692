from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..models.ticket_state import TICKET_STATES
from .common import TicketCommon


@tagged("post_install", "-at_install")
class TestTicketStage(TicketCommon):
    def _stage(self, **vals):
        return self.env["helpdesk.ticket.stage"].create(
            {"name": "On site", "service_state": "in_progress", "sequence": 2} | vals
        )

    def test_every_state_has_a_stage(self):
        stages = self.env["helpdesk.ticket.stage"].search([("company_id", "=", False)])
        for state, _label in TICKET_STATES:
            self.assertIn(state, stages.mapped("service_state"))
        names = {
            "helpdesk_mgmt.helpdesk_ticket_stage_new": "received",
            "helpdesk_mgmt.helpdesk_ticket_stage_in_progress": "in_progress",
            "helpdesk_mgmt.helpdesk_ticket_stage_awaiting": "waiting",
            "helpdesk_mgmt.helpdesk_ticket_stage_done": "done",
            "helpdesk_mgmt.helpdesk_ticket_stage_rejected": "done",
        }
        for xmlid, state in names.items():
            self.assertEqual(self.env.ref(xmlid).service_state, state)

    def test_used_stage_keeps_its_state_and_stays(self):
        """Given a ticket passed the stage / when it has left / then the stage is still fixed."""
        stage = self._stage()
        ticket = self._bring_to("in_progress")
        ticket.stage_id = stage
        ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
        self.assertTrue(stage.is_used)
        with self.assertRaisesRegex(UserError, "cannot be changed"):
            stage.service_state = "waiting"
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            stage.sudo().unlink()
        stage.with_user(self.manager).name = "At the customer"
        self.assertEqual(stage.name, "At the customer")

    def test_mark_of_use_cannot_be_taken_away(self):
        stage = self._stage()
        self._bring_to("in_progress").stage_id = stage
        stage.sudo().write({"is_used": False})
        self.assertTrue(stage.is_used)
        self.assertFalse(self._stage(is_used=True).is_used)

    def test_unused_stage_is_free(self):
        stage = self._stage()
        stage.service_state = "done"
        self.assertTrue(stage.closed)
        stage.unlink()

    def test_closed_fits_the_state(self):
        with self.assertRaises(ValidationError):
            self._stage(closed=True)
        with self.assertRaises(ValidationError):
            self._stage(service_state="done", closed=False)

    def test_only_the_manager_edits_stages(self):
        stage = self._stage()
        for user in (self.intake, self.dispatcher, self.engineer, self.auditor):
            with self.assertRaises(AccessError):
                stage.with_user(user).name = "Mine"
        stage.with_user(self.manager).name = "Ours"

    def test_public_cannot_write_stages(self):
        """Upstream grants base.group_public the right to write stages."""
        public = self.env.ref("base.public_user")
        stages = self.env["helpdesk.ticket.stage"].with_user(public)
        self.assertFalse(stages.has_access("write"))
        with self.assertRaises(AccessError):
            stages.browse(self._stage().id).write({"name": "Hacked"})

    def test_ticket_goes_to_the_stage_of_its_team(self):
        team = self.env["helpdesk.ticket.team"].create({"name": "Imaging"})
        stage = self._stage(service_state="dispatched", sequence=0, team_ids=[(4, team.id)])
        ticket = self._open(team_id=team.id)
        ticket.move_to("dispatched")
        self.assertEqual(ticket.stage_id, stage)
        other = self._open()
        other.move_to("dispatched")
        self.assertEqual(other.stage_id, self.env.ref("meddev_service.stage_dispatched"))
