from odoo import models
from odoo.fields import Domain


class HelpdeskTicket(models.Model):
    """Who is told of a ticket: those who read it today; and who speaks on it."""

    _inherit = "helpdesk.ticket"

    # ------------------------------------------------------------ speak

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Customers answer what they may read; colleagues speak where they may write.

        helpdesk_mgmt lets every reader post, for the portal's sake, and activities follow it.
        """
        if message_operation == "create" and self.env.user._is_internal():
            return dict.fromkeys(self, "write")
        return super()._mail_get_operation_for_mail_message_operation(message_operation)

    def _ensure_may_speak(self):
        """For what posts or sends with more rights than the person's own."""
        operations = self._mail_group_by_operation_for_mail_message_operation("create")
        for operation, tickets in operations.items():
            tickets.check_access(operation)

    # ------------------------------------------------------------ be told

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """As core, without those to whom this ticket is closed.

        Following outlasts rights: an assignment ends, a contact changes hospital, an engineer the
        team. Addresses without a contact come from the ticket itself.
        """
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        if not self:
            return recipients
        return [recipient for recipient in recipients if self._may_be_told(recipient)]

    def _may_be_told(self, recipient):
        """:param recipient: what core collects of one (``MailFollowers._get_recipient_data``)."""
        if recipient["uid"]:
            # As this person: neither the right of who posts nor sudo counts.
            return self.with_user(recipient["uid"]).has_access("read")
        # sudo: whose contact it is, whoever posts.
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        lineage = partners.search([("id", "parent_of", recipient["id"] or [])])
        return not any(lineage.mapped("is_dealer")) or self._is_open_to_dealer(lineage)

    def _is_open_to_dealer(self, lineage):
        """Whether a dealer's person reads this ticket today; for contacts without a login.

        The same as the rule of dealers' logins says.

        :param lineage: the person and all companies above, the dealer among them.
        """
        self.ensure_one()
        # sudo: the rule compares places and assignments that who posts may not read.
        ticket = self.sudo()
        if not ticket.place_id and ticket.partner_id in lineage:
            return True
        served = Domain("facility_id", "in", ticket.place_id.facility_ancestor_ids.ids)
        served |= Domain("lot_id", "in", ticket.lot_id.ids)
        people = Domain("dealer_id", "in", lineage.ids)
        today = Domain("is_current", "=", True)
        assignments = self.env["meddev.dealer.assignment"].sudo()  # sudo: as above
        return bool(assignments.search_count(people & served & today, limit=1))
