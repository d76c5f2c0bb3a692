from odoo.exceptions import UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import DeviceCase


@tagged("post_install", "-at_install")
@freeze_time("2030-02-01 12:00:00")
class TestDeviceExpired(DeviceCase):
    """What has expired does not go to a customer, unless the company lets it go on record."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.meddev_expired_policy = "block"
        lots = cls.env["stock.lot"]
        cls.old, cls.good = lots.create(
            [
                {"name": name, "product_id": cls.reagent.id, "expiry_date": day}
                for name, day in (("B-OLD", "2030-01-31"), ("B-GOOD", "2030-02-01"))
            ]
        )
        for lot in (cls.old, cls.good):
            cls.env["stock.quant"]._update_available_quantity(
                cls.reagent, cls.stock, 10, lot_id=lot
            )
        cls.device = lots.create(
            {"name": "SN-OLD", "product_id": cls.monitor.id, "origin": "own_stock"}
            | {"expiry_date": "2030-01-31"}
        )
        cls.env["stock.quant"]._update_available_quantity(
            cls.monitor, cls.stock, 1, lot_id=cls.device
        )

    def _move(self, lots, target=None, user="stock", source=None):
        return self._picking(
            self.warehouse.out_type_id,
            source or self.stock,
            target or self.customers,
            [{"product_id": lot.product_id.id, "lot_id": lot.id} for lot in lots],
            partner=self.hospital,
        ).with_user(self.users[user])

    def _notes(self, lot):
        return lot.event_ids.filtered(lambda event: event.kind == "note").mapped("summary")

    def test_expired_goods_are_not_delivered(self):
        for lot in (self.old, self.device):
            delivery = self._move(lot)
            words = rf"have expired and must not be delivered: {lot.name} \(01/31/2030\)"
            with self.assertRaisesRegex(UserError, words):
                delivery.button_validate()
            with self.assertRaisesRegex(UserError, words):
                delivery.sudo().move_ids._action_done()
            self.assertFalse(self._notes(lot))
        self.assertEqual(self.device.device_state, "in_stock")
        delivery = self._move(self.good)
        delivery.button_validate()
        self.assertEqual(delivery.state, "done")

    def test_one_answer_names_everything_that_must_stay(self):
        """Given a recalled batch beside an expired one, both are said at once."""
        self._as("quality", self.good).recall_batch("Wrong calibrator")
        with self.assertRaises(UserError) as caught:
            self._move(self.good | self.old).button_validate()
        sentences = str(caught.exception).split("\n")
        self.assertEqual(len(sentences), 2)
        self.assertIn("B-GOOD (Recalled)", sentences[0])
        self.assertIn("B-OLD", sentences[1])

    def test_a_company_may_let_them_go_on_record(self):
        settings = self.env["res.config.settings"].create({"meddev_expired_policy": "warn"})
        settings.execute()
        delivery = self._move(self.old | self.good | self.device)
        delivery.button_validate()
        self.assertEqual(delivery.state, "done")
        for lot in (self.old, self.device):
            note = f"Delivered with {delivery.name} although it expired on 01/31/2030."
            self.assertEqual(self._notes(lot), [note])
            event = lot.event_ids.filtered(lambda event: event.kind == "note")
            self.assertTrue(event.is_anomaly)
            self.assertEqual(event.user_id, self.users["stock"])
            self.assertEqual((event.res_model, event.res_id), ("stock.picking", delivery.id))
        self.assertFalse(self._notes(self.good))
        self.assertEqual(self.device.device_state, "shipped")

    def test_the_setting_is_that_of_the_goods_company(self):
        other = self.env["res.company"].create(
            {"name": "Elsewhere", "meddev_expired_policy": "warn"}
        )
        delivery = self._move(self.old).with_company(other)
        self.users["stock"].company_ids |= other
        with self.assertRaisesRegex(UserError, "have expired"):
            delivery.with_context(
                allowed_company_ids=(other | self.env.company).ids
            ).button_validate()

    def test_they_go_back_to_the_supplier_move_inside_and_come_back(self):
        shelf = self.env["stock.location"].create(
            {"name": "Blocked Shelf", "usage": "internal", "location_id": self.stock.id}
        )
        for target in (shelf, self.suppliers):
            picking = self._move(self.old | self.device, target)
            picking.button_validate()
            self.assertEqual(picking.state, "done")
        scrap = self.env["stock.scrap"].create(
            {"product_id": self.reagent.id, "lot_id": self.old.id, "scrap_qty": 1}
            | {"location_id": self.stock.id}
        )
        self.assertTrue(scrap.action_validate())
        back = self._move(self.good, self.stock, source=self.customers)
        self.good.expiry_date = "2030-01-01"
        back.button_validate()
        self.assertEqual(back.state, "done")
        self.assertFalse(self._notes(self.old) + self._notes(self.good))

    def test_a_done_delivery_takes_no_more_of_them(self):
        """Given a done delivery, the expired batch is not swapped in; less is a correction."""
        delivery = self._move(self.good)
        delivery.button_validate()
        line = delivery.move_line_ids
        with self.assertRaisesRegex(UserError, "have expired"), self.env.cr.savepoint():
            line.write({"lot_id": self.old.id})
        self.env.company.meddev_expired_policy = "warn"
        line.write({"lot_id": self.old.id})
        self.assertEqual(len(self._notes(self.old)), 1)
        line.write({"quantity": 0.5})
        self.assertEqual(len(self._notes(self.old)), 1)

    def test_the_last_day_ends_where_the_user_is(self):
        """Given 17:00 UTC on the last day, it is over in Shanghai and not in London."""
        company = self.env.company
        with freeze_time("2030-01-31 17:00:00"):
            for zone, working_zone, is_over in (
                ("Asia/Shanghai", "UTC", True),
                ("Europe/London", "Asia/Shanghai", False),
                (False, "Asia/Shanghai", True),
                (False, "UTC", False),
            ):
                with self.subTest(zone=zone, working_zone=working_zone):
                    login = f"expired_{zone or 'nowhere'}_{working_zone}"
                    user = new_test_user(self.env, login, "stock.group_stock_user", tz=zone)
                    company.resource_calendar_id.tz = working_zone
                    self.env.invalidate_all()
                    lot = self.old.with_user(user)
                    self.assertEqual(lot.is_expired, is_over)
                    delivery = self._move(self.old).with_user(user)
                    expired = delivery.move_line_ids._get_blocked_expired_lots()
                    self.assertEqual(bool(expired), is_over)
                    self.assertTrue(self.old.with_context(tz="Asia/Shanghai").is_expired)

    def test_other_products_pass_by(self):
        cable = self.env["stock.lot"].create(
            {"name": "C-1", "product_id": self.cable.id, "expiry_date": "2030-01-01"}
        )
        delivery = self._move(cable)
        delivery.button_validate()
        self.assertEqual(delivery.state, "done")
