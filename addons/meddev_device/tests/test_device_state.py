from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from ..models.device_state import DEVICE_STATES, TRANSITIONS, legal_targets
from ..models.guard import _CONTEXT_KEY
from .common import DeviceCase


@tagged("post_install", "-at_install")
class TestDeviceState(DeviceCase):
    """One table of moves; the button, RPC and import obey it alike."""

    def _in_state(self, state):
        device = self._device(f"SN-{state}-{len(self.env['stock.lot'].search([]))}")
        # SQL: put the device anywhere in the life cycle without walking there.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stock_lot SET device_state = %s WHERE id = %s", [state, device.id]
        )
        device.invalidate_recordset()
        return device

    def test_every_state_is_known_to_the_table(self):
        states = {state for state, _label in DEVICE_STATES}
        self.assertEqual(states, {state for pair in TRANSITIONS for state in pair})

    def test_every_role_of_the_table_exists(self):
        for transition in TRANSITIONS.values():
            for role in transition.roles:
                self.assertTrue(self.env.ref(role))

    def test_illegal_moves_are_refused_and_legal_ones_done(self):
        for old, _label in DEVICE_STATES:
            for new, _other_label in DEVICE_STATES:
                if new == old:
                    continue
                device = self._in_state(old)
                if new in legal_targets(old):
                    device._move_device_state(new, reason="test")
                    self.assertEqual(device.device_state, new)
                else:
                    with self.assertRaises(UserError):
                        device.move_device_state(new, reason="test")
                    self.assertEqual(device.device_state, old)

    def test_writing_the_state_goes_through_the_table(self):
        device = self._device("SN-1", device_state="installed")
        self._as("engineer", device).write({"device_state": "in_service"})
        self.assertEqual(device.device_state, "in_service")
        with self.assertRaises(UserError):
            self._as("engineer", device).write({"device_state": "scrapped"})
        with self.assertRaises(UserError):
            device.sudo().write({"device_state": "shipped"})

    def test_import_goes_through_the_table(self):
        device = self._device("SN-1", device_state="installed")
        external = self.env["ir.model.data"].create(
            {"module": "__test__", "name": "sn1", "model": "stock.lot", "res_id": device.id}
        )
        lots = self._as("engineer", self.env["stock.lot"])
        result = lots.load(["id", "device_state"], [[external.complete_name, "Scrapped"]])
        self.assertFalse(result["ids"])
        self.assertIn("SN-1", result["messages"][0]["message"])
        self.assertEqual(device.device_state, "installed")

    def test_every_move_is_for_its_roles_only(self):
        """Per transition: a role of the table may, a role beside it may not."""
        for (old, new), transition in TRANSITIONS.items():
            for role in ("engineer", "parts", "quality", "manager"):
                device = self._as(role, self._in_state(old))
                group = {
                    "engineer": "meddev_base.group_field_engineer",
                    "parts": "meddev_base.group_parts_keeper",
                    "quality": "meddev_base.group_quality_specialist",
                    "manager": "meddev_base.group_service_manager",
                }[role]
                may = group in transition.roles
                with self.subTest(old=old, new=new, role=role):
                    self.assertEqual(new in device._get_allowed_targets(), may)
                    if may:
                        device.move_device_state(new, reason="test")
                    else:
                        with self.assertRaises(UserError):
                            device.move_device_state(new, reason="test")

    def test_roles_without_writing_move_nothing(self):
        device = self._device("SN-1", device_state="installed")
        for role in ("dispatcher", "analyst", "auditor", "knowledge"):
            with self.assertRaises(AccessError):
                self._as(role, device).action_put_in_service()
            self.assertFalse(self._as(role, device).can_be_put_in_service)
        with self.assertRaises(AccessError):
            self._as("outsider", device).read(["name"])

    def test_sudo_does_not_lend_a_role(self):
        device = self._device("SN-1", device_state="in_service")
        with self.assertRaises(UserError):
            self._as("engineer", device).sudo().move_device_state("recalled", reason="test")

    def test_no_context_switches_the_guard_off(self):
        device = self._device("SN-1", device_state="in_service")
        for value in (True, 1, "object", object(), {"a": 1}):
            loose = self._as("engineer", device).with_context(**{_CONTEXT_KEY: value})
            with self.assertRaises(UserError):
                loose.write({"device_state": "scrapped"})
            with self.assertRaises(UserError):
                loose.write({"warranty_end": "2099-01-01"})

    def test_a_reason_is_asked_and_kept(self):
        device = self._as("quality", self._device("SN-1", device_state="in_service"))
        with self.assertRaises(UserError):
            device.move_device_state("quarantined")
        action = device.action_quarantine()
        self.assertEqual(action["res_model"], "meddev.device.transition")
        wizard = Form(
            self.env["meddev.device.transition"]
            .with_user(device.env.user)
            .with_context(**action["context"])
        )
        wizard.reason = "Alarm does not sound"
        wizard.save().action_move()
        self.assertEqual(device.device_state, "quarantined")
        self.assertEqual(self._latest(device).summary, "Alarm does not sound")

    def test_a_device_is_entered_only_in_an_initial_state(self):
        for state in ("scrapped", "recalled", "lost"):
            with self.assertRaises(UserError):
                self._device("SN-1", device_state=state)
        with self.assertRaises(UserError):
            self._device("SN-1", origin="own_stock", device_state="in_service")
        device = self._device("SN-1", origin="third_party")
        self.assertEqual(device.device_state, "in_service")

    def test_intake_enters_legacy_devices_only(self):
        lots = self._as("intake", self.env["stock.lot"])
        device = lots.create({"name": "SN-1", "product_id": self.monitor.id})
        self.assertEqual(device.origin, "legacy")
        with self.assertRaises(UserError):
            lots.create({"name": "SN-2", "product_id": self.monitor.id, "origin": "own_stock"})
        for role in ("engineer", "dispatcher", "auditor"):
            with self.assertRaises(AccessError):
                self._as(role, self.env["stock.lot"]).create(
                    {"name": "SN-3", "product_id": self.monitor.id}
                )

    def test_only_the_natural_next_step_is_highlighted(self):
        """A release from quarantine or recall is exceptional: no highlighted button invites it."""
        natural = {
            "in_stock": {"action_ship"},
            "shipped": {"action_install"},
            "installed": {"action_put_in_service"},
            "under_repair": {"action_put_in_service"},
        }
        arch = self.env.ref("meddev_device.device_view_form").arch
        steps = {"action_ship", "action_install", "action_put_in_service"}
        buttons = [
            button
            for button in etree.fromstring(arch).iterfind(".//header/button")
            if button.get("name") in steps
        ]
        allowed = {
            "action_ship": "can_be_shipped",
            "action_install": "can_be_installed",
            "action_put_in_service": "can_be_put_in_service",
        }
        self.users["quality"].group_ids += self.env.ref("meddev_base.group_service_manager")
        for state, _label in DEVICE_STATES:
            device = self._as("quality", self._in_state(state))
            values = {"device_state": state} | {name: device[name] for name in allowed.values()}
            shown = [b for b in buttons if not safe_eval(b.get("invisible"), values)]
            with self.subTest(state=state):
                self.assertEqual(
                    sorted(button.get("name") for button in shown),
                    sorted(name for name, field in allowed.items() if device[field]),
                )
                highlighted = {b.get("name") for b in shown if b.get("class") == "btn-primary"}
                self.assertEqual(highlighted, natural.get(state, set()))

    def test_every_move_leaves_an_event(self):
        device = self._device("SN-1", device_state="shipped")
        self._as("engineer", device).action_install()
        self._as("engineer", device).action_put_in_service()
        moves = device.event_ids.filtered(lambda event: event.kind == "state").sorted("id")
        self.assertEqual(
            [(move.state_from, move.state_to) for move in moves],
            [("shipped", "installed"), ("installed", "in_service")],
        )
        self.assertEqual(moves.user_id, self.users["engineer"])
        self.assertTrue(device.installation_date)

    def test_scrapped_is_the_end(self):
        device = self._in_state("scrapped")
        self.assertFalse(device._get_allowed_targets())
        self.assertFalse(
            [name for name in device._fields if name.startswith("can_be_") and device[name]]
        )
