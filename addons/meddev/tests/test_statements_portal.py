from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .statements_common import REFUSALS, StatementCase

#: What stands behind a hospital's device and its service, and stays inside.
INSIDE = (
    "audit.trail.entry",
    "meddev.code",
    "meddev.device.acceptance",
    "meddev.device.alias",
    "meddev.device.component",
    "meddev.device.event",
    "meddev.device.firmware",
    "meddev.device.token",
    "meddev.incoming.inspection",
    "meddev.region",
    "meddev.role",
    "meddev.supplier.paper",
    "meddev.team",
    "meddev.ticket.amendment",
    "meddev.ticket.transition",
    "product.product",
    "stock.picking",
    "stock.quant",
)


@tagged("post_install", "-at_install")
class TestStatementsOnDealers(StatementCase):
    """What a dealer sees, and until when."""

    def test_dealer_a_never_sees_the_devices_of_dealer_b(self):
        """Dealer A never sees B's devices. [S0-25, K3]"""
        self._assign(self.dealer, facility_id=self.department.id)
        self._assign(self.rival, facility_id=self.neighbour.id)
        self.assert_reads(self.portal_dealer, self.devices, self.device)
        self.assert_reads(self.portal_rival, self.devices, self.near_device)

    def test_dealer_a_never_sees_the_tickets_of_dealer_b(self):
        """Dealer A never sees B's tickets. [S0-25, K3]"""
        self._assign(self.dealer, facility_id=self.department.id)
        self._assign(self.rival, facility_id=self.neighbour.id)
        self.assert_reads(self.portal_dealer, self.tickets, self.ticket)
        self.assert_reads(self.portal_rival, self.tickets, self.near_ticket)

    def test_dealer_a_does_not_learn_whom_dealer_b_serves(self):
        """A dealer reads its own assignments and hospitals, not a rival's. [K3]"""
        own = self._assign(self.dealer, facility_id=self.department.id)
        other = self._assign(self.rival, facility_id=self.other_hospital.id)
        places = self.department | self.room | self.neighbour | self.other_hospital
        self.assert_reads(self.portal_dealer, own | other, own)
        self.assert_reads(self.portal_dealer, places, self.department | self.room)
        self.assert_reads(self.portal_rival, own | other, other)

    def test_a_former_dealer_reads_nothing_after_the_last_day(self):
        """A former dealer reads nothing after the last day. [K3]"""
        assignment = self._assign(self.dealer, facility_id=self.department.id, date_to="2026-03-31")
        seen = (self.device, self.ticket, self.department | self.room, assignment)
        with freeze_time("2026-03-31 12:00:00"):
            for records in seen:
                self.assert_reads(self.portal_dealer, records, records)
        with freeze_time("2026-04-01 12:00:00"):
            for records in seen:
                self.assert_unreadable(self.portal_dealer, records)

    def test_a_future_dealer_reads_nothing_before_the_first_day(self):
        """A dealer who begins tomorrow reads nothing today. [K3]"""
        assignment = self._assign(self.dealer, facility_id=self.department.id)
        seen = (self.device, self.ticket, self.department, assignment)
        with freeze_time("2025-12-31 12:00:00"):
            for records in seen:
                self.assert_unreadable(self.portal_dealer, records)
        with freeze_time("2026-01-01 12:00:00"):
            for records in seen:
                self.assert_reads(self.portal_dealer, records, records)

    def test_who_serves_one_device_does_not_see_the_one_beside_it(self):
        """A dealer of one device sees no other in the same department, nor the place. [K3]"""
        beside = self._enter_device(
            "ST-BESIDE", customer_id=self.hospital.id, department_id=self.department.id
        )
        beside_ticket = self._open_ticket(beside)
        self._assign(self.dealer, lot_id=self.device.id)
        self.assert_reads(self.portal_dealer, self.devices | beside, self.device)
        self.assert_reads(self.portal_dealer, self.tickets | beside_ticket, self.ticket)
        self.assert_unreadable(self.portal_dealer, self.department)

    def test_a_dealers_own_request_is_no_rivals(self):
        """What a dealer asks about no hospital, the dealer alone reads. [K3]"""
        request = self._open_ticket(partner_id=self.dealer_contact.id)
        self.assert_reads(self.portal_dealer, request, request)
        self.assert_unreadable(self.portal_rival, request)
        self.assert_unreadable(self.portal_hospital, request)

    def test_an_assignment_in_the_dealers_hands_stays_as_it_is(self):
        """A dealer prolongs no assignment and gives itself none. [K3]"""
        assignment = self._assign(self.dealer, facility_id=self.department.id, date_to="2036-03-31")
        for vals in ({"date_to": False}, {"facility_id": self.hospital.id}):
            self.assert_refused(
                self.portal_dealer, assignment, lambda row, vals=vals: row.write(vals)
            )
        self.assert_none_made(
            self.portal_dealer,
            "meddev.dealer.assignment",
            {"dealer_id": self.dealer.id, "facility_id": self.other_hospital.id},
        )
        assignment.with_user(self.users["service_manager"]).date_to = "2037-03-31"


@tagged("post_install", "-at_install")
class TestStatementsOnHospitals(StatementCase):
    """What a hospital's contact sees: their place and what lies in it."""

    def test_a_hospital_contact_cannot_read_the_neighbour_departments_devices(self):
        """A hospital contact cannot read the neighbour department's devices. [K3]"""
        in_room = self._enter_device("ST-ROOM", customer_id=self.hospital.id, room_id=self.room.id)
        devices = self.devices | in_room
        self.assert_reads(self.portal_hospital, devices, self.device | in_room)
        self.assert_reads(self.portal_neighbour, devices, self.near_device)
        self.assert_reads(self.portal_far, devices, self.far_device)

    def test_a_hospital_contact_cannot_read_the_neighbour_departments_tickets(self):
        """A hospital contact cannot read the neighbour department's tickets. [K3]"""
        self.assert_reads(self.portal_hospital, self.tickets, self.ticket)
        self.assert_reads(self.portal_neighbour, self.tickets, self.near_ticket)
        self.assert_reads(self.portal_far, self.tickets, self.far_ticket)

    def test_a_hospital_contact_knows_nobody_in_the_neighbour_department(self):
        """Colleagues and rooms of the own department are shown, a neighbour's are not. [S0-26]"""
        ours = self.department | self.room | self.contact
        theirs = self.neighbour | self.near_contact
        others = self.other_hospital | self.far_contact | self.dealer | self.dealer_contact
        self.assert_reads(self.portal_hospital, ours | theirs | others, ours)

    def test_who_speaks_for_the_hospital_sees_its_departments_and_no_other_hospital(self):
        """A contact of the whole hospital sees every department of it, and it alone. [K3]"""
        chief = self._create_portal_user(
            self._create_partner("Zhao Lei", parent=self.hospital), "hospital"
        )
        self.assert_reads(chief, self.devices, self.device | self.near_device)
        self.assert_reads(chief, self.tickets, self.ticket | self.near_ticket)

    def test_a_contact_who_changes_department_gains_and_loses_at_once(self):
        """A contact who changes department sees the new one and no longer the old. [K3]"""
        self.assert_reads(self.portal_hospital, self.tickets, self.ticket)
        self.contact.with_user(self.users["intake_agent"]).parent_id = self.neighbour
        self.assert_reads(self.portal_hospital, self.devices, self.near_device)
        self.assert_reads(self.portal_hospital, self.tickets, self.near_ticket)

    def test_a_device_that_moves_leaves_the_eyes_of_its_former_department(self):
        """A device that moves is shown in its new department and no longer in the old. [K3]"""
        self.assert_reads(self.portal_hospital, self.device, self.device)
        self.device.with_user(self.engineer).department_id = self.neighbour
        self.assert_unreadable(self.portal_hospital, self.device)
        self.assert_reads(self.portal_neighbour, self.device, self.device)

    def test_an_archived_department_keeps_its_devices_to_itself(self):
        """Archiving a department neither hides nor opens what stands in it. [K3]"""
        ward = self._create_partner("Old Wing", "department", self.campus)
        device = self._enter_device("ST-OLD", customer_id=self.hospital.id, department_id=ward.id)
        chief = self._create_portal_user(
            self._create_partner("Zhao Lei", parent=self.hospital), "hospital"
        )
        ward.active = False
        self.assert_reads(chief, device, device)
        self.assert_unreadable(self.portal_hospital, device)
        self.assert_unreadable(self.portal_far, device)

    def test_who_reported_reads_their_report_wherever_the_device_stands(self):
        """A report is read by who made it, also about another department's device. [K3, O1]"""
        report = self._open_ticket(self.near_device, contact_id=self.contact.id)
        self.assert_reads(self.portal_hospital, report | self.near_ticket, report)
        self.assert_unreadable(self.portal_hospital, self.near_device)
        self.assert_unreadable(self.portal_far, report)

    def test_an_outsider_changes_nothing(self):
        """Hospitals and dealers change no device, ticket or place, not even their own. [S0-23]"""
        self._assign(self.dealer, facility_id=self.department.id)
        attempts = (
            (self.device, {"note": "Mine"}),
            (self.ticket, {"name": "Mine"}),
            (self.department, {"name": "Mine"}),
        )
        for user in (self.portal_hospital, self.portal_dealer):
            for record, vals in attempts:
                with self.subTest(user=user.login, model=record._name):
                    self.assert_refused(user, record, lambda record: record.unlink())
                    self.assert_refused(user, record, lambda record, vals=vals: record.write(vals))
            self.assert_refused(user, self.ticket, lambda ticket: ticket.move_to("done", "Enough"))
            self.assert_none_made(
                user, "stock.lot", {"name": "ST-MINE", "product_id": self.product.id}
            )
            self.assert_none_made(user, "helpdesk.ticket", {"name": "Mine", "description": "Mine"})


@tagged("post_install", "-at_install")
class TestStatementsOnWhatStaysInside(StatementCase):
    """What neither hospital nor dealer reads by any way."""

    def test_an_outsider_reads_no_internal_note(self):
        """What colleagues note on a ticket, its customer never reads. [S0-26]"""
        answer, note, theirs, talk = (
            record.message_post(
                body="Soon", message_type="comment", subtype_xmlid=f"mail.mt_{subtype}"
            )
            for record, subtype in (
                (self.ticket, "comment"),
                (self.ticket, "note"),
                (self.near_ticket, "comment"),
                (self.device, "comment"),
            )
        )
        self.assert_reads(self.portal_hospital, answer | note | theirs | talk, answer)
        self._assign(self.dealer, facility_id=self.department.id)
        self.assert_reads(self.portal_dealer, answer | note | theirs | talk, answer)

    def test_an_outsider_asks_for_no_file_of_another_department(self):
        """A photo on a ticket is for colleagues and for who is shown the ticket. [S0-26]"""
        photo = self.env["ir.attachment"].create(
            {
                "name": "a.txt",
                "raw": b"a",
                "res_model": self.near_ticket._name,
                "res_id": self.near_ticket.id,
            }
        )
        self.assert_reads(self.users["intake_agent"], photo, photo)
        self._assign(self.dealer, facility_id=self.department.id)
        for user in (self.portal_hospital, self.portal_far, self.portal_dealer):
            self.assert_unreadable(user, photo)

    def test_behind_a_device_an_outsider_opens_nothing(self):
        """History, parts, papers, lists and evidence are for colleagues only. [S0-23, S0-26]"""
        self._assign(self.dealer, facility_id=self.hospital.id)
        for user in (self.portal_hospital, self.portal_dealer):
            for model in INSIDE:
                with self.subTest(user=user.login, model=model):
                    self.assertFalse(self.env[model].with_user(user).has_access("read"))

    def test_a_hospital_reads_of_its_device_what_is_meant_for_it(self):
        """Serial and state are shown to a hospital; notes and stock values are not. [S0-41]"""
        self.device.with_user(self.engineer).note = "<p>weakword</p>"
        device = self.device.with_user(self.portal_hospital)
        self.assertEqual(
            device.read(["name", "device_state"]),
            [{"id": device.id, "name": "ST-0001", "device_state": "in_service"}],
        )
        for name in ("note", "udi_carrier", "event_ids", "quant_ids", "legal_hold_reason"):
            with (
                self.subTest(field=name),
                self.assertRaises(AccessError),
                mute_logger(*REFUSALS),
            ):
                device.read([name])

    def test_a_hospital_guesses_nothing_by_searching(self):
        """What a hospital may not read it cannot search, sort, group or count by. [K5]"""
        self.device.with_user(self.engineer).note = "<p>weakword</p>"
        lots = self.env["stock.lot"].with_user(self.portal_hospital)
        tickets = self.env["helpdesk.ticket"].with_user(self.portal_hospital)
        for guess in (
            lambda: lots.search_count([("note", "ilike", "weakword")]),
            lambda: lots.search([], order="note"),
            lambda: lots._read_group([], ["note"], ["__count"]),
            lambda: tickets.search_count([("lot_id.note", "ilike", "weakword")]),
            lambda: tickets.search_count([("message_ids.body", "ilike", "weakword")]),
            lambda: tickets.web_search_read([], {"lot_id": {"fields": {"note": {}}}}),
        ):
            with self.assertRaises(AccessError), mute_logger(*REFUSALS):
                guess()
        self.assertEqual(tickets.search_count([("lot_id.name", "=", "ST-0001")]), 1)

    def test_no_way_of_asking_shows_a_neighbours_device(self):
        """By name, number, count, group or ticket: another's device is not there. [K3]"""
        near = self.near_device
        for user in (self.portal_hospital, self.portal_far, self.portal_dealer):
            lots = self.env["stock.lot"].with_user(user)
            named = [("name", "=", near.name)]
            self.assertEqual(lots.name_search(near.name), [])
            self.assertEqual(lots.search_count(named), 0)
            self.assertEqual(lots._read_group(named, [], ["__count"]), [(0,)])
            self.assertEqual(lots.search([("id", "=", near.id)]).ids, [])
            tickets = self.env["helpdesk.ticket"].with_user(user)
            self.assertEqual(tickets.search_count([("lot_id.name", "=", near.name)]), 0)
        lots = self.env["stock.lot"].with_user(self.portal_neighbour)
        self.assertEqual([lot_id for lot_id, _name in lots.name_search(near.name)], near.ids)

    def test_a_portal_login_alone_opens_nothing(self):
        """Who has a portal login but is no hospital and no dealer sees nothing of it. [S0-23]"""
        nobody = new_test_user(self.env, "just_a_portal", "base.group_portal")
        self._assign(self.dealer, facility_id=self.hospital.id)
        for records in (self.devices, self.tickets, self.hospital | self.department):
            with self.subTest(model=records._name):
                self.assert_unreadable(nobody, records)
