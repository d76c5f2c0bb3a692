from odoo import models

from ..models.meddev_ticket_amendment import CAUSE_MERGE


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Merge as core does, archived tickets included; what changes on them is recorded."""
        amendments = self.env["meddev.ticket.amendment"]
        amendments._set_cause(CAUSE_MERGE, self.env.user)
        result = super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
        self.env.flush_all()
        amendments._set_cause(False)
        return result
