import csv

from lxml import etree

from odoo.modules.migration import load_script
from odoo.tests import new_test_user, tagged
from odoo.tools.misc import file_open, file_path

from odoo.addons.meddev_service.hooks import pre_init_hook, uninstall_hook

from .common import TicketCommon

DONE_AT = "2024-03-01 08:00:00"


@tagged("post_install", "-at_install")
class TestTicketInstall(TicketCommon):
    """Installing on a database whose tickets never heard of a state."""

    def setUp(self):
        super().setUp()
        self.env.flush_all()
        # As helpdesk_mgmt alone leaves them: no state, no stamps, and nothing that asks for them.
        self.env.cr.execute(
            """
            ALTER TABLE helpdesk_ticket
                ALTER service_state DROP NOT NULL, DROP CONSTRAINT helpdesk_ticket_state_stamped;
            ALTER TABLE helpdesk_ticket_stage ALTER service_state DROP NOT NULL
            """
        )

    def _forget_states(self, stage_by_ticket):
        for ticket, stage in stage_by_ticket.items():
            self.env.cr.execute(
                """
                UPDATE helpdesk_ticket
                   SET stage_id = %s, service_state = NULL, received_at = NULL, done_at = NULL,
                       last_stage_update = %s, closed_date = NULL, active = %s
                 WHERE id = %s
                """,
                (stage.id or None, DONE_AT, ticket.active, ticket.id),
            )
        self.env.cr.execute("UPDATE helpdesk_ticket_stage SET service_state = NULL, is_used = NULL")
        self.env.invalidate_all()

    def test_states_follow_from_the_stages(self):
        """Known stages, stages of the company's own and no stage at all; stamps are filled in."""
        own_open, own_closed = self.env["helpdesk.ticket.stage"].create(
            [
                {"name": "Waiting for Parts", "service_state": "in_progress"},
                {"name": "Given Up", "service_state": "done"},
            ]
        )
        expected = {
            self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_new"): "received",
            self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress"): "in_progress",
            self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_awaiting"): "waiting",
            self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_cancelled"): "done",
            own_open: "in_progress",
            own_closed: "done",
            self.env["helpdesk.ticket.stage"]: "received",
        }
        tickets = [self._open() for _stage in expected]
        tickets[0].active = False
        self.env.flush_all()
        self._forget_states(dict(zip(tickets, expected, strict=True)))
        pre_init_hook(self.env)
        self.env.invalidate_all()
        for ticket, (stage, state) in zip(tickets, expected.items(), strict=True):
            with self.subTest(stage=stage.name):
                self.assertEqual(ticket.service_state, state)
                self.assertTrue(ticket[f"{state}_at"])
                self.assertEqual(ticket.received_at, ticket.create_date)
                if stage:
                    self.assertEqual((stage.service_state, stage.is_used), (state, True))
        self.assertEqual(str(tickets[3].done_at), DONE_AT)
        self.assertFalse(own_open.closed)

    def test_second_installation_keeps_what_is_there(self):
        """A ticket that has a state keeps it: the hook may run again."""
        ticket = self._bring_to("waiting")
        self.env.flush_all()
        self.env.cr.execute("SELECT waiting_at FROM helpdesk_ticket WHERE id = %s", ticket.ids)
        (before,) = self.env.cr.fetchone()
        pre_init_hook(self.env)
        self.env.invalidate_all()
        self.assertEqual((ticket.service_state, ticket.waiting_at), ("waiting", before))


@tagged("post_install", "-at_install")
class TestTicketUninstall(TicketCommon):
    """What the hook of uninstalling hands back to helpdesk_mgmt."""

    _operations = ("perm_read", "perm_write", "perm_create", "perm_unlink")

    def test_rules_are_upstreams_again(self):
        """Given our corrected rules / when the hook has run / then each says what its file says.

        One of ours asks a field of ours: after uninstalling nobody could read a ticket.
        """
        employee = new_test_user(self.env, login="bare_employee", groups="base.group_user")
        ticket = self._open()
        ticket.message_subscribe(employee.partner_id.ids)
        uninstall_hook(self.env)
        with file_open("helpdesk_mgmt/security/helpdesk_security.xml", "rb") as source:
            records = etree.parse(source).xpath("//record[@model='ir.rule']")
        self.assertTrue(records)
        for record in records:
            rule = self.env.ref(f"helpdesk_mgmt.{record.get('id')}")
            with self.subTest(rule=rule.name):
                domain = record.findtext("field[@name='domain_force']")
                self.assertEqual(rule.domain_force.split(), domain.split())
                self.assertTrue(all(rule[name] for name in self._operations))
                # A later upgrade of helpdesk_mgmt leaves them alone, as before us.
                data = self.env["ir.model.data"].search(
                    [("model", "=", "ir.rule"), ("res_id", "=", rule.id)]
                )
                self.assertEqual(data.mapped("complete_name"), data[:1].mapped("complete_name"))
                self.assertTrue(data.noupdate)
        self.assertEqual(self.tickets.with_user(employee).search([]), ticket)
        self.assertFalse(ticket.with_user(employee).has_access("write"))

    def test_access_rows_are_upstreams_again(self):
        uninstall_hook(self.env)
        with file_open("helpdesk_mgmt/security/ir.model.access.csv") as source:
            rows = list(csv.DictReader(source))
        self.assertTrue(rows)
        for row in rows:
            access = self.env.ref(f"helpdesk_mgmt.{row['id']}")
            for name in self._operations:
                self.assertEqual(access[name], row[name] == "1", (row["id"], name))


@tagged("post_install", "-at_install")
class TestTicketMigration(TicketCommon):
    """Updating a database that has an earlier version of this addon."""

    def _migrate(self, script):
        path = file_path(f"meddev_service/migrations/{script}.py")
        self.env.flush_all()
        load_script(path, "migration_of_meddev_service").migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()

    def test_rule_and_places_of_the_first_version(self):
        """Given upstream's rule and a dealer's request without a place / then both are mended."""
        rule = self.env.ref("helpdesk_mgmt.helpdesk_ticket_rule_internal_user")
        rule.domain_force = "[('message_partner_ids', '=', user.partner_id.id)]"
        ticket = self._open(partner_id=self.dealer.id, deviation_reason="Reported by the dealer")
        other = self._open(lot_id=False, partner_id=self.dealer.id)
        self.env.flush_all()
        self.env.cr.execute("UPDATE helpdesk_ticket SET place_id = NULL WHERE id = %s", ticket.ids)
        for _attempt in range(2):
            self._migrate("19.0.1.0.1/post-followers_and_places")
            self.assertIn("('is_followed', '=', True)", rule.domain_force)
            self.assertEqual(ticket.place_id, self.department)
            self.assertFalse(other.place_id)
