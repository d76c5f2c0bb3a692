from odoo import api, fields, models
from odoo.exceptions import AccessError, RedirectWarning, UserError

from odoo.addons.meddev_device.models.argument import ensure_single

from .meddev_incoming_inspection import STATE_DONE, STATE_DRAFT
from .meddev_supplier_paper import PaperGap
from .paper_kind import KIND_SUPPLIER, OPERATION_RECEIPT, STATE_MISSING
from .res_company import INSPECTION_REQUIRED


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "meddev.paper.check"]

    inspection_ids = fields.One2many(
        "meddev.incoming.inspection", "picking_id", "Incoming Inspections"
    )
    inspection_count = fields.Integer(compute="_compute_inspection_count")
    inspection_state = fields.Selection(
        [("none", "Not Started"), (STATE_DRAFT, "Under Way"), (STATE_DONE, "Done")],
        "Inspection",
        compute="_compute_inspection_count",
    )
    is_medical_receipt = fields.Boolean(compute="_compute_is_medical_receipt")

    @api.depends("inspection_ids.state")
    def _compute_inspection_count(self):
        by_picking = {}
        for picking, state, count in (
            # sudo: every reader of the receipt may know whether it was inspected.
            self.env["meddev.incoming.inspection"]
            .sudo()
            ._read_group(
                [("picking_id", "in", self.ids), ("state", "!=", "cancelled")],
                ["picking_id", "state"],
                ["__count"],
            )
        ):
            by_picking.setdefault(picking.id, {})[state] = count
        for picking in self:
            counts = by_picking.get(picking._origin.id, {})
            picking.inspection_count = sum(counts.values())
            if STATE_DRAFT in counts:
                picking.inspection_state = STATE_DRAFT
            else:
                picking.inspection_state = STATE_DONE if counts else "none"

    @api.depends("move_ids.product_id", "location_id", "location_dest_id")
    def _compute_is_medical_receipt(self):
        for picking in self:
            picking.is_medical_receipt = any(
                move._is_medical_receipt() for move in picking.move_ids
            )

    @api.depends("partner_id", "move_ids.product_id", "state")
    def _compute_missing_papers(self):
        return super()._compute_missing_papers()

    @api.depends("company_id.meddev_receipt_paper_policy")
    def _compute_paper_policy(self):
        return super()._compute_paper_policy()

    def button_validate(self):
        for picking in self.filtered(lambda picking: picking.state != "done"):
            moves = picking._get_inspected_moves()
            if not moves:
                continue
            # Said before core asks about backorders, and again when the moves are done.
            if picking._is_inspection_required() and not picking._get_finished_inspections():
                picking._raise_inspection_missing()
            picking._ensure_papers()
        return super().button_validate()

    def action_inspect(self):
        """Open the inspection of this receipt, and start it if there is none under way."""
        ensure_single(self)
        action = self._get_inspection_action()
        if not action.get("res_id"):
            if not self.env["meddev.incoming.inspection"]._may_inspect():
                raise AccessError(
                    self.env._("Only a parts keeper does incoming inspections. Ask one to inspect.")
                )
            if not self._get_inspected_moves():
                raise UserError(self.env._("%s: there is nothing left to inspect.", self.name))
            inspection = self.env["meddev.incoming.inspection"].create({"picking_id": self.id})
            action["res_id"] = inspection.id
        return action

    def action_view_inspections(self):
        """Open the inspections of this receipt."""
        ensure_single(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "meddev_purchase.meddev_incoming_inspection_action"
        )
        inspections = self.inspection_ids
        if len(inspections) == 1:
            return action | {"views": [(False, "form")], "res_id": inspections.id, "context": {}}
        return action | {"domain": [("picking_id", "=", self.id)], "context": {}}

    # Inspection

    def _get_inspected_moves(self):
        """Moves of medical goods from a supplier that are still to be received."""
        return self.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel") and move._is_medical_receipt()
        )

    def _is_inspection_required(self):
        # sudo: the setting of the receipt's own company.
        company = self.company_id.sudo()
        return bool(self) and company.meddev_inspection_policy == INSPECTION_REQUIRED

    def _get_finished_inspections(self):
        # sudo: whoever validates is measured against the record, visible or not.
        return self.sudo().inspection_ids.filtered(
            lambda inspection: (
                inspection.state == STATE_DONE
                and any(line.result != "refused" for line in inspection.line_ids)
            )
        )

    def _get_inspection_action(self):
        # sudo: only the id is read, to open the form; the form itself is under rules.
        draft = self.sudo().inspection_ids.filtered(
            lambda inspection: inspection.state == STATE_DRAFT
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Incoming Inspection"),
            "res_model": "meddev.incoming.inspection",
            "views": [(False, "form")],
            "view_mode": "form",
            "res_id": draft[:1].id,
            "context": {"default_picking_id": self.id},
        }

    def _raise_inspection_missing(self):
        raise RedirectWarning(
            self.env._(
                "%(receipt)s contains medical products (%(products)s): do the incoming inspection"
                " first, it receives the goods by itself.",
                receipt=self.name,
                products=", ".join(
                    self._get_inspected_moves().product_id[:5].mapped("display_name")
                ),
            ),
            self._get_inspection_action(),
            self.env._("Go to the Inspection"),
        )

    # Papers

    def _ensure_receipt_papers(self, reason=None):
        """Asked by the inspection before it touches the stock."""
        self._ensure_papers(reason)

    def _get_paper_policy(self):
        self.ensure_one()
        # sudo: the setting of the receipt's own company.
        return (self.company_id or self.env.company).sudo().meddev_receipt_paper_policy

    def _get_paper_partner(self):
        # sudo: a receipt may be done without the right to open its order.
        return self.sudo().purchase_id.partner_id or self.partner_id

    def _get_paper_gaps(self):
        gaps = super()._get_paper_gaps()
        if not self._get_paper_partner() and self._get_paper_templates():
            gaps.insert(0, self._get_supplier_gap())
        return gaps

    def _get_supplier_gap(self):
        """Nobody can be asked for papers, and the record of the goods would lack its supplier.

        Rule: SAMR Order No. 54 (2022) Art. 32.
        """
        return PaperGap(
            self.env["res.partner"],
            self.env["product.template"],
            KIND_SUPPLIER,
            STATE_MISSING,
            f"0/0/{KIND_SUPPLIER}/{STATE_MISSING}",
            self.env._(
                "%s: the supplier is not named. Fill in Receive From on the receipt.",
                self.display_name,
            ),
        )

    def _get_paper_templates(self):
        return self.move_ids.filtered(
            lambda move: move.state != "cancel" and move._is_medical_receipt()
        ).product_id.product_tmpl_id

    def _is_paper_check_due(self):
        return self.state not in ("done", "cancel") and self.is_medical_receipt

    def _is_paper_reason_due(self):
        # Where an inspection receives the goods, it is the inspection that asks.
        return not self._is_inspection_required() and super()._is_paper_reason_due()

    def _go_on_with_papers(self):
        return self.button_validate()

    def _get_paper_waiver_domain(self):
        return [("operation", "=", OPERATION_RECEIPT), ("picking_id", "in", self.ids)]
