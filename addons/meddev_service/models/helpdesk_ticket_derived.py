from odoo import api, models
from odoo.exceptions import UserError

#: What follows from device, customer and department. Record rules go through it: nobody writes it,
#: not even sudo; computing does not pass through ``create`` and ``write``. The clocks follow from
#: their ledger.
DERIVED_FIELDS = frozenset(
    [
        "answered_at",
        "commercial_partner_id",
        "place_id",
        "product_id",
        "sla_due_at",
        "sla_policy_id",
        "sla_reasons",
    ]
)


class HelpdeskTicket(models.Model):
    """Who sees a ticket follows from what it is about, and is entered by nobody."""

    _inherit = "helpdesk.ticket"

    @api.model
    def default_get(self, fields):
        # A client's context and a user's saved defaults are no way around.
        return super().default_get([name for name in fields if name not in DERIVED_FIELDS])

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._ensure_nothing_derived(DERIVED_FIELDS & vals.keys())
        return super().create(vals_list)

    def write(self, vals):
        names = DERIVED_FIELDS & vals.keys()
        if names:
            # An imported file may carry what is there already.
            self._ensure_nothing_derived(
                name
                for name in names
                if not all(ticket._holds(name, vals[name]) for ticket in self)
            )
            vals = {name: value for name, value in vals.items() if name not in names}
        return super().write(vals)

    def _write_derived(self, vals):
        """Write what follows; asked by what it follows from."""
        return super().write(vals)

    @api.model
    def _ensure_nothing_derived(self, names):
        labels = [self._fields[name]._description_string(self.env) for name in sorted(names)]
        if labels:
            raise UserError(
                self.env._(
                    "%(fields)s cannot be entered on a ticket: it follows from what the ticket is"
                    " about and what happens to it. Leave it out, and change those instead.",
                    fields=", ".join(labels),
                )
            )
