from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged

from .common import DeviceCase


@tagged("post_install", "-at_install")
class TestAttackDevice(DeviceCase):
    """Ways round the guards that were tried and once worked."""

    def test_default_keys_set_no_protected_fact(self):
        for name, value in (
            ("warranty_end", "2099-01-01"),
            ("warranty_start", "2020-01-01"),
            ("serial_conflict", True),
            ("serial_review_note", "forged"),
            ("udi_check_status", "ok"),
            ("udi_warnings", "forged"),
        ):
            with self.subTest(name=name):
                lots = self._as("intake", self.env["stock.lot"])
                device = lots.with_context(**{f"default_{name}": value}).create(
                    {"name": f"ATTACK-{name}", "product_id": self.monitor.id}
                )
                self.assertFalse(device[name])

    def test_review_note_is_not_typed(self):
        device = self._device("ATTACK-NOTE")
        with self.assertRaises(UserError):
            self._as("intake", device).write({"serial_review_note": "forged"})

    def test_default_keys_sign_no_acceptance(self):
        device = self._device("ATTACK-SIGN", customer_id=self.hospital.id)
        acceptances = self._as("engineer", self.env["meddev.device.acceptance"])
        acceptance = acceptances.with_context(
            default_signed_by_id=self.users["manager"].id,
            default_warranty_end="2099-01-01",
            default_customer_id=self.other_hospital.id,
        ).create({"lot_id": device.id, "signer_name": "Nobody"})
        self.assertFalse(acceptance.signed_by_id)
        self.assertFalse(acceptance.warranty_end)
        self.assertFalse(acceptance.customer_id)

    def test_default_keys_remove_no_component(self):
        device = self._device("ATTACK-PART")
        components = self._as("engineer", self.env["meddev.device.component"])
        component = components.with_context(
            default_removed_at=fields.Datetime.now() + timedelta(days=1),
            default_removal_reason="forged",
        ).create({"lot_id": device.id, "product_id": self.cable.id, "serial": "C-1"})
        self.assertFalse(component.removed_at)
        self.assertFalse(component.removal_reason)

    def test_default_keys_supersede_no_certificate(self):
        registrations = self._as("quality", self.env["meddev.registration"])
        registration = registrations.with_context(default_is_superseded=True).create(
            {"number": "国械注准20203070991"}
        )
        self.assertFalse(registration.is_superseded)

    def test_token_is_neither_chosen_nor_moved_nor_revived(self):
        device, other = self._device("ATTACK-TOKEN-1"), self._device("ATTACK-TOKEN-2")
        device._rotate_tokens()
        token = self._as("engineer", device.token_ids)
        for vals in ({"token": "guess"}, {"lot_id": other.id}, {"state": "active"}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                token.write(vals)
        with self.assertRaises(UserError):
            token.create({"lot_id": other.id, "token": "guess"})
        chosen = token.with_context(default_token="guess").create({"lot_id": other.id})
        self.assertNotEqual(chosen.token, "guess")
        token.action_revoke()
        self.assertEqual(token.state, "revoked")

    def test_event_of_firmware_names_who_recorded_it(self):
        device = self._device("ATTACK-FIRMWARE")
        self._as("engineer", self.env["meddev.device.firmware"]).create(
            {"lot_id": device.id, "version": "1.2", "user_id": self.users["manager"].id}
        )
        event = self.env["meddev.device.event"].search(
            [("lot_id", "=", device.id), ("kind", "=", "firmware")]
        )
        self.assertEqual(event.user_id, self.users["engineer"])

    def test_junk_arguments_are_refused_clearly(self):
        device = self._as("manager", self._device("ATTACK-JUNK"))
        for junk in (["a"], {"a": 1}, 7):
            with self.subTest(junk=junk):
                with self.assertRaises(UserError):
                    device.move_device_state(junk, "why")
                with self.assertRaises(UserError):
                    device.action_recall(junk)
                self.assertEqual(device.get_legal_moves(junk), [])

    def test_done_transfer_keeps_its_device(self):
        good, bad = self._stocked("ATTACK-GOOD"), self._stocked("ATTACK-BAD")
        delivery = self._deliver(good)
        self.assertEqual(good.device_state, "shipped")
        bad._move_device_state("quarantined", reason="test")
        lines = self._as("stock", delivery.move_line_ids)
        for vals in ({"lot_id": bad.id}, {"location_dest_id": self.stock.id}, {"quantity": 0}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                lines.write(vals)
        vals = {
            "picking_id": delivery.id,
            "product_id": self.monitor.id,
            "lot_id": bad.id,
            "quantity": 1,
            "location_id": self.stock.id,
            "location_dest_id": self.customers.id,
        }
        with self.assertRaises(UserError), self.env.cr.savepoint():
            lines.create(vals | {"move_id": delivery.move_ids.id})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            lines.create(vals)

    def test_topping_up_a_done_transfer_moves_the_device(self):
        first, second = self._stocked("ATTACK-FIRST"), self._stocked("ATTACK-SECOND")
        delivery = self._deliver(first)
        self._as("stock", delivery.move_line_ids).create(
            {
                "picking_id": delivery.id,
                "move_id": delivery.move_ids.id,
                "product_id": self.monitor.id,
                "lot_id": second.id,
                "quantity": 1,
                "location_id": self.stock.id,
                "location_dest_id": self.customers.id,
            }
        )
        self.assertEqual(second.device_state, "shipped")

    def _stocked(self, name):
        device = self._device(name, origin="own_stock")
        self.env["stock.quant"]._update_available_quantity(
            self.monitor, self.stock, 1, lot_id=device
        )
        return device

    def _deliver(self, device):
        delivery = self._picking(
            self.warehouse.out_type_id,
            self.stock,
            self.customers,
            [{"product_id": self.monitor.id, "lot_id": device.id}],
            self.hospital,
        )
        delivery._action_done()
        return delivery


@tagged("post_install", "-at_install")
class TestAttackDevicePortal(HttpCase):
    def test_strange_parameters_show_no_error_page(self):
        hospital = self.env["res.partner"].create(
            {"name": "Attack Hospital", "facility_level": "hospital"}
        )
        user = new_test_user(self.env, "attack_hospital", "meddev_base.group_portal_hospital")
        user.partner_id.parent_id = hospital
        product = self.env["product.product"].create(
            {
                "name": "Attack Monitor",
                "is_storable": True,
                "tracking": "serial",
                "is_medical_device": True,
                "registration_ids": [Command.clear()],
            }
        )
        device = self.env["stock.lot"].create(
            {
                "name": "ATTACK-PORTAL",
                "product_id": product.id,
                "origin": "legacy",
                "customer_id": hospital.id,
            }
        )
        self.authenticate("attack_hospital", "attack_hospital")
        for path in (
            f"/my/devices/{device.id}?access_token=abc",
            "/my/devices?search=%00&search_in=junk&sortby=junk&filterby=junk",
        ):
            with self.subTest(path=path):
                self.assertEqual(self.url_open(path).status_code, 200)
