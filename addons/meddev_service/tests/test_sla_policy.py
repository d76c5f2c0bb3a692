from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .sla_common import SlaCommon


@tagged("post_install", "-at_install")
class TestSlaPolicy(SlaCommon):
    """Which policy a ticket has, and why."""

    def _activate(self, name, **vals):
        policy = self._new_policy(
            name, vals.pop("sequence", 2), {"response": 2}, self.always, **vals
        )
        policy.action_activate()
        return policy

    def test_level_nearest_to_the_device_counts(self):
        level, other = self.env["meddev.service.level"].create(
            [{"name": "Gold", "code": "gold"}, {"name": "Silver", "code": "silver"}]
        )
        policy = self._activate("Gold", service_level_ids=[Command.set(level.ids)])
        self.hospital.service_level_id = other
        self.assertEqual(self._open().sla_policy_id, self.general)
        self.department.service_level_id = level
        ticket = self._open()
        self.assertEqual(ticket.sla_policy_id, policy)
        self.assertIn("Gold", ticket.with_user(self.intake).sla_explanation)
        self.assertIn(self.department.name, ticket.with_user(self.intake).sla_explanation)
        self.device.service_level_id = other
        self.assertEqual(self._open().sla_policy_id, self.general)

    def test_another_level_of_the_device_changes_open_tickets(self):
        level = self.env["meddev.service.level"].create({"name": "Gold", "code": "gold"})
        policy = self._activate("Gold", service_level_ids=[Command.set(level.ids)])
        ticket, done = self._open(), self._bring_to("done")
        self.device.service_level_id = level
        self.assertEqual(ticket.sla_policy_id, policy)
        self.assertEqual(done.sla_policy_id, self.general)
        self.assertEqual(ticket.sla_event_ids.mapped("kind"), ["start", "policy"])

    def test_conditions_are_compared(self):
        fault = self.env.ref("meddev_service.nature_fault")
        parent = self.env["helpdesk.ticket.category"].create({"name": "Hardware"})
        child = parent.create({"name": "Display", "parent_id": parent.id})
        policy = self._activate(
            "Displays of life support",
            nature_ids=[Command.set(fault.ids)],
            category_ids=[Command.set(parent.ids)],
            min_criticality="high",
        )
        vals = {"nature_id": fault.id, "category_id": child.id}
        self.assertEqual(self._open(**vals).sla_policy_id, self.general)
        self.device.product_id.device_criticality = "life_support"
        self.assertEqual(self._open(**vals).sla_policy_id, policy)
        self.assertEqual(self._open(category_id=child.id).sla_policy_id, self.general)
        self.assertEqual(self._open(nature_id=fault.id).sla_policy_id, self.general)

    def test_policy_of_another_company_is_not_chosen(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self._activate("Elsewhere", company_id=elsewhere.id)
        self.assertEqual(self._open().sla_policy_id, self.general)

    def test_active_policy_gets_a_new_version(self):
        with self.assertRaises(UserError):
            self.general.min_priority = "2"
        with self.assertRaises(UserError):
            self.general.target_ids[0].hours = 99
        with self.assertRaises(UserError):
            self.general.write({"target_ids": [Command.clear()]})
        with self.assertRaises(UserError):
            self.general.write(
                {
                    "target_ids": [
                        Command.create(
                            {"kind": "repair", "hours": 3, "calendar_id": self.always.id}
                        )
                    ]
                }
            )
        with self.assertRaises(UserError):
            self.general.state = "draft"
        with self.assertRaises(UserError):
            self.general.unlink()
        before = self._open()
        action = self.general.with_user(self.manager).action_new_version()
        draft = self.general.browse(action["res_id"])
        self.assertEqual((draft.version, draft.code), (2, self.general.code))
        draft.target_ids.filtered(lambda target: target.kind == "response").hours = 1
        draft.with_user(self.manager).action_activate()
        self.assertEqual(self._open().sla_policy_id, draft)
        self.assertEqual(before.sla_policy_id, self.general)
        self.assertTrue(self.general.effective_to)

    def test_version_of_the_future_waits(self):
        with freeze_time("2026-03-02 08:00:00"):
            action = self.general.action_new_version()
            draft = self.general.browse(action["res_id"])
            draft.effective_from = "2026-04-01 00:00:00"
            draft.action_activate()
        self.assertEqual(self._open_at("2026-03-31 08:00:00").sla_policy_id, self.general)
        self.assertEqual(self._open_at("2026-04-01 08:00:00").sla_policy_id, draft)

    def test_policy_without_targets_is_not_activated(self):
        policy = self._new_policy("Empty", 3, {}, self.always)
        with self.assertRaises(UserError):
            policy.action_activate()

    def test_warning_tells_somebody(self):
        with self.assertRaises(ValidationError):
            self._new_policy(
                "Silent",
                3,
                {"response": 1},
                self.always,
                step_ids=[Command.create({"percent": 50, "tells_engineer": False})],
            )

    def test_manager_makes_policies_and_the_dispatcher_does_not(self):
        policy = self.general.with_user(self.manager).copy()
        self.assertEqual((policy.state, policy.version), ("draft", 1))
        self.assertNotEqual(policy.code, self.general.code)
        policy.action_activate()
        for change in (
            lambda own: own.write({"name": "Mine"}),
            lambda own: own.action_retire(),
            lambda own: own.action_new_version(),
            lambda own: own.target_ids.write({"hours": 1}),
            lambda own: own.unlink(),
        ):
            with self.assertRaises(AccessError):
                change(self.general.with_user(self.dispatcher))
        self.assertTrue(self.general.with_user(self.dispatcher).name)
