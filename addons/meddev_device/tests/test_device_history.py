from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .common import DeviceCase


@tagged("post_install", "-at_install")
class TestDeviceHistory(DeviceCase):
    """Events, components, firmware, and the device as it was on a date."""

    def test_events_are_append_only_for_everyone(self):
        event = self._device("SN-1").event_ids
        for events in (event, event.sudo(), event.with_user(self.users["quality"]).sudo()):
            with self.assertRaises(UserError):
                events.write({"summary": "changed"})
            with self.assertRaises(UserError):
                events.unlink()
        for role in ("manager", "quality", "auditor"):
            with self.assertRaises(AccessError):
                self._as(role, self.env["meddev.device.event"]).create(
                    {"lot_id": event.lot_id.id, "kind": "note"}
                )

    def test_hook_writes_in_one_go_with_author_and_company(self):
        device = self._device("SN-1")
        events = self._as("engineer", self.env["stock.lot"])._log_device_events(
            [
                {"lot_id": device.id, "kind": "note", "summary": "one"},
                {
                    "lot_id": device.id,
                    "kind": "document",
                    "res_model": "res.partner",
                    "res_id": self.hospital.id,
                },
            ]
        )
        self.assertEqual(len(events), 2)
        self.assertEqual(events.user_id, self.users["engineer"])
        action = self._as("engineer", events[1]).action_view_document()
        self.assertEqual(action["res_id"], self.hospital.id)

    def test_a_correction_voids_a_note_and_keeps_it(self):
        device = self._as("engineer", self._device("SN-1"))
        note_id = device.log_note("Battery replaced")[0]
        device.correct_event(note_id, "Fuse replaced, not the battery")
        note = self.env["meddev.device.event"].browse(note_id)
        self.assertTrue(note.is_voided)
        self.assertEqual(note.summary, "Battery replaced")
        with self.assertRaises(UserError):
            device.correct_event(note_id, "again")
        with self.assertRaises(UserError):
            device.correct_event(device.event_ids[-1].id, "never created")
        with self.assertRaises(AccessError):
            self._as("auditor", device).log_note("I was here")

    def test_where_was_it_on_that_day(self):
        with freeze_time("2026-01-10 08:00:00"):
            device = self._device("SN-1", device_state="shipped", customer_id=self.hospital.id)
            old = self.env["meddev.device.component"].create(
                {"lot_id": device.id, "product_id": self.cable.id, "serial": "BAT-1"}
            )
            self.env["meddev.device.firmware"].create({"lot_id": device.id, "version": "1.0"})
        with freeze_time("2026-02-10 08:00:00"):
            device.move_device_state("installed")
            device.write({"department_id": self.ward.id})
        with freeze_time("2026-03-10 08:00:00"):
            old._swap({"product_id": self.cable.id, "serial": "BAT-2"}, reason="empty")
            self.env["meddev.device.firmware"].create({"lot_id": device.id, "version": "2.0"})
            device.write({"department_id": self.icu.id})
        with freeze_time("2026-04-01"):
            device = self._as("analyst", device)
            self.assertFalse(device.device_at("2026-01-09 00:00:00")["is_known"])
            january, february, march = (
                device.device_at(day)
                for day in ("2026-01-15", "2026-02-15", "2026-03-15T10:00:00Z")
            )
        self.assertEqual([january["state"], february["state"]], ["shipped", "installed"])
        self.assertEqual(january["customer"]["id"], self.hospital.id)
        self.assertFalse(january["department"])
        self.assertEqual(february["department"]["id"], self.ward.id)
        self.assertEqual(march["department"]["id"], self.icu.id)
        self.assertEqual([january["firmware"], march["firmware"]], ["1.0", "2.0"])
        self.assertEqual([row["serial"] for row in february["components"]], ["BAT-1"])
        self.assertEqual([row["serial"] for row in march["components"]], ["BAT-2"])
        with self.assertRaises(UserError):
            device.device_at("some day")

    def test_moments_are_read_in_their_own_timezone(self):
        """An offset is honoured; a bare date ends when the reader's day ends."""
        with freeze_time("2026-03-31 01:00:00"):
            device = self._device("SN-1", device_state="shipped", customer_id=self.hospital.id)
        with freeze_time("2026-03-31 17:00:00"):
            device.move_device_state("installed")
        self.users["analyst"].tz = "Asia/Shanghai"
        analyst = self._as("analyst", device)
        with freeze_time("2026-05-01"):
            self.assertFalse(device.device_at("2026-03-31T08:00:00+08:00")["is_known"])
            self.assertTrue(device.device_at("2026-03-31T08:00:00")["is_known"])
            # 1 a.m. of April in Shanghai.
            self.assertEqual(analyst.device_at("2026-03-31")["state"], "shipped")
            self.assertEqual(analyst.device_at("2026-03-31")["moment"], "2026-03-31 15:59:59")
            self.assertEqual(analyst.device_at("2026-04-01")["state"], "installed")
            elsewhere = analyst.with_context(tz="America/New_York")
            self.assertEqual(elsewhere.device_at("2026-03-31")["state"], "installed")
            for moment in ("some day", "2026-02-30", 20260331, 1.5, None, False, [], {}):
                with self.assertRaisesRegex(UserError, "is no date and time"):
                    device.device_at(moment)

    def test_a_note_of_today_is_not_in_the_future(self):
        device = self._device("SN-1")
        with freeze_time("2026-12-01 09:00:00"):
            device.log_note("seen", occurred_at="2026-12-01")
            self.assertEqual(str(self._latest(device).occurred_at), "2026-12-01 09:00:00")
            device.log_note("phoned", occurred_at="2026-12-01T16:30:00+08:00")
            note = device.event_ids.filtered(lambda event: event.summary == "phoned")
            self.assertEqual(str(note.occurred_at), "2026-12-01 08:30:00")
            with self.assertRaises(UserError):
                device.log_note("tomorrow", occurred_at="2026-12-02")

    def test_as_of_screen(self):
        device = self._device("SN-1", customer_id=self.hospital.id)
        action = self._as("analyst", device).action_view_as_of()
        wizards = self._as("analyst", self.env["meddev.device.as.of"])
        form = Form(wizards.with_context(**action["context"]))
        self.assertTrue(form.is_known)
        self.assertEqual(form.customer, "Test Hospital")
        form.moment = fields.Datetime.to_datetime("2001-01-01 00:00:00")
        self.assertFalse(form.is_known)

    def test_firmware_is_kept_as_recorded(self):
        device = self._device("SN-1")
        firmwares = self._as("engineer", self.env["meddev.device.firmware"])
        firmwares.create(
            {"lot_id": device.id, "version": "2.0", "installed_at": "2026-01-02 00:00:00"}
        )
        first = firmwares.create(
            {"lot_id": device.id, "version": "1.0", "installed_at": "2025-01-02 00:00:00"}
        )
        self.assertEqual(device.firmware_version, "2.0")
        with self.assertRaises(UserError):
            first.write({"version": "1.1"})
        with self.assertRaises(AccessError):
            first.unlink()
        with self.assertRaises(UserError):
            first.sudo().unlink()
        first.is_verified = True
        with self.assertRaises(ValidationError):
            firmwares.create(
                {"lot_id": device.id, "version": "3", "installed_at": "2999-01-01 00:00:00"}
            )
        with self.assertRaises(AccessError):
            self._as("dispatcher", firmwares).create({"lot_id": device.id, "version": "3"})

    def test_swap_is_one_step_and_frozen(self):
        device = self._device("SN-1")
        components = self._as("engineer", self.env["meddev.device.component"])
        old = components.create(
            {
                "lot_id": device.id,
                "product_id": self.cable.id,
                "serial": "BAT-1",
                "position": "Battery bay",
            }
        )
        action = old.action_swap()
        wizard = Form(
            self._as("engineer", self.env["meddev.component.swap"]).with_context(
                **action["context"]
            )
        )
        wizard.serial = "BAT-2"
        wizard.reason = "worn"
        wizard.save().action_swap()
        new = old.replaced_by_id
        self.assertRecordValues(
            new, [{"serial": "BAT-2", "position": "Battery bay", "product_id": self.cable.id}]
        )
        self.assertEqual(old.removed_by_id, self.users["engineer"])
        self.assertEqual(old.removed_at, new.installed_at)
        self.assertIn("BAT-1", self._latest(device).summary)
        self.assertIn("BAT-2", self._latest(device).summary)
        for vals in ({"serial": "X"}, {"note": "late"}, {"removed_at": False}):
            with self.assertRaises(UserError):
                old.sudo().write(vals)
        new.position = "Bay 2"
        with self.assertRaises(UserError):
            new.write({"serial": "X"})
        with self.assertRaises(UserError):
            old._swap({"serial": "BAT-3"})
        with self.assertRaises(UserError):
            new.sudo().unlink()
        with self.assertRaises(AccessError):
            self._as("dispatcher", components).create(
                {"lot_id": device.id, "product_id": self.cable.id, "serial": "BAT-9"}
            )

    def test_a_component_with_a_lot_is_in_one_device(self):
        one, two = self._device("SN-1"), self._device("SN-2")
        battery = self.env["stock.lot"].create({"name": "BAT-1", "product_id": self.cable.id})
        component = self.env["meddev.device.component"].create(
            {"lot_id": one.id, "component_lot_id": battery.id}
        )
        self.assertEqual(component.serial, "BAT-1")
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError) as caught:
            self.env["meddev.device.component"].create(
                {"lot_id": two.id, "component_lot_id": battery.id}
            )
        self.assertIn("installed_once", str(caught.exception))
        component._remove(reason="moved")
        self.env["meddev.device.component"].create(
            {"lot_id": two.id, "component_lot_id": battery.id}
        )
        with self.assertRaises(ValidationError):
            self.env["meddev.device.component"].create(
                {"lot_id": one.id, "component_lot_id": one.id}
            )

    def test_timeline_as_data_and_titles_in_the_readers_language(self):
        device = self._device("SN-1", device_state="shipped", customer_id=self.hospital.id)
        device.move_device_state("installed")
        lines = self._as("auditor", device).get_timeline()
        self.assertEqual(lines[0]["title"], "State · Shipped → Installed")
        self.assertEqual([line["kind"] for line in lines], ["state", "created"])

    def test_token_rotation_keeps_the_old_label_for_reports(self):
        device = self._as("parts", self._device("SN-1"))
        device.action_rotate_label()
        first = device.token_ids
        device.action_rotate_label()
        self.assertEqual(first.state, "report_only")
        self.assertEqual(len(device.token_ids), 2)
        self.assertGreaterEqual(len(first.token), 30)
        first.action_revoke()
        self.assertEqual(first.state, "revoked")
        with self.assertRaises(AccessError):
            self._as("auditor", device).action_rotate_label()

    def test_company_rule_hides_the_file_of_another_company(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        device = self._device("SN-1", company_id=company.id)
        firmware = self.env["meddev.device.firmware"].create({"lot_id": device.id, "version": "1"})
        self.assertEqual((device.event_ids | device.event_ids).company_id, company)
        for records in (device, firmware, device.event_ids):
            with self.assertRaises(AccessError):
                self._as("engineer", records).read(["create_date"])
