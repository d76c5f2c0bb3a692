from odoo import models

from ..models.announcement import announce


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        # By SQL, in every table that names a contact, before anything is written by the ORM.
        announce(self.env)
        return super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
