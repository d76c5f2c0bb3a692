from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from .common import DeviceCase


@tagged("post_install", "-at_install")
class TestDeviceAlias(DeviceCase):
    """What a device is called, and since when, is on its timeline."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        vals = {"product_id": cls.monitor.id, "origin": "legacy", "customer_id": cls.hospital.id}
        cls.device, cls.other = cls.env["stock.lot"].create(
            [{"name": name} | vals for name in ("SN-1", "SN-2")]
        )
        cls.aliases = cls.env["meddev.device.alias"].with_user(cls.users["intake"])

    def _read_timeline(self, device):
        events = device.event_ids.filtered(lambda event: event.kind == "identity")
        return events.sorted("id").mapped("summary")

    def test_adding_changing_and_removing_an_alias_is_told(self):
        alias = self.aliases.create({"lot_id": self.device.id, "value": "A-1"})
        alias.write({"value": "A-2"})
        alias.write({"value": "A-2", "partner_id": self.ward.id})
        alias.unlink()
        ward = self.ward.display_name
        self.assertEqual(
            self._read_timeline(self.device),
            [
                "Alias: – → A-1 (Test Hospital)",
                "Alias: A-1 (Test Hospital) → A-2 (Test Hospital)",
                f"Alias: A-2 (Test Hospital) → A-2 ({ward})",
                f"Alias: A-2 ({ward}) → –",
            ],
        )
        events = self.device.event_ids.filtered(lambda event: event.kind == "identity")
        self.assertEqual(events.user_id, self.users["intake"])
        self.assertEqual(events.sorted("id")[0].data, {"alias": [False, "A-1 (Test Hospital)"]})

    def test_an_alias_that_moves_is_told_by_both_devices(self):
        alias = self.aliases.create({"lot_id": self.device.id, "value": "A-1", "partner_id": False})
        alias.lot_id = self.other
        self.assertEqual(self._read_timeline(self.device), ["Alias: – → A-1", "Alias: A-1 → –"])
        self.assertEqual(self._read_timeline(self.other), ["Alias: – → A-1"])

    def test_what_changes_nothing_tells_nothing(self):
        alias = self.aliases.create({"lot_id": self.device.id, "value": "A-1"})
        alias.write({"value": "A-1", "partner_id": self.hospital.id})
        self.assertEqual(len(self._read_timeline(self.device)), 1)
        with self.assertRaises(AccessError):
            self._as("dispatcher", alias).unlink()
        self.assertEqual(len(self._read_timeline(self.device)), 1)

    def test_form_and_loading_tell_it_as_well(self):
        view = "meddev_device.device_view_form"
        with (
            Form(self._as("intake", self.device), view=view) as form,
            form.alias_ids.new() as line,
        ):
            line.value = "A-1"
        self._as("intake", self.env["stock.lot"]).load_devices(
            [{"serial": "SN-2", "product": "Test Monitor", "alias": "A-9"}]
        )
        self.assertEqual(self._read_timeline(self.device), ["Alias: – → A-1 (Test Hospital)"])
        self.assertEqual(self._read_timeline(self.other), ["Alias: – → A-9 (Test Hospital)"])

    def test_a_blank_alias_is_refused(self):
        with self.assertRaises(ValidationError):
            self.aliases.create({"lot_id": self.device.id, "value": " \u3000 "})

    def test_many_aliases_cost_as_many_statements_as_two(self):
        devices = self.env["stock.lot"].create(
            [
                {
                    "name": f"MANY-{number}",
                    "product_id": self.monitor.id,
                    "origin": "legacy",
                    "department_id": self.ward.id if number % 2 else self.other_ward.id,
                }
                for number in range(25)
            ]
        )

        def count(lots, name):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            aliases = self.aliases.create(
                [{"lot_id": lot.id, "value": f"{name}-{lot.id}"} for lot in lots]
            )
            aliases.write({"partner_id": self.hospital.id})
            aliases.unlink()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(devices[:1], "warm")
        few, many = count(devices[1:3], "few"), count(devices[3:], "many")
        self.assertLessEqual(many, few + 2)
