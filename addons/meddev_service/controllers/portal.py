from odoo import SUPERUSER_ID, fields, http
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

    @http.route()
    def portal_my_ticket(self, ticket_id, access_token=None, **kw):
        """The page of a ticket: by one's own rights, or by the link that a person was sent."""
        if request.env.user._is_public() and not self._get_ticket_of_link(ticket_id):
            return request.redirect_query("/web/login", {"redirect": f"/my/ticket/{ticket_id}"})
        return super().portal_my_ticket(ticket_id, access_token=access_token, **kw)

    def _document_check_access(self, model_name, document_id, access_token=None):
        """As core, but no token alone opens a ticket: it would for ever, and to everybody."""
        if model_name != "helpdesk.ticket":
            return super()._document_check_access(model_name, document_id, access_token)
        if request.env.user._is_public() and (ticket := self._get_ticket_of_link(document_id)):
            return ticket.with_user(SUPERUSER_ID)
        return super()._document_check_access(model_name, document_id)

    def _get_ticket_of_link(self, ticket_id):
        """The ticket if the address of this request is a link that opens it, or none."""
        link = {name: request.params.get(name) for name in ("pid", "hash")}
        return request.env["helpdesk.ticket"]._get_thread_with_access(ticket_id, **link)

    def _ticket_get_page_view_values(self, ticket, access_token, **kwargs):
        values = super()._ticket_get_page_view_values(ticket, access_token, **kwargs)
        is_visitor = request.env.user._is_public()
        values["link_token"] = is_visitor and ticket._get_link_token(kwargs["pid"], kwargs["hash"])
        # As who looks at the page: only visitors need an address that opens a file.
        files = ticket.attachment_ids.with_user(request.env.user).sudo()
        is_colleague = request.env.user._is_internal()
        values["files"] = files if is_colleague else files._get_open_to_outsiders()
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
