from odoo import api, fields, models
from odoo.exceptions import UserError

from .ticket_permission import get_sealing_ids
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


class HelpdeskTicket(models.Model):
    """What an archived ticket keeps: everything. Frozen for everyone, under sudo as well."""

    _inherit = "helpdesk.ticket"

    # What follows from other records follows them until the ticket is archived, and then no more
    product_id = fields.Many2one(
        "product.product",
        "Device Model",
        compute="_compute_product_id",
        compute_sudo=True,
        store=True,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    commercial_partner_id = fields.Many2one(
        "res.partner",
        related=None,
        compute="_compute_commercial_partner_id",
        compute_sudo=True,
        store=True,
        precompute=True,
        ondelete="restrict",
    )
    unattended = fields.Boolean(
        related=None, compute="_compute_unattended", compute_sudo=True, store=True
    )

    @api.depends("lot_id.product_id")
    def _compute_product_id(self):
        for ticket in self._keep_archived("product_id"):
            ticket.product_id = ticket.lot_id.product_id

    @api.depends("partner_id.commercial_partner_id")
    def _compute_commercial_partner_id(self):
        for ticket in self._keep_archived("commercial_partner_id"):
            ticket.commercial_partner_id = ticket.partner_id.commercial_partner_id

    @api.depends("stage_id.unattended")
    def _compute_unattended(self):
        for ticket in self._keep_archived("unattended"):
            ticket.unattended = ticket.stage_id.unattended

    def _keep_archived(self, name):
        """The tickets of these that are not archived; the others keep their value of a field."""
        archived = self.filtered(lambda ticket: ticket.service_state == STATE_ARCHIVED)
        for ticket in archived:
            ticket[name] = ticket[name]
        return self - archived

    def write(self, vals):
        archived = self.filtered(lambda ticket: ticket.service_state == STATE_ARCHIVED)
        if archived and self.pool.ready:
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
            raise UserError(self._get_message_of_evidence(changed))

    def _get_message_of_evidence(self, names):
        labels = [self._fields[name]._description_string(self.env) for name in sorted(names)]
        # sudo: the number, also for those who may not read the ticket.
        return self.env._(
            "Ticket %(tickets)s is archived: %(fields)s can no longer be changed. Open a"
            " new ticket that follows up on it.",
            tickets=", ".join(self.sudo().mapped("number")),
            fields=", ".join(labels),
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
        if not self.pool.ready:
            # An addon is being installed or upgraded; what it changes is recorded.
            return
        sealing_ids = get_sealing_ids()
        # sudo: frozen for those who may not read the ticket as well.
        archived = self.sudo().filtered(
            lambda ticket: ticket.service_state == STATE_ARCHIVED and ticket.id not in sealing_ids
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
