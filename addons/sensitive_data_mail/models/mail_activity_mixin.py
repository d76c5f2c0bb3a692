from odoo import models

from odoo.addons.sensitive_data.masked_output import FOR_ALL, masked_output


class MailActivityMixin(models.AbstractModel):
    """The note of an activity is read by others than by whom its view is rendered."""

    _inherit = "mail.activity.mixin"

    def _activity_schedule_with_view(
        self,
        act_type_xmlid="",
        date_deadline=None,
        summary="",
        views_or_xmlid="",
        render_context=None,
        **act_values,
    ):
        with masked_output(self.env, FOR_ALL):
            return super()._activity_schedule_with_view(
                act_type_xmlid=act_type_xmlid,
                date_deadline=date_deadline,
                summary=summary,
                views_or_xmlid=views_or_xmlid,
                render_context=render_context,
                **act_values,
            )
