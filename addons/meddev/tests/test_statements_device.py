from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.meddev_base.tests.common import ROLES
from odoo.addons.meddev_device.tests.common import SIGNATURE
from odoo.addons.meddev_purchase.tests.common import gtin

from .statements_common import REFUSALS, StatementCase


@tagged("post_install", "-at_install")
class TestStatementsOnDevices(StatementCase):
    """Who enters, moves, describes and remembers devices."""

    def test_a_dispatcher_moves_no_device_states(self):
        """A dispatcher moves no device states; the engineer on site does. [S0-11, S0-24]"""
        for role in ("dispatcher", "knowledge_manager", "analyst", "compliance_auditor"):
            with self.subTest(role=role):
                self.assert_refused(
                    self.users[role],
                    self.device,
                    lambda device: device.move_device_state("under_repair"),
                )
        self.device.with_user(self.engineer).move_device_state("under_repair")
        self.assertEqual(self.device.device_state, "under_repair")

    def test_an_intake_agent_cannot_delete_a_device(self):
        """Not one of the nine roles deletes a device, not even one entered by mistake. [S0-24]"""
        mistake = self._enter_device("ST-MISTAKE")
        for role in ROLES:
            with self.subTest(role=role):
                self.assert_refused(self.users[role], mistake, lambda device: device.unlink())
        storekeeper = new_test_user(self.env, "storekeeper", "stock.group_stock_user")
        self.assert_refused(storekeeper, self.device, lambda device: device.unlink(), UserError)
        mistake.with_user(storekeeper).unlink()
        self.assertFalse(mistake.exists())

    def test_an_analyst_enters_no_device(self):
        """Devices are entered by who takes calls or keeps goods, not by who counts them. [S0-20]"""
        enterers = {"service_manager", "intake_agent", "parts_keeper", "quality_specialist"}
        for role in ROLES:
            vals = {"name": f"ST-{role}", "product_id": self.product.id, "origin": "legacy"}
            with self.subTest(role=role):
                if role in enterers:
                    self.assertTrue(self.device.with_user(self.users[role]).create(vals))
                else:
                    self.assert_none_made(self.users[role], "stock.lot", vals)

    def test_an_intake_agent_enters_no_device_of_our_own_stock(self):
        """What lies on our shelf the parts keeper enters, not the intake agent. [S0-15]"""
        vals = {"name": "ST-SHELF", "product_id": self.product.id, "origin": "own_stock"}
        self.assert_none_made(self.users["intake_agent"], "stock.lot", vals, UserError)
        device = self.device.with_user(self.users["parts_keeper"]).create(vals)
        self.assertEqual(device.device_state, "in_stock")

    def test_an_engineer_renames_no_device(self):
        """An engineer works on a device; its serial number he does not change. [S0-13, S0-24]"""
        self.device.with_user(self.engineer).note = "Filter replaced"
        self.assert_refused(
            self.engineer, self.device, lambda device: device.write({"name": "ST-X"}), UserError
        )
        self.device.with_user(self.users["quality_specialist"]).name = "ST-0001A"
        self.assertEqual(self.device.name, "ST-0001A")

    def test_only_quality_releases_a_quarantined_device(self):
        """Whoever quarantined a device, quality alone lets it back into use. [S0-17]"""
        self.device.with_user(self.engineer).move_device_state("quarantined", "Smoke")
        for user in (self.engineer, self.users["service_manager"], self.users["parts_keeper"]):
            self.assert_refused(
                user,
                self.device,
                lambda device: device.move_device_state("in_service", "Fine again"),
                UserError,
            )
        quality = self.device.with_user(self.users["quality_specialist"])
        quality.move_device_state("in_service", "Cable, not the device")
        self.assertEqual(self.device.device_state, "in_service")

    def test_a_service_manager_recalls_nothing(self):
        """A recall begins and ends with quality, not with the service manager. [S0-35]"""
        manager, quality = self.users["service_manager"], self.users["quality_specialist"]
        for user in (manager, self.engineer, self.users["parts_keeper"]):
            self.assert_refused(
                user,
                self.device,
                lambda device: device.move_device_state("recalled", "Notice 7"),
                UserError,
            )
        self.device.with_user(quality).move_device_state("recalled", "Notice 7")
        self.assert_refused(
            manager,
            self.device,
            lambda device: device.move_device_state("in_service", "Customer waits"),
            UserError,
        )

    def test_a_dispatcher_keeps_no_device_file(self):
        """Parts, firmware and asset numbers are recorded by who handled the device. [S0-14]"""
        cable = self.env["product.product"].create({"name": "Cable"})
        hands = {"service_manager", "field_engineer", "parts_keeper", "quality_specialist"}
        desks = hands | {"intake_agent"}
        rows = {
            "meddev.device.component": (hands, {"product_id": cable.id, "serial": "C-1"}, "note"),
            "meddev.device.firmware": (desks, {"version": "2.0"}, "note"),
            "meddev.device.alias": (desks, {"value": "ASSET-1"}, "value"),
        }
        for model, (keepers, vals, name) in rows.items():
            for role in ROLES:
                user, device = self.users[role], self._enter_device(f"{model}-{role}")
                with self.subTest(model=model, role=role):
                    if role not in keepers:
                        self.assert_none_made(user, model, {**vals, "lot_id": device.id})
                        continue
                    row = self.env[model].with_user(user).create({**vals, "lot_id": device.id})
                    row.write({name: f"Seen by {role}"})
                    self.assert_refused(
                        self.users["dispatcher"], row, lambda row, name=name: row.write({name: "?"})
                    )

    def test_the_whole_file_of_a_device_is_read_by_every_role(self):
        """Parts, firmware, numbers, acceptance, certificate: all roles look it up. [S0-57]"""
        template = self.product.product_tmpl_id
        rows = {
            "meddev.device.component": {"lot_id": self.device.id, "product_id": self.product.id},
            "meddev.device.firmware": {"lot_id": self.device.id, "version": "2.0"},
            "meddev.device.alias": {"lot_id": self.device.id, "value": "ASSET-1"},
            "meddev.device.acceptance": {"lot_id": self.device.id, "signer_name": "Dr. Li"},
            "meddev.udi.di": {"product_tmpl_id": template.id, "di": "06901234567892"},
            "meddev.registration": {"number": "国械注准20203070123"},
        }
        files = [self.env[model].create(vals) for model, vals in rows.items()]
        reminder = {"registration_id": files[-1].id, "days": 90, "valid_to": "2030-01-01"}
        files += [
            files[3].checklist_line_ids,
            self.env["meddev.registration.reminder"].create(reminder),
            self.device,
            self.product,
        ]
        for records in files:
            for user in (*self.users.values(), self.administrator):
                with self.subTest(model=records._name, user=user.login):
                    self.assert_reads(user, records, records)

    def test_an_administrator_changes_nothing_in_the_ledger(self):
        """Who sets the system up sees devices and their files and writes in none. [S0-23, S0-25]"""
        alias = self.env["meddev.device.alias"].create(
            {"lot_id": self.device.id, "value": "ASSET-1"}
        )
        acceptance = self.env["meddev.device.acceptance"].create(
            {"lot_id": self.device.id, "signer_name": "Dr. Li"}
        )
        administrator = self.administrator
        self.assert_refused(administrator, self.device, lambda device: device.write({"note": "?"}))
        self.assert_refused(administrator, alias, lambda alias: alias.unlink())
        self.assert_refused(administrator, acceptance, lambda acceptance: acceptance.action_sign())
        self.assert_none_made(
            administrator, "stock.lot", {"name": "ST-ADMIN", "product_id": self.product.id}
        )

    def test_an_asset_number_is_struck_out_by_who_may_write_one(self):
        """An intake agent corrects an asset number by removing it; an analyst does not. [S0-10]"""
        alias = self.env["meddev.device.alias"].create(
            {"lot_id": self.device.id, "value": "ASSET-1"}
        )
        self.assert_refused(self.users["analyst"], alias, lambda alias: alias.unlink())
        alias.with_user(self.users["intake_agent"]).unlink()
        self.assertFalse(alias.exists())

    def test_a_parts_keeper_signs_no_acceptance(self):
        """The engineer signs the acceptance of what he installed, not the store. [S0-13]"""
        acceptance = self.env["meddev.device.acceptance"].with_user(self.engineer)
        vals = {"signer_name": "Dr. Li", "signature": SIGNATURE}
        acceptance = acceptance.create({"lot_id": self.device.id, **vals})
        acceptance.checklist_line_ids.result = "pass"
        parts = self.users["parts_keeper"]
        self.assert_none_made(
            parts, "meddev.device.acceptance", {"lot_id": self.device.id, "signer_name": "Mine"}
        )
        self.assert_refused(parts, acceptance, lambda acceptance: acceptance.action_sign())
        self.assert_refused(
            parts, acceptance.checklist_line_ids, lambda lines: lines.write({"result": "fail"})
        )
        acceptance.action_sign()
        self.assertEqual(acceptance.signed_by_id, self.engineer)
        # Whoever stands in for the engineer signs as well.
        manager = self.users["service_manager"]
        second = self.env["meddev.device.acceptance"].with_user(manager)
        second = second.create({"lot_id": self.near_device.id, **vals})
        second.checklist_line_ids.result = "pass"
        second.action_sign()
        self.assertEqual(second.signed_by_id, manager)

    def test_a_label_is_replaced_by_no_dispatcher(self):
        """What a label opens is known to who prints labels, and to no other role. [S0-26]"""
        self.device.with_user(self.engineer).action_rotate_label()
        # sudo: the token itself, whoever may read it.
        token = self.device.sudo().token_ids
        printers = {"service_manager", "field_engineer", "parts_keeper", "quality_specialist"}
        for role in ROLES:
            with self.subTest(role=role):
                if role in printers:
                    self.assert_reads(self.users[role], token, token)
                else:
                    self.assert_unreadable(self.users[role], token)
        self.assert_refused(
            self.users["dispatcher"], self.device, lambda device: device.action_rotate_label()
        )

    def test_an_engineer_keeps_no_product(self):
        """What a model of device is quality and manager write down, not the engineer. [S0-24]"""
        keepers = {"service_manager", "quality_specialist"}
        template = self.product.product_tmpl_id
        for role in set(ROLES) - keepers:
            with self.subTest(role=role):
                self.assert_refused(
                    self.users[role], template, lambda model: model.write({"name": "V61"})
                )
                self.assert_refused(
                    self.users[role], self.product, lambda model: model.write({"color": 4})
                )
                self.assert_none_made(self.users[role], "product.template", {"name": "V61"})
        for role in keepers:
            template.with_user(self.users[role]).device_model = role
            self.assertEqual(template.device_model, role)
            self.assert_refused(self.users[role], template, lambda model: model.unlink())

    def test_a_parts_keeper_keeps_identifiers_and_no_certificates(self):
        """The store enters what is on the box; the certificates behind it are quality's. [S0-17]"""
        template = self.product.product_tmpl_id
        keepers = {"service_manager", "quality_specialist"}
        for number, role in enumerate(ROLES):
            user = self.users[role]
            certificate = {"number": f"国械注准2020307012{number}", "kind": "registration"}
            identifier = {"product_tmpl_id": template.id, "di": gtin(f"{number}690123456789")}
            with self.subTest(role=role):
                if role in keepers:
                    paper = self.env["meddev.registration"].with_user(user).create(certificate)
                    self.assert_refused(
                        self.users["parts_keeper"], paper, lambda paper: paper.write({"note": "?"})
                    )
                    self.assert_refused(user, paper, lambda paper: paper.unlink())
                else:
                    self.assert_none_made(user, "meddev.registration", certificate)
                if role in keepers | {"parts_keeper"}:
                    self.env["meddev.udi.di"].with_user(user).create(identifier)
                else:
                    self.assert_none_made(user, "meddev.udi.di", identifier)

    def test_when_certificates_are_remembered_a_parts_keeper_does_not_set(self):
        """Quality says how long before its end a certificate is called for; parts do not."""
        step = self.env["meddev.registration.reminder.step"]
        vals = {"days": 777, "name": "Renew"}
        self.assert_none_made(self.users["parts_keeper"], step._name, vals)
        self.assert_none_made(self.users["compliance_auditor"], step._name, vals)
        step = step.with_user(self.users["quality_specialist"]).create(vals)
        for user in (self.users["service_manager"], self.administrator):
            step.with_user(user).name = f"Renew, says {user.login}"
        self.assert_reads(self.users["compliance_auditor"], step, step)
        self.assert_unreadable(self.users["parts_keeper"], step)

    def test_the_nine_roles_read_a_devices_history_and_an_employee_does_not(self):
        """Every role sees what happened to a device; who holds none does not. [S0-54]"""
        for role in ROLES:
            with self.subTest(role=role):
                kinds = {
                    entry["kind"]
                    for entry in self.device.with_user(self.users[role]).get_timeline()
                }
                self.assertEqual(kinds, {"created", "ticket"})
        for user in (self.employee, self.portal_hospital):
            with self.assertRaises(AccessError, msg=user.login), mute_logger(*REFUSALS):
                self.device.with_user(user).get_timeline()
            # sudo: the events themselves, whoever may read them.
            self.assert_unreadable(user, self.device.sudo().event_ids)

    def test_nobody_rewrites_a_devices_history(self):
        """What is on a device's timeline stays, for administrators and the system too. [S0-34]"""
        self.device.with_user(self.engineer).log_note("Opened")
        event = self.device.event_ids[0]
        for user in (*self.users.values(), self.administrator, self.env.user):
            with self.subTest(user=user.login):
                self.assert_refused(
                    user, event, lambda event: event.write({"summary": "Closed"}), UserError
                )
                self.assert_refused(user, event, lambda event: event.unlink(), UserError)
        self.assert_none_made(
            self.engineer, "meddev.device.event", {"lot_id": self.device.id, "kind": "note"}
        )

    def test_an_analyst_adds_nothing_to_a_devices_history(self):
        """The engineer notes what he saw; who only reads figures notes nothing. [S0-20]"""
        for role in ("dispatcher", "knowledge_manager", "analyst", "compliance_auditor"):
            with self.subTest(role=role):
                self.assert_refused(
                    self.users[role], self.device, lambda device: device.log_note("Noise")
                )
        self.device.with_user(self.engineer).log_note("Fan is loud")
        self.assertEqual(self.device.event_ids[0].summary, "Fan is loud")

    def test_how_a_device_came_to_us_only_quality_corrects(self):
        """The origin of a device decides what proof it needs: quality corrects it. [S0-17]"""
        for user in (self.engineer, self.users["service_manager"], self.users["intake_agent"]):
            self.assert_refused(
                user,
                self.device,
                lambda device: device.correct_origin("third_party", "Not ours"),
                UserError,
            )
        quality = self.device.with_user(self.users["quality_specialist"])
        quality.correct_origin("third_party", "Label of another maker")
        self.assertEqual(self.device.origin, "third_party")
