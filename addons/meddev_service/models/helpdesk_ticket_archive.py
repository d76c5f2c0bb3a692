from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import UserError

from .ticket_state import STATE_ARCHIVED

#: Columns of an archived ticket that may still change: none of them says what happened.
#: Every change is recorded in meddev.ticket.amendment. All other stored fields are evidence.
TECHNICAL_FIELDS = frozenset(
    [
        "access_token",
        "activity_date_deadline",
        "color",
        "kanban_state",
        "message_main_attachment_id",
        "sequence",
    ]
)

_MAGIC_FIELDS = frozenset(["id", "create_uid", "create_date", "write_uid", "write_date"])

# Key of the ids whose last tracking message is being written; lives on the cursor, which no
# client reaches, and only while _seal runs.
_SEALING = object()


class HelpdeskTicket(models.Model):
    """What an archived ticket keeps: everything. Frozen for everyone, under sudo as well."""

    _inherit = "helpdesk.ticket"

    def write(self, vals):
        if archived := self.filtered(lambda ticket: ticket.service_state == STATE_ARCHIVED):
            archived._ensure_evidence_unchanged(vals)
        if vals.get("active") is False:
            # 归档 is a state, not active=False: nothing that was worked on disappears.
            self._ensure_never_moved(self.env._("it cannot be hidden"))
        return super().write(vals)

    @api.model
    def _get_evidence_fields(self):
        """Names of the fields that are frozen once a ticket is archived.

        Stored fields that other addons add are evidence unless they extend TECHNICAL_FIELDS.
        """
        return {
            name
            for name, field in self._fields.items()
            if field.store
            and name not in _MAGIC_FIELDS
            and field.type != "one2many"
            and name not in TECHNICAL_FIELDS
        }

    def _ensure_evidence_unchanged(self, vals):
        names = self._get_evidence_fields() & vals.keys()
        changed = {
            name for name in names if any(ticket._would_change(name, vals[name]) for ticket in self)
        }
        if changed:
            labels = [self._fields[name]._description_string(self.env) for name in sorted(changed)]
            raise UserError(
                self.env._(
                    "Ticket %(tickets)s is archived: %(fields)s can no longer be changed. Open a"
                    " new ticket that follows up on it.",
                    tickets=", ".join(self.mapped("number")),
                    fields=", ".join(labels),
                )
            )

    def _would_change(self, name, value):
        """Whether writing ``value`` changes the field; an upgrade may write what is there."""
        self.ensure_one()
        field = self._fields[name]
        if field.type == "many2many":
            commands = value or []
            return not all(
                command[0] == 6 and set(command[2]) == set(self[name].ids) for command in commands
            )
        if field.type == "properties":
            return True
        present = field.convert_to_cache(self[name], self, validate=False)
        return field.convert_to_cache(value, self) != present

    def _ensure_not_archived(self, what):
        """Refuse ``what`` (a translated noun) on archived tickets; asked by everything that
        belongs to a ticket: messages, attachments, activities, lines of other addons."""
        sealing = self.env.cr.cache.get(_SEALING, ())
        # sudo: frozen for those who may not read the ticket as well.
        archived = self.sudo().filtered(
            lambda ticket: ticket.service_state == STATE_ARCHIVED and ticket.id not in sealing
        )
        if archived:
            raise UserError(
                self.env._(
                    "Ticket %(tickets)s is archived: %(what)s can no longer be added, changed or"
                    " deleted. Open a new ticket that follows up on it.",
                    tickets=", ".join(archived.mapped("number")),
                    what=what,
                )
            )

    @api.model
    def _browse_existing(self, ids):
        """These tickets as far as they exist; without a query when they are in the cache."""
        # sudo: what is frozen is frozen for those who may not read the ticket as well.
        tickets = self.sudo().with_context(active_test=False).browse(set(ids))
        missing = tickets.filtered(
            lambda ticket: not self.env.cache.contains(ticket, self._fields["service_state"])
        )
        return (tickets - missing) | missing.exists()

    def _ensure_no_open_activities(self):
        # sudo: activities of colleagues count as well; only the ticket is named.
        if busy := self.sudo().filtered("activity_ids"):
            raise UserError(
                self.env._(
                    "Ticket %(tickets)s has open activities. Finish or cancel them before you"
                    " archive it.",
                    tickets=", ".join(busy.mapped("number")),
                )
            )

    def _seal(self):
        """Write the tracking messages of everything up to the archiving itself."""
        with self._sealing():
            self._track_finalize()
            self.env.flush_all()

    @contextmanager
    def _sealing(self):
        sealing = self.env.cr.cache.setdefault(_SEALING, set())
        sealing.update(self.ids)
        try:
            yield
        finally:
            sealing.difference_update(self.ids)
