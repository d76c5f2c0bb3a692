import json
from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged

from ..models.stock_lot_scan import PORTAL_FIELDS
from .common import DeviceCase


class PortalCase(DeviceCase):
    """Adds portal users: of the hospital, of its ward, of the other hospital, of a dealer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal = cls._portal_user("portal_hospital", cls.hospital)
        cls.portal_ward = cls._portal_user("portal_ward", cls.ward)
        cls.portal_other = cls._portal_user("portal_other", cls.other_hospital)
        cls.dealer = cls.env["res.partner"].create(
            {"name": "Test Dealer", "is_company": True, "is_dealer": True}
        )
        cls.portal_dealer = cls._portal_user("portal_dealer", cls.dealer, "dealer")
        lots = cls.env["stock.lot"]
        vals = {"product_id": cls.monitor.id, "origin": "legacy"}
        cls.in_ward, cls.in_icu, cls.in_other, cls.nowhere = lots.create(
            [
                vals
                | {
                    "name": "PW-1",
                    "customer_id": cls.hospital.id,
                    "department_id": cls.ward.id,
                    "room_id": cls.room.id,
                },
                vals
                | {
                    "name": "PI-1",
                    "customer_id": cls.hospital.id,
                    "department_id": cls.icu.id,
                    "note": "<p>SECRET NOTE</p>",
                },
                vals | {"name": "PO-1", "customer_id": cls.other_hospital.id},
                vals | {"name": "PN-1"},
            ]
        )
        cls.all_devices = cls.in_ward | cls.in_icu | cls.in_other | cls.nowhere

    @classmethod
    def _portal_user(cls, login, parent, kind="hospital"):
        contact = cls.env["res.partner"].create({"name": login, "parent_id": parent.id})
        return new_test_user(
            cls.env, login, f"meddev_base.group_portal_{kind}", partner_id=contact.id
        )

    def _visible(self, user):
        lots = self.env["stock.lot"].with_user(user).search([])
        return lots.sudo() & self.all_devices

    def _assign(self, **vals):
        return self.env["meddev.dealer.assignment"].create(
            {"dealer_id": self.dealer.id, "date_from": "2026-01-01"} | vals
        )


@tagged("post_install", "-at_install")
class TestPortalRules(PortalCase):
    def test_hospital_sees_its_own_devices_only(self):
        self.assertEqual(self._visible(self.portal), self.in_ward | self.in_icu)
        self.assertEqual(self._visible(self.portal_other), self.in_other)
        with self.assertRaises(AccessError):
            self.in_other.with_user(self.portal).read(["name"])

    def test_department_sees_what_lies_at_or_below_it(self):
        self.assertEqual(self._visible(self.portal_ward), self.in_ward)

    def test_login_on_a_facilitys_own_record_sees_what_its_people_see(self):
        """Given a login of the hospital itself, and of the ward itself / then no contact between
        them is needed, and the ward's login sees no more than the ward."""
        for place, expected in (
            (self.hospital, self.in_ward | self.in_icu),
            (self.ward, self.in_ward),
        ):
            with self.subTest(place=place.name):
                login = new_test_user(
                    self.env,
                    f"own_{place.id}",
                    "meddev_base.group_portal_hospital",
                    partner_id=place.id,
                )
                self.assertEqual(self._visible(login), expected)
                self.assertTrue(self.in_ward.with_user(login).read(["name"]))

    def test_contacts_at_every_depth_see_their_place(self):
        office = self.env["res.partner"].create(
            {"name": "Equipment Office", "parent_id": self.hospital.id}
        )
        ward_desk = self.env["res.partner"].create({"name": "Desk", "parent_id": self.ward.id})
        self.assertEqual(
            self._visible(self._portal_user("deep_office", office)), self.in_ward | self.in_icu
        )
        self.assertEqual(self._visible(self._portal_user("deep_desk", ward_desk)), self.in_ward)

    def test_nobody_is_put_among_a_facilitys_people_beside_the_tree(self):
        """The rule goes through the commercial entity: it follows from the tree alone."""
        stranger = self.portal_other.partner_id
        intake = self._as("intake", stranger)
        for partner in (intake, stranger, stranger.sudo()):
            with self.assertRaisesRegex(UserError, "Commercial Entity"):
                partner.write({"commercial_partner_id": self.hospital.id})
            with self.assertRaisesRegex(UserError, "Own People"):
                partner.write({"commercial_member_ids": [Command.link(self.hospital.id)]})
        self.assertEqual(self._visible(self.portal_other), self.in_other)

    def test_dealers_people_at_every_depth_see_what_the_dealer_serves(self):
        branch = self.env["res.partner"].create(
            {"name": "South Branch", "is_company": True, "parent_id": self.dealer.id}
        )
        desk = self.env["res.partner"].create({"name": "Desk", "parent_id": branch.id})
        users = [
            self._portal_user("deep_dealer", desk, "dealer"),
            self._portal_user("branch_dealer", branch, "dealer"),
            self.portal_dealer,
        ]
        self._assign(facility_id=self.ward.id)
        self._assign(lot_id=self.in_other.id)
        for user in users:
            with self.subTest(user=user.login):
                self.assertEqual(self._visible(user), self.in_ward | self.in_other)
                self.assertEqual(
                    self.env["meddev.dealer.assignment"].with_user(user).search_count([]), 2
                )
        branch.parent_id = False
        self.assertFalse(self._visible(users[0]))

    def test_moved_device_changes_hands_at_once(self):
        self.in_icu.write(
            {"customer_id": self.other_hospital.id, "department_id": False, "room_id": False}
        )
        self.assertEqual(self._visible(self.portal), self.in_ward)
        self.assertEqual(self._visible(self.portal_other), self.in_other | self.in_icu)

    def test_moved_contact_loses_the_former_hospital(self):
        self.portal.partner_id.parent_id = self.other_hospital
        self.assertEqual(self._visible(self.portal), self.in_other)

    def test_dealer_without_assignment_sees_nothing(self):
        self.assertFalse(self._visible(self.portal_dealer))

    def test_dealer_loses_access_the_day_after_the_end(self):
        """Rule: both days of an assignment are included."""
        self._assign(facility_id=self.ward.id, date_to="2026-06-30")
        self._assign(lot_id=self.in_other.id, date_to="2026-07-31")
        for day, expected in (
            ("2025-12-31 12:00:00", self.all_devices.browse()),
            ("2026-01-01 12:00:00", self.in_ward | self.in_other),
            ("2026-06-30 12:00:00", self.in_ward | self.in_other),
            ("2026-07-01 12:00:00", self.in_other),
            ("2026-07-31 12:00:00", self.in_other),
            ("2026-08-01 12:00:00", self.all_devices.browse()),
        ):
            with self.subTest(day=day), freeze_time(day):
                self.env.invalidate_all()
                self.assertEqual(self._visible(self.portal_dealer), expected)

    def test_portal_writes_nothing(self):
        device = self.in_ward.with_user(self.portal)
        for operation in ("write", "create", "unlink"):
            with self.subTest(operation=operation), self.assertRaises(AccessError):
                device.check_access(operation)
        with self.assertRaises(UserError):
            device.write({"name": "MINE"})
        with self.assertRaises(AccessError):
            device.write({"note": "MINE"})

    def test_only_listed_fields_can_be_read_or_searched(self):
        lots = self.env["stock.lot"].with_user(self.portal)
        readable = set(lots.fields_get())
        self.assertLessEqual(readable, PORTAL_FIELDS)
        self.assertTrue(self.in_icu.with_user(self.portal).read(sorted(readable)))
        for name in ("note", "event_ids", "token_ids", "udi_carrier", "quant_ids", "ref"):
            with self.subTest(field=name):
                with self.assertRaises(AccessError):
                    self.in_icu.with_user(self.portal).read([name])
                with self.assertRaises(AccessError):
                    lots.search([(name, "!=", False)])

    def test_everything_behind_the_device_stays_closed(self):
        for model in (
            "meddev.device.event",
            "meddev.device.token",
            "meddev.device.alias",
            "meddev.device.acceptance",
            "product.product",
            "stock.quant",
        ):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(self.portal).search([])
        with self.assertRaises(AccessError):
            self.in_ward.with_user(self.portal).get_timeline()

    def test_chatter_of_a_device_is_internal(self):
        message = self.in_ward.message_post(
            body="The customer has not paid", subtype_xmlid="mail.mt_comment"
        )
        messages = self.env["mail.message"].with_user(self.portal)
        self.assertNotIn(message.id, messages.search([("model", "=", "stock.lot")]).ids)
        with self.assertRaises(AccessError):
            messages.browse(message.id).read(["body"])

    def test_ordinary_portal_user_reads_no_device(self):
        stranger = new_test_user(self.env, "portal_stranger", "base.group_portal")
        with self.assertRaises(AccessError):
            self.env["stock.lot"].with_user(stranger).search([])

    def test_staff_still_read_everything(self):
        lots = self.env["stock.lot"].with_user(self.users["dispatcher"])
        self.assertLessEqual(self.all_devices, lots.search([]).sudo())
        self.assertIn("note", lots.fields_get())


@tagged("post_install", "-at_install")
class TestPortalPages(PortalCase, HttpCase):
    def _open(self, user, path):
        self.authenticate(user.login, user.login)
        return self.url_open(path)

    def test_list_shows_own_devices(self):
        page = self._open(self.portal, "/my/devices")
        self.assertEqual(page.status_code, 200)
        self.assertIn("PW-1", page.text)
        self.assertIn("PI-1", page.text)
        self.assertNotIn("PO-1", page.text)
        self.assertNotIn("PN-1", page.text)

    def test_page_shows_identity_place_and_state_only(self):
        self.env["meddev.device.alias"].create(
            [
                {"lot_id": self.in_icu.id, "value": "ASSET-OWN", "partner_id": self.hospital.id},
                {
                    "lot_id": self.in_icu.id,
                    "value": "ASSET-FORMER",
                    "partner_id": self.other_hospital.id,
                },
            ]
        )
        self.monitor.list_price = 98765.43
        page = self._open(self.portal, f"/my/devices/{self.in_icu.id}")
        self.assertEqual(page.status_code, 200)
        for text in ("PI-1", "Test Monitor", "Test Maker", "ICU", "In Service", "ASSET-OWN"):
            self.assertIn(text, page.text)
        for text in ("SECRET NOTE", "ASSET-FORMER", "98765", "98,765", "Other Hospital"):
            self.assertNotIn(text, page.text)

    def test_device_of_another_hospital_is_refused_like_one_that_never_was(self):
        self.authenticate(self.portal.login, self.portal.login)
        for device_id in (self.in_other.id, self.nowhere.id, 2**31 - 1):
            answer = self.url_open(f"/my/devices/{device_id}", allow_redirects=False)
            self.assertEqual(answer.status_code, 303)
            self.assertTrue(answer.headers["Location"].endswith("/my/devices"))

    def test_search_filter_sort_and_pager(self):
        self.authenticate(self.portal.login, self.portal.login)
        self.env["meddev.device.alias"].create({"lot_id": self.in_ward.id, "value": "ZC-9"})
        for query, expected in (
            ("search=pw&search_in=serial", {"PW-1"}),
            ("search=zc9&search_in=serial", set()),
            ("search=zc-9&search_in=all", {"PW-1"}),
            ("search=ICU&search_in=place", {"PI-1"}),
            ("search=monitor&search_in=product", {"PW-1", "PI-1"}),
            ("search=%25%27;--&search_in=nonsense", set()),
            ("filterby=attention", set()),
            ("filterby=nonsense&sortby=nonsense", {"PW-1", "PI-1"}),
            ("sortby=product", {"PW-1", "PI-1"}),
            ("sortby=place", {"PW-1", "PI-1"}),
            ("sortby=warranty&filterby=in_service", {"PW-1", "PI-1"}),
        ):
            with self.subTest(query=query):
                page = self.url_open(f"/my/devices?{query}")
                self.assertEqual(page.status_code, 200)
                found = {name for name in ("PW-1", "PI-1", "PO-1") if f">{name}<" in page.text}
                self.assertEqual(found, expected)
        self.assertEqual(self.url_open("/my/devices/page/2").status_code, 200)

    def test_counter_on_the_home_page(self):
        self.authenticate(self.portal.login, self.portal.login)
        answer = self.url_open(
            "/my/counters",
            data=json.dumps({"params": {"counters": ["device_count"]}}),
            headers={"Content-Type": "application/json"},
        )
        self.assertEqual(answer.json()["result"]["device_count"], 2)
        self.assertEqual(self.url_open("/my").status_code, 200)

    def test_ordinary_portal_user_is_sent_home(self):
        stranger = new_test_user(self.env, "portal_stranger", "base.group_portal")
        self.authenticate(stranger.login, stranger.login)
        answer = self.url_open("/my/devices", allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(self.url_open("/my").status_code, 200)

    def test_thread_routes_answer_nothing_about_a_device(self):
        self.in_ward.message_post(body="INTERNAL TALK", subtype_xmlid="mail.mt_comment")
        self.authenticate(self.portal.login, self.portal.login)
        for route, params in (
            (
                "/mail/thread/messages",
                {"thread_model": "stock.lot", "thread_id": self.in_ward.id},
            ),
            (
                "/mail/data",
                {
                    "fetch_params": [
                        [
                            "mail.thread",
                            {
                                "thread_model": "stock.lot",
                                "thread_id": self.in_ward.id,
                                "request_list": ["followers", "attachments", "activities"],
                            },
                        ]
                    ]
                },
            ),
        ):
            answer = self.url_open(
                route,
                data=json.dumps({"params": params}),
                headers={"Content-Type": "application/json"},
            )
            self.assertNotIn("INTERNAL TALK", answer.text)
            self.assertNotIn("OdooBot", answer.text)

    def test_dealer_page_ends_with_the_assignment(self):
        assignment = self._assign(facility_id=self.hospital.id)
        self.assertIn("PW-1", self._open(self.portal_dealer, "/my/devices").text)
        assignment.date_to = date(2026, 1, 1)
        self.assertNotIn("PW-1", self.url_open("/my/devices").text)

    def test_internal_user_may_look_too(self):
        self.assertIn("PO-1", self._open(self.users["dispatcher"], "/my/devices?search=PO-1").text)
