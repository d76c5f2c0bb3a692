from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TicketCommon


@tagged("post_install", "-at_install")
class TestAttackArchive(TicketCommon):
    """Ways round the freezing of an archived ticket that were tried and once worked."""

    def setUp(self):
        super().setUp()
        self.ticket = self._open()
        self.note = self.ticket.message_post(body="Seen on site")
        self.file = self.env["ir.attachment"].create(
            {
                "name": "a.txt",
                "raw": b"a",
                "res_model": "helpdesk.ticket",
                "res_id": self.ticket.id,
            }
        )
        # A commit of its own: core tracks nothing in the transaction that creates.
        self.env.cr.precommit.run()
        self._bring_to("archived", self.ticket)
        self.env.flush_all()

    def _amendments(self, **values):
        self.env.flush_all()
        self.env.invalidate_all()
        domain = [("ticket_id", "=", self.ticket.id)]
        domain += [(name, "=", value) for name, value in values.items()]
        return self.env["meddev.ticket.amendment"].search(domain)

    def _run(self, code, record=None):
        """Run the code of a server action on a record, as the strongest user."""
        record = record or self.ticket
        action = self.env["ir.actions.server"].create(
            {
                "name": "Forge",
                "model_id": self.env["ir.model"]._get_id(record._name),
                "state": "code",
                "code": code,
            }
        )
        context = {"active_id": record.id, "active_model": record._name}
        with self.env.cr.savepoint():
            action.with_context(**context).run()
            self.env.flush_all()

    def test_no_way_below_write_changes_a_ticket(self):
        for code in (
            "record._write({'name': 'forged'})",
            "record.sudo()._write({'closed_date': None})",
            "record._fields['name'].write(record, 'forged')",
            "env.cache.set(record, record._fields['name'], 'forged', dirty=True)",
            "record._write_multi([{'service_state': 'done'}])",
        ):
            with self.subTest(code=code), self.assertRaisesRegex(UserError, "archived|written"):
                self._run(code)
            self.env.invalidate_all()
        self.assertEqual(self.ticket.name, "Alarm does not stop")
        self.assertFalse(self._amendments())

    def test_no_way_below_write_moves_a_ticket(self):
        ticket = self._open()
        for code in (
            "record._write({'service_state': 'done', 'done_at': datetime.datetime.now()})",
            "record._fields['service_state'].write(record, 'dispatched')",
            "record._write({'received_by_id': 1})",
        ):
            with self.subTest(code=code), self.assertRaisesRegex(UserError, "cannot be written"):
                self._run(code, ticket)
            self.env.invalidate_all()
        ticket.move_to("dispatched")
        self.env.flush_all()
        with self.assertRaises(UserError):
            self._run("record._write({'service_state': 'received'})", ticket)

    def test_no_way_below_write_changes_what_belongs_to_it(self):
        tracking = self.ticket.sudo().message_ids.tracking_value_ids[:1]
        for record, code in (
            (self.note, "record._write({'body': 'forged'})"),
            (self.note, "record._fields['author_id'].write(record, env.user.partner_id)"),
            (self.file, "record._write({'name': 'forged.txt'})"),
            (self.file, "record._write({'store_fname': 'forged'})"),
            (self.ticket.stage_id, "record._write({'service_state': 'done'})"),
            (self.ticket.stage_id, "record._write({'is_used': False})"),
            (self.ticket.transition_ids[0], "record._write({'reason': 'forged', 'user_id': 1})"),
            (self.ticket.transition_ids[0], "record._create([{'stored': {}, 'inversed': {}}])"),
            (tracking, "record._write({'new_value_char': 'forged'})"),
            (self.ticket, "env['meddev.ticket.amendment']._create([{'stored': {}}])"),
        ):
            with self.subTest(code=code), self.assertRaises(UserError):
                self._run(code, record.sudo())
            self.env.invalidate_all()

    def test_content_in_the_database_is_no_technical_column(self):
        self.env["ir.config_parameter"].set_param("ir_attachment.location", "db")
        for content in (b"forged", False):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.file.sudo().write({"db_datas": content})
        self.file.sudo().write({"raw": b"a", "mimetype": self.file.mimetype})
        self.env.flush_all()
        self.assertEqual(self.file.raw, b"a")
        self.assertFalse(self._amendments())

    def test_reactions_are_frozen_with_the_message(self):
        reactions = self.env["mail.message.reaction"].sudo()
        values = {"content": "👍", "partner_id": self.contact.id}
        with self.assertRaises(UserError), self.env.cr.savepoint():
            reactions.create({"message_id": self.note.id} | values)
        other = self._open().message_post(body="Fine")
        reaction = reactions.create({"message_id": other.id} | values)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            reaction.write({"message_id": self.note.id})
        reaction.unlink()

    def test_who_received_and_who_wrote_cannot_be_deleted(self):
        """PostgreSQL would empty the columns that name them."""
        clerk = new_test_user(
            self.env, login="service_clerk", groups="meddev_base.group_intake_agent"
        )
        ticket = self._open(user=clerk)
        nurse = self.env["res.partner"].create({"name": "Ann", "parent_id": self.department.id})
        ticket.sudo().message_post(body="It was like this", author_id=nurse.id)
        self._bring_to("archived", ticket)
        self.env.flush_all()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            clerk.unlink()
        with self.assertRaisesRegex(UserError, "Archive the contact"), self.cr.savepoint():
            nurse.unlink()
        self.env["res.partner"].create({"name": "Nobody"}).unlink()

    def test_archived_ticket_does_not_follow_its_customer_stage_or_device(self):
        """Open tickets follow; what an archived one said then, it says for good."""
        companies = self.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("Old Ltd", "New Ltd")]
        )
        person = self.env["res.partner"].create({"name": "Ann", "parent_id": companies[0].id})
        opened, archived = (self._open(lot_id=False, partner_id=person.id) for _index in range(2))
        self._bring_to("archived", archived)
        self.env.flush_all()
        person.parent_id = companies[1]
        archived.sudo().stage_id.unattended = True
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(opened.commercial_partner_id, companies[1])
        self.assertEqual(archived.commercial_partner_id, companies[0])
        self.assertFalse(archived.unattended)
        self.ticket = archived
        self.assertFalse(self._amendments())

    def test_no_second_ticket_takes_its_number(self):
        for forge in (
            lambda: self._open(number=self.ticket.number),
            lambda: self.ticket.copy({"number": self.ticket.number}),
            lambda: self.tickets.create(
                [{"name": "Twin", "description": "x", "number": "TWIN-1"} for _index in range(2)]
            ),
        ):
            with self.assertRaisesRegex(UserError, "already taken"), self.env.cr.savepoint():
                forge()
        self.assertEqual(self._open(number="OLD-SYSTEM-1").number, "OLD-SYSTEM-1")

    def test_sql_on_messages_and_attachments_is_recorded(self):
        for table, record, part, column in (
            ("mail_message", self.note, "message", "subject"),
            ("ir_attachment", self.file, "attachment", "name"),
        ):
            old = record[column] or None
            self.env.cr.execute(
                f"UPDATE {table} SET {column} = 'Migrated' WHERE id = %s", record.ids
            )
            amendment = self._amendments(part=part)
            self.assertEqual(amendment.part_id, record.id)
            self.assertEqual(amendment.changes, {column: [old, "Migrated"]})
            self.assertTrue(amendment.summary)
            record_id = record.id
            self.env.cr.execute(f"DELETE FROM {table} WHERE id = %s", record.ids)
            deletion = self._amendments(part=part) - amendment
            self.assertEqual((deletion.part_id, deletion.is_deletion), (record_id, True))
            self.assertEqual(deletion.changes[column], ["Migrated", None])

    def test_merged_author_is_recorded(self):
        ticket = self._open()
        double = self.env["res.partner"].create(
            {"name": "Nurse Wang (2)", "parent_id": self.department.id}
        )
        message = ticket.sudo().message_post(body="Again", author_id=double.id)
        self._bring_to("archived", ticket)
        self.env.flush_all()
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (double | self.contact).ids, self.contact
        )
        self.env.invalidate_all()
        self.assertEqual(message.author_id, self.contact)
        self.ticket = ticket
        amendment = self._amendments(part="message", part_id=message.id)
        self.assertEqual((amendment.cause, amendment.user_id), ("partner_merge", self.env.user))
        self.assertEqual(amendment.changes["author_id"], [double.id, self.contact.id])

    def test_upgrade_may_write_and_is_recorded(self):
        """An addon that is being installed fills its columns, also on archived tickets."""
        self.patch(self.env.registry, "ready", False)
        self.ticket.sudo().write({"name": "Migrated"})
        self.note.sudo().write({"subject": "Migrated"})
        self.assertEqual(self._amendments(part="ticket").changes["name"][1], "Migrated")
        self.assertEqual(self._amendments(part="message").changes["subject"], [None, "Migrated"])
        self.patch(self.env.registry, "ready", True)
        with self.assertRaises(UserError):
            self.ticket.sudo().write({"name": "Forged"})

    def test_lines_of_an_archived_ticket_through_other_records(self):
        ticket = self.ticket.sudo()
        for record, vals in (
            (self.hospital, {"helpdesk_ticket_ids": [Command.clear()]}),
            (self.device, {"ticket_ids": [Command.unlink(ticket.id)]}),
            (ticket, {"attachment_ids": [Command.update(self.file.id, {"name": "forged"})]}),
            (ticket, {"attachment_ids": [Command.clear()]}),
            (ticket, {"transition_ids": [Command.clear()]}),
            (self._open(), {"transition_ids": [Command.link(ticket.transition_ids[0].id)]}),
            (self.note, {"tracking_value_ids": [Command.create({"new_value_char": "forged"})]}),
            (self.note, {"attachment_ids": [Command.clear()]}),
        ):
            with self.subTest(vals=vals), self.assertRaises(UserError), self.env.cr.savepoint():
                record.sudo().write(vals)
                self.env.flush_all()
