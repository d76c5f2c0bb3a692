from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..tools.serial_number import normalise_serial


class DevicePortal(CustomerPortal):
    """Devices of a hospital, or of the hospitals that a dealer serves; record rules decide."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "device_count" in counters:
            lots = request.env["stock.lot"]
            values["device_count"] = (
                lots.search_count(self._get_device_domain()) if lots.has_access("read") else 0
            )
        return values

    @http.route(
        ["/my/devices", "/my/devices/page/<int:page>"], type="http", auth="user", website=True
    )
    def portal_my_devices(
        self, page=1, sortby=None, filterby=None, search=None, search_in="all", **kw
    ):
        lots = request.env["stock.lot"]
        if not lots.has_access("read"):
            return request.redirect("/my")
        orders = self._get_device_orders()
        filters = self._get_device_filters()
        inputs = self._get_device_search_inputs()
        sortby = sortby if sortby in orders else "serial"
        filterby = filterby if filterby in filters else "all"
        search_in = search_in if search_in in inputs else "all"
        domain = self._get_device_domain() & filters[filterby]["domain"]
        search = (search or "").replace("\x00", "").strip()
        if search:
            domain &= self._get_device_search_domain(search_in, search)
        pager = portal_pager(
            url="/my/devices",
            url_args={
                "sortby": sortby,
                "filterby": filterby,
                "search": search,
                "search_in": search_in,
            },
            total=lots.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        devices = lots.search(
            domain,
            order=orders[sortby]["order"],
            limit=self._items_per_page,
            offset=pager["offset"],
        )
        request.session["my_devices_history"] = devices.ids[:100]
        return request.render(
            "meddev_device.portal_my_devices",
            self._prepare_portal_layout_values()
            | {
                # sudo: names of product and place; the devices were found under the rules.
                "devices": devices.sudo(),
                "page_name": "device",
                "pager": pager,
                "default_url": "/my/devices",
                "searchbar_sortings": orders,
                "sortby": sortby,
                "searchbar_filters": filters,
                "filterby": filterby,
                "searchbar_inputs": inputs,
                "search_in": search_in,
                "search": search,
                "state_class": self._get_state_class,
            },
        )

    @http.route("/my/devices/<int:device_id>", type="http", auth="user", website=True)
    def portal_my_device(self, device_id, **kw):
        try:
            device = self._document_check_access("stock.lot", device_id)
        except (AccessError, MissingError):
            return request.redirect("/my/devices")
        if not device.is_device:
            return request.redirect("/my/devices")
        values = {
            "device": device,
            "aliases": self._get_visible_aliases(device),
            "page_name": "device",
            "state_class": self._get_state_class,
        }
        return request.render(
            "meddev_device.portal_my_device",
            self._get_page_view_values(device, None, values, "my_devices_history", False),
        )

    def _get_device_domain(self):
        return Domain("is_device", "=", True)

    def _get_device_orders(self):
        return {
            "serial": {"label": request.env._("Serial Number"), "order": "name, id"},
            "product": {"label": request.env._("Product"), "order": "product_id, name, id"},
            "place": {"label": request.env._("Place"), "order": "place_id, name, id"},
            "warranty": {"label": request.env._("Warranty End"), "order": "warranty_end, id"},
        }

    def _get_device_filters(self):
        return {
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
            "in_service": {
                "label": request.env._("In Service"),
                "domain": Domain("device_state", "=", "in_service"),
            },
            "attention": {
                "label": request.env._("Needs Attention"),
                "domain": Domain("device_state", "in", ("recalled", "quarantined")),
            },
            "warranty": {
                "label": request.env._("Under Warranty"),
                "domain": Domain("warranty_end", ">=", "today"),
            },
        }

    def _get_device_search_inputs(self):
        return {
            "all": {"input": "all", "label": request.env._("Search in Everything")},
            "serial": {
                "input": "serial",
                "label": request.env._("Search in Serial Number or Alias"),
            },
            "product": {"input": "product", "label": request.env._("Search in Product")},
            "place": {"input": "place", "label": request.env._("Search in Place")},
        }

    def _get_device_search_domain(self, search_in, search):
        word = normalise_serial(search)
        domains = {
            "serial": Domain("normalised_serial", "like", word)
            | Domain("id", "in", self._find_devices_by_alias(word)),
            # sudo: the product's name, which the page shows of these devices anyway.
            "product": Domain(
                "product_id",
                "in",
                request.env["product.product"].sudo()._search([("name", "ilike", search)]),
            ),
            "place": Domain("place_id.facility_path", "ilike", search),
        }
        if not word:
            domains.pop("serial")
        return domains.get(search_in) or Domain.OR(domains.values())

    def _find_devices_by_alias(self, word):
        # sudo: ids of devices, to which the rules on devices apply afterwards.
        aliases = (
            request.env["meddev.device.alias"]
            .sudo()
            .search_fetch([("normalised_value", "like", word)], ["lot_id"], limit=1000)
        )
        return aliases.lot_id.ids if word else []

    def _get_visible_aliases(self, device):
        """The names that the present place gave the device, not those of a former owner."""
        return device.alias_ids.filtered(
            lambda alias: (
                not alias.partner_id or alias.partner_id in device.place_id.facility_ancestor_ids
            )
        )

    @staticmethod
    def _get_state_class(state):
        """Bootstrap colour of a device state."""
        return {
            "in_service": "success",
            "in_stock": "info",
            "shipped": "info",
            "installed": "info",
            "under_repair": "warning",
            "on_loan": "warning",
            "quarantined": "danger",
            "recalled": "danger",
            "lost": "danger",
        }.get(state, "secondary")
