from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
class TestSupplierPaper(PurchaseCommon):
    def _gaps(self, partner=None, product=None):
        return self.env["meddev.supplier.paper"]._find_gaps(
            partner or self.maker,
            (product or self.monitor).product_tmpl_id,
            self.company,
            self.today,
        )

    def test_complete_file_has_no_gap(self):
        self.assertFalse(self._gaps())

    def test_state_follows_the_dates(self):
        paper = self.business_licence
        for days, state in ((400, "valid"), (60, "expiring"), (0, "expiring"), (-1, "expired")):
            paper.valid_to = self.today + timedelta(days=days)
            self.assertEqual(paper.state, state, days)
            self.assertIn(paper, paper.search([("state", "=", state)]))
            others = {"valid", "expiring", "expired", "not_yet_valid"} - {state}
            self.assertNotIn(paper, paper.search([("state", "in", list(others))]))
        paper.write(
            {
                "valid_from": self.today + timedelta(days=1),
                "valid_to": self.today + timedelta(days=9),
            }
        )
        self.assertEqual(paper.state, "not_yet_valid")
        paper.write({"valid_from": False, "valid_to": False})
        self.assertEqual(paper.state, "valid")
        self.assertIn(paper, paper.search([("state", "=", "valid")]))

    def test_expiring_begins_with_the_first_reminder_or_where_the_company_says(self):
        """Given no reminder it is 60 days; a setting of the company goes before both."""
        paper = self._paper(self.maker, "other", "EXPIRING-1")
        steps = self.env["meddev.paper.reminder.step"].search([])
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        elsewhere.meddev_expiring_days = 10

        def shift(days):
            paper.valid_to = self.today + timedelta(days=days)
            paper.invalidate_recordset(["state"])
            found = paper.search([("state", "=", "expiring"), ("id", "=", paper.id)])
            self.assertEqual(bool(found), paper.state == "expiring")
            return paper.state

        steps[0].days = 45
        self.assertEqual((shift(45), shift(46)), ("expiring", "valid"))
        steps[1:].active = False
        steps[0].days = 0
        self.assertEqual((shift(0), shift(1)), ("expiring", "valid"))
        steps.active = False
        self.assertEqual((shift(60), shift(61)), ("expiring", "valid"))
        self.company.meddev_expiring_days = 100
        self.assertEqual((shift(100), shift(101)), ("expiring", "valid"))
        paper.company_id = self.company
        self.assertEqual((shift(100), shift(101)), ("expiring", "valid"))
        paper.write({"company_id": elsewhere.id, "user_id": False})
        self.assertEqual((shift(10), shift(11)), ("expiring", "valid"))

    def test_last_day_counts(self):
        self.production_licence.valid_to = self.today
        self.assertFalse(self._gaps())
        self.production_licence.valid_to = self.today - timedelta(days=1)
        self.assertEqual([gap.state for gap in self._gaps()], ["expired"])

    def test_distributor_needs_a_distribution_licence(self):
        kinds = {gap.kind for gap in self._gaps(self.distributor)}
        self.assertEqual(kinds, {"business_licence", "distribution_licence"})

    def test_class_one_from_a_distributor_needs_no_licence_to_distribute(self):
        self.monitor.device_class = "1"
        self.assertEqual({gap.kind for gap in self._gaps(self.distributor)}, {"business_licence"})

    def test_papers_of_the_company_count_for_its_contact(self):
        contact = self.env["res.partner"].create({"name": "Ms Li", "parent_id": self.maker.id})
        self.assertFalse(self._gaps(contact))

    def test_product_without_certificate(self):
        self.registration.product_tmpl_ids -= self.monitor.product_tmpl_id
        gap = self._gaps()[0]
        self.assertEqual((gap.kind, gap.template), ("registration", self.monitor.product_tmpl_id))
        self._paper(
            self.maker,
            "registration",
            "国械注准20203070999",
            product_tmpl_ids=[Command.set(self.monitor.product_tmpl_id.ids)],
        )
        self.assertFalse(self._gaps())

    def test_foreign_certificate_closes_no_gap(self):
        """Given a K-number in the ledger, or a copy in the supplier's file, the gap stays."""
        self.registration.valid_to = self.today - timedelta(days=1)
        template = self.monitor.product_tmpl_id
        foreign = self.env["meddev.registration"].create(
            {"number": "K201234", "kind": "other", "product_tmpl_ids": [Command.set(template.ids)]}
        )
        self.assertEqual([gap.kind for gap in self._gaps()], ["registration"])
        paper = self._paper(self.maker, "registration", "K201234", registration_id=foreign.id)
        self.assertEqual([gap.kind for gap in self._gaps()], ["registration"])
        foreign.write({"kind": "import", "number": "国械注进20203070124"})
        self.assertFalse(self._gaps())
        paper.active = False
        foreign.write({"kind": "filing", "number": "国械备20200124"})
        self.assertFalse(self._gaps())

    def test_what_is_archived_covers_nothing_whatever_the_context(self):
        """Given an archived paper and certificate, when a client asks for archived ones, gaps."""
        find = self.env["meddev.supplier.paper"].with_context(active_test=False)._find_gaps
        template = self.monitor.product_tmpl_id.with_context(active_test=False)

        def kinds():
            gaps = find(self.maker, template, self.company, self.today)
            return {gap.kind for gap in gaps}

        self.assertFalse(kinds())
        self.business_licence.active = False
        self.assertEqual(kinds(), {self.business_licence.kind})
        self.registration.active = False
        self.assertEqual(kinds(), {self.business_licence.kind, "registration"})
        self.assertEqual(template.registration_status, "none")

    def test_unknown_supplier_leaves_the_certificates(self):
        nobody = self.env["res.partner"]
        find = self.env["meddev.supplier.paper"]._find_gaps
        template = self.monitor.product_tmpl_id
        self.assertFalse(find(nobody, template, self.company, self.today))
        self.registration.product_tmpl_ids -= template
        gaps = find(nobody, template, self.company, self.today)
        self.assertEqual([gap.kind for gap in gaps], ["registration"])

    def test_scope_by_product(self):
        self.production_licence.product_tmpl_ids = self.reagent.product_tmpl_id
        self.assertIn("scope", self._gaps()[0].message)
        self.assertFalse(self._gaps(product=self.reagent))

    def test_scope_by_catalogue_code(self):
        codes = self.env["meddev.code"].search([("system_id.code", "=", "NMPA-CAT")])
        code = codes.filtered(lambda code: code.code == "07")[:1]
        other = codes.filtered(lambda code: code.code == "06")[:1]
        self.assertTrue(code and other)
        self.production_licence.scope_code_ids = code
        self.assertEqual(len(self._gaps()), 1)
        self.monitor.catalogue_code_id = code
        self.assertFalse(self._gaps())
        self.monitor.catalogue_code_id = other
        self.assertEqual(len(self._gaps()), 1)

    def test_requirement_rules_have_a_validity(self):
        self.production_licence.valid_to = self.today - timedelta(days=1)
        rules = self.requirements.filtered(lambda rule: rule.kind == "production_licence")
        rules.valid_from = self.today + timedelta(days=1)
        self.assertFalse(self._gaps())
        rules.write({"valid_from": False, "valid_to": self.today})
        self.assertEqual(len(self._gaps()), 1)

    def test_authorisation_counts_once_it_is_on_file(self):
        """Given the rule for authorisations, none is missed where none was ever given."""
        self._paper(self.distributor, "business_licence", "91310000MA002")
        self._paper(self.distributor, "distribution_licence", "沪浦药监械经营许可20200001号")
        self.requirements.filtered(lambda rule: rule.kind == "authorisation").active = False
        self.env["meddev.paper.requirement"].create(
            {"kind": "authorisation", "supplier_kind": "distributor", "is_only_if_filed": True}
        )
        self.assertFalse(self._gaps(self.distributor))
        authorisation = self._paper(self.distributor, "authorisation", "AU-2026-1")
        self.assertFalse(self._gaps(self.distributor))
        authorisation.valid_to = self.today - timedelta(days=1)
        gap = self._gaps(self.distributor)[0]
        self.assertEqual((gap.kind, gap.state), ("authorisation", "expired"))
        authorisation.write(
            {
                "valid_to": self.today + timedelta(days=1),
                "product_tmpl_ids": [Command.set(self.reagent.product_tmpl_id.ids)],
            }
        )
        self.assertIn("scope", self._gaps(self.distributor)[0].message)

    def test_renewal_keeps_the_old_paper(self):
        action = self.production_licence.action_renew()
        with Form(
            self.env["meddev.supplier.paper"]
            .with_user(self.parts)
            .with_context(**action["context"])
        ) as form:
            form.number = "京海药监械生产许可20250001号"
            form.valid_to = self.today + timedelta(days=2000)
        renewed = form.record
        self.assertEqual(self.production_licence.replaced_by_id, renewed)
        self.assertEqual(renewed.kind, "production_licence")

    def test_odd_licence_number_warns_and_does_not_block(self):
        odd = self._paper(self.maker, "distribution_licence", "JY-2020-1")
        self.assertTrue(odd.number_warning)
        self.assertFalse(self.production_licence.number_warning)

    def test_dates_in_order(self):
        with self.assertRaisesRegex(ValidationError, "ends before"):
            self.business_licence.valid_from = self.today + timedelta(days=999)

    def test_partner_shows_the_worst_state(self):
        partner = self.maker.with_user(self.parts)
        self.assertEqual((partner.supplier_paper_state, partner.supplier_paper_count), ("valid", 2))
        self.business_licence.valid_to = self.today - timedelta(days=1)
        partner.invalidate_recordset()
        self.assertEqual(partner.supplier_paper_state, "expired")


@tagged("post_install", "-at_install")
class TestPaperPolicy(PurchaseCommon):
    def _waivers(self, **domain):
        return self.env["meddev.paper.waiver"].search(
            [("partner_id", "=", self.distributor.id), *((k, "=", v) for k, v in domain.items())]
        )

    def test_warned_order_goes_on_and_is_recorded(self):
        order = self._order((self.monitor, 1), partner=self.distributor, confirm=False)
        self.assertIn("Distribution Licence", order.missing_papers)
        order.paper_reason = "Hospital waits"
        order.with_user(self.buyer).button_confirm()
        self.assertEqual(order.state, "purchase")
        waiver = self._waivers()
        self.assertRecordValues(
            waiver,
            [
                {
                    "operation": "order",
                    "mode": "warned",
                    "user_id": self.buyer.id,
                    "reason": "Hospital waits",
                    "purchase_id": order.id,
                }
            ],
        )
        self.assertIn("Distribution Licence", waiver.missing)
        self.assertEqual(order.paper_waiver_count, 1)

    def test_blocked_order_names_what_is_missing(self):
        self.company.meddev_order_paper_policy = "block"
        order = self._order((self.monitor, 1), partner=self.distributor, confirm=False)
        with self.assertRaisesRegex(UserError, "(?s)Distribution Licence.*quality specialist"):
            order.with_user(self.buyer).button_confirm()
        self.assertEqual(order.state, "draft")
        self.assertFalse(self._waivers())

    def test_no_way_round_a_blocked_order(self):
        """Approve, write, import and a further line all ask the same question."""
        self.company.meddev_order_paper_policy = "block"
        order = self._order((self.monitor, 1), partner=self.distributor, confirm=False)
        with self.assertRaises(UserError):
            order.with_user(self.buyer).button_approve()
        with self.assertRaises(UserError):
            order.with_user(self.buyer).write({"state": "purchase"})
        with self.assertRaises(UserError):
            order.copy({"state": "purchase"})
        desks = self._order((self.desk, 1), partner=self.distributor)
        with self.assertRaises(UserError):
            desks.order_line = [
                Command.create({"product_id": self.monitor.id, "product_qty": 1, "price_unit": 1})
            ]

    def test_ordering_more_after_the_papers_expired(self):
        self.company.meddev_order_paper_policy = "block"
        order = self._order((self.monitor, 1))
        self.production_licence.valid_to = self.today - timedelta(days=1)
        order.order_line.price_unit = 90
        with self.assertRaises(UserError):
            order.order_line.product_qty = 2

    def test_waiver_by_quality_lets_the_order_pass(self):
        self.company.meddev_order_paper_policy = "block"
        order = self._order((self.monitor, 1), partner=self.distributor, confirm=False)
        wizard = (
            self.env["meddev.paper.waive"]
            .with_user(self.quality)
            .with_context(**order.with_user(self.quality).action_allow_papers()["context"])
            .create({"reason": "Licence seen in the original"})
        )
        self.assertIn("Distribution Licence", wizard.missing)
        wizard.action_allow()
        waiver = self._waivers()
        self.assertEqual((waiver.mode, waiver.user_id), ("allowed", self.quality))
        order.with_user(self.buyer).button_confirm()
        self.assertEqual(order.state, "purchase")
        self.assertEqual(len(self._waivers()), 1)

    def test_waiver_covers_what_it_names_only(self):
        self.company.meddev_order_paper_policy = "block"
        order = self._order((self.monitor, 1), partner=self.distributor, confirm=False)
        order.with_user(self.manager).allow_papers("Known for years")
        self.registration.valid_to = self.today - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "registration certificate"):
            order.button_confirm()

    def test_only_quality_and_manager_allow(self):
        self.company.meddev_order_paper_policy = "block"
        order = self._order((self.monitor, 1), partner=self.distributor, confirm=False)
        for user in (self.parts, self.buyer, self.engineer, self.stocker, self.auditor):
            with self.assertRaises(AccessError, msg=user.login):
                order.with_user(user).allow_papers("I say so")
            with self.assertRaises(AccessError, msg=user.login):
                self.env["meddev.paper.waive"].with_user(user).create(
                    {"res_model": "purchase.order", "res_id": order.id, "reason": "x"}
                ).action_allow()

    def test_waivers_are_append_only(self):
        self._order((self.monitor, 1), partner=self.distributor)
        waiver = self._waivers()
        for user in (self.quality, self.manager, self.env.ref("base.user_admin")):
            with self.assertRaises(UserError):
                waiver.with_user(user).write({"reason": "Another"})
            with self.assertRaises(UserError):
                waiver.with_user(user).unlink()
            with self.assertRaises(AccessError):
                waiver.with_user(user).create(
                    {
                        "operation": "order",
                        "mode": "allowed",
                        "partner_id": self.distributor.id,
                        "user_id": user.id,
                        "allowed_at": "2026-01-01 00:00:00",
                        "reason": "Forged",
                        "missing": "-",
                        "company_id": self.company.id,
                    }
                )
        for method in ("write", "unlink"):
            with self.assertRaises(UserError):
                getattr(waiver.sudo(), method)(*([{"reason": "x"}] if method == "write" else []))

    def test_blocked_receipt_needs_a_waiver_of_its_own(self):
        order = self._order((self.monitor, 1), partner=self.distributor)
        inspection = self._inspection(order.picking_ids)
        inspection.capture(self._carrier("PAP-1"))
        self.assertIn("Distribution Licence", inspection.missing_papers)
        with self.assertRaisesRegex(UserError, "Distribution Licence"):
            inspection.action_confirm()
        self.assertFalse(self.env["stock.lot"].search([("name", "=", "PAP-1")]))
        order.picking_ids.with_user(self.quality).allow_papers("Licence in renewal")
        inspection.action_confirm()
        self.assertEqual(order.picking_ids.state, "done")
        self.assertEqual(self._waivers(operation="receipt").user_id, self.quality)

    def test_warned_receipt_is_recorded_with_its_reason(self):
        self.company.meddev_receipt_paper_policy = "warn"
        order = self._order((self.monitor, 1), partner=self.distributor)
        inspection = self._inspection(order.picking_ids)
        inspection.capture(self._carrier("PAP-2"))
        inspection.paper_reason = "Patient waits"
        inspection.action_confirm()
        waiver = self._waivers(operation="receipt")
        self.assertEqual((waiver.mode, waiver.reason), ("warned", "Patient waits"))
        self.assertEqual(waiver.user_id, self.parts)

    def test_core_receipt_is_blocked_by_papers_too(self):
        self.company.meddev_inspection_policy = "optional"
        picking = self._order((self.monitor, 1), partner=self.distributor).picking_ids
        picking.move_ids.move_line_ids.lot_name = "PAP-3"
        picking.move_ids.picked = True
        with self.assertRaisesRegex(UserError, "Distribution Licence"):
            picking.with_user(self.stocker).button_validate()
        with self.assertRaises(UserError):
            picking.move_ids._action_done()

    def test_ignored_papers_leave_no_trace(self):
        self.company.meddev_order_paper_policy = "ignore"
        order = self._order((self.monitor, 1), partner=self.distributor)
        self.assertEqual(order.state, "purchase")
        self.assertFalse(self._waivers())

    def test_quality_is_asked_once(self):
        order = self._order((self.monitor, 1), partner=self.distributor)
        picking = order.picking_ids
        for _time in range(2):
            picking.with_user(self.parts).action_request_paper_waiver()
        self.assertEqual(len(picking.activity_ids), 1)
        self.assertTrue(
            picking.activity_ids.user_id.has_group("meddev_base.group_quality_specialist")
        )

    def _receipt_without_supplier(self):
        receipts = self.env["stock.picking.type"].search(
            [("code", "=", "incoming"), ("company_id", "=", self.company.id)], limit=1
        )
        suppliers = self.env.ref("stock.stock_location_suppliers")
        places = {
            "location_id": suppliers.id,
            "location_dest_id": receipts.default_location_dest_id.id,
        }
        move = {"product_id": self.monitor.id, "product_uom_qty": 1, **places}
        picking = self.env["stock.picking"].create(
            {"picking_type_id": receipts.id, "move_ids": [Command.create(move)], **places}
        )
        picking.action_confirm()
        return picking

    def test_receipt_names_its_supplier(self):
        """Given a receipt from nobody, it is stopped until Receive From says from whom."""
        self.registration.product_tmpl_ids -= self.monitor.product_tmpl_id
        picking = self._receipt_without_supplier()
        inspection = self._inspection(picking)
        inspection.capture(self._carrier("NOBODY-1"))
        self.assertIn("Receive From", inspection.missing_papers)
        self.assertIn("registration certificate", inspection.missing_papers)
        with self.assertRaisesRegex(UserError, "Receive From"):
            inspection.action_confirm()
        self.registration.product_tmpl_ids += self.monitor.product_tmpl_id
        picking.with_user(self.quality).allow_papers("Donation")
        with self.assertRaisesRegex(UserError, "Receive From"):
            inspection.action_confirm()
        picking.partner_id = self.maker
        self.assertEqual(inspection.supplier_id, self.maker)
        inspection.action_confirm()
        self.assertEqual(inspection.supplier_name, self.maker.name)
        picking.sudo().partner_id = self.distributor
        self.env.flush_all()
        self.assertEqual(inspection.supplier_id, self.maker)

    def test_core_receipt_without_supplier_is_blocked_too(self):
        self.company.meddev_inspection_policy = "optional"
        picking = self._receipt_without_supplier()
        picking.move_ids.move_line_ids.write({"lot_name": "NOBODY-2", "picked": True})
        with self.assertRaisesRegex(UserError, "Receive From"):
            picking.with_user(self.stocker).button_validate()
        picking.with_user(self.quality).allow_papers("Found on the shelf")
        waiver = self.env["meddev.paper.waiver"].search([("picking_id", "=", picking.id)])
        self.assertFalse(waiver.partner_id)
        self.assertIn("Receive From", waiver.missing)
        picking.with_user(self.stocker).button_validate()
        self.assertEqual(picking.state, "done")
