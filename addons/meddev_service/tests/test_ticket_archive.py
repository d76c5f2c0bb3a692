import base64

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.helpdesk_ticket_archive import TECHNICAL_FIELDS
from .common import TicketCommon


@tagged("post_install", "-at_install")
class TestTicketArchive(TicketCommon):
    def setUp(self):
        super().setUp()
        self.ticket = self._open()
        self.note = self.ticket.message_post(body="Seen on site")
        self.file = self._attach(self.ticket)
        system = self.env.ref("base.user_root")
        self.loose = (
            self.env["ir.attachment"]
            .with_user(system)
            .create({"name": "loose.txt", "raw": b"loose"})
        )
        self.posted = self.ticket.with_user(system).message_post(
            body="With a file", attachment_ids=self.loose.ids
        )
        # A commit of its own: core tracks nothing in the transaction that creates.
        self.env.cr.precommit.run()
        self._bring_to("archived", self.ticket)
        self.env.flush_all()
        # The strongest caller there is: the system itself, under sudo.
        self.root = self.ticket.with_user(self.env.ref("base.user_root")).sudo()

    def _attach(self, ticket):
        return self.env["ir.attachment"].create(
            {"name": "a.txt", "raw": b"a", "res_model": "helpdesk.ticket", "res_id": ticket.id}
        )

    def _amendments(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["meddev.ticket.amendment"].search([("ticket_id", "=", self.ticket.id)])

    def test_archived_stays_visible(self):
        """归档 is a state, not active=False."""
        found = self.tickets.with_user(self.analyst).search([("number", "=", self.ticket.number)])
        self.assertEqual(found, self.ticket)
        self.assertTrue(self.ticket.active)

    def test_archiving_itself_is_in_the_chatter_and_amends_nothing(self):
        self.env.cr.precommit.run()
        values = self.ticket.sudo().message_ids.tracking_value_ids
        self.assertIn("Archived", values.mapped("new_value_char"))
        self.assertFalse(self._amendments())

    def test_evidence_is_frozen_under_sudo(self):
        for vals in (
            {"name": "Forged"},
            {"description": "<p>Forged</p>"},
            {"user_id": self.other_engineer.id},
            {"partner_id": self.other_hospital.id},
            {"lot_id": self.other_device.id},
            {"priority": "0"},
            {"tag_ids": [Command.create({"name": "Forged"})]},
            {"closed_date": False},
            {"active": False},
            {"stage_id": self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done").id},
        ):
            with self.assertRaises(UserError, msg=vals):
                self.root.write(vals)
        with self.assertRaisesRegex(UserError, "Title"):
            self.root.name = "Forged"

    def test_every_stored_field_is_evidence_or_declared_technical(self):
        names = self.tickets._get_evidence_fields()
        self.assertFalse(names & TECHNICAL_FIELDS)
        for name in ("name", "description", "service_state", "lot_id", "tag_ids", "number"):
            self.assertIn(name, names)

    def test_upgrade_may_write_what_is_there(self):
        self.root.write({"name": self.ticket.name, "partner_id": self.hospital.id})
        self.root.write({"tag_ids": [Command.set([])]})
        self.assertFalse(self._amendments())

    def test_technical_columns_are_recorded(self):
        self.ticket.with_user(self.manager).write({"sequence": 3, "color": 4})
        self.ticket.with_user(self.manager).flush_recordset()
        amendment = self._amendments()
        self.assertEqual(amendment.cause, "technical")
        self.assertEqual(amendment.user_id, self.manager)
        self.assertEqual(amendment.changes["sequence"], [10, 3])
        self.assertIn("Sequence", amendment.summary)
        for forgery in (
            lambda: amendment.sudo().write({"changes": {}}),
            lambda: amendment.sudo().unlink(),
            lambda: amendment.sudo().create({"ticket_id": self.ticket.id}),
        ):
            with self.assertRaises(UserError):
                forgery()

    def test_plain_sql_is_recorded(self):
        """An upgrade script writes by SQL: the database itself keeps what it was."""
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET name = 'Migrated' WHERE id = %s", self.ticket.ids
        )
        self.assertEqual(self._amendments().changes["name"], ["Alarm does not stop", "Migrated"])

    def test_partner_merge_goes_through_and_is_recorded(self):
        double = self.env["res.partner"].create(
            {"name": "Nurse Wang (2)", "parent_id": self.department.id}
        )
        ticket = self._open(contact_id=double.id)
        self._bring_to("archived", ticket)
        self.env.flush_all()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((double | self.contact).ids, self.contact)
        self.env.invalidate_all()
        self.assertEqual(ticket.contact_id, self.contact)
        self.ticket = ticket
        amendment = self._amendments()
        self.assertEqual(amendment.cause, "partner_merge")
        self.assertEqual(amendment.changes["contact_id"], [double.id, self.contact.id])

    def test_attachments_are_frozen(self):
        attachments = self.env["ir.attachment"].sudo()
        for attachment in (self.file, self.loose):
            attachment = attachment.sudo()
            for change in (
                lambda attachment=attachment: attachment.write({"name": "forged.txt"}),
                lambda attachment=attachment: attachment.write({"raw": b"forged"}),
                lambda attachment=attachment: attachment.write({"res_id": 0}),
                lambda attachment=attachment: attachment.unlink(),
            ):
                with self.assertRaises(UserError):
                    change()
        with self.assertRaises(UserError):
            self._attach(self.ticket)
        other = attachments.create({"name": "b.txt", "raw": b"b"})
        with self.assertRaises(UserError):
            other.write({"res_model": "helpdesk.ticket", "res_id": self.ticket.id})
        self.assertEqual(self.file.raw, b"a")

    def test_storage_of_attachments_may_move(self):
        """The portal gives tokens; the administrator changes the storage."""
        self.assertTrue(self.file.sudo().generate_access_token())
        self.file.sudo().write({"raw": b"a", "mimetype": self.file.mimetype})

    def test_messages_are_frozen(self):
        message = self.note.sudo()
        for change in (
            lambda: message.write({"body": "forged"}),
            lambda: message.write({"date": "2020-01-01 00:00:00"}),
            lambda: message.write({"model": False, "res_id": False}),
            message.unlink,
            lambda: self.ticket.sudo()._message_update_content(message, body="forged"),
            lambda: self.root.message_post(body="late"),
            lambda: self.root._message_log(body="late"),
            lambda: (
                self.env["mail.message"]
                .sudo()
                .create({"model": "helpdesk.ticket", "res_id": self.ticket.id, "body": "late"})
            ),
        ):
            with self.assertRaises(UserError):
                change()
        elsewhere = self.hospital.message_post(body="elsewhere")
        with self.assertRaises(UserError):
            elsewhere.write({"model": "helpdesk.ticket", "res_id": self.ticket.id})
        tracking = self.ticket.sudo().message_ids.tracking_value_ids[:1]
        self.assertTrue(tracking)
        with self.assertRaises(UserError):
            tracking.write({"new_value_char": "forged"})
        with self.assertRaises(UserError):
            tracking.unlink()

    def test_reading_marks_are_no_evidence(self):
        self.note.with_user(self.manager).toggle_message_starred()
        self.ticket.with_user(self.manager).message_subscribe(self.manager.partner_id.ids)

    def test_mail_queue_keeps_the_message(self):
        """A sent e-mail that cleans up after itself must not take the ticket's message along."""
        ticket = self._open()
        mail = self.env["mail.mail"].create(
            {
                "model": "helpdesk.ticket",
                "res_id": ticket.id,
                "body_html": "closed",
                "auto_delete": True,
                "is_notification": False,
            }
        )
        message = mail.mail_message_id
        self._bring_to("archived", ticket)
        mail.write({"state": "sent", "message_id": "<sent@example.com>"})
        mail.unlink()
        self.assertTrue(message.exists())

    def test_nothing_can_be_planned(self):
        with self.assertRaises(UserError):
            self.ticket.sudo().activity_schedule("mail.mail_activity_data_todo")
        busy = self._bring_to("done")
        activity = busy.activity_schedule("mail.mail_activity_data_todo")
        with self.assertRaisesRegex(UserError, "activities"):
            busy.move_to("archived")
        activity.action_feedback(feedback="called")
        busy.move_to("archived")

    def test_what_evidence_points_to_cannot_vanish(self):
        tag = self.env["helpdesk.ticket.tag"].create({"name": "Alarm"})
        category = self.env["helpdesk.ticket.category"].create({"name": "Fault"})
        ticket = self._open(tag_ids=[Command.link(tag.id)], category_id=category.id)
        self._bring_to("archived", ticket)
        self.env.flush_all()
        with self.assertRaisesRegex(UserError, "archived tickets"):
            tag.unlink()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            category.unlink()
        with self.assertRaises(UserError):
            self.device.unlink()
        self.assertEqual(ticket.tag_ids, tag)

    def test_archived_cannot_be_deleted(self):
        for user in (self.manager, self.env.ref("base.user_admin")):
            with self.assertRaises(UserError):
                self.ticket.with_user(user).sudo().unlink()

    def test_server_action_cannot_touch_it(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Forge",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "state": "code",
                "code": "record.sudo().write({'name': 'forged'})",
            }
        )
        with self.assertRaises(UserError):
            action.with_context(active_id=self.ticket.id, active_model="helpdesk.ticket").run()

    def test_import_cannot_touch_it(self):
        data = self.env["ir.model.data"].create(
            {
                "module": "test",
                "name": "archived_ticket",
                "model": "helpdesk.ticket",
                "res_id": self.ticket.id,
            }
        )
        result = self.tickets.with_user(self.manager).load(
            ["id", "name"], [[data.complete_name, "forged"]]
        )
        self.assertTrue(result["messages"])
        self.assertEqual(self.ticket.name, "Alarm does not stop")

    def test_other_tickets_stay_writable(self):
        ticket = self._open()
        ticket.message_post(body="fine")
        attachment = self._attach(ticket)
        attachment.write({"name": "b.txt"})
        attachment.unlink()
        with self.assertRaises(AccessError):
            ticket.with_user(self.analyst).write({"name": "no"})

    def test_picture_in_a_note(self):
        """A pasted picture becomes an attachment of the note: refused with it."""
        image = base64.b64encode(b"GIF89a").decode()
        with self.assertRaises(UserError):
            self.root.message_post(body=f'<img src="data:image/gif;base64,{image}"/>')
