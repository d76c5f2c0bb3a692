from odoo.exceptions import AccessError
from odoo.tests import Form, freeze_time, tagged

from .common import DeviceCase


@tagged("post_install", "-at_install")
class TestComponentDevice(DeviceCase):
    """A component that is a device itself: a probe with a serial number and a life of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        lots = cls.env["stock.lot"]
        vals = {"product_id": cls.monitor.id, "origin": "legacy"}
        with freeze_time("2026-01-10 08:00:00"):
            cls.host, cls.second, cls.probe, cls.spare = lots.create(
                [
                    vals | {"name": "HOST-1", "customer_id": cls.hospital.id},
                    vals | {"name": "HOST-2", "customer_id": cls.other_hospital.id},
                    vals | {"name": "PROBE-1", "device_state": "in_stock"},
                    vals | {"name": "PROBE-2", "device_state": "in_stock"},
                ]
            )

    def _fit(self, lot, host, **vals):
        return self._as("engineer", self.env["meddev.device.component"]).create(
            {"lot_id": host.id, "component_lot_id": lot.id} | vals
        )

    def _events(self, device):
        return device.event_ids.filtered(lambda event: event.kind == "component").sorted("id")

    def _ask(self, device, moment):
        return self._as("analyst", device).device_at(moment)

    def test_its_own_timeline_tells_where_it_was_fitted_and_taken_out(self):
        with freeze_time("2026-02-10 08:00:00"):
            component = self._fit(self.probe, self.host, position="Port A")
        with freeze_time("2026-03-10 08:00:00"):
            component._swap({"component_lot_id": self.spare.id}, reason="cracked")
        events = self._events(self.probe)
        self.assertEqual(
            [(str(event.occurred_at), event.title, event.summary) for event in events],
            [
                (
                    "2026-02-10 08:00:00",
                    "Component · Fitted into [TM-1] Test Monitor HOST-1",
                    "Port A",
                ),
                (
                    "2026-03-10 08:00:00",
                    "Component · Taken out of [TM-1] Test Monitor HOST-1",
                    "Port A, cracked",
                ),
            ],
        )
        self.assertEqual(events.user_id, self.users["engineer"])
        self.assertEqual({event.data["host"]["id"] for event in events}, {self.host.id})
        self.assertEqual(len(self._events(self.host)), 2)
        spare = self._events(self.spare)
        self.assertEqual(spare.mapped("data")[0]["action"], "fitted")
        with freeze_time("2026-04-10 08:00:00"):
            component.replaced_by_id._remove(reason="upgrade")
        self.assertIn("Taken out of", self._latest(self.spare).title)
        self.assertEqual(self._latest(self.spare).summary, "Port A, upgrade")

    def test_part_that_is_no_device_has_no_timeline(self):
        battery = self.env["stock.lot"].create({"name": "BAT-1", "product_id": self.cable.id})
        self._fit(battery, self.host)._remove()
        self.assertFalse(battery.event_ids)
        self.assertEqual(len(self._events(self.host)), 2)

    def test_dispatcher_fits_nothing(self):
        with self.assertRaises(AccessError):
            self._as("dispatcher", self.env["meddev.device.component"]).create(
                {"lot_id": self.host.id, "component_lot_id": self.probe.id}
            )
        self.assertFalse(self._events(self.probe))

    def test_fitted_component_was_where_its_device_was(self):
        with freeze_time("2026-02-10 08:00:00"):
            component = self._fit(self.probe, self.host, position="Port A")
        with freeze_time("2026-03-10 08:00:00"):
            self.host.write({"department_id": self.ward.id})
        with freeze_time("2026-04-10 08:00:00"):
            component._remove()
        with freeze_time("2026-05-10 08:00:00"):
            self._fit(self.probe, self.second)
        with freeze_time("2026-06-01"):
            january, february, march, april, may = (
                self._ask(self.probe, f"2026-{month}-15")
                for month in ("01", "02", "03", "04", "05")
            )
        for answer in (january, april):
            self.assertFalse(answer["fitted_into"] or answer["customer"])
            self.assertIn("location", answer["unknown"])
        for answer in (february, march):
            self.assertEqual(
                answer["fitted_into"],
                {
                    "id": self.host.id,
                    "name": "[TM-1] Test Monitor HOST-1",
                    "position": "Port A",
                    "installed_at": "2026-02-10 08:00:00",
                },
            )
            self.assertEqual(answer["customer"]["id"], self.hospital.id)
            self.assertNotIn("place", answer["unknown"])
            self.assertNotIn("location", answer["unknown"])
            # Its state is its own.
            self.assertEqual(answer["state"], "in_stock")
        self.assertFalse(february["department"])
        self.assertEqual(march["department"]["id"], self.ward.id)
        self.assertEqual(may["customer"]["id"], self.other_hospital.id)

    def test_component_of_a_component_is_where_the_outermost_device_is(self):
        with freeze_time("2026-02-10 08:00:00"):
            self._fit(self.spare, self.probe)
            self._fit(self.probe, self.host)
        answers = self._ask(self.spare | self.probe | self.host, "2026-03-01")
        self.assertEqual([row["customer"]["id"] for row in answers], [self.hospital.id] * 3)
        self.assertEqual(
            [row["fitted_into"] and row["fitted_into"]["id"] for row in answers],
            [self.probe.id, self.host.id, False],
        )

    def test_dates_that_contradict_each_other_end_in_an_answer(self):
        """Given records by which two devices were inside each other on one day."""
        with freeze_time("2026-03-10 08:00:00"):
            self._fit(self.probe, self.spare, installed_at="2026-02-01 08:00:00")._remove()
            self._fit(self.spare, self.probe, installed_at="2026-02-05 08:00:00")
        answer = self._ask(self.probe, "2026-02-20")
        self.assertEqual(answer["fitted_into"]["id"], self.spare.id)

    def test_screen_names_the_device_around_it(self):
        with freeze_time("2026-02-10 08:00:00"):
            self._fit(self.probe, self.host, position="Port A")
        wizards = self._as("analyst", self.env["meddev.device.as.of"])
        with Form(wizards.with_context(default_lot_id=self.probe.id)) as form:
            form.moment = "2026-02-15 08:00:00"
            self.assertEqual(form.fitted_into, "[TM-1] Test Monitor HOST-1 · Port A")
            self.assertEqual(form.customer, "Test Hospital")
            form.moment = "2026-02-01 08:00:00"
            self.assertFalse(form.fitted_into or form.customer)

    def test_place_is_known_before_the_component_was_on_record(self):
        """Given a component entered late with the day on which it was fitted."""
        with freeze_time("2026-03-10 08:00:00"):
            late = self._device("PROBE-3")
            self._fit(late, self.host, installed_at="2026-02-01 08:00:00")
        answer = self._ask(late, "2026-02-15")
        self.assertFalse(answer["is_known"])
        self.assertEqual(answer["customer"]["id"], self.hospital.id)
        self.assertEqual(answer["unknown"], ["state", "firmware", "components"])
        self.assertIn("No state is recorded", answer["note"])
