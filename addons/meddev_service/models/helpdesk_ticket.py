import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.meddev_device.models.argument import (
    ensure_single,
    read_text,
    read_whole_number,
)
from odoo.addons.meddev_device.tools.serial_number import normalise_serial

from .meddev_device_event import EVENT_TICKET
from .ticket_state import (
    PROTECTED_FIELDS,
    STAMP_FIELDS,
    STATE_RECEIVED,
    TICKET_STATES,
)

# What may be a serial or asset number inside a customer's text.
_TOKEN = re.compile(r"[0-9A-Za-z\uff10-\uff19\uff21-\uff3a\uff41-\uff5a][\w./#-]{2,59}")
_MAX_TOKENS = 300

#: What customers and dealers neither read nor search by. Core joins messages without asking for
#: rights, so that a search would tell what internal notes say; a duplicate may be another's.
INTERNAL_FIELDS = {
    "deviation_reason",
    "duplicate_id",
    "duplicate_ids",
    "message_ids",
    "website_message_ids",
}

#: What nobody reads but the system: it is a part of the signature of links in mails.
SECRET_FIELDS = {"access_token"}


class HelpdeskTicket(models.Model):
    """A request of a customer about a device: the one record of everything done for it.

    received → dispatched → in progress ⇄ waiting for customer → done → archived.
    ``ticket_state.py`` has the table of moves, ``helpdesk_ticket_state.py`` the method that moves,
    ``helpdesk_ticket_archive.py`` what is frozen once the ticket is archived.
    Rule: ISO 13485:2016 7.5.4 (records of servicing), 4.2.5 (records remain unchanged).
    """

    _inherit = "helpdesk.ticket"
    _order = "priority desc, sequence, number desc, id desc"
    _check_company_auto = True

    # Who and what
    number = fields.Char(index="trigram")
    name = fields.Char(index="trigram")
    lot_id = fields.Many2one(
        "stock.lot",
        "Device",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        check_company=True,
        domain="[('is_medical', '=', True)]",
        help="Find it by its serial number or by the hospital's own asset number.",
    )
    device_reference = fields.Char(
        "Device as Reported",
        help="What the customer said about the device, until it is found in the ledger.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    department_id = fields.Many2one(
        "res.partner",
        compute="_compute_department_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('facility_level', 'in', ('campus', 'department', 'room'))]",
    )
    contact_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        domain="[('facility_level', '=', False), ('is_company', '=', False)]",
        help="The person who reported and who gets our messages.",
    )
    partner_name = fields.Char(
        compute="_compute_partner_name", store=True, readonly=False, precompute=True
    )
    partner_email = fields.Char(
        compute="_compute_partner_email", store=True, readonly=False, precompute=True
    )
    place_id = fields.Many2one(
        "res.partner",
        compute="_compute_place_id",
        store=True,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Room, department or hospital: decides who sees the ticket in the portal.",
    )
    deviation_reason = fields.Char(
        "Why not at this Customer",
        help="Needed when the device is registered at another customer.",
    )
    is_elsewhere = fields.Boolean(compute="_compute_is_elsewhere", compute_sudo=True)
    previous_ticket_id = fields.Many2one(
        "helpdesk.ticket", "Follow-up of", copy=False, index="btree_not_null", ondelete="restrict"
    )
    device_banner = fields.Text("Attention", compute="_compute_device_banner", compute_sudo=True)
    # Fields of helpdesk_mgmt that evidence hangs on: what they point to cannot vanish
    category_id = fields.Many2one(index="btree_not_null", ondelete="restrict")
    channel_id = fields.Many2one(ondelete="restrict")
    duplicate_id = fields.Many2one(index="btree_not_null", ondelete="restrict")
    team_id = fields.Many2one(ondelete="restrict")
    user_id = fields.Many2one(string="Engineer", ondelete="restrict")
    tag_ids = fields.Many2many(ondelete="restrict")
    # State and stamps; written by the transition method alone
    service_state = fields.Selection(
        TICKET_STATES,
        "State",
        default=STATE_RECEIVED,
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    received_at = fields.Datetime("Received at", readonly=True, copy=False)
    received_by_id = fields.Many2one(
        "res.users", "Received by", readonly=True, copy=False, ondelete="restrict"
    )
    dispatched_at = fields.Datetime("Dispatched at", readonly=True, copy=False)
    dispatched_by_id = fields.Many2one(
        "res.users", "Dispatched by", readonly=True, copy=False, ondelete="restrict"
    )
    in_progress_at = fields.Datetime("Work Started at", readonly=True, copy=False)
    in_progress_by_id = fields.Many2one(
        "res.users", "Work Started by", readonly=True, copy=False, ondelete="restrict"
    )
    waiting_at = fields.Datetime("Waiting since", readonly=True, copy=False)
    waiting_by_id = fields.Many2one(
        "res.users", "Set Waiting by", readonly=True, copy=False, ondelete="restrict"
    )
    done_at = fields.Datetime("Done at", readonly=True, copy=False)
    done_by_id = fields.Many2one(
        "res.users", "Done by", readonly=True, copy=False, ondelete="restrict"
    )
    archived_at = fields.Datetime("Archived at", readonly=True, copy=False)
    archived_by_id = fields.Many2one(
        "res.users", "Archived by", readonly=True, copy=False, ondelete="restrict"
    )
    transition_ids = fields.One2many("meddev.ticket.transition", "ticket_id", "Moves")

    _state_stamped = models.Constraint(
        """CHECK (CASE service_state
            WHEN 'received' THEN received_at WHEN 'dispatched' THEN dispatched_at
            WHEN 'in_progress' THEN in_progress_at WHEN 'waiting' THEN waiting_at
            WHEN 'done' THEN done_at WHEN 'archived' THEN archived_at END IS NOT NULL)""",
        "A ticket changes its state only by its buttons, which stamp who moved it and when.",
    )
    _list_order_index = models.Index("(priority DESC, sequence, number DESC, id DESC)")
    _open_order_index = models.Index(
        "(priority DESC, sequence, number DESC, id DESC) WHERE service_state IN"
        " ('received', 'dispatched', 'in_progress', 'waiting')"
    )
    _state_index = models.Index(
        "(service_state, company_id) WHERE service_state NOT IN ('done', 'archived')"
    )
    _customer_order_index = models.Index("(commercial_partner_id, create_date DESC)")

    # ------------------------------------------------------------ defaults

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        # helpdesk_mgmt assigns a new ticket to whoever creates it, the mail gateway's OdooBot
        # and portal users included.
        is_own_default = not self.env.context.get("default_user_id")
        is_outsider = not self.env.user.active or self.env.user.share
        if is_own_default and is_outsider and defaults.get("user_id") == self.env.uid:
            del defaults["user_id"]
        return defaults

    @api.model
    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        if self.env.su:
            return True
        if field.name in SECRET_FIELDS:
            return False
        return field.name not in INTERNAL_FIELDS or self.env.user.has_group("base.group_user")

    # ------------------------------------------------------------ computes

    @api.depends("number", "name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for ticket in self:
            number = ticket.number if ticket.number != "/" else False
            ticket.display_name = " - ".join(filter(None, (number, ticket.name))) or self.env._(
                "New Ticket"
            )

    @api.depends("lot_id")
    def _compute_partner_id(self):
        """Fill the customer in, never exchange it: another hospital would see the request."""
        for ticket in self:
            ticket.partner_id = ticket.partner_id or ticket.lot_id.customer_id

    @api.depends("lot_id", "partner_id")
    def _compute_department_id(self):
        for ticket in self:
            hospital = ticket.partner_id.facility_id
            department = ticket.lot_id.department_id or ticket.department_id
            fits = department.facility_id == hospital
            ticket.department_id = department if department and fits else False

    @api.depends("contact_id", "partner_id")
    def _compute_partner_name(self):
        for ticket in self:
            person = ticket.contact_id or ticket.partner_id
            ticket.partner_name = person.name or ticket.partner_name

    @api.depends("contact_id", "partner_id")
    def _compute_partner_email(self):
        for ticket in self:
            person = ticket.contact_id or ticket.partner_id
            ticket.partner_email = person.email or ticket.partner_email

    @api.depends("lot_id", "department_id", "partner_id")
    def _compute_place_id(self):
        for ticket in self:
            ticket.place_id = ticket._get_place()

    @api.depends("lot_id", "partner_id")
    def _compute_is_elsewhere(self):
        for ticket in self:
            ticket.is_elsewhere = ticket._is_at_another_customer()

    @api.depends("lot_id")
    def _compute_device_banner(self):
        for ticket in self:
            ticket.device_banner = ticket.lot_id.device_banner

    @api.depends("team_id", "company_id")
    def _compute_stage_id(self):
        """Keep the stage's state: choosing a team never moves a ticket in its life cycle."""
        stages = self.env["helpdesk.ticket.stage"]
        for state, tickets in self.grouped("service_state").items():
            candidates = stages._get_stages_by_state(state or STATE_RECEIVED)
            for ticket in tickets:
                current = ticket.stage_id & candidates
                ticket.stage_id = (
                    current._pick_for(ticket.team_id, ticket.company_id)
                    or candidates._pick_for(ticket.team_id, ticket.company_id)
                    or current
                )

    # ------------------------------------------------------------ rules

    @api.constrains("lot_id", "partner_id", "department_id", "deviation_reason")
    def _check_device_at_customer(self):
        for ticket in self:
            # sudo: the rule compares places that an engineer or a dealer may not read; the
            # message names only the ticket's own device and customer.
            ticket = ticket.sudo()
            if ticket.lot_id and not ticket.lot_id.is_medical:
                raise ValidationError(
                    self.env._(
                        "%(device)s is not a medical device. Choose another Device, or flag its"
                        " product as a medical device.",
                        device=ticket.lot_id.display_name,
                    )
                )
            hospital = ticket._get_customer(ticket.partner_id)
            if ticket._is_at_another_customer() and not ticket.deviation_reason:
                raise ValidationError(
                    self.env._(
                        "The device %(device)s is registered at %(owner)s, but the Customer of"
                        " this ticket is %(customer)s. Correct the Device or the Customer, or fill"
                        " in the field Why not at this Customer.",
                        device=ticket.lot_id.name,
                        owner=ticket._get_customer(ticket.lot_id.customer_id).display_name,
                        customer=hospital.display_name,
                    )
                )
            department_of = ticket._get_customer(ticket.department_id)
            if department_of and hospital and department_of != hospital:
                raise ValidationError(
                    self.env._(
                        "%(department)s does not belong to %(customer)s. Choose a Department of"
                        " this Customer.",
                        department=ticket.department_id.display_name,
                        customer=hospital.display_name,
                    )
                )

    def _onchange_partner_id(self):
        """Nothing to do: name and e-mail are computed, for RPC and import as well."""

    # ------------------------------------------------------------ create, copy, delete

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(self._prepare_new_vals_list(vals_list))
        # sudo: stages and devices get their marks whoever opens the ticket.
        tickets.sudo().stage_id._mark_used()
        tickets._log_on_devices({ticket.id: {"state_to": STATE_RECEIVED} for ticket in tickets})
        return tickets

    @api.ondelete(at_uninstall=False)
    def _unlink_except_past_received(self):
        self._ensure_never_moved(self.env._("it cannot be deleted"))

    def _ensure_never_moved(self, refusal):
        # sudo: whoever may delete the ticket may not read every move of it.
        for ticket in self.sudo():
            if ticket.service_state != STATE_RECEIVED or ticket.transition_ids:
                raise UserError(
                    self.env._(
                        "Ticket %(ticket)s is past the state Received: %(refusal)s. Finish it with"
                        " a reason instead.",
                        ticket=ticket.number,
                        refusal=refusal,
                    )
                )

    # ------------------------------------------------------------ actions

    def assign_to_me(self):
        """Take the ticket. Unlike helpdesk_mgmt's, it returns a value, as XML-RPC needs one."""
        ensure_single(self)
        team = self.team_id
        if team.user_ids and self.env.user not in team.user_ids:
            raise AccessError(
                self.env._(
                    "You cannot assign ticket %(ticket)s to yourself: you are not a member of the"
                    " team %(team)s. Ask its leader, or clear the field Team.",
                    ticket=self.number,
                    team=team.name,
                )
            )
        self.write({"user_id": self.env.uid})
        return {"id": self.id, "user_id": self.env.uid}

    def action_duplicate_tickets(self):
        """Copy the tickets that the list selected, and show the copies."""
        tickets = self or self.browse(self.env.context.get("active_ids", []))
        copies = self.browse().concat(*(ticket.copy() for ticket in tickets))
        return copies._get_list_action(self.env._("Copies"))

    def action_view_device(self):
        ensure_single(self)
        return {
            "type": "ir.actions.act_window",
            "res_model": "stock.lot",
            "res_id": self.lot_id.id,
            "view_mode": "form",
        }

    @api.model
    def find_devices(self, text, partner_id=False):
        """Devices whose serial number or alias occurs in a text, as far as the caller sees them.

        :param text: any text: a serial number, a mail, a whole narrative.
        :param partner_id: id of a customer; its devices come alone if there are any.
        :return: list of ``{"id", "name", "display_name", "customer_id"}``, at most ten.
        """
        if not isinstance(text, str):
            raise UserError(self.env._("find_devices needs a text."))
        customer = self.env["res.partner"]
        if partner_id is not None and partner_id is not False:
            customer_id = read_whole_number(self.env, "partner_id", partner_id, lowest=1)
            customer = customer.browse(customer_id).exists()
            if not customer:
                raise UserError(self.env._("There is no customer with the id %s.", customer_id))
            customer.check_access("read")
        return [
            {
                "id": lot.id,
                "name": lot.name,
                "display_name": lot.display_name,
                "customer_id": lot.customer_id.id,
            }
            for lot in self._find_devices(text, customer)[:10]
        ]

    # ------------------------------------------------------------ hooks

    @api.model
    def _prepare_new_vals_list(self, vals_list):
        """Complete the values of new tickets in a few queries for the whole batch."""
        teams = self.env["helpdesk.ticket.team"]
        stages = self.env["helpdesk.ticket.stage"]
        vals_list = [self._split_customer(dict(vals)) for vals in vals_list]
        received = stages._get_stages_by_state(STATE_RECEIVED)
        default_stage_id = self.env.context.get("default_stage_id")
        for vals in vals_list:
            self._ensure_new_vals_are_received(vals)
            # sudo: who opens a ticket need not see its team's settings.
            team_id = vals.get("team_id") or self.env.context.get("default_team_id")
            team = self._browse_given(teams, "team_id", team_id).sudo()
            company = (
                team.company_id
                or self._browse_given(self.env.company, "company_id", vals.get("company_id"))
                or self.env.company
            )
            vals["company_id"] = company.id
            stage_id = vals.get("stage_id") or default_stage_id
            stage = self._browse_given(stages, "stage_id", stage_id)
            if stage:
                self._ensure_stage_is_received(stage)
            else:
                stage = received._pick_for(team, company) or received[:1]
            vals["stage_id"] = stage.id
            # sudo: as above. Given here, the flag is in the INSERT and needs no UPDATE after it.
            vals["unattended"] = stage.sudo().unattended
            vals.update(self._prepare_stamps())
        self._fill_numbers(vals_list)
        return vals_list

    @api.model
    def _prepare_stamps(self):
        """State and stamps of a new ticket; explicit, so that no default of a client counts."""
        vals = dict.fromkeys(PROTECTED_FIELDS, False)
        moment, person = STAMP_FIELDS[STATE_RECEIVED]
        return vals | {
            "service_state": STATE_RECEIVED,
            moment: fields.Datetime.now(),
            person: self.env.uid,
        }

    @api.model
    def _ensure_new_vals_are_received(self, vals):
        if vals.get("service_state", STATE_RECEIVED) != STATE_RECEIVED or any(
            vals.get(name) for name in PROTECTED_FIELDS - {"service_state"}
        ):
            raise UserError(
                self.env._(
                    "Ticket %(ticket)s: a new ticket is always in the state Received, and is"
                    " stamped by the system. Leave out the field State and its stamps, then move"
                    " the ticket by its buttons.",
                    ticket=vals.get("name") or "",
                )
            )

    @api.model
    def _ensure_stage_is_received(self, stage):
        # sudo: the stage of a team that the user does not see is refused by its state as well.
        if stage.sudo().service_state != STATE_RECEIVED:
            raise UserError(
                self.env._(
                    "A new ticket starts in the state Received: it cannot be created in the Stage"
                    " %(stage)s. Create it first, then move it.",
                    stage=stage.sudo().name,
                )
            )

    @api.model
    def _fill_numbers(self, vals_list):
        """Number new tickets with one call of the sequence per company."""
        by_company = {}
        given = []
        for vals in vals_list:
            if vals.get("number") in (None, False, "", "/"):
                by_company.setdefault(vals["company_id"], []).append(vals)
            else:
                label = self._fields["number"]._description_string(self.env)
                vals["number"] = read_text(self.env, label, vals["number"])
                given.append((vals["company_id"], vals["number"]))
        self._ensure_numbers_free(given)
        for company_id, numberless in by_company.items():
            numbers = self._next_numbers(company_id, len(numberless))
            for vals, number in zip(numberless, numbers, strict=True):
                vals["number"] = number

    @api.model
    def _browse_given(self, records, name, value):
        """The record that a client gave for a field, or none.

        :raise UserError: the value is no id.
        """
        if isinstance(value, models.BaseModel):
            value = value.id
        if not value:
            return records.browse()
        return records.browse(
            read_whole_number(
                self.env, self._fields[name]._description_string(self.env), value, lowest=1
            )
        )

    @api.model
    def _ensure_numbers_free(self, given):
        """:param given: pairs of company id and a number that a client or an import brings."""
        if not given:
            return
        # sudo: a number counts as taken also by tickets that the user does not see.
        tickets = self.sudo().with_context(active_test=False)
        domain = [("number", "in", [number for _company, number in given])]
        taken = {(ticket.company_id.id, ticket.number) for ticket in tickets.search(domain)}
        for pair in given:
            if pair in taken:
                raise UserError(
                    self.env._(
                        "The ticket number %s is already taken. Leave it out: the ticket gets the"
                        " next one.",
                        pair[1],
                    )
                )
            taken.add(pair)

    @api.model
    def _next_numbers(self, company_id, count):
        """``count`` ticket numbers of a company, as ``_prepare_ticket_number`` gives one."""
        if count == 1:
            return [self._prepare_ticket_number({"company_id": company_id})]
        # sudo: numbering is the system's; core's next_by_code does the same inside.
        sequence = self.env["ir.sequence"].sudo().with_company(company_id)
        sequence = sequence.search(
            [
                ("code", "=", "helpdesk.ticket.sequence"),
                ("company_id", "in", (company_id, False)),
            ],
            order="company_id",
            limit=1,
        )
        if sequence.implementation != "standard" or sequence.use_date_range:
            vals = {"company_id": company_id}
            return [self._prepare_ticket_number(vals) for _number in range(count)]
        # Raw SQL: the ORM draws one number per query.
        self.env.cr.execute(
            "SELECT nextval(%s) FROM generate_series(1, %s)",
            (f"ir_sequence_{sequence.id:03d}", count),
        )
        return [sequence.get_next_char(value) for (value,) in self.env.cr.fetchall()]

    @api.model
    def _split_customer(self, vals):
        """Make the hospital the customer when a person in it was given.

        The person becomes the contact, and the department where they sit the department.
        """
        partners = self.env["res.partner"]
        person = self._browse_given(partners, "partner_id", vals.get("partner_id"))
        # sudo: the place of the person that was given, whoever gives it.
        hospital = person.sudo().facility_id
        if not person or not hospital or hospital == person:
            return vals
        vals["partner_id"] = hospital.id
        facility = person.sudo()
        if not facility.facility_level:
            vals.setdefault("contact_id", person.id)
            facility = facility.parent_id
        if facility != hospital and facility.facility_level:
            vals.setdefault("department_id", facility.id)
        return vals

    @api.model
    def _get_customer(self, partner):
        """The hospital of a partner, or the commercial entity of one that is in no hospital."""
        return partner.facility_id or partner.commercial_partner_id

    def _get_place(self):
        """The narrowest facility that this ticket is about, or no partner.

        A dealer's request is about the place of the device: who no longer serves it loses it.
        """
        self.ensure_one()
        device_place = self.lot_id.place_id
        hospital = self.partner_id.facility_id
        if hospital and device_place.facility_id != hospital:
            device_place = device_place.browse()
        if self.department_id in device_place.facility_ancestor_ids or not self.department_id:
            place = device_place or self.partner_id
        else:
            place = self.department_id
        if place and not place.facility_level:
            # A contact, or a customer that is no hospital.
            place = place.parent_id if place.parent_id.facility_level else place.facility_id
        return place

    def _is_at_another_customer(self):
        """Whether the device is registered at another customer than the ticket's."""
        self.ensure_one()
        customer = self._get_customer(self.partner_id)
        owner = self._get_customer(self.lot_id.customer_id)
        return bool(owner and customer and owner != customer and not self._is_served_by_customer())

    def _is_served_by_customer(self):
        """Whether the customer is a dealer who serves this device today."""
        self.ensure_one()
        dealer = self.partner_id.commercial_partner_id
        if not dealer.is_dealer:
            return False
        served = Domain("facility_id", "in", self.lot_id.place_id.facility_ancestor_ids.ids)
        served |= Domain("lot_id", "=", self.lot_id.id)
        domain = Domain("dealer_id", "in", (dealer | self.partner_id).ids) & served
        assignments = self.env["meddev.dealer.assignment"].search(domain)
        return any(assignment.is_current for assignment in assignments)

    @api.model
    def _find_devices(self, text, customer=None):
        tokens = {
            normalise_serial(token.strip("./#-"))
            for token in _TOKEN.findall(text)[:_MAX_TOKENS]
            if any(character.isdigit() for character in token)
        }
        tokens = {token for token in tokens if token and len(token) >= 4}
        if not tokens:
            return self.env["stock.lot"]
        values = list(tokens)
        lots = self.env["stock.lot"].search(
            [("is_medical", "=", True), ("normalised_serial", "in", values)], limit=50
        )
        aliases = self.env["meddev.device.alias"].search(
            [("normalised_value", "in", values)], limit=50
        )
        lots |= aliases.lot_id
        if customer:
            hospital = self._get_customer(customer)
            own = lots.filtered(lambda lot: self._get_customer(lot.customer_id) == hospital)
            return own or lots
        return lots

    def _log_on_devices(self, data, devices=None):
        """Tell the devices' timelines about these tickets, in one batch.

        :param data: what happened (JSON) by ticket id; the title is made from it when it is read,
            in the reader's language.
        :param devices: device by ticket id; the tickets' present ones if not given.
        """
        # sudo: a customer who opens a ticket need not see the device that intake found.
        devices = devices or {ticket.id: ticket.lot_id for ticket in self.sudo()}
        events = [
            {
                "lot_id": devices[ticket.id].id,
                "kind": EVENT_TICKET,
                "summary": ": ".join(
                    filter(None, (ticket.name, data[ticket.id].get("reason") or ""))
                ),
                "data": {"number": ticket.number} | data[ticket.id],
                "res_model": ticket._name,
                "res_id": ticket.id,
            }
            for ticket in self.sudo()  # sudo: as above
            if devices[ticket.id]
        ]
        if events:
            # sudo: the timeline is written by the system, nobody has a create right on it.
            self.env["stock.lot"].sudo()._log_device_events(events)

    def _get_list_action(self, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "view_mode": "list,form",
            "domain": [("id", "in", self.ids)],
        }
