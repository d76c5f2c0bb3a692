from odoo import api, models

from odoo.addons.sensitive_data.masked_output import FOR_ALL, masked_output


class MailRenderMixin(models.AbstractModel):
    """Jobs send mails with the superuser's rights, and mails leave the house.

    Messages are rendered by several doors: from a template's text, from a view, and once more for
    the layout around them.
    """

    _inherit = "mail.render.mixin"

    @api.model
    def _render_template(
        self, template_src, model, res_ids, engine="inline_template", add_context=None, options=None
    ):
        with masked_output(self.env, FOR_ALL):
            return super()._render_template(
                template_src,
                model,
                res_ids,
                engine=engine,
                add_context=add_context,
                options=options,
            )

    @api.model
    def _render_template_qweb_view(self, view_ref, model, res_ids, add_context=None, options=None):
        with masked_output(self.env, FOR_ALL):
            return super()._render_template_qweb_view(
                view_ref, model, res_ids, add_context=add_context, options=options
            )

    def _render_encapsulate(self, layout_xmlid, html, add_context=None, context_record=None):
        with masked_output(self.env, FOR_ALL):
            return super()._render_encapsulate(
                layout_xmlid, html, add_context=add_context, context_record=context_record
            )
