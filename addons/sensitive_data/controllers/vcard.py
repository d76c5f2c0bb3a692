from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.vcard import Partner

from ..models.export_session import table_export

#: What a card says, as the trail keeps it.
FIELDS = ("name", "email", "phone", "parent_id", "function", "website", "street", "city", "zip")


class ControlledPartner(Partner):
    """Cards of contacts leave as every other export: by policy, marked, told."""

    @http.route()
    def download_vcard(self, partner_ids=None, partner=None, **kwargs):
        numbers = [int(text) for text in (partner_ids or "").split(",") if text.isdecimal()]
        partners = partner or request.env["res.partner"].browse(filter(None, numbers)).exists()
        if not partners:
            raise request.not_found()
        with table_export(request.env, partners, len(partners), FIELDS) as session:
            wanted = ",".join(map(str, partners.ids))
            response = super().download_vcard(partner_ids=wanted, partner=partner, **kwargs)
            session.log(response.get_data(), "vcf")
        return response
