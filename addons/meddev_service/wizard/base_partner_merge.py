from odoo import models

from ..models.meddev_ticket_amendment import CAUSE_MERGE, set_cause


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Merge as core does, archived tickets included; what changes on them is recorded."""
        set_cause(self.env, CAUSE_MERGE, self.env.user)
        result = super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
        self.env.flush_all()
        set_cause(self.env, False)
        return result
