from odoo import api, models
from odoo.exceptions import AccessError, UserError

INTEGRATION = "meddev_base.group_integration"
#: What a partner's system tells with a request; everything else is the company's own business.
SUBMITTED_FIELDS = frozenset(
    [
        "name",
        "description",
        "lot_id",
        "partner_id",
        "department_id",
        "contact_id",
        "partner_name",
        "partner_email",
        "device_reference",
        "category_id",
        "priority",
    ]
)


class HelpdeskTicket(models.Model):
    """Requests of partners' systems, submitted for their customers."""

    _inherit = "helpdesk.ticket"

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.su or not self.env.user.has_group(INTEGRATION):
            return super().create(vals_list)
        for vals in vals_list:
            self._ensure_submittable(vals)
        # sudo: opening a ticket reads stages, sequences and subtypes that are no business of the
        # caller; the rule for its customers is checked below, on what came of it.
        tickets = super(HelpdeskTicket, self.sudo()).create(vals_list)
        tickets = tickets.sudo(False)
        tickets.flush_recordset()
        tickets.check_access("create")
        return tickets

    def _ensure_submittable(self, vals):
        """A request has known fields only, and belongs to one of the system's customers.

        :raise UserError: names the field and the remedy.
        """
        if refused := sorted(vals.keys() - SUBMITTED_FIELDS):
            raise UserError(
                self.env._(
                    "A request may not carry %(fields)s. It takes: %(known)s.",
                    fields=", ".join(refused),
                    known=", ".join(sorted(SUBMITTED_FIELDS)),
                )
            )
        if not vals.get("lot_id") and not vals.get("partner_id"):
            raise UserError(
                self.env._("A request names its customer (partner_id) or its device (lot_id).")
            )
        if vals.get("lot_id"):
            self._ensure_own_device(vals["lot_id"])

    def _ensure_own_device(self, lot_id):
        # sudo: whose device it is; what is not the system's own is not told apart from nothing.
        lots = self.env["stock.lot"].sudo()
        known = lots.browse(lot_id).exists() if isinstance(lot_id, int) else lots
        customers = known.place_id.facility_ancestor_ids | known.customer_id
        if self.env.user not in customers.sudo().integration_user_ids:  # sudo: as above
            raise AccessError(
                self.env._("There is no device with the ID %s among your customers.", lot_id)
            )
