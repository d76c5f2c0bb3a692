import contextlib

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.orm.model_classes import add_to_registry
from odoo.tests import new_test_user

from ..fields import SensitiveChar, SensitiveDate, SensitiveFloat, SensitiveText

READER = "audit_trail.group_retention_officer"
ENTERER = "sensitive_data.group_export_approver"
REVEALER = "sensitive_data.group_privacy_officer"
SAMPLE = "sensitive.test.patient"
VALUES = {
    "patient_name": "欧阳小华",
    "phone": "13812345678",
    "id_number": "11010519491231002X",
    "birth_date": "1949-12-31",
    "story": "致电13987654321，患者已转院",
    "price": 98765.25,
    "firmware_key": "K7-SECRET-42",
}


def declare_sample(cls):
    """Add a concrete model with a field of each type to the registry of a test class.

    Readers are retention officers, enterers export approvers, revealers privacy officers: three
    groups that this addon knows, none of which implies another.
    """

    class SensitiveTestPatient(models.Model):
        _module = "sensitive_data"
        _name = SAMPLE
        _description = "Patient of a Test"
        _inherit = ["sensitive.mixin"]

        name = fields.Char()
        line_ids = fields.One2many("sensitive.test.line", "patient_id")
        patient_name = SensitiveChar(
            "Patient",
            kind="cn_name",
            read_groups=READER,
            enter_groups=f"{READER},{ENTERER}",
            reveal_groups=f"{READER},{REVEALER}",
        )
        phone = SensitiveChar(
            "Phone",
            kind="mobile",
            read_groups=READER,
            search_groups=REVEALER,
            reveal_groups=REVEALER,
        )
        id_number = SensitiveChar("Paper", kind="id_number", read_groups=READER)
        birth_date = SensitiveDate("Born", kind="birth_date", read_groups=READER)
        story = SensitiveText("Story", kind="free_text", read_groups=READER)
        price = SensitiveFloat("Price", kind="price", read_groups=READER)
        # Nobody reads it without revealing it.
        firmware_key = SensitiveChar("Key", kind="technical_secret", reveal_groups=REVEALER)

    class SensitiveTestLine(models.Model):
        _module = "sensitive_data"
        _name = "sensitive.test.line"
        _description = "Line of a Test"

        name = fields.Char()
        patient_id = fields.Many2one(SAMPLE)
        patient_phone = fields.Char(related="patient_id.phone")
        masked_phone = fields.Char(related="patient_id.phone_masked")

    names = [SAMPLE, "sensitive.test.line"]
    registry = cls.registry
    add_to_registry(registry, SensitiveTestPatient)
    add_to_registry(registry, SensitiveTestLine)
    registry._setup_models__(cls.env.cr, [])
    registry.init_models(cls.env.cr, names, {"module": "sensitive_data"})
    for name in names:
        cls.env["ir.model.access"].create(
            [
                {
                    "name": f"{name} {group}",
                    "model_id": cls.env["ir.model"]._get_id(name),
                    "group_id": cls.env.ref(group).id,
                    "perm_read": True,
                    "perm_write": True,
                    "perm_create": True,
                    "perm_unlink": True,
                }
                for group in ("base.group_user", "base.group_portal")
            ]
        )

    def forget():
        for name in reversed(names):
            registry.models.pop(name, None)
            for model in registry.models.values():
                model._inherit_children.discard(name)
        registry._setup_models__(cls.env.cr, [])
        registry.clear_all_caches()

    cls.addClassCleanup(forget)
    return cls.env[SAMPLE]


class SensitiveCase:
    """A sample patient, and one user per right: ``reader``, ``enterer``, ``revealer``, ``other``.

    For classes beside TransactionCase or HttpCase.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.patients = declare_sample(cls)
        cls.reader = new_test_user(cls.env, "sd_reader", f"{READER},base.group_allow_export")
        cls.enterer = new_test_user(cls.env, "sd_enterer", ENTERER)
        cls.revealer = new_test_user(cls.env, "sd_revealer", REVEALER)
        cls.other = new_test_user(cls.env, "sd_other", "base.group_user,base.group_allow_export")
        cls.auditor = new_test_user(cls.env, "sd_auditor", "audit_trail.group_auditor")
        cls.patient = cls.patients.create({"name": "P1"} | VALUES)
        cls.env.flush_all()
        cls.env.invalidate_all()

    def column(self, record, name):
        self.env.flush_all()
        self.env.cr.execute(f"SELECT {name} FROM {record._table} WHERE id = %s", [record.id])
        return self.env.cr.fetchone()[0]

    def assert_refused(self, attempt, *errors):
        """The attempt ends in one of these errors, and leaves nothing behind."""
        errors = errors or (UserError, ValueError)
        with contextlib.suppress(*errors), self.env.cr.savepoint():
            answer = attempt()
            self.fail(f"not refused: {answer!r}")

    def last(self, kind):
        return self.env["audit.trail.entry"].search([("kind", "=", kind)], limit=1)

    def tell(self):
        """Do what follows a rollback in life: what stays in spite of it enters the trail."""
        self.env.cr.postcommit.clear()
        self.env.cr.postrollback.run()
        self.env.cr.precommit.data.clear()
        self.env.invalidate_all()
