import json

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.product.controllers.pricelist_report import ProductPricelistExportController
from odoo.addons.sensitive_data.controllers.pivot import is_read_only
from odoo.addons.sensitive_data.models.export_session import current_session, table_export

MODELS = ("product.template", "product.product")


class ControlledPricelist(ProductPricelistExportController):
    """Prices of products leave as every other export: by policy, marked, told."""

    @http.route(readonly=is_read_only)
    def export_pricelist(self, report_data, export_format):
        products = _get_products(json.loads(report_data))
        # A template has a line for each of its variants.
        variants = products.product_variant_ids if products._name == MODELS[0] else products
        rows = max(len(products), len(variants))
        with table_export(request.env, products, rows, ["name", "price"]) as session:
            response = super().export_pricelist(report_data, export_format)
            session.log(response.get_data(), "pricelist.csv" if export_format == "csv" else "xlsx")
        return response

    def _generate_rows(self, products, quantities):
        rows = super()._generate_rows(products, quantities)
        session = current_session(request.env)
        if session and (mark := session.get_watermark()):
            rows.append([mark])
        return rows


def _get_products(wanted):
    wanted = wanted if isinstance(wanted, dict) else {}
    name, ids = wanted.get("active_model", MODELS[0]), wanted.get("active_ids") or []
    if name not in MODELS or not isinstance(ids, list) or not all(type(one) is int for one in ids):
        raise UserError(
            request.env._("A price list is of products: open it anew, then export it again.")
        )
    return request.env[name].browse(ids)
