from odoo.tests import HttpCase, tagged

from .common import DeviceCase

#: The page, and what a wedge scanner sends for the symbol on device SCAN-1 and on a new one.
URL = "/odoo/scan-device"


@tagged("post_install", "-at_install")
class TestScanTours(DeviceCase, HttpCase):
    """In both languages; each tour points at elements and checks two words of its language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.device = cls.env["stock.lot"].create(
            {
                "name": "SCAN-1",
                "product_id": cls.monitor.id,
                "origin": "legacy",
                "customer_id": cls.hospital.id,
                "department_id": cls.ward.id,
            }
        )

    def _tour(self, name, role, lang):
        user = self.users[role]
        user.lang = lang
        self.start_tour(URL, f"{name}_{lang[:2]}", login=user.login, timeout=120)

    def test_scan_opens_the_device_and_its_timeline_in_english(self):
        """Lowest role: the dispatcher reads devices and enters none."""
        self._tour("meddev_device_scan_opens", "dispatcher", "en_US")

    def test_scan_opens_the_device_and_its_timeline_in_chinese(self):
        self._tour("meddev_device_scan_opens", "dispatcher", "zh_CN")

    def test_unknown_serial_is_entered_in_english(self):
        """Lowest role: the intake agent enters devices that were never in our stock."""
        self._tour("meddev_device_scan_creates", "intake", "en_US")
        self._check_created()

    def test_unknown_serial_is_entered_in_chinese(self):
        self._tour("meddev_device_scan_creates", "intake", "zh_CN")
        self._check_created()

    def test_dispatcher_is_not_offered_to_enter_a_device(self):
        self._tour("meddev_device_scan_offers_nothing", "dispatcher", "en_US")

    def test_lost_separator_is_chosen_by_a_person(self):
        self._tour("meddev_device_scan_choice", "dispatcher", "zh_CN")

    def _check_created(self):
        device = self.env["stock.lot"].search([("name", "=", "SCAN-NEW-1")])
        self.assertRecordValues(
            device,
            [
                {
                    "product_id": self.monitor.id,
                    "udi_di": "06901234567892",
                    "udi_check_status": "ok",
                    "batch_number": "LOT7",
                    "device_state": "in_service",
                    "udi_carrier": "010690123456789221SCAN-NEW-1\x1d10LOT7",
                }
            ],
        )
