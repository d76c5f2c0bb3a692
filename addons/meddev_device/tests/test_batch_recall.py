from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged

from .common import ROLES, DeviceCase


@tagged("post_install", "-at_install")
class TestBatchRecall(DeviceCase):
    """Quality recalls a batch; while the recall lasts nobody delivers it to a customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.batch, cls.other = cls.env["stock.lot"].create(
            [{"name": name, "product_id": cls.reagent.id} for name in ("B-1", "B-2")]
        )
        for lot in (cls.batch, cls.other):
            cls.env["stock.quant"]._update_available_quantity(
                cls.reagent, cls.stock, 10, lot_id=lot
            )

    def _recall(self, lots=None):
        return self._as("quality", lots or self.batch).recall_batch("Wrong calibrator")

    def _move_out(self, lot, target=None, user="stock"):
        return self._picking(
            self.warehouse.out_type_id,
            self.stock,
            target or self.customers,
            [{"product_id": lot.product_id.id, "lot_id": lot.id}],
            partner=self.hospital,
        ).with_user(self.users[user])

    def test_recall_and_its_end_stand_on_the_timeline(self):
        """Given a batch, quality recalls it and ends the recall: two events, each with reason."""
        batch = self._as("quality", self.batch)
        self.assertEqual(self._recall(), {"ids": self.batch.ids, "is_recalled": True})
        self.assertTrue(batch.is_recalled and batch.batch_recalled_at)
        self.assertIn("Wrong calibrator", batch.device_banner)
        batch.end_batch_recall("Calibrator replaced")
        self.assertFalse(batch.is_recalled or batch.batch_recalled_at or batch.batch_recall_reason)
        self.assertFalse(batch.device_banner)
        lines = [(line["title"], line["summary"], line["by"]) for line in batch.get_timeline()]
        self.assertEqual(
            lines,
            [
                ("Recall · Ended", "Calibrator replaced", "User quality"),
                ("Recall · Started", "Wrong calibrator", "User quality"),
            ],
        )
        with self.assertRaises(UserError):
            batch.event_ids.sudo().write({"summary": "forged"})

    def test_only_quality_recalls_and_ends(self):
        self._recall(self.other)
        for role in set(ROLES) - {"quality"} | {"stock", "outsider"}:
            with self.subTest(role=role):
                batch, other = self._as(role, self.batch), self._as(role, self.other)
                for call in (
                    lambda batch=batch: batch.recall_batch("why"),
                    lambda batch=batch: batch.action_recall_batch("why"),
                    lambda batch=batch: batch.sudo().recall_batch("why"),
                    lambda other=other: other.end_batch_recall("why"),
                    lambda other=other: other.sudo().end_batch_recall("why"),
                ):
                    with self.assertRaises(UserError):
                        call()
                if role != "outsider":
                    self.assertFalse(batch.can_be_batch_recalled)
                    self.assertFalse(other.can_batch_recall_be_ended)
        self.assertFalse(self.batch.is_recalled)
        self.assertTrue(self.other.is_recalled)

    def test_a_reason_is_asked_and_kept(self):
        """Given the button without reason, the dialogue asks for it, as for devices."""
        batch = self._as("quality", self.batch | self.other)
        self.assertEqual(batch.mapped("can_be_batch_recalled"), [True, True])
        for reason in (None, False, "", "  "):
            with self.assertRaises(UserError):
                batch.recall_batch(reason)
        for button in ("action_recall_batch", "action_end_batch_recall"):
            action = getattr(batch, button)()
            wizards = self._as("quality", self.env[action["res_model"]])
            form = Form(wizards.with_context(**action["context"]))
            form.reason = f"because of {button}"
            form.save().action_move()
            self.assertEqual(self._latest(self.other).summary, f"because of {button}")
            self.assertEqual(batch.mapped("is_recalled"), [button == "action_recall_batch"] * 2)

    def test_what_is_no_batch_or_recalled_already_is_refused(self):
        cable = self.env["stock.lot"].create({"name": "C-1", "product_id": self.cable.id})
        for lots in (self._device("SN-1"), cable, self.batch | cable):
            with self.assertRaises(ValidationError):
                self._recall(lots)
        with self.assertRaisesRegex(UserError, "nothing to end"):
            self._as("quality", self.batch).end_batch_recall("why")
        self._recall()
        with self.assertRaisesRegex(UserError, "already"):
            self._recall(self.batch | self.other)
        self.assertFalse(self.other.is_recalled)

    def test_the_recall_is_not_typed_in(self):
        """Form, RPC and import write neither the recall nor its end; no context helps."""
        self._recall()
        lots = self._as("quality", self.env["stock.lot"])
        for vals in (
            {"batch_recalled_at": False},
            {"batch_recalled_at": "2026-01-01 00:00:00"},
            {"batch_recall_reason": "forged"},
        ):
            with self.assertRaises(UserError):
                self._as("quality", self.batch).write(vals)
        with self.assertRaises(UserError):
            lots.create(
                {
                    "name": "B-3",
                    "product_id": self.reagent.id,
                    "batch_recalled_at": "2026-01-01 00:00:00",
                }
            )
        result = lots.load(
            [".id", "batch_recalled_at"], [[str(self.batch.id), "2026-01-01 00:00:00"]]
        )
        self.assertFalse(result["ids"])
        blank = lots.with_context(default_batch_recalled_at="2026-01-01 00:00:00")
        self.assertFalse(blank.create({"name": "B-4", "product_id": self.reagent.id}).is_recalled)
        self.assertFalse(self.batch.copy({"name": "B-5"}).is_recalled)

    def test_recalled_batches_and_devices_are_found_by_one_filter(self):
        self._recall()
        device = self._device("SN-1")
        device._move_device_state("recalled", reason="test")
        lots = self._as("analyst", self.env["stock.lot"])
        mine = [("id", "in", (self.batch | self.other | device).ids)]
        self.assertEqual(lots.search([*mine, ("is_recalled", "=", True)]), self.batch | device)
        for domain in (
            [("is_recalled", "=", False)],
            [("is_recalled", "!=", True)],
            ["!", ("is_recalled", "=", True)],
        ):
            self.assertEqual(lots.search([*mine, *domain]), self.other)

    def test_a_recalled_batch_is_not_delivered(self):
        self._recall()
        with self.assertRaisesRegex(UserError, r"B-1 \(Recalled\)"):
            self._move_out(self.batch).button_validate()
        with self.assertRaises(UserError):
            self._move_out(self.batch).sudo().move_ids._action_done()
        self._move_out(self.other).button_validate()
        self._as("quality", self.batch).end_batch_recall("released")
        delivery = self._move_out(self.batch)
        delivery.button_validate()
        self.assertEqual(delivery.state, "done")

    def test_a_recalled_batch_moves_inside_and_back_to_its_supplier(self):
        self._recall()
        shelf = self.env["stock.location"].create(
            {"name": "Blocked Shelf", "usage": "internal", "location_id": self.stock.id}
        )
        for target in (shelf, self.suppliers):
            picking = self._move_out(self.batch, target)
            picking.button_validate()
            self.assertEqual(picking.state, "done")
        back = self._picking(
            self.warehouse.in_type_id,
            self.customers,
            self.stock,
            [{"product_id": self.reagent.id, "lot_id": self.batch.id}],
            partner=self.hospital,
        )
        back.button_validate()
        self.assertEqual(back.state, "done")

    def test_a_done_delivery_takes_no_more_of_a_recalled_batch(self):
        """Given done deliveries, the recalled batch is neither swapped in, topped up nor added;
        less of it is an ordinary correction."""
        good, recalled = self._move_out(self.other), self._move_out(self.batch)
        for picking in (good, recalled):
            picking.button_validate()
        self._recall()
        quant = self.batch.quant_ids.filtered(lambda quant: quant.location_id == self.stock)
        line = good.move_line_ids
        for vals in ({"lot_id": self.batch.id}, {"quant_id": quant.id}):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                line.write(vals)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            recalled.move_line_ids.write({"quantity": 5})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            line.create(
                {
                    "picking_id": good.id,
                    "move_id": good.move_ids.id,
                    "product_id": self.reagent.id,
                    "lot_id": self.batch.id,
                    "quantity": 1,
                    "location_id": self.stock.id,
                    "location_dest_id": self.customers.id,
                }
            )
        recalled.move_line_ids.write({"quantity": 0.5})
        self.assertEqual(recalled.move_line_ids.quantity, 0.5)

    def test_a_quant_does_not_swap_the_device_of_a_done_delivery(self):
        good, bad = self._receive(["SN-1", "SN-2"])
        delivery = self._deliver(good, self.hospital, user=self.users["stock"])
        with self.assertRaises(UserError):
            self._as("stock", delivery.move_line_ids).write({"quant_id": bad.quant_ids[-1:].id})

    def test_the_product_of_a_recalled_batch_stays_what_it_is(self):
        self._recall()
        template = self.reagent.product_tmpl_id
        for vals in ({"tracking": "serial"}, {"is_medical_device": False}):
            with self.assertRaisesRegex(UserError, "B-1"):
                template.write(vals)
        template.write({"manufacturer_id": self.other_maker.id, "tracking": "lot"})
        self.assertEqual(self.batch.manufacturer_id, self.other_maker)
        self.assertTrue(self.batch.is_recalled)

    def test_quality_of_another_company_recalls_nothing(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        batch = self.env["stock.lot"].create(
            {"name": "B-9", "product_id": self.reagent.id, "company_id": company.id}
        )
        with self.assertRaises(AccessError):
            self._recall(batch)
        self.users["quality"].company_ids |= company
        self._recall(batch.with_context(allowed_company_ids=company.ids))
        self.assertTrue(batch.is_recalled)
        self.assertEqual(batch.event_ids.company_id, company)

    def test_a_recalled_batch_is_kept(self):
        self._recall(self.other)
        self._as("quality", self.other).end_batch_recall("released")
        with self.assertRaisesRegex(UserError, "has a history"):
            self.other.sudo().unlink()

    def test_changes_of_a_batch_by_hand_stand_on_its_timeline(self):
        self._as("parts", self.batch).write({"expiry_date": "2030-01-31", "name": "B-1A"})
        self.assertEqual(self._latest(self.batch).kind, "identity")
        self.assertIn("Expiry Date: – → 2030-01-31", self._latest(self.batch).summary)
        self.assertIn("B-1 → B-1A", self._latest(self.batch).summary)

    def test_expired_batches_and_devices_say_so(self):
        """Given an expiry date, the last day is still good and the next is not."""
        device = self._device("SN-1", expiry_date="2030-01-31")
        self.batch.expiry_date = "2030-01-31"
        for day, is_expired in (("2030-01-31", False), ("2030-02-01", True)):
            with freeze_time(f"{day} 12:00:00"):
                self.env.invalidate_all()
                for lot in (device, self.batch):
                    self.assertEqual(lot.is_expired, is_expired)
                    self.assertEqual(
                        "Expired on 01/31/2030" in (lot.device_banner or ""), is_expired
                    )
        cable = self.env["stock.lot"].create({"name": "C-1", "product_id": self.cable.id})
        self.assertFalse(cable.is_expired)

    def test_recalling_many_batches_costs_as_many_statements_as_two(self):
        def count(number):
            lots = self.env["stock.lot"].create(
                [
                    {"name": f"N-{number}-{index}", "product_id": self.reagent.id}
                    for index in range(number)
                ]
            )
            lots = self._as("quality", lots)
            lots.mapped("name")
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            lots.recall_batch("test")
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(1)
        few, many = count(2), count(22)
        self.assertLessEqual(many, few + 1)
