"""Two record types that exist in tests only: a paper that is signed, and its lines."""

from odoo import fields, models
from odoo.orm.model_classes import add_to_registry

PAPER = "test.signed.paper"
LINE = "test.signed.paper.line"


class SignedPaper(models.Model):
    _module = None
    _name = PAPER
    _inherit = ["electronic.signature.mixin"]
    _description = "Signed Paper"

    _signed_fields = {
        1: (
            "name",
            "amount",
            "kind",
            "day",
            "partner_id",
            "tag_ids",
            "line_ids.name",
            "line_ids.quantity",
            "@attachments",
        )
    }

    _signed_states = {"state": {"done": "approve"}}

    name = fields.Char()
    amount = fields.Float()
    kind = fields.Selection([("one", "One"), ("two", "Two")], default="one")
    day = fields.Date()
    partner_id = fields.Many2one("res.partner")
    tag_ids = fields.Many2many("res.partner.category")
    line_ids = fields.One2many(LINE, "paper_id")
    comment = fields.Char()
    performer_id = fields.Many2one("res.users")
    state = fields.Selection([("draft", "Draft"), ("done", "Done")], default="draft")
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    signed_steps = fields.Char(default="")

    def _get_signature_transitions(self):
        return {"approve": "Approval", "close": "Closing"}

    def _get_open_signature_transitions(self):
        return ["approve"] if self.state == "draft" else ["close"]

    def _get_signature_performers(self):
        return super()._get_signature_performers() | self.performer_id

    def _on_signed(self, transition, meaning):
        self.sudo().signed_steps = f"{self.signed_steps or ''}{transition}/{meaning};"

    def action_approve(self):
        self._ensure_signed("approve")
        self.sudo().state = "done"


class SignedPaperLine(models.Model):
    _module = None
    _name = LINE
    _description = "Line of a Signed Paper"

    paper_id = fields.Many2one(PAPER, ondelete="cascade")
    name = fields.Char()
    quantity = fields.Float()
    remark = fields.Char()


def set_up(test_class):
    """Add both to the registry and the database; both go after the test class."""
    registry, cr = test_class.registry, test_class.env.cr
    names = [PAPER, LINE]
    # A relation table is noted as some addon's; without a module it cannot be.
    SignedPaper.tag_ids._module = "electronic_signature"
    for model_class in (SignedPaper, SignedPaperLine):
        add_to_registry(registry, model_class)
        test_class.addClassCleanup(registry.__delitem__, model_class._name)
    registry._setup_models__(cr, names)
    registry.init_models(cr, names, {"models_to_check": True})
    access = test_class.env["ir.model.access"]
    for name in names:
        access.create(
            {
                "name": name,
                "model_id": test_class.env["ir.model"]._get_id(name),
                "group_id": test_class.env.ref("base.group_user").id,
                "perm_read": True,
                "perm_write": True,
                "perm_create": True,
                "perm_unlink": True,
            }
        )
