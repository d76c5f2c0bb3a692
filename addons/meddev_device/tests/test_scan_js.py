from odoo.tests import HttpCase, tagged

from odoo.addons.web.tests import test_js

SUITE = "@meddev_device"


@tagged("post_install", "-at_install")
class TestScanJs(HttpCase):
    """Unit tests of the scan screen's input, in the browser (static/tests/*.test.js)."""

    def test_scan_input(self):
        suite_id = test_js.HOOTCommon._generate_hash(self, SUITE)
        self.browser_js(
            f"/web/tests?headless&loglevel=2&preset=desktop&timeout=15000&id={suite_id}",
            "",
            "",
            login="admin",
            timeout=600,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=test_js.unit_test_error_checker,
        )
