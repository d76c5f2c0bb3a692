from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestSecurity(PurchaseCommon):
    def test_parts_keeper_needs_no_core_stock_right(self):
        """The lowest role does the whole job: inspect, finish, look at the device."""
        self.assertFalse(self.parts.has_group("stock.group_stock_user"))
        _order, inspection = self._receive(self._carrier("SEC-1"))
        device = inspection.line_ids.lot_id.with_user(self.parts)
        self.assertEqual(device.purchase_order_id.name, inspection.purchase_id.name)
        self.assertTrue(device.receipt_id.display_name)

    def test_others_do_no_inspections(self):
        picking = self._order((self.monitor, 1)).picking_ids
        inspection = self._inspection(picking)
        inspection.capture(self._carrier("SEC-2"))
        for user in (self.quality, self.manager, self.auditor, self.stocker, self.buyer):
            own = inspection.with_user(user)
            own.check_access("read")
            for method in ("action_confirm", "action_cancel", "action_capture"):
                with self.assertRaises(AccessError, msg=f"{user.login} {method}"):
                    getattr(own, method)()
            with self.assertRaises(AccessError, msg=user.login):
                own.note = "x"
            with self.assertRaises(AccessError, msg=user.login):
                self._inspection(self._order((self.monitor, 1)).picking_ids, user)
            with self.assertRaises(AccessError, msg=user.login):
                self.env["stock.picking"].browse(
                    self._order((self.monitor, 1)).picking_ids.id
                ).with_user(user).action_inspect()

    def test_engineer_sees_no_inspections_and_no_papers(self):
        _order, inspection = self._receive(self._carrier("SEC-3"))
        for record in (inspection, inspection.line_ids, self.business_licence):
            with self.assertRaises(AccessError):
                record.with_user(self.engineer).read(["display_name"])
        device = inspection.line_ids.lot_id.with_user(self.engineer)
        values = device.web_read(
            {
                "name": {},
                "purchase_order_id": {"fields": {"display_name": {}}},
                "receipt_id": {"fields": {"display_name": {}}},
                "supplier_id": {"fields": {"display_name": {}}},
                "retain_until": {},
                "inspection_count": {},
            }
        )[0]
        self.assertEqual(values["supplier_id"]["display_name"], self.maker.name)

    def test_companies_are_apart(self):
        _order, inspection = self._receive(self._carrier("SEC-4"))
        company = self.env["res.company"].create({"name": "Second Company"})
        stranger = new_test_user(
            self.env,
            "mp_stranger",
            groups="base.group_user,meddev_base.group_parts_keeper,"
            "meddev_base.group_quality_specialist",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.business_licence.company_id = self.company
        self._order((self.monitor, 1), partner=self.distributor)
        for model in (
            "meddev.incoming.inspection",
            "meddev.incoming.inspection.line",
            "meddev.paper.waiver",
        ):
            self.assertFalse(self.env[model].with_user(stranger).search([]), model)
        papers = self.env["meddev.supplier.paper"].with_user(stranger).search([])
        self.assertNotIn(self.business_licence, papers)
        with self.assertRaises(AccessError):
            inspection.with_user(stranger).read(["name"])

    def test_papers_of_another_company_do_not_count(self):
        other = self.env["res.company"].create({"name": "Third Company"})
        self.production_licence.company_id = other
        gaps = self.env["meddev.supplier.paper"]._find_gaps(
            self.maker, self.monitor.product_tmpl_id, self.company, self.today
        )
        self.assertEqual([gap.kind for gap in gaps], ["production_licence"])

    def test_licence_of_another_company_is_not_on_the_record(self):
        """Given the maker's licence in another company's file, our record does not name it."""
        other = self.env["res.company"].create({"name": "Fourth Company"})
        self.company.meddev_receipt_paper_policy = "ignore"
        self.production_licence.company_id = other
        _order, inspection = self._receive(self._carrier("SEC-7"))
        self.assertFalse(inspection.line_ids.manufacturer_licence)
        self.assertEqual(inspection.line_ids.manufacturer_name, self.maker.name)
        self.production_licence.company_id = self.company
        _order, inspection = self._receive(self._carrier("SEC-8"))
        self.assertEqual(inspection.line_ids.manufacturer_licence, self.production_licence.number)

    def test_rules_are_kept_by_quality(self):
        rule = self.requirements[0]
        rule.with_user(self.quality).active = False
        for user in (self.parts, self.buyer):
            with self.assertRaises(AccessError):
                rule.with_user(user).active = True

    def test_reminders_are_made_by_nobody(self):
        for user in (self.quality, self.manager, self.parts):
            with self.assertRaises(AccessError):
                self.env["meddev.paper.reminder"].with_user(user).create(
                    {"paper_id": self.business_licence.id, "days": 1, "valid_to": self.today}
                )

    def test_parts_keeper_lands_on_the_receipts(self):
        role = self.env["meddev.role"].search(
            [("group_id", "=", self.env.ref("meddev_base.group_parts_keeper").id)]
        )
        action = self.env.ref("meddev_purchase.stock_picking_action_inspect")
        self.assertEqual(role.landing_action_id.id, action.id)

    def test_receipts_to_inspect_are_those(self):
        from ast import literal_eval

        action = self.env.ref("meddev_purchase.stock_picking_action_inspect")
        order = self._order((self.monitor, 1))
        desks = self._order((self.desk, 1))
        pickings = self.env["stock.picking"].with_user(self.parts)
        found = pickings.search(literal_eval(action.domain))
        self.assertIn(order.picking_ids, found)
        self.assertNotIn(desks.picking_ids, found)
        inspection = self._inspection(order.picking_ids)
        inspection.capture(self._carrier("SEC-5"))
        inspection.action_confirm()
        self.assertNotIn(order.picking_ids, pickings.search(literal_eval(action.domain)))

    def test_screens_open_for_their_roles(self):
        """Forms and lists render with the rights of who is to use them."""
        _order, inspection = self._receive(self._carrier("SEC-6"))
        for user in (self.parts, self.quality, self.manager, self.auditor):
            Form(inspection.with_user(user))
            Form(inspection.line_ids.with_user(user))
            Form(self.business_licence.with_user(user))
            Form(inspection.line_ids.lot_id.with_user(user), view="meddev_device.device_view_form")
            Form(inspection.picking_id.with_user(user))
        Form(inspection.purchase_id.with_user(self.buyer))
