from odoo import api, models
from odoo.exceptions import ValidationError


class HelpdeskTicket(models.Model):
    """Our messages go to the contact: nobody at another hospital gets them by mistake."""

    _inherit = "helpdesk.ticket"

    @api.constrains("lot_id", "partner_id", "contact_id", "deviation_reason")
    def _check_contact_at_customer(self):
        # sudo: the rule compares places that an engineer or a dealer may not read; the message
        # names only the ticket's own contact and customer.
        for ticket in self.sudo():
            if ticket._has_contact_elsewhere() and not ticket.deviation_reason:
                raise ValidationError(
                    self.env._(
                        "%(contact)s works at %(owner)s, but the Customer of this ticket is"
                        " %(customer)s. Choose a Contact of this Customer, or fill in the field"
                        " Why not at this Customer.",
                        contact=ticket.contact_id.name,
                        owner=ticket.contact_id.facility_id.display_name,
                        customer=ticket._get_customer(ticket.partner_id).display_name,
                    )
                )

    def _has_contact_elsewhere(self):
        """Whether the contact sits in a hospital that this ticket is not about.

        Contacts outside hospitals, such as an engineer of a third party, are free. Where a dealer
        is the customer, the contact may sit where the device is.
        """
        self.ensure_one()
        hospital = self.contact_id.facility_id
        customer = self._get_customer(self.partner_id)
        if not hospital or not customer or hospital == customer:
            return False
        is_dealer = self.partner_id.commercial_partner_id.is_dealer
        device_hospital = self.lot_id.place_id.facility_id
        return not (is_dealer and device_hospital in (hospital, hospital.browse()))
