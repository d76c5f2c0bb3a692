from odoo import api, models
from odoo.models import MAGIC_COLUMNS
from odoo.tools import SQL

from .helpdesk_ticket_archive import STATE_ARCHIVED

_TICKET = "helpdesk.ticket"
#: What the system itself writes on an attachment: how it is found and fetched.
_TECHNICAL_FIELDS = {"access_token", "index_content"}
#: Where core keeps the content: the same bytes may move to another place.
_STORAGE_FIELDS = {"checksum", "db_datas", "file_size", "store_fname"}


class IrAttachment(models.Model):
    """Attachments of an archived ticket, and of its messages, are frozen with it."""

    _inherit = "ir.attachment"

    @api.model_create_multi
    def create(self, vals_list):
        attachments = super().create(vals_list)
        # Asked of the rows: values may come from defaults of the client's context.
        attachments._ensure_targets_not_archived(
            {"res_model": attachment.res_model, "res_id": attachment.res_id}
            # sudo: where they lie now; core has checked the caller's rights.
            for attachment in attachments.sudo()
        )
        return attachments

    def write(self, vals):
        if self and not self._is_technical_write(vals):
            self._ensure_tickets_not_archived()
            self._ensure_targets_not_archived(
                {
                    "res_model": vals.get("res_model", attachment.res_model),
                    "res_id": vals.get("res_id", attachment.res_id),
                }
                # sudo: where they lie now; core checks the caller's rights in super().
                for attachment in self.sudo()
                if "res_model" in vals or "res_id" in vals
            )
        return super().write(vals)

    def _write_multi(self, vals_list):
        """Refuse it below ``write`` as well, where the code of a server action also reaches."""
        changed = [
            attachment.id
            for attachment, vals in zip(self, vals_list, strict=True)
            if not attachment._is_technical_update(vals)
        ]
        self.browse(changed)._ensure_tickets_not_archived()
        return super()._write_multi(vals_list)

    def _is_technical_update(self, vals):
        """Whether an UPDATE leaves the content as it is: the checksum says so, not the caller."""
        names = vals.keys() - _TECHNICAL_FIELDS - set(MAGIC_COLUMNS)
        if not names:
            return True
        if names - _STORAGE_FIELDS:
            return False
        rows = self.env.execute_query(
            SQL("SELECT checksum, store_fname, db_datas FROM ir_attachment WHERE id = %s", self.id)
        )
        checksum, name, content = rows[0] if rows else (None, None, None)
        name = vals.get("store_fname", name)
        content = vals.get("db_datas", content)
        # Binary columns come wrapped for PostgreSQL.
        content = bytes(getattr(content, "adapted", content) or b"")
        # Core names the files of its store by their checksum.
        is_kept = name.endswith(checksum) if name else self._compute_checksum(content) == checksum
        return is_kept and vals.get("checksum", checksum) == checksum

    def unlink(self):
        self._ensure_tickets_not_archived()
        return super().unlink()

    def _is_technical_write(self, vals):
        """Whether only the storage changes: a token, or the same bytes in another place."""
        names = vals.keys() - _TECHNICAL_FIELDS
        if not names <= {"raw", "mimetype"} or "raw" not in names:
            return not names
        content = vals["raw"].encode() if isinstance(vals["raw"], str) else vals["raw"] or b""
        checksum = self._compute_checksum(content)
        # sudo: compares digests, shows nothing.
        return all(
            attachment.checksum == checksum
            and vals.get("mimetype", attachment.mimetype) == attachment.mimetype
            for attachment in self.sudo()
        )

    @api.model
    def _ensure_targets_not_archived(self, targets):
        """:param targets: dicts with the ``res_model`` and ``res_id`` of attachments to come."""
        ticket_ids = [
            target["res_id"]
            for target in targets
            if target.get("res_model") == _TICKET and target.get("res_id")
        ]
        if ticket_ids:
            tickets = self.env[_TICKET]._browse_existing(ticket_ids)
            tickets._ensure_not_archived(self.env._("attachments"))

    def _ensure_tickets_not_archived(self):
        if not self.ids:
            return
        self.env[_TICKET].flush_model(["service_state"])
        self.env["mail.message"].flush_model(["model", "res_id", "attachment_ids"])
        self.flush_recordset(["res_model", "res_id"])
        # Raw SQL: one query for both ways in which an attachment belongs to a ticket, on a model
        # that all of Odoo writes to.
        self.env.cr.execute(
            """
            SELECT ticket.id
              FROM ir_attachment attachment
              JOIN helpdesk_ticket ticket ON ticket.id = attachment.res_id
             WHERE attachment.id = ANY(%(ids)s)
               AND attachment.res_model = 'helpdesk.ticket'
               AND ticket.service_state = %(archived)s
             UNION
            SELECT ticket.id
              FROM message_attachment_rel rel
              JOIN mail_message message ON message.id = rel.message_id
              JOIN helpdesk_ticket ticket ON ticket.id = message.res_id
             WHERE rel.attachment_id = ANY(%(ids)s)
               AND message.model = 'helpdesk.ticket'
               AND ticket.service_state = %(archived)s
            """,
            {"ids": self.ids, "archived": STATE_ARCHIVED},
        )
        tickets = self.env[_TICKET].browse(ticket_id for (ticket_id,) in self.env.cr.fetchall())
        tickets._ensure_not_archived(self.env._("attachments"))
