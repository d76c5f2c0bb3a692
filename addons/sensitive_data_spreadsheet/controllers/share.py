from odoo import http
from odoo.http import request

from odoo.addons.spreadsheet_dashboard.controllers.share import DashboardShareRoute


class ClosedShareRoute(DashboardShareRoute):
    """No public link gives a dashboard away, not even one that was made before."""

    @http.route()
    def share_portal(self, share_id=None, token=None):
        raise request.not_found()

    @http.route()
    def download(self, token=None, share_id=None):
        raise request.not_found()

    @http.route()
    def get_shared_dashboard_data(self, share_id, token):
        raise request.not_found()
