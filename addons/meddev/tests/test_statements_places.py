from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .statements_common import StatementCase


@tagged("post_install", "-at_install")
class TestStatementsOnPlaces(StatementCase):
    """What is shown to whom follows from places; nobody bends it by hand. [S0-25, K3]"""

    def test_nobody_opens_a_neighbours_device_by_its_place(self):
        """Intake and manager move devices and people, not what is shown to them. [K3]"""
        bends = (
            (self.neighbour, {"facility_ancestor_ids": [Command.link(self.department.id)]}),
            (self.department, {"facility_descendant_ids": [Command.link(self.neighbour.id)]}),
            (self.far_ticket, {"place_id": self.department.id}),
            (self.far_ticket, {"commercial_partner_id": self.hospital.id}),
        )
        for role in ("intake_agent", "service_manager"):
            user = self.users[role]
            for record, vals in bends:
                with self.subTest(role=role, vals=vals):
                    self.assert_refused(
                        user, record, lambda record, vals=vals: record.write(vals), UserError
                    )
                    self.assert_refused(
                        user,
                        record,
                        lambda record, vals=vals: record.sudo().write(vals),
                        UserError,
                    )
        self.assert_reads(self.portal_hospital, self.devices, self.device)
        self.assert_reads(self.portal_hospital, self.tickets, self.ticket)

    def test_a_new_ticket_brings_no_place_of_its_own(self):
        """A ticket is shown where its device stands, whatever who opens it says. [K3]"""
        intake = self.users["intake_agent"]
        vals = {"name": "Alarm", "description": "Red", "lot_id": self.far_device.id}
        bend = {"place_id": self.department.id}
        self.assert_none_made(intake, "helpdesk.ticket", vals | bend, UserError)
        tickets = self.env["helpdesk.ticket"].with_user(intake)
        self.env["ir.default"].set("helpdesk.ticket", "place_id", self.department.id)
        ticket = tickets.with_context(default_place_id=self.department.id).create(vals)
        self.assertEqual(ticket.place_id, self.other_hospital)
        answer = tickets.load([".id", "place_id/.id"], [[str(ticket.id), str(self.department.id)]])
        self.assertFalse(answer["ids"])
        # What is there already is no change.
        answer = tickets.load(
            [".id", "place_id/.id", "name"],
            [[str(ticket.id), str(self.other_hospital.id), "Alarm again"]],
        )
        self.assertEqual(answer["ids"], ticket.ids)
        self.assertEqual((ticket.name, ticket.place_id), ("Alarm again", self.other_hospital))
        self.assert_unreadable(self.portal_hospital, ticket.with_env(self.env))

    def test_places_follow_what_is_moved(self):
        """Who moves device, department or contact moves what is shown with them. [K3]"""
        intake = self.users["intake_agent"]
        self.near_ticket.with_user(intake).write(
            {"lot_id": self.device.id, "department_id": self.department.id}
        )
        self.assertEqual(self.near_ticket.place_id, self.department)
        self.assert_reads(self.portal_hospital, self.near_ticket, self.near_ticket)
        self.neighbour.with_user(intake).parent_id = self.department.parent_id.parent_id
        self.assertNotIn(self.campus, self.neighbour.facility_ancestor_ids)
