from odoo import api, models

from odoo.addons.sensitive_data.masked_output import FOR_ALL, masked_output


class MailRenderMixin(models.AbstractModel):
    _inherit = "mail.render.mixin"

    @api.model
    def _render_template(
        self, template_src, model, res_ids, engine="inline_template", add_context=None, options=None
    ):
        # Jobs send mails with the superuser's rights, and mails leave the house.
        with masked_output(self.env, FOR_ALL):
            return super()._render_template(
                template_src,
                model,
                res_ids,
                engine=engine,
                add_context=add_context,
                options=options,
            )
