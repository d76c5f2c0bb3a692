import logging

from odoo import api, models
from odoo.tools import html2plaintext
from odoo.tools.mail import email_normalize, parse_contact_from_email

from .ticket_state import STATE_ARCHIVED, STATE_DONE, STATE_IN_PROGRESS, STATE_WAITING

_logger = logging.getLogger(__name__)


class HelpdeskTicket(models.Model):
    """Messages of a ticket: creation, mail gateway, answers of the customer."""

    _inherit = "helpdesk.ticket"

    def _creation_subtype(self):
        """Post about a new ticket only where a colleague asked to be told; else log it.

        helpdesk_mgmt posts one message per new ticket, which is two thirds of the time of a
        batch. Members who follow a team still get theirs.
        """
        subtype = super()._creation_subtype()
        if self.env.context.get("mail_create_nolog"):
            # The mail gateway asks which subtype the customer's own message has.
            return subtype
        # sudo: who follows a team is no secret to the ticket that it gets.
        followers = self.sudo().team_id.message_partner_ids - self.env.user.partner_id
        return subtype if followers else subtype.browse()

    def _creation_message(self):
        return self.env._("Ticket opened")

    def _track_filter_for_display(self, tracking_values):
        """Show a move once: its stage says the same as its state."""
        shown = super()._track_filter_for_display(tracking_values)
        # sudo: names of fields, which only administrators may read.
        names = {value.field_id.name: value for value in shown.sudo()}
        if "service_state" in names and "stage_id" in names:
            return shown.filtered(lambda value: value.id != names["stage_id"].id)
        return shown

    def _message_auto_subscribe_notify(self, partner_ids, template):
        # A slow mail server must not slow down who assigns a ticket: the queue sends.
        queued = self.with_context(mail_notify_force_send=False)
        return super(HelpdeskTicket, queued)._message_auto_subscribe_notify(partner_ids, template)

    @api.model
    def message_new(self, msg, custom_values=None):
        """Open a ticket from an e-mail: known sender, known device, assigned to nobody."""
        name, email = parse_contact_from_email(msg.get("email_from") or msg.get("from") or "")
        subject = msg.get("subject") or self.env._("No Subject")
        values = {
            "name": subject,
            "partner_name": name or email,
            "partner_email": email_normalize(email) or email,
            "user_id": False,
        } | (custom_values or {})
        if not values.get("lot_id"):
            sender = self.env["res.partner"].browse(msg.get("author_id") or [])
            text = f"{subject}\n{html2plaintext(msg.get('body') or '')}"
            # sudo: the hospital of the sender decides which device is meant; nothing is shown.
            devices = self._find_devices(text, self._get_customer(sender.sudo()))
            if len(devices) == 1 and self._may_report(sender, devices):
                values["lot_id"] = devices.id
                values.setdefault("partner_id", sender.id or devices.customer_id.id)
            elif devices:
                values["device_reference"] = ", ".join(devices.mapped("name"))
        return super().message_new(msg, custom_values=values)

    @api.model
    def _may_report(self, sender, device):
        """Whether the sender of a mail is at home where the device is registered."""
        hospital = self._get_customer(sender)
        owner = self._get_customer(device.customer_id)
        return not hospital or not owner or hospital == owner

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        if self.service_state in (STATE_WAITING, STATE_DONE) and self._is_customer_answer(message):
            self._move(STATE_IN_PROGRESS, self.env._("The customer answered."), by_customer=True)
        return result

    def _is_customer_answer(self, message):
        """Whether a message comes from outside: the clock that waits for the customer goes on."""
        if not self.env.su and self.env.user._is_internal():
            # A colleague may post in the customer's name, but is not the customer.
            return False
        # sudo: whether the author is a colleague, asked for customers who may not read users.
        message = message.sudo()
        if message.message_type not in ("email", "comment") or message.is_internal:
            return False
        if self.env.context.get("meddev_automatic_mail"):
            return False
        users = message.author_id.with_context(active_test=False).user_ids
        if message.author_id and users and not all(user.share for user in users):
            return False
        return bool(message.author_id) or message.message_type == "email"

    # ------------------------------------------------------------ mail gateway

    @api.model
    def _is_automatic_mail(self, message):
        """Whether a machine wrote this e-mail (RFC 3834): out of office, delivery notices."""
        auto_submitted = (message.get("Auto-Submitted") or "no").strip().lower()
        precedence = (message.get("Precedence") or "").strip().lower()
        return (
            not auto_submitted.startswith("no")
            or precedence in ("auto_reply", "auto-reply")
            or message.get("X-Autoreply") is not None
            or message.get("X-Autorespond") is not None
        )

    @api.model
    def _adapt_mail_routes(self, message, routes):
        """Machines open no tickets, and answers to an archived ticket open a follow-up.

        :param message: ``email.message.EmailMessage``; :param routes: routes of core's gateway.
        :return: routes.
        """
        adapted = []
        for route in routes:
            model, thread_id, values, user_id, alias = route
            if model != self._name:
                adapted.append(route)
                continue
            if not thread_id:
                if self._is_automatic_mail(message):
                    _logger.info("Automatic e-mail %s opens no ticket", message.get("Message-Id"))
                else:
                    adapted.append(route)
                continue
            ticket = self._browse_existing([thread_id])
            if ticket.service_state != STATE_ARCHIVED:
                adapted.append(route)
            elif not self._is_automatic_mail(message):
                values = dict(values or {}) | ticket._prepare_follow_up_vals()
                adapted.append((model, False, values, user_id, alias))
        return adapted

    def _prepare_follow_up_vals(self):
        """Values of a ticket that continues this one; asked by the gateway and the portal."""
        self.ensure_one()
        return {
            "previous_ticket_id": self.id,
            "lot_id": self.lot_id.id,
            "partner_id": self.partner_id.id,
            "department_id": self.department_id.id,
            "contact_id": self.contact_id.id,
            "team_id": self.team_id.id,
            "company_id": self.company_id.id,
            "deviation_reason": self.deviation_reason,
        }
