from odoo import models


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def _get_evidence_addons(self):
        # Without the keys nothing that was encrypted could be read again.
        return super()._get_evidence_addons() | {"sensitive_data"}
