from odoo.tests import tagged

from .common import DeviceCase

LIST_SPEC = {
    "name": {},
    "product_id": {"fields": {"display_name": {}}},
    "manufacturer_id": {"fields": {"display_name": {}}},
    "customer_id": {"fields": {"display_name": {}}},
    "department_id": {"fields": {"display_name": {}}},
    "warranty_end": {},
    "device_state": {},
    "is_recalled": {},
    "is_quarantined": {},
}


@tagged("post_install", "-at_install")
class TestDeviceScale(DeviceCase):
    """Statements per screen do not grow with the number of devices."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.devices = cls.env["stock.lot"].create(
            [
                {
                    "name": f"SC-{number:04}",
                    "product_id": cls.monitor.id,
                    "origin": "legacy",
                    "department_id": cls.ward.id if number % 2 else cls.other_ward.id,
                }
                for number in range(90)
            ]
        )

    def _count(self, call):
        call()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        call()
        return self.env.cr.sql_log_count - before

    def test_list_of_80_costs_as_many_statements_as_a_list_of_10(self):
        lots = self._as("engineer", self.env["stock.lot"])

        def show(limit):
            return lambda: lots.web_search_read([("is_device", "=", True)], LIST_SPEC, limit=limit)

        few, many = self._count(show(10)), self._count(show(80))
        self.assertLessEqual(many, few + 1)
        self.assertLess(many, 20)

    def test_form_costs_a_constant_number_of_statements(self):
        device = self.devices[0]
        other = self.devices[1]
        for number in range(30):
            self.env["meddev.device.component"].create(
                {"lot_id": other.id, "product_id": self.cable.id, "serial": f"C{number}"}
            )
        other.log_note("one")
        spec = {
            name: {}
            for name in (
                "name",
                "device_banner",
                "missing_evidence",
                "can_be_quarantined",
                "registration_status",
                "registration_id",
            )
        } | {
            "event_ids": {"fields": {"title": {}, "summary": {}, "is_voided": {}}, "limit": 40},
            "component_ids": {
                "fields": {"serial": {}, "product_id": {"fields": {"display_name": {}}}}
            },
        }
        counts = [
            self._count(lambda lot=lot: self._as("engineer", lot).web_read(spec))
            for lot in (device, other)
        ]
        self.assertLessEqual(counts[1], counts[0] + 2)
        self.assertLess(counts[1], 40)

    def test_search_uses_the_partial_indexes(self):
        self.env.cr.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename IN ('stock_lot', 'stock_move_line')"
        )
        definitions = " ".join(row[0] for row in self.env.cr.fetchall())
        for part in (
            "device_serial_unique",
            "device_order_index",
            "medical_serial_index",
            "stock_move_line_lot_index",
        ):
            self.assertIn(part, definitions)
