"""The main job (issue 2, section 6) against a real server, through clients from outside."""

import dataclasses
from unittest.mock import patch

import journey_data
from clients import APIS, ServerError, connect
from main_job import ALL_APIS, EVENTS_PER_TICKET, Journey, own_login, plan_runs

from odoo.tests import HttpCase, TransactionCase, tagged

ADMIN_PASSWORD = "journey-test"
SLICE_OF_PRODUCTS = 300
SLICE_OF_TICKETS = 200
# The same over XML-RPC, of products and tickets as many as take seconds.
SMALL_SLICE = (30, 10)


class JourneyCase(HttpCase):
    """A server with the suite, and ``travel``: the whole journey over one API.

    The server shares the test's transaction, so nothing is left behind.
    """

    def setUp(self):
        super().setUp()
        self.env.ref("base.user_admin").password = ADMIN_PASSWORD
        # No demo login may stand in for a role: the journey makes users with one role each.
        self.env["res.users"].search(
            [("login", "in", ["manager", "intake", "dispatcher"])]
        ).active = False
        self.env["res.users"].search([("login", "=", "engineer")]).active = False
        self.env.flush_all()

    def travel(self, api, data):
        with self.allow_requests(all_requests=True):
            journey = Journey(
                api,
                self.base_url(),
                self.env.cr.dbname,
                data,
                (self.env.ref("base.user_admin").login, ADMIN_PASSWORD),
                quiet=True,
            )
            journey.run()
        self.env.invalidate_all()
        return journey

    def assertArrived(self, journey, refused):
        """Everything is there once, and just these rows were refused: pairs of step and row."""
        self.assertEqual(journey.failures, [])
        given = [(row["step"], row["row"]) for row in journey.report.refusals]
        self.assertEqual(given, refused)
        for row in journey.report.refusals:
            self.assertTrue(row["reason"])

    def assertNothingNew(self, journey):
        """A second run finds everything and makes nothing."""
        new = {step.name: step.done for step in journey.report.steps if step.done}
        new.pop("timelines")
        self.assertEqual(new, {})


@tagged("post_install", "-at_install")
class TestMainJobOnSample(JourneyCase):
    # The last narrative of the sample is about a device that nobody can name.
    UNKNOWN_DEVICE = ("tickets: device found", 22)

    def load(self, **changes):
        data = journey_data.load(journey_data.SAMPLE)
        return dataclasses.replace(data, **changes)

    def test_journey_over_json2_can_be_repeated(self):
        """The whole sample over JSON-2, twice: the second run doubles nothing."""
        journey = self.travel("json2", self.load())
        self.assertArrived(journey, [self.UNKNOWN_DEVICE])
        again = self.travel("json2", self.load())
        self.assertArrived(again, [self.UNKNOWN_DEVICE])
        self.assertNothingNew(again)

    def test_journey_over_xmlrpc(self):
        """The whole sample over XML-RPC."""
        self.assertArrived(self.travel("xmlrpc", self.load()), [self.UNKNOWN_DEVICE])

    def test_journey_over_odoorpc(self):
        """The whole sample with OdooRPC, a client that the project did not write."""
        self.assertArrived(self.travel("odoorpc", self.load()), [self.UNKNOWN_DEVICE])

    def test_apis_find_each_others_records(self):
        """What came in over one API is known, not doubled, over another."""
        self.travel("json2", self.load())
        self.assertNothingNew(self.travel("xmlrpc", self.load()))

    def test_timeline_holds_the_whole_ticket(self):
        """Each ticket leaves its opening and its six moves on the device, in order."""
        data = self.load()
        journey = self.travel("json2", dataclasses.replace(data, tickets=data.tickets[:1]))
        (ticket,) = journey.data.tickets
        events = self.env["meddev.device.event"].search(
            [("lot_id", "=", ticket.found), ("kind", "=", "ticket")], order="id"
        )
        self.assertEqual(len(events), EVENTS_PER_TICKET)
        self.assertEqual(
            events[1:].user_id.sorted("login").mapped("login"),
            [own_login(role) for role in ("dispatcher", "engineer", "manager")],
        )
        self.assertEqual(events[:1].user_id.login, own_login("intake"))
        moves = self.env["meddev.device.event"].search(
            [("lot_id", "=", ticket.found), ("kind", "=", "state")], order="id"
        )[-2:]
        self.assertEqual(
            [(move.state_from, move.state_to) for move in moves],
            [("in_service", "under_repair"), ("under_repair", "in_service")],
        )
        self.assertEqual(moves.user_id.login, own_login("engineer"))

    def test_bad_rows_are_named_and_good_ones_kept(self):
        """One bad row of each kind among good ones: refused by row and field, the rest loaded."""
        data = self.load()
        good = data.devices[0]
        other_maker = next(d.product for d in data.devices if d.product.maker != good.product.maker)
        bad = [
            dataclasses.replace(good, serial=""),
            dataclasses.replace(good, serial="X-1", carrier="", hospital="无此医院"),
            dataclasses.replace(good, serial="X-2", carrier="9" * 300),
            dataclasses.replace(
                good,
                serial="X-3",
                carrier="",
                product=dataclasses.replace(good.product, maker=other_maker.maker),
            ),
            dataclasses.replace(good, alias=""),
        ]
        journey = self.travel("json2", self.load(devices=data.devices[:20], tickets=[]))
        with self.allow_requests(all_requests=True):
            client = journey.clients["intake"]
            rows = [journey.prepare_device(device) | {"row": n} for n, device in enumerate(bad, 1)]
            new = dataclasses.replace(good, serial="X-99", carrier="", alias="")
            rows.insert(0, journey.prepare_device(new) | {"row": 99})
            results = client.call("stock.lot", "load_devices", rows=rows)
        found = {row["row"]: (row["status"], row["field"]) for row in results}
        self.assertEqual(found[99][0], "created")
        self.assertEqual(
            {number: found[number] for number in (1, 2, 3, 4)},
            {
                1: ("refused", "serial"),
                2: ("refused", "customer"),
                3: ("refused", "udi_carrier"),
                4: ("refused", "manufacturer"),
            },
        )
        self.assertEqual(found[5][0], "unchanged")
        for row in results[1:5]:
            self.assertIn(str(row["row"]), row["error"])

    def test_roles_end_where_the_next_one_begins(self):
        """Over every API: the desk cannot start work, the engineer cannot archive."""
        data = self.load()
        journey = self.travel("json2", dataclasses.replace(data, tickets=[]))
        lot_id = next(iter(journey.devices.values()))
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "Rights", "description": "x", "lot_id": lot_id}
        )
        ticket.user_id = self.env["res.users"].search([("login", "=", own_login("engineer"))])
        self.env.flush_all()
        with self.allow_requests(all_requests=True):
            for api in APIS:
                # Making users anew gives the roles a password that this client knows.
                visitor = Journey(
                    api,
                    self.base_url(),
                    self.env.cr.dbname,
                    data,
                    (self.env.ref("base.user_admin").login, ADMIN_PASSWORD),
                    quiet=True,
                )
                visitor.sign_in()
                for role, state in (("intake", "in_progress"), ("engineer", "archived")):
                    with self.subTest(api=api, role=role), self.assertRaises(ServerError):
                        visitor.clients[role].call(
                            "helpdesk.ticket", "move_to", ids=ticket.ids, state=state
                        )
                with self.subTest(api=api), self.assertRaises(ServerError):
                    visitor.clients["engineer"].call(
                        "helpdesk.ticket", "write", ids=ticket.ids, vals={"service_state": "done"}
                    )
        self.env.invalidate_all()
        self.assertEqual(ticket.service_state, "received")

    def test_wrong_password_is_said_plainly(self):
        with self.allow_requests(all_requests=True):
            for api in APIS:
                with self.subTest(api=api), self.assertRaises(ServerError):
                    connect(api, self.base_url(), self.env.cr.dbname, "admin", "wrong")


@tagged("post_install", "-at_install")
class TestPlan(TransactionCase):
    def test_all_apis_one_after_the_other(self):
        """``--api all`` takes every API in turn, each twice where that is asked for."""
        self.assertEqual(plan_runs("xmlrpc", False), [("xmlrpc", 0)])
        with patch("main_job.is_installed", lambda api: True):
            self.assertEqual(plan_runs(ALL_APIS, False), [(api, 0) for api in APIS])
            self.assertEqual(
                plan_runs(ALL_APIS, True), [(api, turn) for api in APIS for turn in (0, 1)]
            )
        with patch("main_job.is_installed", lambda api: api != "odoorpc"):
            self.assertEqual(plan_runs(ALL_APIS, False), [("json2", 0), ("xmlrpc", 0)])


@tagged("post_install", "-at_install")
class TestMainJobOnSharedData(JourneyCase):
    def setUp(self):
        if not journey_data.SHARED.is_dir():
            self.skipTest("the folder shared/data with GUDID and MAUDE is not beside this checkout")
        super().setUp()

    def test_slice_of_gudid_and_maude(self):
        """300 real products with their devices, 200 real narratives, over JSON-2, twice."""
        data = journey_data.load(limit=SLICE_OF_PRODUCTS, tickets=SLICE_OF_TICKETS)
        journey = self.travel("json2", data)
        self.assertEqual(journey.failures, [])
        self.assertLess(len(journey.report.refusals), len(data.tickets) // 20)
        again = self.travel("json2", journey_data.load(None, SLICE_OF_PRODUCTS, SLICE_OF_TICKETS))
        self.assertEqual(again.failures, [])
        self.assertNothingNew(again)

    def test_small_slice_of_gudid_and_maude_over_xmlrpc(self):
        """Real products, devices and narratives over XML-RPC; then JSON-2 finds them all."""
        data = journey_data.load(None, *SMALL_SLICE)
        journey = self.travel("xmlrpc", data)
        self.assertEqual(journey.failures, [])
        self.assertLess(len(journey.report.refusals), 3)
        again = self.travel("json2", journey_data.load(None, *SMALL_SLICE))
        self.assertEqual(again.failures, [])
        self.assertNothingNew(again)
