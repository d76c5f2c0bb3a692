from odoo.tests.common import BaseCase

from odoo.addons.meddev_device.tools.twice import find_twice


class TestTwice(BaseCase):
    def test_the_first_that_comes_again_is_found(self):
        for keys, twice in (
            ([], None),
            (["a", "b"], None),
            (["a", "b", "b", "a"], "b"),
            (["", False, None, "", False, None], None),
            ([(1, "a"), (2, "a"), (1, "a")], (1, "a")),
        ):
            self.assertEqual(find_twice(keys), twice)
