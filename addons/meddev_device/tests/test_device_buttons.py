from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DeviceCase

#: Button, state before, state after, and who presses it; everybody else is refused.
BUTTONS = (
    ("action_return_to_stock", "shipped", "in_stock", {"manager", "parts", "quality"}),
    ("action_return_to_stock", "on_loan", "in_stock", {"manager", "parts", "engineer"}),
    ("action_return_to_stock", "quarantined", "in_stock", {"quality"}),
    ("action_send_to_repair", "in_service", "under_repair", {"manager", "engineer", "parts"}),
    ("action_send_to_repair", "quarantined", "under_repair", {"manager", "quality"}),
    ("action_lend", "in_stock", "on_loan", {"manager", "parts"}),
    ("action_retire", "in_service", "retired", {"manager", "quality"}),
    ("action_scrap_device", "in_stock", "scrapped", {"manager", "parts", "quality"}),
    ("action_scrap_device", "retired", "scrapped", {"manager", "quality"}),
    ("action_report_lost", "in_service", "lost", {"manager", "parts", "quality", "engineer"}),
)
#: Of these the table asks why.
NEEDS_REASON = {
    ("action_return_to_stock", "shipped"),
    ("action_return_to_stock", "quarantined"),
    ("action_send_to_repair", "quarantined"),
    ("action_retire", "in_service"),
    ("action_scrap_device", "in_stock"),
    ("action_scrap_device", "retired"),
    ("action_report_lost", "in_service"),
}


@tagged("post_install", "-at_install")
class TestDeviceButtons(DeviceCase):
    """The buttons of a device, pressed by everyone who may and everyone who may not."""

    def _in_state(self, number, state):
        device = self._device(f"BUTTON-{number}", customer_id=self.hospital.id)
        # SQL: put the device anywhere in the life cycle without walking there.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stock_lot SET device_state = %s WHERE id = %s", [state, device.id]
        )
        device.invalidate_recordset()
        return device

    def _press(self, role, device, button):
        """Press a button; where it asks why, answer."""
        action = getattr(self._as(role, device), button)()
        if action.get("res_model") == "meddev.device.transition":
            wizards = self._as(role, self.env["meddev.device.transition"])
            wizards.with_context(**action["context"]).create({"reason": "test"}).action_move()
            return True
        return False

    def test_each_button_is_for_the_roles_of_its_move(self):
        number = 0
        for button, before, after, allowed in BUTTONS:
            for role in self.users:
                number += 1
                device = self._in_state(number, before)
                with self.subTest(button=button, before=before, role=role):
                    if role in allowed:
                        asked = self._press(role, device, button)
                        self.assertEqual(device.device_state, after)
                        self.assertEqual(asked, (button, before) in NEEDS_REASON)
                        self.assertEqual(self._latest(device).user_id, self.users[role])
                        continue
                    with self.assertRaises(UserError):
                        self._press(role, device, button)
                    with self.assertRaises(UserError):
                        getattr(self._as(role, device), button)("why")
                    self.assertEqual(device.device_state, before)

    def _settle(self, role, device):
        action = self._as(role, device).action_resolve_serial()
        wizards = self._as(role, self.env["meddev.serial.resolve"])
        wizards.with_context(**action["context"]).create(
            {"decision": "rename", "name": f"RIGHT-{role}", "note": "label"}
        ).action_resolve()

    def test_a_doubtful_serial_is_settled_by_quality_and_manager(self):
        self._device("TWIN-1", origin="own_stock")
        doubtful = self._receive(["twin-1", "ＴＷＩＮ-1"])
        self.assertEqual(doubtful.mapped("serial_conflict"), [True, True])
        for role in self.users.keys() - {"manager", "quality"}:
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._settle(role, doubtful[0])
        for role, device in zip(("manager", "quality"), doubtful, strict=True):
            with self.subTest(role=role):
                self._settle(role, device)
                self.assertRecordValues(
                    device, [{"name": f"RIGHT-{role}", "serial_conflict": False}]
                )
