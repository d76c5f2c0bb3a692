import csv
import io
import json

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestPricelistExport(HttpCase):
    """The price list of products as a file: by policy, marked, told."""

    def export(self, login, **wanted):
        self.authenticate(login, login)
        data = {"active_model": "product.template", "quantities": [1]} | wanted
        address = "/product/export/pricelist/"
        return self.url_open(
            f"{address}?export_format=csv&report_data={json.dumps(data)}",
        )

    @mute_logger("odoo.http")
    def test_prices_are_an_export(self):
        """Given the right to export and a policy, then marked and told; without one refused."""
        products = self.env["product.template"].create([{"name": "Pump A"}, {"name": "Pump B"}])
        new_test_user(self.env, "price_exporter", "base.group_user,base.group_allow_export")
        new_test_user(self.env, "price_reader", "base.group_user")
        entries = self.env["audit.trail.entry"]
        answer = self.export("price_reader", active_ids=products.ids)
        self.assertEqual(answer.status_code, 403)
        answer = self.export("price_exporter", active_ids=products.ids)
        rows = list(csv.reader(io.StringIO(answer.text)))
        details = entries.search([("kind", "=", "export")], limit=1).details
        self.assertEqual((details["rows"], details["format"]), (2, "pricelist.csv"))
        self.assertIn(details["number"], rows[-1][0])
        self.env.ref("sensitive_data.policy_general").row_cap = 1
        answer = self.export("price_exporter", active_ids=products.ids)
        self.assertIn("2 lines, 1 are allowed", answer.text)
        for junk in ({"active_model": "res.users"}, {"active_ids": ["a"]}, {"active_ids": 7}):
            self.assertIn("price list is of products", self.export("price_exporter", **junk).text)
