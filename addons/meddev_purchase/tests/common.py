"""What the tests of this addon share.

``PurchaseCommon`` offers users per role (``parts``, ``quality``, ``manager``, ``engineer``,
``buyer``, ``stocker``), a maker with valid papers, a distributor without any, the products
``monitor`` (serial, class III), ``reagent`` (lot), ``swab`` (not tracked), ``implant`` (serial)
and ``desk`` (no medical device), and verbs: ``_order``, ``_inspection``, ``_carrier``.
"""

from datetime import date, timedelta

from odoo import Command, fields
from odoo.tests import TransactionCase, new_test_user, tagged

MONITOR_DI = "06901234567892"
REAGENT_DI = "26901234567896"
REAGENT_CARTON_DI = "36901234567893"
DESK_DI = "46901234567890"


def gtin(prefix):
    """A GTIN-14 with a right check digit from its first 13 digits."""
    total = sum(
        int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(prefix))
    )
    return f"{prefix}{-total % 10}"


@tagged("post_install", "-at_install")
class PurchaseCommon(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True, lang="en_US"))
        cls.today = fields.Date.context_today(cls.env["res.users"])
        cls.company = cls.env.company
        cls.company.meddev_order_paper_policy = "warn"
        cls.company.meddev_receipt_paper_policy = "block"
        cls.company.meddev_inspection_policy = "required"
        cls.company.meddev_quarantine_location_id = False
        cls._set_up_users()
        cls._set_up_partners()
        cls._set_up_products()
        cls._set_up_papers()
        cls.requirements = cls.env["meddev.paper.requirement"].search([])

    @classmethod
    def _set_up_users(cls):
        def user(login, *groups):
            return new_test_user(
                cls.env, f"mp_{login}", groups=",".join(["base.group_user", *groups])
            )

        cls.parts = user("parts", "meddev_base.group_parts_keeper")
        cls.quality = user("quality", "meddev_base.group_quality_specialist")
        cls.manager = user("manager", "meddev_base.group_service_manager")
        cls.engineer = user("engineer", "meddev_base.group_field_engineer")
        cls.auditor = user("auditor", "meddev_base.group_compliance_auditor")
        cls.buyer = user("buyer", "purchase.group_purchase_user")
        cls.stocker = user("stocker", "stock.group_stock_user")

    @classmethod
    def _set_up_partners(cls):
        cls.maker = cls.env["res.partner"].create(
            {
                "name": "Beijing Ruikang Medical",
                "is_company": True,
                "is_manufacturer": True,
                "street": "8 Kechuang Street",
                "city": "Beijing",
                "phone": "010-5550100",
            }
        )
        cls.distributor = cls.env["res.partner"].create(
            {"name": "Shanghai Kanghua Trading", "is_company": True}
        )

    @classmethod
    def _set_up_products(cls):
        def product(name, di=None, **vals):
            record = cls.env["product.product"].create(
                {
                    "name": name,
                    "type": "consu",
                    "is_storable": True,
                    "is_medical_device": True,
                    "device_class": "3",
                    "manufacturer_id": cls.maker.id,
                    **vals,
                }
            )
            if di:
                cls.env["meddev.udi.di"].create(
                    {"product_tmpl_id": record.product_tmpl_id.id, "di": di}
                )
            return record

        cls.monitor = product(
            "Patient Monitor",
            MONITOR_DI,
            tracking="serial",
            device_model="MX8",
            specification="12 inch",
        )
        cls.reagent = product("Troponin Reagent", REAGENT_DI, tracking="lot")
        cls.env["meddev.udi.di"].create(
            {
                "product_tmpl_id": cls.reagent.product_tmpl_id.id,
                "di": REAGENT_CARTON_DI,
                "packaging_level": "carton",
                "contains_quantity": 10,
            }
        )
        cls.swab = product("Swab", tracking="none")
        cls.implant = product("Stent", gtin("5690123456789"), tracking="serial", is_implant=True)
        cls.desk = product(
            "Desk",
            is_medical_device=False,
            device_class=False,
            manufacturer_id=False,
            tracking="none",
        )
        cls.registration = cls.env["meddev.registration"].create(
            {
                "number": "国械注准20203070123",
                "kind": "registration",
                "holder_id": cls.maker.id,
                "valid_from": date(2020, 1, 1),
                "valid_to": cls.today + timedelta(days=900),
                "product_tmpl_ids": [
                    Command.set(
                        (cls.monitor + cls.reagent + cls.swab + cls.implant).product_tmpl_id.ids
                    )
                ],
            }
        )

    @classmethod
    def _set_up_papers(cls):
        cls.business_licence = cls._paper(cls.maker, "business_licence", "91110000MA001")
        cls.production_licence = cls._paper(
            cls.maker, "production_licence", "京海药监械生产许可20200001号"
        )

    @classmethod
    def _paper(cls, partner, kind, number, **vals):
        return cls.env["meddev.supplier.paper"].create(
            {
                "partner_id": partner.id,
                "kind": kind,
                "number": number,
                "valid_from": cls.today - timedelta(days=400),
                "valid_to": cls.today + timedelta(days=400),
                **vals,
            }
        )

    @classmethod
    def _order(cls, *items, partner=None, confirm=True):
        """Purchase order of ``(product, quantity)`` items; confirmed unless told otherwise."""
        order = cls.env["purchase.order"].create(
            {
                "partner_id": (partner or cls.maker).id,
                "order_line": [
                    Command.create(
                        {"product_id": product.id, "product_qty": quantity, "price_unit": 100.0}
                    )
                    for product, quantity in items
                ],
            }
        )
        if confirm:
            order.button_confirm()
        return order

    @classmethod
    def _inspection(cls, picking, user=None):
        return (
            cls.env["meddev.incoming.inspection"]
            .with_user(user or cls.parts)
            .create({"picking_id": picking.id})
        )

    def _carrier(self, serial, di=MONITOR_DI, expiry=None, lot=None):
        text = f"(01){di}"
        if expiry:
            text += f"(17){expiry:%y%m%d}"
        if lot:
            text += f"(10){lot}"
        if serial:
            text += f"(21){serial}"
        return text

    def _receive(self, *serials, product=None):
        """Order, inspect and receive; returns (order, inspection)."""
        product = product or self.monitor
        order = self._order((product, len(serials)))
        inspection = self._inspection(order.picking_ids)
        answer = inspection.capture("\n".join(serials), product_id=product.id)
        self.assertFalse(answer["refused"], answer["rows"])
        inspection.action_confirm()
        return order, inspection
