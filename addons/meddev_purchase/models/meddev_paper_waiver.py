from odoo import api, fields, models
from odoo.exceptions import UserError

from .guard import is_own_write, own_write
from .paper_kind import OPERATION_ORDER, OPERATION_RECEIPT

MODE_ALLOWED = "allowed"
MODE_WARNED = "warned"
MODE_AUTOMATIC = "automatic"


class MeddevPaperWaiver(models.Model):
    """Who let an order or a receipt pass without the supplier's papers, when and why.

    Append-only: no role may create, change or delete a row, neither may sudo; rows come
    from ``_record`` alone. A row covers exactly the gaps that it names: a paper that is
    missed later needs a decision of its own.
    Rule: SAMR Order No. 54 (2022) Art. 32; ISO 13485:2016 7.4.1, 7.4.3.
    """

    _name = "meddev.paper.waiver"
    _description = "Allowed in Spite of Missing Papers"
    _order = "allowed_at desc, id desc"
    _rec_name = "reason"

    operation = fields.Selection(
        [(OPERATION_ORDER, "Ordering"), (OPERATION_RECEIPT, "Receiving")],
        required=True,
        readonly=True,
    )
    mode = fields.Selection(
        [
            (MODE_ALLOWED, "Allowed by Quality"),
            (MODE_WARNED, "Went On After a Warning"),
            (MODE_AUTOMATIC, "Went On by Itself"),
        ],
        required=True,
        readonly=True,
    )
    purchase_id = fields.Many2one(
        "purchase.order", "Purchase Order", readonly=True, index=True, ondelete="restrict"
    )
    picking_id = fields.Many2one(
        "stock.picking", "Receipt", readonly=True, index=True, ondelete="restrict"
    )
    # Empty where what was let pass is that nobody knows the supplier.
    partner_id = fields.Many2one(
        "res.partner", "Supplier", readonly=True, index=True, ondelete="restrict"
    )
    user_id = fields.Many2one(
        "res.users", "Allowed By", required=True, readonly=True, ondelete="restrict"
    )
    allowed_at = fields.Datetime(required=True, readonly=True)
    reason = fields.Char(required=True, readonly=True)
    missing = fields.Text("What Was Missing", required=True, readonly=True)
    missing_keys = fields.Json("Covered Gaps", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)

    @api.model_create_multi
    def create(self, vals_list):
        if not is_own_write(self):
            self.check_access("create")
            raise UserError(
                self.env._(
                    "What is allowed in spite of missing papers is recorded by allowing it on the"
                    " order or the receipt, in no other way."
                )
            )
        return super().create(vals_list)

    def write(self, vals):
        raise self._get_change_refusal()

    def _write_multi(self, vals_list):
        """Refuse it below ``write`` as well, where the code of a server action also reaches."""
        # Addons that are being installed or upgraded fill their columns.
        if self and self.pool.ready:
            raise self._get_change_refusal()
        return super()._write_multi(vals_list)

    def _get_change_refusal(self):
        return UserError(
            self.env._(
                "The record of what was allowed in spite of missing papers cannot be changed."
                " Record a new decision instead."
            )
        )

    def unlink(self):
        raise UserError(
            self.env._(
                "The record of what was allowed in spite of missing papers cannot be deleted."
            )
        )

    @api.model
    def _record(self, document, gaps, mode, reason):
        """Keep that ``gaps`` (list of ``PaperGap``) of ``document`` were let pass.

        :param document: one ``purchase.order`` or ``stock.picking``.
        """
        is_order = document._name == "purchase.order"
        # sudo: nobody has the right to create rows of this evidence; they come into being
        # here only, with the real user, who is passed explicitly.
        return own_write(self.sudo()).create(
            {
                "operation": OPERATION_ORDER if is_order else OPERATION_RECEIPT,
                "mode": mode,
                "purchase_id": document.id if is_order else document.purchase_id.id,
                "picking_id": False if is_order else document.id,
                "partner_id": document.partner_id.id or gaps[0].partner.id,
                "user_id": self.env.uid,
                "allowed_at": fields.Datetime.now(),
                "reason": reason,
                "missing": "\n".join(gap.message for gap in gaps),
                "missing_keys": sorted({gap.key for gap in gaps}),
                "company_id": document.company_id.id,
            }
        )

    @api.model
    def _get_covered_keys(self, document, modes):
        """Keys of the gaps of ``document`` that rows of ``modes`` let pass."""
        document = document._origin
        domain = (
            [("operation", "=", OPERATION_ORDER), ("purchase_id", "=", document.id)]
            if document._name == "purchase.order"
            else [("operation", "=", OPERATION_RECEIPT), ("picking_id", "=", document.id)]
        )
        # sudo: whoever confirms must learn that the gap was allowed; only keys leave here.
        waivers = self.sudo().search([*domain, ("mode", "in", list(modes))])
        return {key for waiver in waivers for key in waiver.missing_keys or []}
