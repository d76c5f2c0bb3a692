from odoo import fields, http
from odoo.http import request

from odoo.addons.helpdesk_mgmt.controllers.myaccount import CustomerPortalHelpdesk

from .main import MeddevTicketController


class MeddevTicketPortal(CustomerPortalHelpdesk):
    """helpdesk_mgmt's portal pages; its labels are said again here, so that they translate."""

    @http.route()
    def portal_my_tickets(self, page=1, **kw):
        response = super().portal_my_tickets(page=page, **self._keep_known_parameters(kw))
        filters = getattr(response, "qcontext", {}).get("searchbar_filters", {})
        if "all" in filters:
            filters["all"]["label"] = request.env._("All")
        return response

    def _keep_known_parameters(self, parameters):
        """Without those that helpdesk_mgmt's page does not know and would fail on."""
        known = {
            "sortby": self._ticket_get_searchbar_sortings(),
            "groupby": self._ticket_get_searchbar_groupby(),
            "search_in": self._ticket_get_searchbar_inputs(),
        }
        kept = {
            name: value.replace("\x00", "")
            for name, value in parameters.items()
            if isinstance(value, str) and (name not in known or value in known[name])
        }
        for name in ("date_begin", "date_end"):
            try:
                fields.Datetime.to_datetime(kept.get(name))
            except ValueError:
                del kept[name]
        return kept

    def _ticket_get_page_view_values(self, ticket, access_token, **kwargs):
        values = super()._ticket_get_page_view_values(ticket, access_token, **kwargs)
        values["closed_stages"] = (
            MeddevTicketController()._get_closing_stages(ticket)
            if not request.env.user._is_public()
            else ticket.stage_id.browse()
        )
        return values

    def _ticket_get_searchbar_sortings(self):
        sortings = super()._ticket_get_searchbar_sortings()
        sortings["date"]["label"] = request.env._("Newest")
        sortings["name"]["label"] = request.env._("Title")
        sortings["stage"]["label"] = request.env._("Stage")
        sortings["update"]["label"] = request.env._("Last Stage Update")
        return sortings

    def _ticket_get_searchbar_groupby(self):
        groups = super()._ticket_get_searchbar_groupby()
        groups["none"]["label"] = request.env._("None")
        groups["category"]["label"] = request.env._("Category")
        groups["stage"]["label"] = request.env._("Stage")
        return groups

    def _ticket_get_searchbar_inputs(self):
        inputs = super()._ticket_get_searchbar_inputs()
        inputs["all"]["label"] = request.env._("Search in All")
        inputs["number"]["label"] = request.env._("Search in Number")
        inputs["name"]["label"] = request.env._("Search in Title")
        return inputs
