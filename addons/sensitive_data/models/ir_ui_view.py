from odoo import models

from ..masked_output import FOR_OTHERS, masked_output


class IrUiView(models.Model):
    _inherit = "ir.ui.view"

    def _render_template(self, template, values=None):
        # Pages of the portal are rendered with lifted rights: the visitor's own rights count.
        with masked_output(self.env, FOR_OTHERS):
            return super()._render_template(template, values=values)
