from odoo.tests import tagged

from .common import DeviceCase


@tagged("post_install", "-at_install")
class TestDeviceSearch(DeviceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lots = cls.env["stock.lot"]
        cls.whole, cls.longer, cls.part = (
            cls.env["stock.lot"].create({"name": name, "product_id": cls.monitor.id})
            for name in ("QX-77001", "QX-77001-B", "AQX-77001")
        )

    def found(self, text):
        return {lot_id for lot_id, _name in self.lots.name_search(text, limit=20)}

    def test_a_whole_serial_finds_it_and_what_begins_so(self):
        """Given a serial typed in full, then it and its longer forms come, not mere parts."""
        self.assertEqual(self.found("QX-77001"), {self.whole.id, self.longer.id})
        self.assertEqual(self.found("ｑｘ-77001"), {self.whole.id, self.longer.id})

    def test_a_part_of_a_serial_finds_all_that_contain_it(self):
        """Given a part that no device is called, then every serial with it comes."""
        self.assertEqual(self.found("X-7700"), {self.whole.id, self.longer.id, self.part.id})

    def test_wildcards_are_signs_like_others(self):
        """Given a serial with % and _, when it is typed, then nothing else matches."""
        odd = self._device("ZZ%_1")
        self._device("ZZ%X12")
        self.assertEqual(self.found("ZZ%_1"), {odd.id})

    def test_the_search_box_finds_the_same(self):
        domain = [("device_search", "ilike", "QX-77001")]
        self.assertEqual(self.lots.search(domain), self.whole | self.longer)
