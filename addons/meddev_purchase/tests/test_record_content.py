from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.modules.migration import load_script
from odoo.tests import tagged
from odoo.tools import format_date
from odoo.tools.misc import file_path

from .common import PurchaseCommon

#: What SAMR Order No. 54 (2022) Art. 32 wants on the record (进货查验记录), and where it is kept.
#: In the comment: the rule's own word.
OF_THE_GOODS = (
    "device_name",  # 医疗器械的名称
    "device_model",  # 型号
    "specification",  # 规格
    "quantity",  # 数量
    "registration_number",  # 注册证编号或者备案编号
    "holder_name",  # 注册人、备案人名称
    "manufacturer_name",  # 受托生产企业名称
    "manufacturer_licence",  # 生产许可证编号或者备案编号
    "batch_number",  # 生产批号
    "lot_name",  # 序列号
    "expiry_date",  # 失效日期
    "service_life_months",  # 使用期限
)
OF_THE_SUPPLY = (
    "purchase_date",  # 购货日期
    "supplier_name",  # 供货者的名称
    "supplier_address",  # 地址
    "supplier_contact",  # 联系方式
)
#: GSP (NMPA 2023 No. 153): acceptance with date, person and result, UDI; 21 CFR 820.35(c): the UDI
#: of each device or batch; Order No. 54 Art. 38: how long it is kept.
OF_THE_ACCEPTANCE = ("result", "udi_di", "udi_carrier", "production_date", "retain_until")
OF_THE_DELIVERY = (
    "arrived_on",
    "inspected_on",
    "inspector_id",
    "transport_condition",
    "supplier_licence",
    "retain_until",
    "done_by_id",
    "done_at",
)
NOT_PRINTED = {
    "udi_carrier",  # its parts are
    "service_life_months",  # as years, and where there is no expiry date; see its own test
}


@tagged("post_install", "-at_install")
class TestRecordContent(PurchaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.holder = cls.env["res.partner"].create({"name": "Holder Holding", "is_company": True})
        cls.registration.holder_id = cls.holder
        cls.monitor.product_tmpl_id.service_life_months = 120
        cls.expiry = cls.today + timedelta(days=800)

    def _finish(self, *rows):
        order = self._order((self.monitor, len(rows)))
        inspection = self._inspection(order.picking_ids)
        inspection.transport_condition = "Refrigerated van"
        answer = inspection.capture("\n".join(rows))
        self.assertFalse(answer["refused"], answer)
        inspection.action_confirm()
        return inspection

    def _complete(self, serial):
        return self._finish(
            f"(01){self.monitor.udi_di_ids.di}(11)260131(17){self.expiry:%y%m%d}(10)B7(21){serial}"
        )

    def _print(self, inspection, lang="en_US"):
        self.parts.lang = lang
        reports = self.env["ir.actions.report"].with_user(self.parts).with_context(lang=lang)
        name = "meddev_purchase.report_incoming_inspection"
        return reports._render_qweb_html(name, inspection.ids)[0].decode()

    def test_every_field_of_the_rule_is_kept(self):
        """Given goods with all that a label can say, no field of the rule stays empty."""
        inspection = self._complete("ALL-1")
        for name in OF_THE_GOODS + OF_THE_ACCEPTANCE:
            self.assertTrue(inspection.line_ids[name], name)
        for name in OF_THE_SUPPLY + OF_THE_DELIVERY:
            self.assertTrue(inspection[name], name)
        self.assertEqual(inspection.line_ids.holder_name, "Holder Holding")
        self.assertEqual(inspection.line_ids.manufacturer_name, self.maker.name)

    def test_every_field_of_the_rule_is_printed(self):
        inspection = self._complete("ALL-2")
        html = self._print(inspection)
        for record, names in (
            (inspection.line_ids, OF_THE_GOODS + OF_THE_ACCEPTANCE),
            (inspection, OF_THE_SUPPLY + OF_THE_DELIVERY),
        ):
            for name in set(names) - NOT_PRINTED:
                self.assertIn(self._as_printed(record, name), html, name)

    def _as_printed(self, record, name):
        value = record[name]
        if isinstance(value, date):
            return format_date(self.env, value, lang_code="en_US")
        if isinstance(value, float):
            return f"{value:g}"
        if record._fields[name].type == "selection":
            return dict(record._fields[name].selection)[value]
        return value.name if name.endswith("_id") else value

    def test_every_field_of_the_rule_is_frozen(self):
        """Given a finished record, product, order and supplier may change: the record does not."""
        inspection = self._complete("ALL-3")
        line = inspection.line_ids
        # How long it is kept is no statement of the record: it follows product and rules.
        evidence = set(OF_THE_GOODS + OF_THE_ACCEPTANCE) - {"retain_until"}
        goods = line.read(evidence)
        supply = inspection.read(OF_THE_SUPPLY)
        self.monitor.product_tmpl_id.write(
            {"name": "X", "device_model": "X", "specification": "X", "service_life_months": 12}
        )
        self.holder.name = "X"
        self.maker.write({"name": "X", "street": "X", "phone": "X"})
        inspection.purchase_id.sudo().date_approve = "2020-01-01"
        self.env.invalidate_all()
        self.assertEqual(line.read(evidence), goods)
        self.assertEqual(inspection.read(OF_THE_SUPPLY), supply)
        for name in OF_THE_GOODS + OF_THE_ACCEPTANCE:
            with self.assertRaises(UserError, msg=name):
                line.sudo().write({name: False})
        for name in OF_THE_SUPPLY + OF_THE_DELIVERY:
            with self.assertRaises(UserError, msg=name):
                inspection.sudo().write({name: False})

    def test_goods_that_do_not_expire_show_their_service_life(self):
        """使用期限或者失效日期: one of the two is there."""
        self.monitor.product_tmpl_id.service_life_months = 120
        self.assertIn("10 years", self._print(self._finish(self._carrier("LIFE-1"))))
        self.monitor.product_tmpl_id.service_life_months = 18
        self.assertIn("18 months", self._print(self._finish(self._carrier("LIFE-2"))))

    def test_update_puts_no_present_facts_into_old_records(self):
        """Given a record of the first version, updating adds the order's date and nothing else."""
        inspection = self._complete("OLD-1")
        bought_on = inspection.purchase_date
        self.env.flush_all()
        self.env.cr.execute(
            "ALTER TABLE meddev_incoming_inspection_line DROP COLUMN service_life_months;"
            "ALTER TABLE meddev_incoming_inspection DROP COLUMN purchase_date"
        )
        path = file_path("meddev_purchase/migrations/19.0.1.2.0/pre-record_content.py")
        for _attempt in range(2):
            load_script(path, "migration_of_meddev_purchase").migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        self.assertEqual(inspection.purchase_date, bought_on)
        self.assertFalse(inspection.line_ids.service_life_months)
