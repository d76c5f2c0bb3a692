"""Rules of helpdesk_mgmt are never updated, and dealers' requests had no place.

Employees' rule on tickets gets its new domain, and requests of customers outside a facility the
place of their device. What changes on archived tickets is recorded by the database itself.
"""

from odoo import SUPERUSER_ID, api

_DOMAIN = "['|', ('partner_id', '=', user.partner_id.id), ('is_followed', '=', True)]"


def migrate(cr, _version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    rule = env.ref("helpdesk_mgmt.helpdesk_ticket_rule_internal_user", raise_if_not_found=False)
    if rule:
        rule.domain_force = _DOMAIN
    cr.execute(
        """
        UPDATE helpdesk_ticket ticket
           SET place_id = place.id
          FROM stock_lot device, res_partner place, res_partner customer
         WHERE device.id = ticket.lot_id AND place.id = device.place_id
           AND place.facility_level IS NOT NULL AND customer.id = ticket.partner_id
           AND customer.facility_id IS NULL AND ticket.place_id IS NULL
        """
    )
