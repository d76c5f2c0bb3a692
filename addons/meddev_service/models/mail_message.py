from odoo import api, models
from odoo.models import MAGIC_COLUMNS
from odoo.tools import SQL

from .ticket_state import STATE_ARCHIVED

_TICKET = "helpdesk.ticket"
#: What the system and each reader write on a message without changing what it says.
_TECHNICAL_FIELDS = {
    "mail_server_id",
    "message_id",
    "notification_ids",
    "pinned_at",
    "starred",
    "starred_partner_ids",
}


class MailMessage(models.Model):
    """Messages of a ticket are as closed as the ticket, and frozen with it once it is archived."""

    _inherit = "mail.message"

    # ------------------------------------------------------------ access

    def _get_forbidden_access(self, operation):
        """As core, and outsiders read no internal message of any kind, nobody one of a ticket that
        is closed to them.

        Core refuses outsiders internal comments alone: the search hides all others, but by its id
        a log or a note that a program wrote was read.
        """
        forbidden = super()._get_forbidden_access(operation)
        if operation in ("create", "read") and not self.env.user._is_internal():
            forbidden += (self - forbidden)._get_internal_ones(operation)
        forbidden += (self - forbidden)._get_ones_of_closed_tickets(operation)
        return forbidden

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, *, bypass_access=False, **kwargs):
        query = super()._search(domain, offset, limit, order, bypass_access=bypass_access, **kwargs)
        if self.env.su or bypass_access:
            return query
        # Core has looked at each of them as well, so that the ids are known.
        messages = self.browse(query.get_result_ids())
        closed = messages._get_ones_of_closed_tickets("read")
        return (messages - closed)._as_query(order) if closed else query

    def _get_ones_of_closed_tickets(self, operation):
        """Those of these messages on tickets on which this user may not do that.

        To core, having been notified, named or answered, and following, is a right to a message. A
        dealer who follows a ticket would read on after the last day: here the ticket decides, and
        for what one wrote oneself core. Private notifications are created by who causes them.
        """
        self.flush_recordset(["author_id", "create_uid", "message_type", "model", "res_id"])
        partner_id = self.env.user.partner_id.id
        own = {
            "read": SQL("OR author_id = %s OR create_uid = %s", partner_id, self.env.uid),
            "write": SQL("OR author_id = %s", partner_id),
            "create": SQL("OR message_type = 'user_notification'"),
        }
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, res_id FROM mail_message
                 WHERE id = ANY(%s) AND model = %s AND res_id > 0 AND (FALSE %s) IS NOT TRUE
                """,
                list(self.ids),
                _TICKET,
                own.get(operation, SQL()),
            )
        )
        if not rows:
            return self.browse()
        ticket_ids = list({ticket_id for _message_id, ticket_id in rows})
        allowed = self._filter_records_for_message_operation(_TICKET, ticket_ids, operation)
        allowed_ids = set(allowed.ids)
        return self.browse(
            message_id for message_id, ticket_id in rows if ticket_id not in allowed_ids
        )

    def _get_internal_ones(self, operation):
        """Those of these messages that are not meant for outsiders.

        On other records than tickets outsiders create logs by what they do there, and read them
        for core to go on; on a ticket the system writes them.
        """
        self.flush_recordset(["create_uid", "is_internal", "model", "subtype_id"])
        condition = SQL("message.model = %s", _TICKET)
        if operation == "read":
            condition = SQL("(%s OR message.create_uid != %s)", condition, self.env.uid)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT message.id
                  FROM mail_message message
             LEFT JOIN mail_message_subtype subtype ON subtype.id = message.subtype_id
                 WHERE message.id = ANY(%s) AND %s
                   AND (message.is_internal OR subtype.id IS NULL OR subtype.internal)
                """,
                list(self.ids),
                condition,
            )
        )
        return self.browse(message_id for (message_id,) in rows)

    def _portal_message_format(self, properties_names, options=None):
        # sudo: core has asked whether they may be read. Its own pages give everybody the access
        # token, which does the same: authors are named to readers who see no partner record.
        messages = self.sudo() if set(self.mapped("model")) == {_TICKET} else self
        return super(MailMessage, messages)._portal_message_format(
            properties_names, options=options
        )

    # ------------------------------------------------------------ archived

    @api.model_create_multi
    def create(self, vals_list):
        messages = super().create(vals_list)
        # Asked of the rows: values may come from defaults of the client's context.
        messages._ensure_tickets_not_archived()
        return messages

    def write(self, vals):
        if vals.keys() - _TECHNICAL_FIELDS:
            self._ensure_tickets_not_archived()
            if "model" in vals or "res_id" in vals:
                # sudo: where the messages lie now; core checks the caller's rights in super().
                self._ensure_threads_not_archived(
                    (vals.get("model", message.model), vals.get("res_id", message.res_id))
                    for message in self.sudo()
                )
        return super().write(vals)

    def _write_multi(self, vals_list):
        """Refuse it below ``write`` as well, where the code of a server action also reaches."""
        names = set().union(*vals_list)
        if self.ids and names - _TECHNICAL_FIELDS - set(MAGIC_COLUMNS):
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ticket.id
                      FROM mail_message message
                      JOIN helpdesk_ticket ticket ON ticket.id = message.res_id
                     WHERE message.id IN %s AND message.model = %s AND ticket.service_state = %s
                    """,
                    tuple(self.ids),
                    _TICKET,
                    STATE_ARCHIVED,
                )
            )
            tickets = self.env[_TICKET].browse(ticket_id for (ticket_id,) in rows)
            tickets._ensure_not_archived(self.env._("messages"))
        return super()._write_multi(vals_list)

    def unlink(self):
        self._ensure_tickets_not_archived()
        return super().unlink()

    @api.model
    def _ensure_threads_not_archived(self, threads):
        """:param threads: pairs of model name and id."""
        ids = [int(res_id) for model, res_id in threads if model == _TICKET and res_id]
        if ids:
            tickets = self.env[_TICKET]._browse_existing(ids)
            tickets._ensure_not_archived(self.env._("messages"))

    def _ensure_tickets_not_archived(self):
        # sudo: which thread a message belongs to; core checks the caller's rights in super().
        self._ensure_threads_not_archived(
            (message.model, message.res_id) for message in self.sudo()
        )

    def _get_archived_tickets(self):
        # sudo: asked by the mail queue, which sends for everybody.
        ids = [message.res_id for message in self.sudo() if message.model == _TICKET]
        tickets = self.env[_TICKET]._browse_existing(ids)
        return tickets.filtered(lambda ticket: ticket.service_state == STATE_ARCHIVED)
