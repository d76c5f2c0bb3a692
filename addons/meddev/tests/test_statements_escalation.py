from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.meddev_base.tests.common import ROLES

from .statements_common import REFUSALS, StatementCase


@tagged("post_install", "-at_install")
class TestStatementsOnRightsThemselves(StatementCase):
    """Nobody gives themselves, or others, a right that is not theirs to give. [S0-25]"""

    def test_writing_ones_own_groups_is_refused(self):
        """No role, and nobody outside, gives themselves a group. [S0-25, K3]"""
        wanted = self.env.ref("meddev_base.group_service_manager")
        admins = self.env.ref("base.group_system")
        for user in (*self.users.values(), self.employee, self.portal_hospital, self.portal_dealer):
            if wanted in user.group_ids:
                continue
            for group in wanted | admins:
                with self.subTest(user=user.login, group=group.name):
                    self.assert_refused(
                        user,
                        user,
                        lambda user, group=group: user.write(
                            {"group_ids": [Command.link(group.id)]}
                        ),
                    )
            self.assertFalse(user.has_group("meddev_base.group_service_manager"))
            user.with_user(user).write({"tz": "Asia/Shanghai"})
            self.assertEqual(user.tz, "Asia/Shanghai")

    def test_nobody_but_an_administrator_gives_roles(self):
        """Nobody but an administrator gives roles, not even the service manager. [S0-25]"""
        target, group = self.employee, self.env.ref("meddev_base.group_intake_agent")
        givers = self.env.ref("meddev_base.group_service_manager")
        for role in ROLES:
            user = self.users[role]
            with self.subTest(role=role):
                self.assert_refused(
                    user, target, lambda target: target.write({"group_ids": [(4, group.id)]})
                )
                self.assert_refused(
                    user, group, lambda group: group.write({"user_ids": [(4, target.id)]})
                )
                self.assert_refused(
                    user, givers, lambda givers: givers.write({"implied_ids": [(4, group.id)]})
                )
                self.assert_none_made(user, "res.users", {"name": "New", "login": "new_colleague"})
        self.assertFalse(target.has_group("meddev_base.group_intake_agent"))
        target.with_user(self.administrator).write({"group_ids": [Command.link(group.id)]})
        self.assertTrue(target.has_group("meddev_base.group_intake_agent"))

    def test_a_service_manager_rewrites_no_right(self):
        """Access rows, rules, server actions and settings are the administrator's. [S0-25]"""
        rows = (
            self.env.ref("meddev_service.access_helpdesk_ticket_service_manager"),
            self.env.ref("meddev_service.helpdesk_ticket_rule_engineer_read"),
        )
        action = self.env["ir.actions.server"].create(
            {
                "name": "Nothing",
                "model_id": self.env.ref("helpdesk_mgmt.model_helpdesk_ticket").id,
                "state": "code",
            }
        )
        for role in ROLES:
            with self.subTest(role=role):
                for row in rows:
                    self.assert_refused(
                        self.users[role], row, lambda row: row.write({"active": False})
                    )
                self.assert_refused(
                    self.users[role], action, lambda action: action.write({"code": "env.cr"})
                )
                with self.assertRaises(AccessError), mute_logger(*REFUSALS):
                    self.env["ir.config_parameter"].with_user(self.users[role]).set_param("st", "1")
                self.assertFalse(
                    self.env["res.config.settings"].with_user(self.users[role]).has_access("create")
                )
        self.assertTrue(rows[0].with_user(self.administrator).has_access("write"))

    def test_who_loses_a_role_loses_its_rights_at_once(self):
        """A role that is taken away works no more from that moment on. [S0-23, K3]"""
        leaver = new_test_user(self.env, "leaver", "meddev_base.group_intake_agent")
        self.ticket.with_user(leaver).priority = "2"
        leaver.with_user(self.administrator).group_ids = self.env.ref("base.group_user")
        self.assert_refused(leaver, self.ticket, lambda ticket: ticket.write({"priority": "0"}))
        self.assert_unreadable(leaver, self.tickets | self.ticket)
        self.assert_unreadable(leaver, self.devices)

    def test_an_intake_agent_lets_nobody_in(self):
        """Who enters contacts gives them no login. [S0-25]"""
        intake = self.users["intake_agent"]
        group = self.env.ref("meddev_base.group_portal_hospital")
        guest = self._create_partner("New Nurse", parent=self.department)
        login = {"login": "new_nurse", "group_ids": [Command.set(group.ids)]}
        self.assert_refused(
            intake, guest, lambda guest: guest.write({"user_ids": [Command.create(login)]})
        )
        self.assertFalse(self.env["portal.wizard"].with_user(intake).has_access("create"))
        guest.with_user(intake).name = "New Nurse Wu"
        self.env["res.users"].with_user(self.administrator).with_context(
            no_reset_password=True
        ).create(login | {"partner_id": guest.id})
        self.assertEqual(guest.user_ids.login, "new_nurse")

    def test_a_colleagues_address_is_not_an_intake_agents_to_change(self):
        """Who edits contacts does not redirect the mail of a colleague's account. [S0-25]"""
        for victim in (self.administrator, self.users["compliance_auditor"]):
            for role in ("intake_agent", "parts_keeper", "service_manager"):
                with self.subTest(victim=victim.login, role=role):
                    self.assert_refused(
                        self.users[role],
                        victim.partner_id,
                        lambda partner: partner.write({"email": "mine@example.com"}),
                    )

    def test_a_client_calls_no_private_method(self):
        """What the program keeps to itself no client calls, whatever its role. [S0-25]"""
        manager = self.users["service_manager"]
        for model, record, method, args in (
            ("stock.lot", self.device, "_move_device_state", ["recalled", "Mine", False]),
            ("stock.lot", self.device, "_log_device_events", [[]]),
            ("helpdesk.ticket", self.ticket, "_move", ["archived", "Mine"]),
            ("audit.trail.entry", self.device, "_log_event", ["read"]),
        ):
            with (
                self.subTest(method=method),
                self.assertRaises(AccessError),
                mute_logger(*REFUSALS),
            ):
                call_kw(self.env[model].with_user(manager), method, [record.ids, *args], {})
        self.assertEqual(self.device.device_state, "in_service")
        self.assertEqual(self.ticket.service_state, "received")
        call_kw(
            self.env["helpdesk.ticket"].with_user(manager),
            "move_to",
            [self.ticket.ids, "dispatched"],
            {},
        )
        self.assertEqual(self.ticket.service_state, "dispatched")

    def test_no_context_key_stands_for_a_right(self):
        """What a client writes beside its request opens no guard. [S0-25]"""
        keys = {
            "su": True,
            "sudo": True,
            "uid": 1,
            "meddev_device_trusted": True,
            "install_mode": True,
            "tracking_disable": True,
            "import_file": True,
        }
        self.assert_refused(
            self.users["analyst"],
            self.ticket,
            lambda ticket: ticket.with_context(**keys).write({"priority": "0"}),
        )
        self.assert_refused(
            self.users["intake_agent"],
            self.ticket,
            lambda ticket: ticket.with_context(**keys).write({"service_state": "archived"}),
            UserError,
        )
        self.assert_refused(
            self.users["service_manager"],
            self.device,
            lambda device: device.with_context(**keys).move_device_state("recalled", "Mine"),
            UserError,
        )
        self.assert_refused(
            self.users["dispatcher"],
            self.device,
            lambda device: device.with_context(**keys).write({"device_state": "retired"}),
        )


@tagged("post_install", "-at_install")
class TestStatementsOnWaysAround(StatementCase):
    """No detour leads an engineer to a ticket that is not theirs. [S0-25, K3]"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        dispatcher = cls.users["dispatcher"]
        for ticket, engineer, team in (
            (cls.ticket, cls.engineer, cls.north),
            (cls.near_ticket, cls.stranger, cls.south),
        ):
            ticket = ticket.with_user(dispatcher)
            ticket.write({"team_id": team.id, "user_id": engineer.id})
            ticket.move_to("dispatched")

    def test_a_user_who_changes_team_gains_and_loses_tickets_at_once(self):
        """A user who changes team gains and loses tickets at once. [K3]"""
        both = self.ticket | self.near_ticket
        self.assert_reads(self.colleague, both, self.ticket)
        manager = self.users["service_manager"]
        self.north.with_user(manager).user_ids -= self.colleague
        self.assert_unreadable(self.colleague, both)
        self.south.with_user(manager).user_ids += self.colleague
        self.assert_reads(self.colleague, both, self.near_ticket)

    def test_an_engineer_puts_nobody_into_a_team(self):
        """Teams are made by the manager; an engineer does not join one alone. [S0-25]"""
        for vals in ({"helpdesk_team_ids": [Command.link(self.south.id)]}, {"team_line_ids": []}):
            self.assert_refused(
                self.engineer, self.engineer, lambda user, vals=vals: user.write(vals)
            )
        self.assert_refused(
            self.engineer,
            self.south,
            lambda team: team.write({"user_ids": [Command.link(self.engineer.id)]}),
        )
        self.assertEqual(self.south.user_ids, self.stranger)

    def test_taking_over_a_ticket_is_no_way_to_own_it(self):
        """Writing oneself into another's ticket is refused, by hand and by button. [S0-25]"""
        mine = {"user_id": self.engineer.id}
        self.assert_refused(self.engineer, self.near_ticket, lambda ticket: ticket.write(mine))
        self.assert_refused(self.engineer, self.near_ticket, lambda ticket: ticket.assign_to_me())
        self.assert_refused(self.engineer, self.near_ticket, lambda ticket: ticket.copy())
        free = self._dispatch(self.far_ticket)
        self.assertEqual(free.with_user(self.engineer).assign_to_me()["id"], free.id)
        self.assertEqual(free.user_id, self.engineer)

    def test_an_engineer_opens_no_ticket_in_anothers_name(self):
        """An engineer opens tickets of their own and of their team, not for others. [K3]"""
        vals = {"name": "Seen on site", "description": "Noise", "lot_id": self.device.id}
        for others in ({"user_id": self.stranger.id}, {"user_id": False, "team_id": self.south.id}):
            self.assert_none_made(self.engineer, "helpdesk.ticket", vals | others)
        tickets = self.env["helpdesk.ticket"].with_user(self.engineer)
        ticket = tickets.create(vals | {"user_id": self.engineer.id})
        self.assertEqual((ticket.user_id, ticket.team_id), (self.engineer, self.north))

    def test_being_named_is_no_dispatch(self):
        """A ticket that bears an engineer's name waits until it is dispatched. [S0-24]"""
        ticket = self._open_ticket(self.device, user_id=self.engineer.id)
        self.assert_refused(
            self.engineer, ticket, lambda ticket: ticket.move_to("in_progress"), UserError
        )
        self.assert_refused(self.engineer, ticket, lambda ticket: ticket.move_to("dispatched"))

    def test_following_is_no_way_in(self):
        """Nobody makes themselves a follower of what they may not read. [S0-25]"""
        self.engineer.email = "engineer@example.com"
        me = self.engineer.partner_id
        ticket = self.near_ticket.with_user(self.engineer)
        with mute_logger(*REFUSALS):
            self.assertFalse(ticket.message_subscribe(me.ids))
        self.assert_none_made(
            self.engineer,
            "mail.followers",
            {"res_model": ticket._name, "res_id": ticket.id, "partner_id": me.id},
        )
        wizard = self.env["mail.followers.edit"].with_user(self.engineer)
        wizard = wizard.create(
            {
                "res_model": ticket._name,
                "res_ids": str(ticket.ids),
                "partner_ids": [Command.set((me | self.contact).ids)],
            }
        )
        self.assert_refused(self.engineer, wizard, lambda wizard: wizard.edit_followers())
        self.assertNotIn(me, self.near_ticket.message_partner_ids)
        self.assert_unreadable(self.engineer, self.near_ticket)

    def test_messages_and_files_are_as_closed_as_their_ticket(self):
        """What was said and shown on another team's ticket an engineer does not read. [K3]"""
        both = self.ticket | self.near_ticket
        notes = [ticket.message_post(body="Password is 1234") for ticket in both]
        files = self.env["ir.attachment"].create(
            [
                {"name": "a.txt", "raw": b"a", "res_model": both._name, "res_id": ticket.id}
                for ticket in both
            ]
        )
        plans = [
            ticket.activity_schedule(
                "mail.mail_activity_data_todo", user_id=self.users["dispatcher"].id
            )
            for ticket in both
        ]
        for own, theirs in (notes, files, plans):
            with self.subTest(model=own._name):
                self.assert_reads(self.engineer, own | theirs, own)
                self.assert_reads(self.stranger, own | theirs, theirs)

    def test_a_device_leads_to_no_ticket_of_another_team(self):
        """All devices are known to an engineer; what is done on them is not. [K3]"""
        device = self.near_device.with_user(self.engineer)
        self.env.invalidate_all()
        self.assertFalse(device.ticket_ids)
        self.assertEqual(device.ticket_count, 0)
        lots = device.browse()
        named = [("ticket_ids.name", "ilike", "Alarm"), ("id", "in", self.devices.ids)]
        self.assertEqual(lots.search(named).ids, self.device.ids)
        read = device.web_read({"ticket_ids": {"fields": {"name": {}}}})
        self.assertEqual(read, [{"id": device.id, "ticket_ids": []}])

    def test_archived_records_stay_in_scope(self):
        """Hiding a ticket from the lists opens it to nobody and closes it to nobody. [K3]"""
        ours, theirs = (
            self._open_ticket(device, user_id=user.id, active=False)
            for device, user in ((self.device, self.engineer), (self.near_device, self.stranger))
        )
        for user, own, other in (
            (self.engineer, ours, theirs),
            (self.colleague, ours, theirs),
            (self.stranger, theirs, ours),
        ):
            hidden = (ours | theirs).with_user(user).with_context(active_test=False)
            self.assertEqual(hidden.search([("id", "in", hidden.ids)]).ids, own.ids)
            self.assert_unreadable(user, other)
        # Neither does hiding the team.
        (self.north | self.south).active = False
        self.env.invalidate_all()
        self.assertTrue(ours.with_user(self.colleague).read(["name"]))
        self.assert_unreadable(self.colleague, theirs)

    def test_an_import_changes_no_ticket_of_another_team(self):
        """A file that names another team's ticket changes nothing in it. [S0-25]"""
        before = self._get_rows(self.near_ticket)
        tickets = self.env["helpdesk.ticket"].with_user(self.engineer)
        with mute_logger(*REFUSALS):
            answer = tickets.load([".id", "name"], [[str(self.near_ticket.id), "Mine"]])
        self.assertFalse(answer["ids"])
        self.assertTrue(answer["messages"])
        self.assertEqual(self._get_rows(self.near_ticket), before)
        answer = tickets.load([".id", "name"], [[str(self.ticket.id), "Fan"]])
        self.assertEqual((answer["ids"], self.ticket.name), (self.ticket.ids, "Fan"))

    def test_a_server_action_lends_no_right(self):
        """An action of the administrator does for a user what the user may do. [S0-25]"""
        action = self.env["ir.actions.server"].create(
            {
                "name": "Close quickly",
                "model_id": self.env.ref("helpdesk_mgmt.model_helpdesk_ticket").id,
                "state": "code",
                "code": "records.write({'name': 'Mine'})",
            }
        )

        def run(ticket):
            context = {"active_model": ticket._name, "active_ids": ticket.ids}
            action.with_user(ticket.env.user).with_context(**context).run()

        self.assert_refused(self.engineer, self.near_ticket, run)
        self.assert_refused(self.users["analyst"], self.near_ticket, run)
        run(self.ticket.with_user(self.engineer))
        self.assertEqual(self.ticket.name, "Mine")

    def test_what_a_colleague_prepares_is_theirs(self):
        """Imports, reasons and drafts are read by who began them. [S0-26]"""
        intake = self.users["intake_agent"]
        begun = self.env["meddev.device.import"].with_user(intake).create({"filename": "a.csv"})
        line = self.env["meddev.device.import.line"].with_user(intake)
        line = line.create({"import_id": begun.id, "message": "No such product"})
        reason = self.env["audit.trail.reason"].with_user(intake)
        reason = reason.create({"res_model": "res.partner", "res_ids": [1], "reason": "Moved"})
        for records in (begun, line, reason):
            with self.subTest(model=records._name):
                self.assert_reads(intake, records.with_env(self.env), records)
                self.assert_unreadable(self.users["parts_keeper"], records)
