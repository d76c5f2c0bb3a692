from odoo import models

from ..masked_output import FOR_OTHERS, masked_output


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_template(self, template, values=None):
        # Reports are often rendered with lifted rights: the person's own rights count.
        with masked_output(self.env, FOR_OTHERS):
            return super()._render_template(template, values=values)
