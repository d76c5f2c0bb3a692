from odoo import fields
from odoo.tests import TransactionCase, new_test_user

ROLES = {
    "manager": "service_manager",
    "intake": "intake_agent",
    "dispatcher": "dispatcher",
    "engineer": "field_engineer",
    "parts": "parts_keeper",
    "quality": "quality_specialist",
    "knowledge": "knowledge_manager",
    "analyst": "analyst",
    "auditor": "compliance_auditor",
}

#: A white picture of one pixel.
SIGNATURE = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg=="
)

UNDEMANDING_COMPANY = {
    "meddev_inspection_policy": "optional",
    "meddev_receipt_paper_policy": "ignore",
}


class DeviceCase(TransactionCase):
    """Offers ``self.users[role]``, two hospitals with places, a maker, products, and verbs.

    ``monitor`` is a device product (class II, 24 months of warranty) with a DI, ``reagent`` a
    batch product, ``cable`` an ordinary serial product.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        # Addons above may demand papers and an inspection at receipt: these tests receive without.
        for name, value in UNDEMANDING_COMPANY.items():
            if name in cls.env.company._fields:
                cls.env.company[name] = value
        cls.users = {
            name: new_test_user(
                cls.env, f"device_{name}", f"meddev_base.group_{group}", name=f"User {name}"
            )
            for name, group in ROLES.items()
        }
        cls.users["stock"] = new_test_user(cls.env, "device_stock", "stock.group_stock_user")
        cls.users["outsider"] = new_test_user(cls.env, "device_outsider", "base.group_user")
        partners = cls.env["res.partner"]
        cls.maker = partners.create({"name": "Test Maker", "is_manufacturer": True})
        cls.other_maker = partners.create({"name": "Other Maker", "is_manufacturer": True})
        cls.hospital, cls.other_hospital = partners.create(
            [
                {"name": "Test Hospital", "facility_level": "hospital"},
                {"name": "Other Hospital", "facility_level": "hospital"},
            ]
        )
        cls.ward, cls.icu, cls.other_ward = partners.create(
            [
                {"name": "Ward", "facility_level": "department", "parent_id": cls.hospital.id},
                {"name": "ICU", "facility_level": "department", "parent_id": cls.hospital.id},
                {
                    "name": "Other Ward",
                    "facility_level": "department",
                    "parent_id": cls.other_hospital.id,
                },
            ]
        )
        cls.room = partners.create(
            {"name": "Room 12", "facility_level": "room", "parent_id": cls.ward.id}
        )
        templates = cls.env["product.template"].create(
            [
                cls._prepare_product_vals("Test Monitor", tracking="serial", warranty_months=24),
                cls._prepare_product_vals("Test Reagent", tracking="lot"),
                cls._prepare_product_vals("Test Cable", tracking="serial", is_medical_device=False),
            ]
        )
        cls.monitor, cls.reagent, cls.cable = templates.product_variant_id
        cls.monitor.default_code = "TM-1"
        cls.di = cls.env["meddev.udi.di"].create(
            {"product_tmpl_id": cls.monitor.product_tmpl_id.id, "di": "06901234567892"}
        )
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.env.company.id)], limit=1
        )
        cls.stock = cls.warehouse.lot_stock_id
        cls.suppliers = cls.env.ref("stock.stock_location_suppliers")
        cls.customers = cls.env.ref("stock.stock_location_customers")

    @classmethod
    def _prepare_product_vals(cls, name, **vals):
        return {
            "name": name,
            "is_storable": True,
            "is_medical_device": True,
            "device_class": "2",
            "manufacturer_id": cls.maker.id,
        } | vals

    def _device(self, name, **vals):
        return self.env["stock.lot"].create(
            {"name": name, "product_id": self.monitor.id, "origin": "legacy"} | vals
        )

    def _latest(self, device):
        """The newest event of a device."""
        return self.env["meddev.device.event"].search([("lot_id", "=", device.id)], limit=1)

    def _as(self, role, records):
        return records.with_user(self.users[role])

    def _picking(self, picking_type, source, target, lines, partner=None):
        """A ready picking; ``lines`` are dictionaries of move line values."""
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": picking_type.id,
                "location_id": source.id,
                "location_dest_id": target.id,
                "partner_id": partner.id if partner else False,
            }
        )
        for product_id in {line["product_id"] for line in lines}:
            own = [line for line in lines if line["product_id"] == product_id]
            self.env["stock.move"].create(
                {
                    "product_id": product_id,
                    "product_uom_qty": len(own),
                    "picking_id": picking.id,
                    "location_id": source.id,
                    "location_dest_id": target.id,
                    "picked": True,
                    "move_line_ids": [
                        fields.Command.create(
                            {
                                "quantity": 1,
                                "picking_id": picking.id,
                                "location_id": source.id,
                                "location_dest_id": target.id,
                                "picked": True,
                            }
                            | line
                        )
                        for line in own
                    ],
                }
            )
        return picking

    def _receive(self, names, product=None, user=None):
        product = product or self.monitor
        picking = self._picking(
            self.warehouse.in_type_id,
            self.suppliers,
            self.stock,
            [{"product_id": product.id, "lot_name": name} for name in names],
        )
        if user:
            picking = picking.with_user(user)
        picking.button_validate()
        return picking.move_line_ids.lot_id.sudo(False).with_env(self.env)

    def _deliver(self, lots, partner, user=None):
        picking = self._picking(
            self.warehouse.out_type_id,
            self.stock,
            self.customers,
            [{"product_id": lot.product_id.id, "lot_id": lot.id} for lot in lots],
            partner=partner,
        )
        if user:
            picking = picking.with_user(user)
        picking.button_validate()
        return picking

    def _give_back(self, lots, partner):
        picking = self._picking(
            self.warehouse.in_type_id,
            self.customers,
            self.stock,
            [{"product_id": lot.product_id.id, "lot_id": lot.id} for lot in lots],
            partner=partner,
        )
        picking.button_validate()
        return picking

    def _accept(self, device, role="engineer", **vals):
        """A signed acceptance of ``device``."""
        acceptance = self._as(role, self.env["meddev.device.acceptance"]).create(
            {"lot_id": device.id, "signer_name": "Dr. Li", "signature": SIGNATURE} | vals
        )
        acceptance.checklist_line_ids.result = "pass"
        acceptance.action_sign()
        return acceptance
