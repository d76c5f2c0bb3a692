from datetime import timedelta
from itertools import combinations

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged

from ..models.stock_lot import DATE_ORDER
from .common import DeviceCase


@tagged("post_install", "-at_install")
class TestDeviceDates(DeviceCase):
    """The dates of a device's life follow one another, and none that is proven is to come."""

    def test_every_two_dates_are_in_order(self):
        lots = self._as("intake", self.env["stock.lot"])
        for number, (earlier, later) in enumerate(combinations(DATE_ORDER, 2)):
            vals = {earlier: "2024-05-01", later: "2020-01-01"}
            row = {"serial": f"PAIR-{number}", "product_code": "TM-1", **vals}
            with self.subTest(earlier=earlier, later=later):
                labels = [lots._get_label(name) for name in (later, earlier)]
                with self.assertRaisesRegex(ValidationError, ".*".join(labels)):
                    self._as("intake", self._device(f"PAIR-{number}-W")).write(vals)
                with self.assertRaisesRegex(ValidationError, ".*".join(labels)):
                    lots.create({"name": row["serial"], "product_id": self.monitor.id, **vals})
                result = lots.load_devices([row])[0]
                self.assertEqual((result["status"], result["field"]), ("refused", later))
                for label in labels:
                    self.assertIn(label, result["error"])
        device = self._as("intake", self._device("FORM", origin="legacy"))
        form = Form(device, view="meddev_device.device_view_form")
        form.purchase_date = "2024-05-01"
        form.acceptance_date = "2020-01-01"
        with self.assertRaises(ValidationError):
            form.save()

    def test_nothing_was_installed_or_accepted_tomorrow(self):
        lots = self._as("intake", self.env["stock.lot"])
        for name in ("installation_date", "acceptance_date"):
            device = self._as("intake", self._device(f"SN-{name}"))
            with self.subTest(name=name):
                with self.assertRaisesRegex(ValidationError, lots._get_label(name)):
                    device.write({name: "2099-01-01"})
                row = {"serial": f"ROW-{name}", "product_code": "TM-1", name: "2099-01-01"}
                result = lots.load_devices([row])[0]
                self.assertEqual((result["status"], result["field"]), ("refused", name))
                self.assertIn("future", result["error"])
        # A delivery may be planned.
        device.write({"shipping_date": fields.Date.today() + timedelta(days=7)})

    def test_today_is_where_the_user_is(self):
        self.users["intake"].tz = "Asia/Shanghai"
        device = self._as("intake", self._device("SN-1"))
        with freeze_time("2026-03-31 18:00:00"):
            device.write({"installation_date": "2026-04-01"})
            with self.assertRaises(ValidationError):
                device.write({"installation_date": "2026-04-02"})

    def test_each_device_gets_the_date_that_it_lacks(self):
        for state, name, before in (
            ("installed", "installation_date", "shipped"),
            ("shipped", "shipping_date", "in_stock"),
        ):
            dated, undated = self._device(f"{state}-1"), self._device(f"{state}-2")
            (dated | undated).write({"customer_id": self.hospital.id})
            dated[name] = "2026-01-10"
            # SQL: put the devices where the move begins without walking there.
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE stock_lot SET device_state = %s WHERE id IN %s",
                [before, (dated.id, undated.id)],
            )
            self.env.invalidate_all()
            with self.subTest(state=state), freeze_time("2026-02-01 04:00:00"):
                self._as("manager", dated | undated).move_device_state(state)
                self.assertEqual(str(dated[name]), "2026-01-10")
                self.assertEqual(str(undated[name]), "2026-02-01")
                self.assertEqual(set((dated | undated).mapped("device_state")), {state})

    def test_a_move_invents_no_date_after_a_later_one(self):
        device = self._device("SN-1", acceptance_date="2020-01-20", device_state="under_repair")
        self._as("engineer", device).action_install()
        self.assertEqual(device.device_state, "installed")
        self.assertFalse(device.installation_date)
        with self.assertRaises(UserError):
            device.write({"installation_date": "2020-02-01"})
