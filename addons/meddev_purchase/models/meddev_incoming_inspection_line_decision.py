from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.meddev_device.models.argument import read_text

from .guard import own_write
from .meddev_device_event import EVENT_INSPECTION
from .meddev_incoming_inspection_line import (
    DECISION_RELEASED,
    DECISIONS,
    RESULT_QUARANTINED,
)


class MeddevIncomingInspectionLine(models.Model):
    """Quality's decision on goods that were quarantined or refused, taken once."""

    _inherit = "meddev.incoming.inspection.line"

    def _ensure_can_be_decided(self):
        if not self._may_decide():
            raise AccessError(
                self.env._(
                    "Only a quality specialist decides on quarantined and refused goods."
                    " Ask one to release or refuse them."
                )
            )
        if refused := self.filtered(lambda line: not line.can_be_decided):
            raise UserError(
                self.env._(
                    "Nothing to decide for %s: the goods were accepted, the inspection is not"
                    " finished, or the decision was already taken.",
                    ", ".join(line.lot_name or line.product_id.display_name for line in refused),
                )
            )

    def action_decide(self):
        """Open the dialogue in which quality releases or refuses these goods."""
        self._ensure_can_be_decided()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decide on Goods"),
            "res_model": "meddev.quarantine.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_line_ids": self.ids},
        }

    def decide(self, decision, reason):
        """Quality's decision on quarantined or refused goods; taken once.

        :param decision: ``released`` or ``refused``.
        :param reason: why, required.
        :return: ids of the decided lines.
        """
        decision = read_text(self.env, self.env._("Decision"), decision)
        reason = read_text(self.env, self.env._("Reason"), reason)
        if decision not in dict(DECISIONS):
            raise UserError(self.env._("Decide either to release or to refuse the goods."))
        if not reason:
            raise UserError(self.env._("Give the reason of the decision."))
        self.check_access("read")
        self.lock_for_update()
        self.invalidate_recordset(["decision"])
        self._ensure_can_be_decided()
        # sudo: nobody has the right to write an inspected line; quality's right to decide was
        # checked above and only the decision is written.
        # The right to write covers the decision and nothing that waits.
        self.flush_model()
        lines = own_write(self.sudo())
        lines.write(
            {
                "decision": decision,
                "decision_reason": reason,
                "decided_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
            }
        )
        lines.flush_recordset()
        self._log_decision(decision, reason)
        in_stock = self.filtered(lambda line: line.result == RESULT_QUARANTINED and line.lot_id)
        if decision == DECISION_RELEASED:
            in_stock._release(reason)
        return self.ids

    # Decision

    @api.model
    def _may_decide(self):
        return self.env["meddev.role.right"]._may("approve", "meddev.quarantine.decide")

    def _release(self, reason):
        """Put quarantined goods back among the good stock."""
        devices = self.lot_id.filtered("is_device")
        devices._release_from_quarantine(reason)
        for inspection, lines in self.grouped("inspection_id").items():
            location = inspection.company_id.meddev_quarantine_location_id
            if location:
                lines._move_out_of_quarantine(location, inspection.picking_id.location_dest_id)

    def _move_out_of_quarantine(self, quarantine, destination):
        """Move the goods of these lines from the quarantine location back to ``destination``."""
        # sudo: quality has no right on stock; the decision moves exactly the released goods.
        quants = (
            self.env["stock.quant"]
            .sudo()
            .search(
                [
                    ("location_id", "child_of", quarantine.id),
                    ("lot_id", "in", self.lot_id.ids),
                    ("quantity", ">", 0),
                ]
            )
        )
        quants.move_quants(
            location_dest_id=destination, message=self.env._("Released from quarantine")
        )

    def _log_decision(self, decision, reason):
        label = dict(self._fields["decision"]._description_selection(self.env))[decision]
        lines = self.filtered(lambda line: line.lot_id.is_device)
        lines.lot_id._log_device_events(
            [
                {
                    "lot_id": line.lot_id.id,
                    "kind": EVENT_INSPECTION,
                    "summary": self.env._(
                        "%(decision)s after incoming inspection %(inspection)s: %(reason)s",
                        decision=label,
                        inspection=line.inspection_id.name,
                        reason=reason,
                    ),
                    "res_model": line.inspection_id._name,
                    "res_id": line.inspection_id.id,
                    "data": {"decision": decision, "reason": reason},
                }
                for line in lines
            ]
        )
