"""What the tests of tickets share.

Class fixtures: two hospitals (``hospital`` with ``department`` and ``ward``, ``other_hospital``),
their contacts, a medical product with ``device`` (in ``department``) and ``other_device``, one
user per role (``intake``, ``dispatcher``, ``engineer``, ``manager``, ``quality``, ``analyst`` …),
portal users ``hospital_user``, ``ward_user``, ``other_user`` and ``dealer_user``.
Verbs: ``_open`` creates a ticket as intake, ``_bring_to`` moves one as the right roles.
"""

from odoo.tests import new_test_user

from odoo.addons.base.tests.common import BaseCommon

ROLES = {
    "intake": "intake_agent",
    "dispatcher": "dispatcher",
    "engineer": "field_engineer",
    "manager": "service_manager",
    "quality": "quality_specialist",
    "parts": "parts_keeper",
    "knowledge": "knowledge_manager",
    "analyst": "analyst",
    "auditor": "compliance_auditor",
}


class TicketCase:
    """Fixtures for TransactionCase and HttpCase alike: call ``_set_up_tickets``."""

    @classmethod
    def _set_up_tickets(cls):
        cls.tickets = cls.env["helpdesk.ticket"]
        for name, group in ROLES.items():
            user = new_test_user(
                cls.env,
                login=f"service_{name}",
                password=f"service_{name}",
                groups=f"meddev_base.group_{group}",
            )
            setattr(cls, name, user)
        cls.other_engineer = new_test_user(
            cls.env, login="service_engineer_2", groups="meddev_base.group_field_engineer"
        )
        cls._set_up_places()
        cls._set_up_devices()
        cls._set_up_portal()

    @classmethod
    def _set_up_places(cls):
        partners = cls.env["res.partner"]
        cls.hospital, cls.other_hospital = partners.create(
            [
                {"name": "Lakeside Hospital", "facility_level": "hospital"},
                {"name": "Hilltop Hospital", "facility_level": "hospital"},
            ]
        )
        cls.department, cls.ward = partners.create(
            [
                {
                    "name": name,
                    "facility_level": "department",
                    "parent_id": cls.hospital.id,
                }
                for name in ("Intensive Care", "Surgery")
            ]
        )
        cls.contact, cls.ward_contact, cls.chief, cls.other_contact = partners.create(
            [
                {"name": name, "email": f"{login}@example.com", "parent_id": place.id}
                for name, login, place in (
                    ("Nurse Wang", "wang", cls.department),
                    ("Nurse Li", "li", cls.ward),
                    ("Chief Engineer Zhao", "zhao", cls.hospital),
                    ("Nurse Chen", "chen", cls.other_hospital),
                )
            ]
        )
        cls.dealer = partners.create(
            {"name": "Northern Medical Trading", "is_company": True, "is_dealer": True}
        )
        cls.dealer_contact = partners.create(
            {"name": "Sales Sun", "email": "sun@example.com", "parent_id": cls.dealer.id}
        )

    @classmethod
    def _set_up_devices(cls):
        cls.product = cls.env["product.product"].create(
            {
                "name": "Ventilator V60",
                "is_storable": True,
                "tracking": "serial",
                "is_medical_device": True,
            }
        )
        cls.device, cls.other_device, cls.ward_device = cls.env["stock.lot"].create(
            [
                {
                    "name": serial,
                    "product_id": cls.product.id,
                    "origin": "legacy",
                    "device_state": "in_service",
                    "customer_id": place.facility_id.id,
                    "department_id": place.id if place.facility_level == "department" else False,
                }
                for serial, place in (
                    ("VN-2026-0001", cls.department),
                    ("VN-2026-0002", cls.other_hospital),
                    ("VN-2026-0003", cls.ward),
                )
            ]
        )

    @classmethod
    def _set_up_portal(cls):
        for name, partner, group in (
            ("hospital_user", cls.contact, "hospital"),
            ("ward_user", cls.ward_contact, "hospital"),
            ("chief_user", cls.chief, "hospital"),
            ("other_user", cls.other_contact, "hospital"),
            ("dealer_user", cls.dealer_contact, "dealer"),
        ):
            user = new_test_user(
                cls.env,
                login=f"service_{name}",
                password=f"service_{name}",
                groups=f"meddev_base.group_portal_{group}",
                partner_id=partner.id,
                name=partner.name,
                email=partner.email,
            )
            setattr(cls, name, user)

    def _open(self, user=None, **vals):
        """A new ticket about the device of the intensive care unit, taken in by intake."""
        vals = {
            "name": "Alarm does not stop",
            "description": "<p>Red light, alarm.</p>",
            "lot_id": self.device.id,
        } | vals
        return self.tickets.with_user(user or self.intake).create(vals)

    def _bring_to(self, state, ticket=None, engineer=None):
        """Move a ticket to a state as the roles whose work it is."""
        ticket = ticket or self._open()
        engineer = engineer or self.engineer
        path = ["dispatched", "in_progress"]
        if state == "waiting":
            path += ["waiting"]
        elif state in ("done", "archived"):
            path += ["done", "archived"]
        if ticket.service_state in path:
            path = path[path.index(ticket.service_state) + 1 :]
        for step in path:
            if ticket.service_state == state:
                break
            if step == "dispatched":
                ticket.with_user(self.dispatcher).user_id = engineer
            mover = {"dispatched": self.dispatcher, "archived": self.manager}.get(step, engineer)
            ticket.with_user(mover).move_to(step)
        return ticket.with_user(self.manager)


class TicketCommon(TicketCase, BaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # With messages and tracking: what they do to archived tickets is part of the subject.
        cls.env = cls.env(context={"lang": "en_US"})
        cls._set_up_tickets()
