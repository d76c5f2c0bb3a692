from odoo import http
from odoo.http import request


class DeviceLabelController(http.Controller):
    @http.route(
        "/meddev/d/<string:word>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
        readonly=True,
    )
    def open_label(self, word):
        """What a label's symbol opens for a passer-by.

        The same page for every word, known or not: nothing is looked up, so neither the answer
        nor its timing tells whether a device exists.
        """
        response = request.render("meddev_device.label_page")
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response
